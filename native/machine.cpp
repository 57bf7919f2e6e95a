// What the machine is found to have when the library is loaded, and what data is found to be.
//
// Layer: native/.

#include "bits.hpp"
#include "table.hpp"
#include "tabled.hpp"

#if !defined(RECTIFIER_CLONES)
#define RECTIFIER_CLONES
#endif

namespace rectifier {

#if defined(RECTIFIER_HAS_CLONES)
// The clones above the baseline have it; the loader takes one of those where the machine has all of
// x86-64-v3, of which these are what some processor lacks.
const bool has_fused_multiply_add = [] {
  __builtin_cpu_init();
  return __builtin_cpu_supports("fma") != 0 && __builtin_cpu_supports("avx2") != 0 &&
         __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0;
}();
#elif defined(__FMA__) || defined(__ARM_FEATURE_FMA)
const bool has_fused_multiply_add = true;
#else
const bool has_fused_multiply_add = false;
#endif

#if defined(RECTIFIER_HAS_V4)
const bool has_tables = [] {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512cd") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("fma") != 0 &&
         __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0;
}();
#else
const bool has_tables = false;
#endif

RECTIFIER_CLONES bool are_finite(const float* x, std::size_t n) {
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t size = bits_of(x[i]) & 0x7fffffff;
    most = size > most ? size : most;
  }
  return most < 0x7f800000;
}

}  // namespace rectifier
