// Half precision: kernels on it run in float, block by block.
//
// Layer: native/, above table.hpp. A result is rounded to float and then to half precision; the first
// rounding moves the second's by at most 2^-13 ulp.

#pragma once

#include <cstddef>
#include <cstdint>

#include "table.hpp"

namespace rectifier {

enum class Half { bfloat16, float16 };

// y[i] = f(x[i]), or y[i] = g[i] f'(x[i]) where g is given, through a kernel on float.
void through_float(Kernel kernel, Half format, const std::uint16_t* x, const std::uint16_t* g,
                   std::uint16_t* y, std::size_t n, const double* parameters);

// Between the bits of half precision and float.
void widen(Half format, const std::uint16_t* x, float* y, std::size_t n);
void narrow(Half format, const float* x, std::uint16_t* y, std::size_t n);

// y[i] = a[i] g[i], computed in float; y may be g.
void multiply(Half format, const float* a, const std::uint16_t* g, std::uint16_t* y, std::size_t n);

}  // namespace rectifier
