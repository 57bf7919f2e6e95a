// Per-unit statistics: loops for both layouts and element types, how they are cut into pieces, and
// their bindings. One file, though long: the loops are templates that only these callers use.

#include "statistics.hpp"

#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>
#include <vector>

#include "team.hpp"

#if !defined(RECTIFIER_CLONES)
#define RECTIFIER_CLONES
#endif

namespace nb = nanobind;
using namespace nb::literals;

namespace rectifier {
namespace {

#if defined(__GNUC__)
#define RECTIFIER_FAST inline __attribute__((always_inline))
#else
#define RECTIFIER_FAST inline
#endif

struct Float32 {
  using type = float;
  static RECTIFIER_FAST float read(float value) { return value; }
};

struct Bfloat16 {  // the upper half of a float
  using type = std::uint16_t;
  static RECTIFIER_FAST float read(std::uint16_t value) {
    const std::uint32_t word = static_cast<std::uint32_t>(value) << 16;
    float found;
    std::memcpy(&found, &word, sizeof(found));
    return found;
  }
};

// What a thread has found; joined at the end.
struct Found {
  std::vector<double> per_unit;
  double whole[whole_numbers];
  std::size_t units;

  explicit Found(std::size_t number) : per_unit(unit_numbers * number, 0.0), units(number) {
    std::fill(whole, whole + whole_numbers, 0.0);
    whole[2] = std::numeric_limits<double>::infinity();
    whole[3] = -whole[2];
  }
  double& at(std::size_t number, std::size_t unit) { return per_unit[number * units + unit]; }
};

// Sums are of floats, as the vectors of the machine have most of them, and are emptied into doubles
// after so many additions that rounding stays near 1e-7.
constexpr std::size_t run = 4096;  // elements, over at least 8 lanes
constexpr std::size_t often = 128;  // rows

// One unit's elements side by side: the lanes of a vector belong to one unit.
// The output: read, or known to be max(x, 0).
template <typename In, bool rectified>
RECTIFIER_FAST float output(float x, const typename In::type* y, std::size_t at) {
  if (rectified) return x < 0 ? 0.0f : x;
  return In::read(y[at]);
}

template <typename In, bool rectified>
RECTIFIER_FAST void plane(const typename In::type* x, const typename In::type* y, std::size_t count,
                          std::size_t unit, float lower, float upper, Found& found) {
  for (std::size_t done = 0; done < count; done += run) {
    const std::size_t end = std::min(count, done + run);
    std::int32_t positive = 0, nonzero = 0, outside = 0;
    float size = 0, sum = 0, squares = 0, out = 0, out_squares = 0;
    float low = std::numeric_limits<float>::infinity(), high = -low;
#pragma omp simd reduction(+ : positive, nonzero, outside, size, sum, squares, out, out_squares) \
    reduction(min : low) reduction(max : high)
    for (std::size_t i = done; i < end; ++i) {
      const float a = In::read(x[i]), b = output<In, rectified>(a, y, i);
      positive += b > 0;
      nonzero += b != 0;
      size += std::fabs(b);
      sum += a;
      squares += a * a;
      out += b;
      out_squares += b * b;
      low = a < low ? a : low;
      high = a > high ? a : high;
      outside += (a < lower) | (a > upper);
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
}

// Rows with the units side by side: each lane is a unit. So many units at a time that their sums
// stay in the nearest cache.
constexpr std::size_t tile = 128;

template <typename In, bool rectified>
RECTIFIER_FAST void columns(const typename In::type* x, const typename In::type* y,
                            std::size_t rows, std::size_t first, std::size_t width, float lower,
                            float upper, Found& found) {
  const std::size_t stride = found.units;
  std::int32_t positive[tile], nonzero[tile], outside[tile];
  float size[tile], sum[tile], squares[tile], out[tile], out_squares[tile], low[tile], high[tile];
  for (std::size_t done = 0; done < rows; done += often) {
    const std::size_t end = std::min(rows, done + often);
    for (std::size_t u = 0; u < width; ++u) {
      positive[u] = nonzero[u] = outside[u] = 0;
      size[u] = sum[u] = squares[u] = out[u] = out_squares[u] = 0;
      low[u] = std::numeric_limits<float>::infinity();
      high[u] = -low[u];
    }
    for (std::size_t row = done; row < end; ++row) {
      const auto* from = x + row * stride + first;
      const auto* other = rectified ? nullptr : y + row * stride + first;
#pragma omp simd
      for (std::size_t u = 0; u < width; ++u) {
        const float a = In::read(from[u]), b = output<In, rectified>(a, other, u);
        positive[u] += b > 0;
        nonzero[u] += b != 0;
        size[u] += std::fabs(b);
        sum[u] += a;
        squares[u] += a * a;
        out[u] += b;
        out_squares[u] += b * b;
        low[u] = a < low[u] ? a : low[u];
        high[u] = a > high[u] ? a : high[u];
        outside[u] += (a < lower) | (a > upper);
      }
    }
    for (std::size_t u = 0; u < width; ++u) {
      found.at(0, first + u) += positive[u];
      found.at(1, first + u) += nonzero[u];
      found.at(2, first + u) += static_cast<double>(size[u]);
      found.at(3, first + u) += static_cast<double>(sum[u]);
      found.at(4, first + u) += static_cast<double>(squares[u]);
      found.whole[0] += static_cast<double>(out[u]);
      found.whole[1] += static_cast<double>(out_squares[u]);
      found.whole[2] = std::min(found.whole[2], static_cast<double>(low[u]));
      found.whole[3] = std::max(found.whole[3], static_cast<double>(high[u]));
      found.whole[4] += outside[u];
    }
  }
}

template <typename In, bool rectified>
RECTIFIER_FAST void forward_all(const typename In::type* x, const typename In::type* y,
                                 std::size_t first, std::size_t count, const Extent& extent,
                                 float lower, float upper, Found& found) {
  if (extent.inner > 1) {
    for (std::size_t i = first; i < first + count; ++i) {
      plane<In, rectified>(x + i * extent.inner, rectified ? nullptr : y + i * extent.inner,
                           extent.inner, i % extent.units, lower, upper, found);
    }
  } else {
    const std::size_t start = first * extent.units;
    for (std::size_t unit = 0; unit < extent.units; unit += tile) {
      columns<In, rectified>(x + start, rectified ? nullptr : y + start, count, unit,
                             std::min(tile, extent.units - unit), lower, upper, found);
    }
  }
}

template <typename In>
RECTIFIER_FAST void forward_part(const typename In::type* x, const typename In::type* y,
                                 std::size_t first, std::size_t count, const Extent& extent,
                                 float lower, float upper, Found& found) {
  if (y == nullptr) {
    forward_all<In, true>(x, y, first, count, extent, lower, upper, found);
  } else {
    forward_all<In, false>(x, y, first, count, extent, lower, upper, found);
  }
}

RECTIFIER_CLONES void forward_float32(const float* x, const float* y, std::size_t first,
                                      std::size_t count, const Extent& extent, float low,
                                      float high, Found& found) {
  forward_part<Float32>(x, y, first, count, extent, low, high, found);
}

RECTIFIER_CLONES void forward_bfloat16(const std::uint16_t* x, const std::uint16_t* y,
                                       std::size_t first, std::size_t count, const Extent& extent,
                                       float low, float high, Found& found) {
  forward_part<Bfloat16>(x, y, first, count, extent, low, high, found);
}

template <typename In>
RECTIFIER_FAST void gradient_part(const typename In::type* from, std::size_t first,
                                  std::size_t count, const Extent& extent, double* nonzero) {
  if (extent.inner > 1) {
    for (std::size_t p = first; p < first + count; ++p) {
      const auto* in = from + p * extent.inner;
      std::int64_t all = 0;
      for (std::size_t done = 0; done < extent.inner; done += run) {
        const std::size_t end = std::min(extent.inner, done + run);
        std::int32_t counted = 0;
#pragma omp simd reduction(+ : counted)
        for (std::size_t i = done; i < end; ++i) counted += In::read(in[i]) != 0;
        all += counted;
      }
      nonzero[p % extent.units] += static_cast<double>(all);
    }
    return;
  }
  std::int32_t counted[tile];
  for (std::size_t unit = 0; unit < extent.units; unit += tile) {
    const std::size_t width = std::min(tile, extent.units - unit);
    for (std::size_t u = 0; u < width; ++u) counted[u] = 0;
    for (std::size_t row = first; row < first + count; ++row) {
      const auto* in = from + row * extent.units + unit;
#pragma omp simd
      for (std::size_t u = 0; u < width; ++u) counted[u] += In::read(in[u]) != 0;
    }
    for (std::size_t u = 0; u < width; ++u) nonzero[unit + u] += counted[u];
  }
}

RECTIFIER_CLONES void gradient_float32(const float* from, std::size_t first, std::size_t count,
                                       const Extent& extent, double* nonzero) {
  gradient_part<Float32>(from, first, count, extent, nonzero);
}

RECTIFIER_CLONES void gradient_bfloat16(const std::uint16_t* from, std::size_t first,
                                        std::size_t count, const Extent& extent, double* nonzero) {
  gradient_part<Bfloat16>(from, first, count, extent, nonzero);
}

template <typename In>
RECTIFIER_FAST double squares_in(const typename In::type* from, std::size_t count) {
  double all = 0;
  for (std::size_t done = 0; done < count; done += run) {
    const std::size_t end = std::min(count, done + run);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = done; i < end; ++i) {
      const float value = In::read(from[i]);
      sum += value * value;
    }
    all += static_cast<double>(sum);
  }
  return all;
}

RECTIFIER_CLONES double squares_of(const float* from, std::size_t count) {
  return squares_in<Float32>(from, count);
}

RECTIFIER_CLONES double squares_of(const std::uint16_t* from, std::size_t count) {
  return squares_in<Bfloat16>(from, count);
}

// Of a large buffer from one in `sampled` blocks, evenly apart.
template <typename T>
double sampled_squares(const T* from, std::size_t count) {
  constexpr std::size_t block = 1024;
  if (count < 4 * block * sampled) return squares_of(from, count);
  double all = 0;
  std::size_t seen = 0;
  for (std::size_t at = 0; at < count; at += block * sampled) {
    const std::size_t some = std::min(block, count - at);
    all += squares_of(from + at, some);
    seen += some;
  }
  return all * (static_cast<double>(count) / static_cast<double>(seen));
}

template <typename In>
double not_finite(const typename In::type* from, std::size_t count, bool rectified) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const float value = In::read(from[i]);
    found += !std::isfinite(rectified && value < 0 ? 0.0f : value);
  }
  return static_cast<double>(found);
}

// Calls work(first, count) over pieces of `items` things of `size` elements each, several at a time.
// Pieces are of some hundred thousand elements, so that both tensors' stay in a core's own cache while
// the vectors of units go down their rows.
template <typename Work>
void in_pieces(std::size_t items, std::size_t size, std::size_t threads, const Work& work) {
  constexpr std::size_t elements = 131072;
  const std::size_t each = std::max<std::size_t>(1, elements / std::max<std::size_t>(size, 1));
  in_parallel(items * size, threads, [&](std::size_t first, std::size_t count) {
    // The items that begin in these elements.
    std::size_t item = (first + size - 1) / size;
    const std::size_t end = (first + count + size - 1) / size;
    for (; item < end; item += each) work(item, std::min(each, end - item));
  });
}

}  // namespace

