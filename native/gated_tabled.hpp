// Gated units whose gate is an activation that has tables: two loops over them and a product.
//
// Layer: native/, above gated.hpp and tabled.hpp. Such a unit is x f(gate), and every result of its is
// some number times a function of the gate: x f(gate) forward, g f(gate) and (g x) f'(gate) backward.
// That is what the backward loop over a table computes, with f in the place of a slope, and for f' it
// is the activation's own backward kernel. Block by block, so that the second loop finds what the
// first one read in the nearest cache.
//
// Elsewhere, and for other parameters, the kernels of gated.hpp run.

#pragma once

#include <cstddef>

#include "gated.hpp"
#include "tabled.hpp"

namespace rectifier {

// q[i] = x[i] g[i]; false where one of them left the normal numbers, so that to multiply in another
// order could give another result. A product with 0 is 0 in any.
bool normal_products(const float* x, const float* g, float* q, std::size_t n);

// The same of at most a block of half precision.
bool normal_products(Half format, const std::uint16_t* x, const std::uint16_t* g, float* q,
                     std::size_t n);

// By the cells of float, in either format.
template <class T>
inline bool half_product(const Cells& cells, Half format, const std::uint16_t* x,
                         const std::uint16_t* g, std::uint16_t* y, std::size_t n,
                         const double* given, Kernel plain) {
  if (format == Half::bfloat16) {
    return half_by_table<T, BFloat16, true>(cells, x, g, y, n, given, plain);
  }
  return half_by_table<T, Float16, true>(cells, x, g, y, n, given, plain);
}

// y[i] = by[i] f(gate[i]), for what is in no cell.
template <class A>
RECTIFIER_INLINE void product_loop(const float* gate, const float* by, float* y, std::size_t n,
                                   const double* given) {
  const Parameters<double> fixed(given, A::count);
  for (std::size_t i = 0; i < n; ++i) {
    double p[A::count];
    p[0] = gate[i];
    for (std::size_t k = 1; k < A::count; ++k) p[k] = fixed.values[k];
    y[i] = static_cast<float>(static_cast<double>(by[i]) * A::template slope<Wide>(1.0, p));
  }
}

// What a unit by tables is made of: f as its cells, as the kernel of a product with it by formula and by
// tables; and the kernel of g f', which takes the parameters but for the gate.
struct GateTables {
  const Cells& value;
  Kernel plain_product;
  Kernel product;
  Kernel slope;
};

inline void gated_forward_by_table(const GateTables& of, GatedKernel plain, const float* x,
                                   const float* gate, float* y, std::size_t n,
                                   const double* given) {
  if (!can_use(of.value, given)) return plain(x, gate, nullptr, y, nullptr, n, given);
  of.product(gate, x, y, n, given);
}

inline void gated_backward_by_table(const GateTables& of, GatedKernel plain, const float* x,
                                    const float* gate, const float* g, float* y, float* z,
                                    std::size_t n, const double* given) {
  if (!can_use(of.value, given)) return plain(x, gate, g, y, z, n, given);
  float products[block];
  for (std::size_t first = 0; first < n; first += block) {
    const std::size_t size = n - first < block ? n - first : block;
    const float* at = gate + first;
    const float* by = g + first;
    if (!normal_products(x + first, by, products, size)) {
      plain(x + first, at, by, y + first, z + first, size, given);
      continue;
    }
    of.product(at, by, y + first, size, given);
    of.slope(at, products, z + first, size, given + 1);
  }
}

template <class T>
bool gated_half_forward(const GateTables& of, Half format, const std::uint16_t* x,
                        const std::uint16_t* gate, std::uint16_t* y, std::size_t n,
                        const double* given) {
  return half_product<T>(of.value, format, gate, x, y, n, given, of.plain_product);
}

template <class T>
bool gated_half_backward(const GateTables& of, GatedKernel plain, Half format,
                         const std::uint16_t* x, const std::uint16_t* gate, const std::uint16_t* g,
                         std::uint16_t* y, std::uint16_t* z, std::size_t n, const double* given) {
  if (!can_use(of.value, given)) return false;
  float at[block], products[block], side[block];
  for (std::size_t first = 0; first < n; first += block) {
    const std::size_t size = n - first < block ? n - first : block;
    widen(format, gate + first, at, size);
    if (normal_products(format, x + first, g + first, products, size)) {
      half_product<T>(of.value, format, gate + first, g + first, y + first, size, given,
                      of.plain_product);
      of.slope(at, products, side, size, given + 1);
    } else {
      float from[block], by[block];
      widen(format, x + first, from, size);
      widen(format, g + first, by, size);
      plain(from, at, by, products, side, size, given);
      narrow(format, products, y + first, size);
    }
    narrow(format, side, z + first, size);
  }
  return true;
}

}  // namespace rectifier

// Defines the kernel of a product with the gate's function by its formula, of the struct NAME.
#define RECTIFIER_GATED_PRODUCT(name)                                                             \
  RECTIFIER_CLONES void name##_product(const float* gate, const float* by, float* y,              \
                                       std::size_t n, const double* given) {                      \
    product_loop<name>(gate, by, y, n, given);                                                    \
  }

// Defines the kernels by table from NAME_tabled_cells, which is the gate's function, `product`, the kernel
// of a product with it, and `slope`, that of its derivative; the rest is the Shape of the cells.
#define RECTIFIER_GATED_TABLED(name, product, slope, ...)                                         \
  constexpr GateTables name##_tables{name##_tabled_cells, name##_product, product, slope};        \
  void name##_tabled_forward(const float* x, const float* gate, const float*, float* y, float*,   \
                             std::size_t n, const double* given) {                                \
    gated_forward_by_table(name##_tables, name##_forward, x, gate, y, n, given);                  \
  }                                                                                               \
  void name##_tabled_backward(const float* x, const float* gate, const float* g, float* y,        \
                              float* z, std::size_t n, const double* given) {                     \
    gated_backward_by_table(name##_tables, name##_backward, x, gate, g, y, z, n, given);          \
  }                                                                                               \
  bool name##_half_forward(Half format, const std::uint16_t* x, const std::uint16_t* gate,        \
                           const std::uint16_t*, std::uint16_t* y, std::uint16_t*, std::size_t n, \
                           const double* given) {                                                 \
    return gated_half_forward<Shape<__VA_ARGS__>>(name##_tables, format, x, gate, y, n, given);   \
  }                                                                                               \
  bool name##_half_backward(Half format, const std::uint16_t* x, const std::uint16_t* gate,       \
                            const std::uint16_t* g, std::uint16_t* y, std::uint16_t* z,           \
                            std::size_t n, const double* given) {                                 \
    return gated_half_backward<Shape<__VA_ARGS__>>(name##_tables, name##_backward, format, x,     \
                                                   gate, g, y, z, n, given);                      \
  }
