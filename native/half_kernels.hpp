// The kernels on half precision that the emitted files define, and of what they are made.
//
// Layer: native/, above tabled.hpp, below the emitted kernels and half_table.hpp.

#pragma once

#include <cstddef>
#include <cstdint>

#include "tabled.hpp"

namespace rectifier {

// The kernels on half precision beside those of the table of all; null where looking up results, as
// half_table.hpp does, is faster than what they are made of. They say whether they could do it: machine
// and parameters may not be what they are for; those for few elements decline to do none.
using HalfKernel = bool (*)(Half format, const std::uint16_t* x, const std::uint16_t* g,
                            std::uint16_t* y, std::size_t n, const double* parameters);
struct HalfKernels {
  HalfKernel forward;
  HalfKernel backward;
};
extern const HalfKernels half_kernels[];

// Where there is none.
inline bool no_table(const std::uint16_t*, const std::uint16_t*, std::uint16_t*, std::size_t,
                     const double*) {
  return false;
}

}  // namespace rectifier

// Defines NAME_BFloat16_forward, a table for that format or for Float16; and so on backward.
#define RECTIFIER_HALF_TABLED(name, format, kind, constant, backward, ...)                    \
  bool name##_##format##_##kind(const std::uint16_t* x, const std::uint16_t* g,               \
                                std::uint16_t* y, std::size_t n, const double* given) {       \
    return half_by_table<Shape<__VA_ARGS__>, format, backward>(constant, x, g, y, n, given,   \
                                                               name##_##kind);                \
  }

// The same where looking up is faster: only for so few elements that a table of all is not worth it.
#define RECTIFIER_HALF_TABLED_SHORT(name, format, kind, constant, backward, ...)              \
  bool name##_##format##_##kind(const std::uint16_t* x, const std::uint16_t* g,               \
                                std::uint16_t* y, std::size_t n, const double* given) {       \
    return n > 0 && half_by_table<Shape<__VA_ARGS__>, format, backward>(                      \
                        constant, x, g, y, n, given, name##_##kind);                          \
  }

// Defines NAME_half_forward, or backward, of what there is of those.
#define RECTIFIER_HALF(name, kind, of_bfloat16, of_float16)                                   \
  bool name##_half_##kind(Half format, const std::uint16_t* x, const std::uint16_t* g,        \
                          std::uint16_t* y, std::size_t n, const double* given) {             \
    if (format == Half::bfloat16) return of_bfloat16(x, g, y, n, given);                      \
    return of_float16(x, g, y, n, given);                                                     \
  }

// Defines NAME_half_forward, or backward, of a kernel that is a few operations in float: they take less
// time than looking up. In bfloat16 one loop does all of it.
#define RECTIFIER_HALF_DIRECT(name, kind)                                                     \
  bool name##_half_##kind(Half format, const std::uint16_t* x, const std::uint16_t* g,        \
                          std::uint16_t* y, std::size_t n, const double* given) {             \
    if (format != Half::bfloat16 || !name##_bfloat16_##kind(x, g, y, n, given)) {             \
      through_float(name##_##kind, format, x, g, y, n, given);                                \
    }                                                                                         \
    return true;                                                                              \
  }
