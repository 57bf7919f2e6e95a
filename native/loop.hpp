// The loops that all kernels run in, and the macro that makes kernels of an activation.
//
// Layer: native/, above the mathematics, below the emitted kernels. The compiler vectorises the loops
// around the inlined functions once per entry of RECTIFIER_CLONES (set by CMake: instruction sets of
// which the loader picks the best that the machine has; empty where the compiler cannot do that).
// Threads are left to team.hpp. Most float kernels are tables (tabled.hpp) where the processor can do
// that and the parameters are the defaults; the loops here then compute what is in no cell of a table.
//
// An emitted activation A is a struct with
//   value<M>(x, p), slope<M>(x, p)   over a mathematics M,
//   far(x, p)                        whether a wave's argument is too large for Wide,
//   waves                            whether far can be true,
//   value_light, slope_light         whether computing takes less time than moving the data,
//   value_single, slope_single       where Single was measured to keep the bars,
//   defaults                         the parameters for which it was.
// Float data goes block by block through the fastest mathematics that is right for all of the block:
// Single, Wide or Library. So the last bit of a result may depend on what else is in its block, within
// the accuracy bar; it does not depend on the number of threads.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bits.hpp"
#include "math_double.hpp"
#include "math_library.hpp"
#include "math_single.hpp"
#include "math_wide.hpp"
#include "table.hpp"

#if !defined(RECTIFIER_CLONES)
#define RECTIFIER_CLONES
#endif

namespace rectifier {

// Where an activation may be computed in float; empty if low > high.
struct Range {
  float low;
  float high;
};
constexpr Range nowhere{1.0F, 0.0F};
constexpr float infinite = HUGE_VALF;

// Parameters in the precision of the arithmetic, where no store to y can change them.
template <typename R>
struct Parameters {
  R values[most_parameters];
  constexpr Parameters(const double* given, std::size_t count) : values{} {
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<R>(given[i]);
  }
};

// The defaults of an activation's parameters, which the compiler knows: a division by 1 costs nothing.
template <class A, typename R = float>
constexpr Parameters<R> usual{A::defaults, A::count};

enum class Kind { forward, backward };

template <class A, class M, Kind kind, typename T>
RECTIFIER_INLINE T result_at(const T* x, [[maybe_unused]] const T* g, std::size_t i,
                             const Parameters<typename M::real>& p) {
  using R = typename M::real;
  const R at = static_cast<R>(x[i]);
  if constexpr (kind == Kind::forward) {
    return static_cast<T>(A::template value<M>(at, p.values));
  } else {
    return static_cast<T>(static_cast<R>(g[i]) * A::template slope<M>(at, p.values));
  }
}

template <class A, class M, Kind kind, typename T>
RECTIFIER_INLINE void plain_loop(const T* x, const T* g, T* y, std::size_t n,
                                 const Parameters<typename M::real>& p) {
  RECTIFIER_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) y[i] = result_at<A, M, kind>(x, g, i, p);
}

// In vectors of 32 bytes, for kernels that only wait for their data. A Zen 4 holds back a load of 64
// bytes until a store before it is done whose address differs by a multiple of 4096: where y begins 64
// bytes after x or g, but for such a multiple, that is half of the time again.
template <class A, class M, Kind kind, typename T>
RECTIFIER_INLINE void light_loop(const T* x, const T* g, T* y, std::size_t n,
                                 const Parameters<typename M::real>& p) {
  RECTIFIER_INDEPENDENT_BY(32 / sizeof(T))
  for (std::size_t i = 0; i < n; ++i) y[i] = result_at<A, M, kind>(x, g, i, p);
}

template <typename I>
RECTIFIER_INLINE I larger(I a, I b) {
  return a > b ? a : b;
}

RECTIFIER_INLINE bool all_within(const float* x, std::size_t n, Range range) {
  // The bits of floats are ordered as the floats are: those of one sign as unsigned integers, the
  // positive ones above all others as signed integers. So one maximum tells, which is an operation a
  // number. A NaN counts as large, or, where its sign is the other, as within: every mathematics
  // gives it back.
  if (range.low == -range.high) {
    std::uint32_t most = 0;
    for (std::size_t i = 0; i < n; ++i) most = larger(most, bits_of(x[i]) & 0x7fffffff);
    return most <= bits_of(range.high);
  }
  bool within = true;
  if (range.low != -infinite) {  // below 0
    std::uint32_t most = 0;
    for (std::size_t i = 0; i < n; ++i) most = larger(most, bits_of(x[i]));
    within = most <= bits_of(range.low);
  }
  if (range.high != infinite) {  // above 0
    std::int32_t most = 0;
    for (std::size_t i = 0; i < n; ++i) most = larger(most, static_cast<std::int32_t>(bits_of(x[i])));
    within = within && most <= static_cast<std::int32_t>(bits_of(range.high));
  }
  return within;
}

