// Mathematics in double whose waves are right for any argument, for the blocks where Wide's are not.
//
// Layer: native/, above math_wide.hpp. sin and cos are the C library's, which reduces an argument of
// any size; they are not vectorised. A kernel comes here only for blocks with an argument beyond
// Wide::wave_bound, which no network has in its healthy life.

#pragma once

#include "math_wide.hpp"

namespace rectifier {

struct Library : Wide {
  RECTIFIER_INLINE static double sin(double a) { return std::sin(a); }
  RECTIFIER_INLINE static double cos(double a) { return std::cos(a); }
};

}  // namespace rectifier
