#include "gated_tabled.hpp"

namespace rectifier {

RECTIFIER_CLONES bool normal_products(const float* x, const float* g, float* q, std::size_t n) {
  constexpr std::uint32_t least = 0x00800000;  // the bits of the smallest normal number
  constexpr std::uint32_t span = 0x7f000000;   // and how many there are up to infinity
  std::uint32_t most = 0;
  for (std::size_t first = 0; first < n; first += stretch) {
    const std::size_t size = n - first < stretch ? n - first : stretch;
    prefetch(x + first + block, stretch);  // past the end it does nothing
    prefetch(g + first + block, stretch);
    for (std::size_t i = first; i < first + size; ++i) {
      q[i] = x[i] * g[i];
      most = larger(most, (bits_of(q[i]) & 0x7fffffff) - least);
    }
  }
  if (most < span) return true;
  std::uint32_t outside = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const bool zero = (bits_of(x[i]) & 0x7fffffff) == 0 || (bits_of(g[i]) & 0x7fffffff) == 0;
    const bool number = (bits_of(q[i]) & 0x7fffffff) < 0x7f800000;
    const bool normal = (bits_of(q[i]) & 0x7fffffff) - least < span;
    outside |= !(normal || (zero && number));
  }
  return outside == 0;
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
