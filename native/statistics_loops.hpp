// Loops that count and sum a site's input and output, unit by unit.
//
// Layer: native/, used by statistics.cpp alone. Two layouts (units side by side in a row, or each
// unit's elements side by side), two element types, and a shorter loop for ReLU, whose output need
// not be read and of whose numbers several are the same.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "statistics.hpp"
#include "statistics_elements.hpp"

namespace rectifier {
namespace {

// What a thread has found; joined at the end.
struct Found {
  std::vector<double> per_unit;
  double whole[whole_numbers];
  std::size_t units;

  explicit Found(std::size_t number) : per_unit(unit_numbers * number, 0.0), units(number) {
    clear();
  }
  void clear() {
    std::fill(per_unit.begin(), per_unit.end(), 0.0);
    std::fill(whole, whole + whole_numbers, 0.0);
    whole[2] = std::numeric_limits<double>::infinity();
    whole[3] = -whole[2];
  }
  double& at(std::size_t number, std::size_t unit) { return per_unit[number * units + unit]; }
  double squares() const {  // not finite where an input is not
    double all = 0;
    for (std::size_t unit = 0; unit < units; ++unit) all += per_unit[4 * units + unit];
    return all;
  }
};

// What is looked for: inputs below and above are counted.
struct Region {
  float low;
  float high;
};

struct Lanes {
  std::int32_t positive[tile], nonzero[tile], outside[tile];
  float size[tile], sum[tile], squares[tile], out[tile], out_squares[tile], low[tile], high[tile];

  RECTIFIER_FAST void clear(std::size_t width) {
    for (std::size_t u = 0; u < width; ++u) {
      positive[u] = nonzero[u] = outside[u] = 0;
      size[u] = sum[u] = squares[u] = out[u] = out_squares[u] = 0;
      low[u] = std::numeric_limits<float>::infinity();
      high[u] = -low[u];
    }
  }
};

// Adds the sums of `width` units from `first` on.
RECTIFIER_FAST void empty(const Lanes& from, std::size_t first, std::size_t width, Found& found) {
  for (std::size_t u = 0; u < width; ++u) {
    found.at(0, first + u) += from.positive[u];
    found.at(1, first + u) += from.nonzero[u];
    found.at(2, first + u) += static_cast<double>(from.size[u]);
    found.at(3, first + u) += static_cast<double>(from.sum[u]);
    found.at(4, first + u) += static_cast<double>(from.squares[u]);
    found.whole[0] += static_cast<double>(from.out[u]);
    found.whole[1] += static_cast<double>(from.out_squares[u]);
    found.whole[2] = std::min(found.whole[2], static_cast<double>(from.low[u]));
    found.whole[3] = std::max(found.whole[3], static_cast<double>(from.high[u]));
    found.whole[4] += from.outside[u];
  }
}

// Any function: the output is read.
struct General {
  template <typename In, std::size_t rows>
  static RECTIFIER_FAST void down(const typename In::type* x, const typename In::type* y,
                                  std::size_t stride, std::size_t width, Region region,
                                  Lanes& lanes) {
#pragma omp simd
    for (std::size_t u = 0; u < width; ++u) {
      std::int32_t positive = lanes.positive[u], nonzero = lanes.nonzero[u];
      std::int32_t outside = lanes.outside[u];
      float size = lanes.size[u], sum = lanes.sum[u], squares = lanes.squares[u];
      float out = lanes.out[u], out_squares = lanes.out_squares[u];
      float low = lanes.low[u], high = lanes.high[u];
      for (std::size_t row = 0; row < rows; ++row) {
        const float a = In::read(x[row * stride + u]), b = In::read(y[row * stride + u]);
        positive += b > 0;
        nonzero += b != 0;
        size += std::fabs(b);
        sum += a;
        squares += a * a;
        out += b;
        out_squares += b * b;
        low = a < low ? a : low;
        high = a > high ? a : high;
        outside += (a < region.low) | (a > region.high);
      }
      lanes.positive[u] = positive;
      lanes.nonzero[u] = nonzero;
      lanes.outside[u] = outside;
      lanes.size[u] = size;
      lanes.sum[u] = sum;
      lanes.squares[u] = squares;
      lanes.out[u] = out;
      lanes.out_squares[u] = out_squares;
      lanes.low[u] = low;
      lanes.high[u] = high;
    }
  }