void forward_statistics(const void* x, const void* y, Element element, Extent extent, double low,
                        double high, double* per_unit, double* whole, std::size_t threads) {
  const std::size_t planes = extent.inner > 1 ? extent.outer * extent.units : extent.outer;
  const std::size_t size = extent.inner > 1 ? extent.inner : extent.units;
  std::mutex joining;
  Found all(extent.units);
  const auto part = [&](std::size_t first, std::size_t count) {
    Found own(extent.units);
    const auto lower = static_cast<float>(low), upper = static_cast<float>(high);
    if (element == Element::float32) {
      forward_float32(static_cast<const float*>(x), static_cast<const float*>(y), first, count,
                      extent, lower, upper, own);
    } else {
      forward_bfloat16(static_cast<const std::uint16_t*>(x), static_cast<const std::uint16_t*>(y),
                       first, count, extent, lower, upper, own);
    }
    const std::lock_guard<std::mutex> lock(joining);
    for (std::size_t i = 0; i < all.per_unit.size(); ++i) all.per_unit[i] += own.per_unit[i];
    for (const std::size_t i : {0, 1, 4}) all.whole[i] += own.whole[i];
    all.whole[2] = std::min(all.whole[2], own.whole[2]);
    all.whole[3] = std::max(all.whole[3], own.whole[3]);
  };
  if (extent.units > 0) in_pieces(planes, size, threads, part);
  // A sum of squares is finite only where all its elements are; only else they are counted.
  const std::size_t elements = extent.outer * extent.units * extent.inner;
  double squares = 0;
  for (std::size_t u = 0; u < extent.units; ++u) squares += all.at(4, u);
  const auto bad = [&](const void* from, double sum, bool rectified) {
    if (std::isfinite(sum)) return 0.0;
    return element == Element::float32
               ? not_finite<Float32>(static_cast<const float*>(from), elements, rectified)
               : not_finite<Bfloat16>(static_cast<const std::uint16_t*>(from), elements,
                                      rectified);
  };
  all.whole[5] = bad(x, squares, false);
  all.whole[6] = bad(y == nullptr ? x : y, all.whole[1], y == nullptr);
  std::copy(all.per_unit.begin(), all.per_unit.end(), per_unit);
  std::copy(all.whole, all.whole + whole_numbers, whole);
}

