// How elements of a type come into vector registers as floats, and go back.
//
// Layer: native/, beside half.hpp. For processors with x86-64-v4; elsewhere only the names are there.

#pragma once

#include <cstdint>

#include "half.hpp"

#if defined(RECTIFIER_HAS_V4)
#include <immintrin.h>
#endif

namespace rectifier {

// Whether the machine can run what is here, and the compiler could make it.
extern const bool has_tables;

#if defined(RECTIFIER_HAS_V4)

// Added to what the file is compiled for: an architecture in its place would take away from that, and
// the compiler's own functions would not fit in.
#define RECTIFIER_V4 \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,popcnt,prefer-vector-width=512")))
#define RECTIFIER_V4_INLINE inline __attribute__((always_inline)) RECTIFIER_V4

// The conversions are those of half.cpp but for ties; a vector is stored in parts where there is a mask.
struct Float32 {
  using type = float;
  static constexpr bool paired = false;
  RECTIFIER_V4_INLINE static __m512 load(const float* from) { return _mm512_loadu_ps(from); }
  RECTIFIER_V4_INLINE static __m512 load(__mmask16 part, const float* from) {
    return _mm512_maskz_loadu_ps(part, from);
  }
  RECTIFIER_V4_INLINE static void store(float* to, __m512 a) { _mm512_storeu_ps(to, a); }
  RECTIFIER_V4_INLINE static void store(__mmask16 part, float* to, __m512 a) {
    _mm512_mask_storeu_ps(to, part, a);
  }
};

template <class Bits>
struct TwoBytes {
  using type = std::uint16_t;
  static constexpr bool paired = false;
  RECTIFIER_V4_INLINE static __m512 load(const std::uint16_t* from) {
    return Bits::wide(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  RECTIFIER_V4_INLINE static __m512 load(__mmask16 part, const std::uint16_t* from) {
    return Bits::wide(_mm256_maskz_loadu_epi16(part, from));
  }
  RECTIFIER_V4_INLINE static void store(std::uint16_t* to, __m512 a) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), Bits::narrow(a));
  }
  RECTIFIER_V4_INLINE static void store(__mmask16 part, std::uint16_t* to, __m512 a) {
    _mm256_mask_storeu_epi16(to, part, Bits::narrow(a));
  }
};

struct BFloat16 : TwoBytes<BFloat16> {
  static constexpr Half format = Half::bfloat16;
  // 32 at once are those at even places and those at odd ones: no element crosses over to another.
  static constexpr bool paired = true;
  RECTIFIER_V4_INLINE static void load(const std::uint16_t* from, __m512* even, __m512* odd) {
    const __m512i both = _mm512_loadu_si512(from);
    *even = _mm512_castsi512_ps(_mm512_slli_epi32(both, 16));
    *odd = _mm512_castsi512_ps(_mm512_and_si512(both, _mm512_set1_epi32(~0xffff)));
  }
  RECTIFIER_V4_INLINE static void store(std::uint16_t* to, __m512 even, __m512 odd) {
    const __m512i low = _mm512_srli_epi32(nearest(even), 16);
    _mm512_storeu_si512(to, _mm512_mask_blend_epi16(0xaaaaaaaaU, low, nearest(odd)));
  }
  using TwoBytes::load;
  using TwoBytes::store;
  // To the upper half of the bits, away from 0 in a tie: to the even number is an eighth of a kernel's
  // time, and a polynomial's value is a tie by chance only, or subnormal. The processor's own conversion,
  // where there is one, takes subnormal numbers for 0. A NaN has what a number of bfloat16 brought.
  RECTIFIER_V4_INLINE static __m512i nearest(__m512 a) {
    return _mm512_add_epi32(_mm512_castps_si512(a), _mm512_set1_epi32(0x8000));
  }
  RECTIFIER_V4_INLINE static __m512 wide(__m256i a) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(a), 16));
  }
  RECTIFIER_V4_INLINE static __m256i narrow(__m512 a) {
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(nearest(a), 16));
  }
};

struct Float16 : TwoBytes<Float16> {
  static constexpr Half format = Half::float16;
  RECTIFIER_V4_INLINE static __m512 wide(__m256i a) { return _mm512_cvtph_ps(a); }
  RECTIFIER_V4_INLINE static __m256i narrow(__m512 a) {
    return _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
};

#else

struct Float32 {};
struct BFloat16 {};
struct Float16 {};

#endif

}  // namespace rectifier
