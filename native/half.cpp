#include "half.hpp"

#include "bits.hpp"
#include "tabled.hpp"

#if !defined(RECTIFIER_CLONES)
#define RECTIFIER_CLONES
#endif

namespace rectifier {
namespace {

// Integer arithmetic and selections only, which every compiler vectorises; no subnormal number of
// float is touched, so a processor that flushes those does no harm.

RECTIFIER_INLINE float from_bfloat16(std::uint16_t a) {
  return of_bits<float>(static_cast<std::uint32_t>(a) << 16);
}

RECTIFIER_INLINE std::uint16_t to_bfloat16(float a) {
  return static_cast<std::uint16_t>(nearest_bfloat16(a) >> 16);
}

RECTIFIER_INLINE float from_float16(std::uint16_t a) {
  const std::uint32_t size = (static_cast<std::uint32_t>(a) & 0x7fff) << 13;
  const std::uint32_t least = std::uint32_t{113} << 23;  // the smallest normal number, 2^-14
  const std::uint32_t normal = size + (std::uint32_t{112} << 23);
  const std::uint32_t subnormal = bits_of(of_bits<float>(size + least) - of_bits<float>(least));
  const std::uint32_t special = size | 0x7f800000;
  const std::uint32_t finite = size < (std::uint32_t{1} << 23) ? subnormal : normal;
  const std::uint32_t bits = size >= (std::uint32_t{31} << 23) ? special : finite;
  return of_bits<float>(bits | (static_cast<std::uint32_t>(a) & 0x8000) << 16);
}

RECTIFIER_INLINE std::uint16_t to_float16(float a) {
  const std::uint32_t sign = (bits_of(a) >> 16) & 0x8000;
  const std::uint32_t size = bits_of(a) & 0x7fffffff;
  // From 2^16 on it is infinity; below, adding half a unit carries over into the exponent.
  const std::uint32_t normal =
      (size - (std::uint32_t{112} << 23) + 0xfff + ((size >> 13) & 1)) >> 13;
  // Below 2^-14 the addition of 1/2 rounds to a whole number of units, which is in the low bits.
  const std::uint32_t subnormal = bits_of(of_bits<float>(size) + 0.5F) - bits_of(0.5F);
  const std::uint32_t special = size > 0x7f800000 ? 0x7e00 : 0x7c00;
  const std::uint32_t finite = size < (std::uint32_t{113} << 23) ? subnormal : normal;
  const std::uint32_t bits = size >= (std::uint32_t{143} << 23) ? special : finite;
  return static_cast<std::uint16_t>(sign | bits);
}

RECTIFIER_CLONES void widen_bfloat16(const std::uint16_t* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = from_bfloat16(x[i]);
}

RECTIFIER_CLONES void narrow_bfloat16(const float* x, std::uint16_t* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = to_bfloat16(x[i]);
}

RECTIFIER_CLONES void widen_float16(const std::uint16_t* x, float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = from_float16(x[i]);
}

RECTIFIER_CLONES void narrow_float16(const float* x, std::uint16_t* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = to_float16(x[i]);
}

RECTIFIER_CLONES void multiply_bfloat16(const float* a, const std::uint16_t* g, std::uint16_t* y,
                                        std::size_t n) {
  RECTIFIER_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) y[i] = to_bfloat16(a[i] * from_bfloat16(g[i]));
}

RECTIFIER_CLONES void multiply_float16(const float* a, const std::uint16_t* g, std::uint16_t* y,
                                       std::size_t n) {
  RECTIFIER_INDEPENDENT
  for (std::size_t i = 0; i < n; ++i) y[i] = to_float16(a[i] * from_float16(g[i]));
}

#if defined(RECTIFIER_HAS_V4)
// Where the processor has an instruction for float16, 16 integer operations are saved.
RECTIFIER_V4 void widen_float16_v4(const std::uint16_t* x, float* y, std::size_t n) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) Float32::store(y + i, Float16::load(x + i));
  const __mmask16 rest = static_cast<__mmask16>((1U << (n - i)) - 1);
  Float32::store(rest, y + i, Float16::load(rest, x + i));
}

RECTIFIER_V4 void narrow_float16_v4(const float* x, std::uint16_t* y, std::size_t n) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) Float16::store(y + i, Float32::load(x + i));
  const __mmask16 rest = static_cast<__mmask16>((1U << (n - i)) - 1);
  Float16::store(rest, y + i, Float32::load(rest, x + i));
}
#endif

}  // namespace

void widen(Half format, const std::uint16_t* x, float* y, std::size_t n) {
#if defined(RECTIFIER_HAS_V4)
  if (has_tables && format == Half::float16) return widen_float16_v4(x, y, n);
#endif
  (format == Half::bfloat16 ? widen_bfloat16 : widen_float16)(x, y, n);
}

void narrow(Half format, const float* x, std::uint16_t* y, std::size_t n) {
#if defined(RECTIFIER_HAS_V4)
  if (has_tables && format == Half::float16) return narrow_float16_v4(x, y, n);
#endif
  (format == Half::bfloat16 ? narrow_bfloat16 : narrow_float16)(x, y, n);
}

void multiply(Half format, const float* a, const std::uint16_t* g, std::uint16_t* y,
              std::size_t n) {
  (format == Half::bfloat16 ? multiply_bfloat16 : multiply_float16)(a, g, y, n);
}

void through_float(Kernel kernel, Half format, const std::uint16_t* x, const std::uint16_t* g,
                   std::uint16_t* y, std::size_t n, const double* parameters) {
  constexpr std::size_t block = 1024;
  constexpr std::size_t line = 64 / sizeof(std::uint16_t);
  float from[block];
  float by[block];
  float to[block];
  for (std::size_t first = 0; first < n; first += block) {
    const std::size_t size = n - first < block ? n - first : block;
    for (std::size_t i = 0; i < block; i += line) {  // past the end it does nothing
      RECTIFIER_PREFETCH(x + first + block + i);
      if (g != nullptr) RECTIFIER_PREFETCH(g + first + block + i);
    }
    widen(format, x + first, from, size);
    if (g != nullptr) widen(format, g + first, by, size);
    kernel(from, g != nullptr ? by : nullptr, to, size, parameters);
    narrow(format, to, y + first, size);
  }
}

}  // namespace rectifier