template <class A, typename T>
RECTIFIER_INLINE bool any_far(const T* x, std::size_t n, const Parameters<double>& p) {
  unsigned found = 0;
  for (std::size_t i = 0; i < n; ++i) found |= A::far(static_cast<double>(x[i]), p.values);
  return found != 0;
}

template <class A>
RECTIFIER_INLINE bool are_defaults(const double* given) {
  bool same = true;
  for (std::size_t i = 0; i < A::count; ++i) same = same && given[i] == A::defaults[i];
  return same;
}

// 4 KiB of float: the second look at a block finds it in the first cache.
constexpr std::size_t block = 1024;

// So many elements at a time, and what comes a block later is asked of the memory meanwhile: the
// processor's own prefetching leaves a quarter of the time of a kernel with some 20 operations to
// waiting, and writes gain nothing by it. Kernels of a few instructions lose a fifth by the asking.
constexpr std::size_t stretch = 256;

template <typename T>
RECTIFIER_INLINE void prefetch(const T* from, std::size_t size) {
  constexpr std::size_t line = 64 / sizeof(T);
  for (std::size_t i = 0; i < size; i += line) RECTIFIER_PREFETCH(from + i);
}

template <class A, class M, Kind kind, typename T>
RECTIFIER_INLINE void stretched_loop(const T* x, const T* g, T* y, std::size_t size,
                                     std::size_t left, const Parameters<typename M::real>& p) {
  if constexpr (kind == Kind::forward ? A::value_light : A::slope_light) {
    return light_loop<A, M, kind>(x, g, y, size, p);
  }
  for (std::size_t first = 0; first < size; first += stretch) {
    const std::size_t count = size - first < stretch ? size - first : stretch;
    if (first + block + stretch <= left) {
      prefetch(x + first + block, stretch);
      if constexpr (kind == Kind::backward) prefetch(g + first + block, stretch);
    }
    const T* by = kind == Kind::backward ? g + first : nullptr;
    plain_loop<A, M, kind>(x + first, by, y + first, count, p);
  }
}

// In double, with parameters that the compiler knows if they are the defaults.
template <class A, Kind kind>
RECTIFIER_INLINE void wide_loop(const float* x, const float* g, float* y, std::size_t n,
                                const Parameters<double>& p, [[maybe_unused]] bool defaults) {
  if constexpr (A::count > 0) {
    if (defaults) return plain_loop<A, Wide, kind>(x, g, y, n, usual<A, double>);
  }
  plain_loop<A, Wide, kind>(x, g, y, n, p);
}

template <class A, Kind kind>
RECTIFIER_INLINE void float_loop(const float* x, const float* g, float* y, std::size_t n,
                                 const double* given) {
  constexpr Range range = kind == Kind::forward ? A::value_single : A::slope_single;
  constexpr bool single = range.low <= range.high;
  constexpr bool everywhere = range.low == -infinite && range.high == infinite;
  const Parameters<double> wide(given, A::count);
  const bool defaults = are_defaults<A>(given);
  if constexpr (!single && !A::waves) {
    wide_loop<A, kind>(x, g, y, n, wide, defaults);
  } else {
    const bool may_be_single = single && has_fused_multiply_add && defaults;
    if constexpr (everywhere) {
      if (may_be_single) return stretched_loop<A, Single, kind>(x, g, y, n, n, usual<A>);
    }
    for (std::size_t first = 0; first < n; first += block) {
      const std::size_t size = n - first < block ? n - first : block;
      const float* from = x + first;
      const float* by = kind == Kind::backward ? g + first : nullptr;
      if constexpr (single && !everywhere) {
        if (may_be_single && all_within(from, size, range)) {
          stretched_loop<A, Single, kind>(from, by, y + first, size, n - first, usual<A>);
          continue;
        }
      }
      if constexpr (A::waves) {
        if (any_far<A>(from, size, wide)) {
          plain_loop<A, Library, kind>(from, by, y + first, size, wide);
          continue;
        }
      }
      wide_loop<A, kind>(from, by, y + first, size, wide, defaults);
    }
  }
}

