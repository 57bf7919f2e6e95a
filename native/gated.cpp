#include "gated_tabled.hpp"

namespace rectifier {

namespace {

constexpr std::uint32_t least = 0x00800000;  // the bits of the smallest normal number
constexpr std::uint32_t span = 0x7f000000;   // and how many there are up to infinity

RECTIFIER_INLINE float number(float a) { return a; }
RECTIFIER_INLINE float number(std::uint16_t a) {  // of bfloat16
  return of_bits<float>(static_cast<std::uint32_t>(a) << 16);
}

template <typename T>
RECTIFIER_INLINE bool products(const T* x, const T* g, float* q, std::size_t n) {
  std::uint32_t most = 0;
  for (std::size_t first = 0; first < n; first += stretch) {
    const std::size_t size = n - first < stretch ? n - first : stretch;
    prefetch(x + first + block, stretch);  // past the end it does nothing
    prefetch(g + first + block, stretch);
    for (std::size_t i = first; i < first + size; ++i) {
      q[i] = number(x[i]) * number(g[i]);
      most = larger(most, (bits_of(q[i]) & 0x7fffffff) - least);
    }
  }
  if (most < span) return true;
  std::uint32_t outside = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t size = bits_of(q[i]) & 0x7fffffff;
    const bool zero = (bits_of(number(x[i])) & 0x7fffffff) == 0 ||
                      (bits_of(number(g[i])) & 0x7fffffff) == 0;
    outside |= !(size - least < span || (zero && size == 0));
  }
  return outside == 0;
}

}  // namespace

RECTIFIER_CLONES bool normal_products(const float* x, const float* g, float* q, std::size_t n) {
  return products(x, g, q, n);
}

RECTIFIER_CLONES bool normal_products_bfloat16(const std::uint16_t* x, const std::uint16_t* g,
                                               float* q, std::size_t n) {
  return products(x, g, q, n);
}

bool normal_products(Half format, const std::uint16_t* x, const std::uint16_t* g, float* q,
                     std::size_t n) {
  if (format == Half::bfloat16) return normal_products_bfloat16(x, g, q, n);
  float from[block], by[block];
  widen(format, x, from, n);
  widen(format, g, by, n);
  return normal_products(from, by, q, n);
}

void run_half(const GatedEntry& entry, bool backward, Half format, const std::uint16_t* x,
              const std::uint16_t* gate, const std::uint16_t* g, std::uint16_t* y,
              std::uint16_t* z, std::size_t n, const double* parameters) {
  const GatedHalfKernel by_table = backward ? entry.half_backward : entry.half_forward;
  if (by_table != nullptr && by_table(format, x, gate, g, y, z, n, parameters)) return;
  float from[block], at[block], by[block], to[block], side[block];
  for (std::size_t first = 0; first < n; first += block) {
    const std::size_t size = n - first < block ? n - first : block;
    widen(format, x + first, from, size);
    widen(format, gate + first, at, size);
    if (backward) {
      widen(format, g + first, by, size);
      entry.backward(from, at, by, to, side, size, parameters);
      narrow(format, side, z + first, size);
    } else {
      entry.forward(from, at, nullptr, to, nullptr, size, parameters);
    }
    narrow(format, to, y + first, size);
  }
}

}  // namespace rectifier