  template <typename In>
  static RECTIFIER_FAST void along(const typename In::type* x, const typename In::type* y,
                                   std::size_t count, std::size_t unit, Region region,
                                   Found& found) {
    std::int32_t positive = 0, nonzero = 0, outside = 0;
    float size = 0, sum = 0, squares = 0, out = 0, out_squares = 0;
    float low = std::numeric_limits<float>::infinity(), high = -low;
#pragma omp simd reduction(+ : positive, nonzero, outside, size, sum, squares, out, out_squares) \
    reduction(min : low) reduction(max : high)
    for (std::size_t i = 0; i < count; ++i) {
      const float a = In::read(x[i]), b = In::read(y[i]);
      positive += b > 0;
      nonzero += b != 0;
      size += std::fabs(b);
      sum += a;
      squares += a * a;
      out += b;
      out_squares += b * b;
      low = a < low ? a : low;
      high = a > high ? a : high;
      outside += (a < region.low) | (a > region.high);
    }
    found.at(0, unit) += positive;
    found.at(1, unit) += nonzero;
    found.at(2, unit) += static_cast<double>(size);
    found.at(3, unit) += static_cast<double>(sum);
    found.at(4, unit) += static_cast<double>(squares);
    found.whole[0] += static_cast<double>(out);
    found.whole[1] += static_cast<double>(out_squares);
    found.whole[2] = std::min(found.whole[2], static_cast<double>(low));
    found.whole[3] = std::max(found.whole[3], static_cast<double>(high));
    found.whole[4] += outside;
  }
};

// max(x, 0) of finite inputs: outputs that are not zero are the positive ones, and |y| is y. NaN
// would be taken for zero: where the sum of squares is not finite, another loop has to be used.
template <bool of_nan>
struct Rectified {
  static RECTIFIER_FAST float output(float a) {
    return of_nan ? (a < 0 ? 0.0f : a) : (a > 0 ? a : 0.0f);
  }

  template <typename In, std::size_t rows>
  static RECTIFIER_FAST void down(const typename In::type* x, const typename In::type*,
                                  std::size_t stride, std::size_t width, Region region,
                                  Lanes& lanes) {
#pragma omp simd
    for (std::size_t u = 0; u < width; ++u) {
      std::int32_t positive = lanes.positive[u], nonzero = lanes.nonzero[u];
      std::int32_t outside = lanes.outside[u];
      float sum = lanes.sum[u], squares = lanes.squares[u];
      float out = lanes.out[u], out_squares = lanes.out_squares[u];
      float low = lanes.low[u], high = lanes.high[u];
      for (std::size_t row = 0; row < rows; ++row) {
        const float a = In::read(x[row * stride + u]), b = output(a);
        positive += a > 0;
        sum += a;
        squares += a * a;
        out += b;
        out_squares += b * b;
        low = a < low ? a : low;
        high = a > high ? a : high;
        if (of_nan) {
          nonzero += b != 0;
          outside += (a < region.low) | (a > region.high);
        }
      }
      lanes.positive[u] = positive;
      lanes.nonzero[u] = of_nan ? nonzero : positive;
      lanes.outside[u] = outside;
      lanes.sum[u] = sum;
      lanes.squares[u] = squares;
      lanes.out[u] = lanes.size[u] = out;
      lanes.out_squares[u] = out_squares;
      lanes.low[u] = low;
      lanes.high[u] = high;
    }
  }

