// Numbers as bits, and the few words that differ between compilers.
//
// Layer: the lowest of native/.

#pragma once

#include <cstdint>
#include <cstring>

#if defined(_MSC_VER)
#define RECTIFIER_INLINE __forceinline
#define RECTIFIER_KNOWN(value) false
#define RECTIFIER_PREFETCH(address)
#else
#define RECTIFIER_INLINE inline __attribute__((always_inline))
#define RECTIFIER_KNOWN(value) __builtin_constant_p(value)
#define RECTIFIER_PREFETCH(address) __builtin_prefetch(address, 0, 2)  // into the second cache
#endif

// So many elements at a time, where the compiler can be told.
#define RECTIFIER_PRAGMA(text) _Pragma(#text)

#if defined(__GNUC__) && !defined(__clang__)
// In place means y == x or y == g exactly, so no element depends on an earlier one.
#define RECTIFIER_INDEPENDENT _Pragma("GCC ivdep")
#define RECTIFIER_INDEPENDENT_BY(count) RECTIFIER_PRAGMA(omp simd simdlen(count))
#elif defined(__clang__)
#define RECTIFIER_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#define RECTIFIER_INDEPENDENT_BY(count) RECTIFIER_INDEPENDENT
#else
#define RECTIFIER_INDEPENDENT
#define RECTIFIER_INDEPENDENT_BY(count)
#endif

namespace rectifier {

template <typename R>
struct Layout;

template <>
struct Layout<float> {
  using Word = std::uint32_t;
  static constexpr int digits = 23;
  static constexpr Word bias = 127;
  static constexpr float round = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
};

template <>
struct Layout<double> {
  using Word = std::uint64_t;
  static constexpr int digits = 52;
  static constexpr Word bias = 1023;
  static constexpr double round = 6755399441055744.0;  // 1.5 * 2^52
};

template <typename R>
using Word = typename Layout<R>::Word;

template <typename R>
RECTIFIER_INLINE Word<R> bits_of(R a) {
  Word<R> bits;
  std::memcpy(&bits, &a, sizeof bits);
  return bits;
}

template <typename R>
RECTIFIER_INLINE R of_bits(Word<R> bits) {
  R a;
  std::memcpy(&a, &bits, sizeof a);
  return a;
}

template <typename R>
RECTIFIER_INLINE R with_sign_of(R a, R sign) {
  const Word<R> mask = Word<R>{1} << (8 * sizeof(R) - 1);
  return of_bits<R>((bits_of(a) & ~mask) | (bits_of(sign) & mask));
}

// The bits of a number of float whose upper half is the nearest number of bfloat16, the even one in a
// tie; the lower half is of no use. A NaN needs no care: what kernels give back of one that came as
// bfloat16, and what they make of infinities, has its lower half 0, which leaves the upper as it is.
RECTIFIER_INLINE std::uint32_t nearest_bfloat16(float a) {
  const std::uint32_t bits = bits_of(a);
  return bits + 0x7fff + ((bits >> 16) & 1);
}

// `a` with its sign turned over where the lowest bit of `odd` is set.
template <typename R>
RECTIFIER_INLINE R turned(R a, Word<R> odd) {
  return of_bits<R>(bits_of(a) ^ (odd << (8 * sizeof(R) - 1)));
}

}  // namespace rectifier