// Two numbers of bfloat16 at a time, which are the halves of a word: no element crosses over to
// another's place, and the compiler needs nothing but integer operations around the arithmetic. For
// kernels of a few operations; returns false where they were not measured to be right in float.
template <class A, Kind kind>
RECTIFIER_INLINE bool bfloat16_loop(const std::uint16_t* x, const std::uint16_t* g, std::uint16_t* y,
                                    std::size_t n, const double* given) {
  if (!has_fused_multiply_add || !are_defaults<A>(given)) return false;
  constexpr std::uint32_t upper = 0xffff0000;
  const auto result = [](std::uint32_t at, [[maybe_unused]] std::uint32_t by) {
    const float from = of_bits<float>(at);
    if constexpr (kind == Kind::forward) {
      return nearest_bfloat16(A::template value<Single>(from, usual<A>.values));
    } else {
      return nearest_bfloat16(of_bits<float>(by) * A::template slope<Single>(from, usual<A>.values));
    }
  };
  const std::size_t pairs = n / 2;
  RECTIFIER_INDEPENDENT
  for (std::size_t i = 0; i < pairs; ++i) {
    std::uint32_t at = 0;
    std::uint32_t by = 0;
    std::memcpy(&at, x + 2 * i, sizeof at);
    if constexpr (kind == Kind::backward) std::memcpy(&by, g + 2 * i, sizeof by);
    const std::uint32_t low = result(at << 16, by << 16) >> 16;
    const std::uint32_t both = (result(at & upper, by & upper) & upper) | low;
    std::memcpy(y + 2 * i, &both, sizeof both);
  }
  if (n % 2 != 0) {
    const std::uint32_t by = kind == Kind::backward ? std::uint32_t{g[n - 1]} << 16 : 0;
    y[n - 1] = static_cast<std::uint16_t>(result(std::uint32_t{x[n - 1]} << 16, by) >> 16);
  }
  return true;
}

// Double has one mathematics, which is right everywhere but for a wave's argument that is too large.
template <class A, Kind kind>
RECTIFIER_INLINE void double_loop(const double* x, const double* g, double* y, std::size_t n,
                                  const double* given) {
  const Parameters<double> p(given, A::count);
  if constexpr (!A::waves) {
    stretched_loop<A, Double, kind>(x, g, y, n, n, p);
  } else {
    for (std::size_t first = 0; first < n; first += block) {
      const std::size_t size = n - first < block ? n - first : block;
      const double* by = kind == Kind::backward ? g + first : nullptr;
      if (any_far<A>(x + first, size, p)) {
        plain_loop<A, DoubleLibrary, kind>(x + first, by, y + first, size, p);
      } else {
        plain_loop<A, Double, kind>(x + first, by, y + first, size, p);
      }
    }
  }
}

}  // namespace rectifier

// Defines NAME_bfloat16_forward, or backward, from the struct NAME.
#define RECTIFIER_BFLOAT16(name, kind)                                                        \
  RECTIFIER_CLONES bool name##_bfloat16_##kind(const std::uint16_t* x, const std::uint16_t* g, \
                                               std::uint16_t* y, std::size_t n,               \
                                               const double* given) {                         \
    return bfloat16_loop<name, Kind::kind>(x, g, y, n, given);                                \
  }

// Defines NAME_forward and NAME_backward, and the same with 64, from the struct NAME.
#define RECTIFIER_KERNELS(name)                                                               \
  RECTIFIER_CLONES void name##_forward(const float* x, const float*, float* y, std::size_t n, \
                                       const double* given) {                                 \
    float_loop<name, Kind::forward>(x, nullptr, y, n, given);                                 \
  }                                                                                           \
  RECTIFIER_CLONES void name##_backward(const float* x, const float* g, float* y,             \
                                        std::size_t n, const double* given) {                 \
    float_loop<name, Kind::backward>(x, g, y, n, given);                                      \
  }                                                                                           \
  RECTIFIER_CLONES void name##_forward64(const double* x, const double*, double* y,           \
                                         std::size_t n, const double* given) {                \
    double_loop<name, Kind::forward>(x, nullptr, y, n, given);                                \
  }                                                                                           \
  RECTIFIER_CLONES void name##_backward64(const double* x, const double* g, double* y,        \
                                          std::size_t n, const double* given) {               \
    double_loop<name, Kind::backward>(x, g, y, n, given);                                     \
  }