  template <typename In>
  static RECTIFIER_FAST void along(const typename In::type* x, const typename In::type*,
                                   std::size_t count, std::size_t unit, Region region,
                                   Found& found) {
    std::int32_t positive = 0, nonzero = 0, outside = 0;
    float sum = 0, squares = 0, out = 0, out_squares = 0;
    float low = std::numeric_limits<float>::infinity(), high = -low;
#pragma omp simd reduction(+ : positive, nonzero, outside, sum, squares, out, out_squares) \
    reduction(min : low) reduction(max : high)
    for (std::size_t i = 0; i < count; ++i) {
      const float a = In::read(x[i]), b = output(a);
      positive += a > 0;
      sum += a;
      squares += a * a;
      out += b;
      out_squares += b * b;
      low = a < low ? a : low;
      high = a > high ? a : high;
      if (of_nan) {
        nonzero += b != 0;
        outside += (a < region.low) | (a > region.high);
      }
    }
    found.at(0, unit) += positive;
    found.at(1, unit) += of_nan ? nonzero : positive;
    found.at(2, unit) += static_cast<double>(out);
    found.at(3, unit) += static_cast<double>(sum);
    found.at(4, unit) += static_cast<double>(squares);
    found.whole[0] += static_cast<double>(out);
    found.whole[1] += static_cast<double>(out_squares);
    found.whole[2] = std::min(found.whole[2], static_cast<double>(low));
    found.whole[3] = std::max(found.whole[3], static_cast<double>(high));
    found.whole[4] += outside;
  }
};

// `count` planes, or rows, from `first` on.
template <typename In, typename Function>
RECTIFIER_FAST void forward_all(const typename In::type* x, const typename In::type* y,
                                std::size_t first, std::size_t count, const Extent& extent,
                                Region region, Found& found) {
  const auto at = [](const typename In::type* from, std::size_t place) {
    return from == nullptr ? nullptr : from + place;
  };
  if (extent.inner > 1) {
    for (std::size_t p = first; p < first + count; ++p) {
      for (std::size_t done = 0; done < extent.inner; done += run) {
        const std::size_t place = p * extent.inner + done;
        Function::template along<In>(x + place, at(y, place), std::min(run, extent.inner - done),
                                     p % extent.units, region, found);
      }
    }
    return;
  }
  const std::size_t stride = extent.units;
  Lanes lanes;
  for (std::size_t unit = 0; unit < stride; unit += tile) {
    const std::size_t width = std::min(tile, stride - unit);
    for (std::size_t done = first; done < first + count; done += often) {
      const std::size_t end = std::min(first + count, done + often);
      lanes.clear(width);
      std::size_t row = done;
      for (; row + together <= end; row += together) {
        const std::size_t place = row * stride + unit;
        Function::template down<In, together>(x + place, at(y, place), stride, width, region,
                                              lanes);
      }
      for (; row < end; ++row) {
        const std::size_t place = row * stride + unit;
        Function::template down<In, 1>(x + place, at(y, place), stride, width, region, lanes);
      }
      empty(lanes, unit, width, found);
    }
  }
}

// NaN among the inputs is minded only where asked: ReLU's short loop takes it for zero.
template <typename In>
RECTIFIER_FAST void forward_part(const typename In::type* x, const typename In::type* y,
                                 std::size_t first, std::size_t count, const Extent& extent,
                                 Region region, bool of_nan, Found& found) {
  if (y != nullptr) {
    forward_all<In, General>(x, y, first, count, extent, region, found);
  } else if (of_nan) {
    forward_all<In, Rectified<true>>(x, y, first, count, extent, region, found);
  } else {
    forward_all<In, Rectified<false>>(x, y, first, count, extent, region, found);
  }
}

RECTIFIER_CLONES void forward_float32(const float* x, const float* y, std::size_t first,
                                      std::size_t count, const Extent& extent, Region region,
                                      bool of_nan, Found& found) {
  forward_part<Float32>(x, y, first, count, extent, region, of_nan, found);
}

RECTIFIER_CLONES void forward_bfloat16(const std::uint16_t* x, const std::uint16_t* y,
                                       std::size_t first, std::size_t count, const Extent& extent,
                                       Region region, bool of_nan, Found& found) {
  forward_part<Bfloat16>(x, y, first, count, extent, region, of_nan, found);
}

}  // namespace
}  // namespace rectifier
