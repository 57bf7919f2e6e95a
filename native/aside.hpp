// What a loop over a table sets aside, to be computed by another kernel when a stretch is done.
//
// Layer: native/, below tabled.hpp. For processors with x86-64-v4; elsewhere it is empty.

#pragma once

#include <cstddef>
#include <cstdint>

#include "half.hpp"
#include "table.hpp"
#include "vectors.hpp"

#if defined(RECTIFIER_HAS_V4)

namespace rectifier {

// The elements of a stretch that are in no cell, one after the other. They are computed when the
// stretch is done, which is as long as a piece of team.cpp, or when so many have come together.
constexpr std::size_t tabled_stretch = 16384;
constexpr std::size_t most_aside = 1024;
struct Aside {
  float x[most_aside + 16];
  float g[most_aside + 16];
  float y[most_aside + 16];
  std::int32_t place[most_aside + 16];
};

template <bool backward>
RECTIFIER_V4_INLINE std::size_t set_aside(Aside& aside, std::size_t count, __mmask16 which, __m512 x,
                                          __m512 g, std::size_t first, bool every_second) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i apart = every_second ? _mm512_slli_epi32(lanes, 1) : lanes;
  const __m512i places = _mm512_add_epi32(apart, _mm512_set1_epi32(static_cast<int>(first)));
  _mm512_storeu_ps(aside.x + count, _mm512_maskz_compress_ps(which, x));
  if constexpr (backward) _mm512_storeu_ps(aside.g + count, _mm512_maskz_compress_ps(which, g));
  _mm512_storeu_si512(aside.place + count, _mm512_maskz_compress_epi32(which, places));
  return count + static_cast<std::size_t>(__builtin_popcount(which));
}

// Computes what is set aside by another kernel, and puts it in its places.
template <class E, bool backward>
void compute_aside(Aside& aside, std::size_t count, typename E::type* y, const double* given,
                   Kernel plain) {
  const std::size_t whole = (count + 15) / 16 * 16;  // or what is left over goes one by one
  for (std::size_t k = count; k < whole; ++k) {
    aside.x[k] = aside.x[count - 1];
    if constexpr (backward) aside.g[k] = aside.g[count - 1];
  }
  plain(aside.x, backward ? aside.g : nullptr, aside.y, whole, given);
  if constexpr (sizeof(typename E::type) == sizeof(float)) {
    for (std::size_t k = 0; k < count; ++k) y[aside.place[k]] = aside.y[k];
  } else {
    std::uint16_t narrowed[most_aside];
    narrow(E::format, aside.y, narrowed, count);
    for (std::size_t k = 0; k < count; ++k) y[aside.place[k]] = narrowed[k];
  }
}

}  // namespace rectifier

#endif