double gradient_statistics(const void* to_input, const void* to_output, Element element,
                           Extent extent, double* nonzero, std::size_t threads) {
  const std::size_t planes = extent.inner > 1 ? extent.outer * extent.units : extent.outer;
  const std::size_t size = extent.inner > 1 ? extent.inner : extent.units;
  std::mutex joining;
  std::fill(nonzero, nonzero + extent.units, 0.0);
  const auto part = [&](std::size_t first, std::size_t count) {
    std::vector<double> own(extent.units, 0.0);
    if (element == Element::float32) {
      gradient_float32(static_cast<const float*>(to_input), first, count, extent, own.data());
    } else {
      gradient_bfloat16(static_cast<const std::uint16_t*>(to_input), first, count, extent,
                        own.data());
    }
    const std::lock_guard<std::mutex> lock(joining);
    for (std::size_t u = 0; u < extent.units; ++u) nonzero[u] += own[u];
  };
  if (extent.units > 0) in_pieces(planes, size, threads, part);
  const std::size_t elements = extent.outer * extent.units * extent.inner;
  return element == Element::float32
             ? sampled_squares(static_cast<const float*>(to_output), elements)
             : sampled_squares(static_cast<const std::uint16_t*>(to_output), elements);
}

void sums_of_squares(const float* const* buffers, const std::size_t* sizes, std::size_t number,
                     double* found, std::size_t threads) {
  for (std::size_t i = 0; i < number; ++i) {
    double all = 0;
    std::mutex joining;
    in_parallel(sizes[i], threads, [&](std::size_t first, std::size_t count) {
      const double own = squares_of(buffers[i] + first, count);
      const std::lock_guard<std::mutex> lock(joining);
      all += own;
    });
    found[i] = all;
  }
}

void bind_statistics(nb::module_& module) {
  module.def(
      "sums_of_squares",
      [](const std::vector<std::uintptr_t>& buffers, const std::vector<std::size_t>& sizes,
         std::size_t threads) {
        std::vector<double> found(buffers.size());
        std::vector<const float*> from;
        for (const std::uintptr_t at : buffers) from.push_back(reinterpret_cast<const float*>(at));
        const nb::gil_scoped_release unlocked;
        sums_of_squares(from.data(), sizes.data(), std::min(sizes.size(), from.size()),
                        found.data(), threads);
        return found;
      },
      "buffers"_a, "sizes"_a, "threads"_a);
  // For buffers that the caller has checked: contiguous, of this type, in this process.
  module.def(
      "forward_statistics",
      [](std::uintptr_t x, std::uintptr_t y, bool half, std::size_t outer, std::size_t units,
         std::size_t inner, double low, double high, std::uintptr_t per_unit, std::uintptr_t whole,
         std::size_t threads) {
        const nb::gil_scoped_release unlocked;
        forward_statistics(reinterpret_cast<const void*>(x), reinterpret_cast<const void*>(y),
                           half ? Element::bfloat16 : Element::float32, {outer, units, inner}, low,
                           high, reinterpret_cast<double*>(per_unit),
                           reinterpret_cast<double*>(whole), threads);
      },
      "x"_a, "y"_a, "half"_a, "outer"_a, "units"_a, "inner"_a, "low"_a, "high"_a, "per_unit"_a,
      "whole"_a, "threads"_a);
  module.def(
      "gradient_statistics",
      [](std::uintptr_t to_input, std::uintptr_t to_output, bool half, std::size_t outer,
         std::size_t units, std::size_t inner, std::uintptr_t nonzero, std::size_t threads) {
        const nb::gil_scoped_release unlocked;
        return gradient_statistics(
            reinterpret_cast<const void*>(to_input), reinterpret_cast<const void*>(to_output),
            half ? Element::bfloat16 : Element::float32, {outer, units, inner},
            reinterpret_cast<double*>(nonzero), threads);
      },
      "to_input"_a, "to_output"_a, "half"_a, "outer"_a, "units"_a, "inner"_a, "nonzero"_a,
      "threads"_a);
}

}  // namespace rectifier
