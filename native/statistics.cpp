// Per-unit statistics: gradients and norms, how the loops are cut into pieces, and the bindings.

#include "statistics.hpp"

#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>
#include <vector>

#include "statistics_loops.hpp"
#include "team.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace rectifier {
namespace {

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
    std::size_t row = first;
    const std::size_t end = first + count, stride = extent.units;
    for (; row + together <= end; row += together) {
      const auto* in = from + row * stride + unit;
#pragma omp simd
      for (std::size_t u = 0; u < width; ++u) {
        std::int32_t some = counted[u];
        for (std::size_t r = 0; r < together; ++r) some += In::read(in[r * stride + u]) != 0;
        counted[u] = some;
      }
    }
    for (; row < end; ++row) {
      const auto* in = from + row * stride + unit;
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

// 0 times each element: not zero where one of them is NaN or infinite.
RECTIFIER_CLONES double zeros_of(const float* from, std::size_t count) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = 0; i < count; ++i) sum += from[i] * 0.0f;
  return static_cast<double>(sum);
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

// Calls work(first, count) over pieces of a stretch: of some hundred thousand elements, so that both
// tensors' stay in a core's own cache while the vectors of units go down their rows. The last piece
// comes first: it was written last, and is still in that cache.
template <typename Work>
void in_pieces(std::size_t first, std::size_t count, std::size_t size, const Work& work) {
  constexpr std::size_t elements = 131072;
  const std::size_t each = std::max<std::size_t>(1, elements / std::max<std::size_t>(size, 1));
  for (std::size_t end = count; end > 0;) {
    const std::size_t some = std::min(each, end);
    end -= some;
    work(first + end, some);
  }
}

}  // namespace

void forward_statistics(const void* x, const void* y, Element element, Extent extent, double low,
                        double high, bool zeros_too, double* per_unit, double* whole,
                        std::size_t threads) {
  const std::size_t planes = extent.inner > 1 ? extent.outer * extent.units : extent.outer;
  const std::size_t size = extent.inner > 1 ? extent.inner : extent.units;
  std::mutex joining;
  Found all(extent.units);
  const Region region = {static_cast<float>(low), static_cast<float>(high)};
  const auto stretch = [&](std::size_t first, std::size_t count) {
    Found own(extent.units);
    const auto look = [&](bool of_nan) {
      in_pieces(first, count, size, [&](std::size_t from, std::size_t some) {
        if (element == Element::float32) {
          forward_float32(static_cast<const float*>(x), static_cast<const float*>(y), from, some,
                          extent, region, of_nan, own);
        } else {
          forward_bfloat16(static_cast<const std::uint16_t*>(x),
                           static_cast<const std::uint16_t*>(y), from, some, extent, region,
                           of_nan, own);
        }
      });
    };
    const bool bounded = std::isfinite(low) || std::isfinite(high);
    look(bounded);
    if (y == nullptr && !bounded && !std::isfinite(own.squares())) {
      own.clear();
      look(true);
    }
    const std::lock_guard<std::mutex> lock(joining);
    for (std::size_t i = 0; i < all.per_unit.size(); ++i) all.per_unit[i] += own.per_unit[i];
    for (const std::size_t i : {0, 1, 4}) all.whole[i] += own.whole[i];
    all.whole[2] = std::min(all.whole[2], own.whole[2]);
    all.whole[3] = std::max(all.whole[3], own.whole[3]);
  };
  if (extent.units > 0) in_stretches(planes, size, threads, stretch);
  // A sum of squares is finite only where all its elements are; only else they are counted.
  const std::size_t elements = extent.outer * extent.units * extent.inner;
  const auto bad = [&](const void* from, double sum, bool rectified) {
    if (std::isfinite(sum)) return 0.0;
    return element == Element::float32
               ? not_finite<Float32>(static_cast<const float*>(from), elements, rectified)
               : not_finite<Bfloat16>(static_cast<const std::uint16_t*>(from), elements,
                                      rectified);
  };
  all.whole[5] = bad(x, all.squares(), false);
  all.whole[6] = bad(y == nullptr ? x : y, all.whole[1], y == nullptr);
  if (zeros_too) {
    double nonzero = 0;
    for (std::size_t unit = 0; unit < extent.units; ++unit) nonzero += all.at(1, unit);
    all.whole[4] += static_cast<double>(elements) - nonzero;
  }
  if (std::isnan(low)) all.whole[4] = low;
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
    in_pieces(first, count, size, [&](std::size_t from, std::size_t some) {
      if (element == Element::float32) {
        gradient_float32(static_cast<const float*>(to_input), from, some, extent, own.data());
      } else {
        gradient_bfloat16(static_cast<const std::uint16_t*>(to_input), from, some, extent,
                          own.data());
      }
    });
    const std::lock_guard<std::mutex> lock(joining);
    for (std::size_t u = 0; u < extent.units; ++u) nonzero[u] += own[u];
  };
  if (extent.units > 0) in_stretches(planes, size, threads, part);
  const std::size_t elements = extent.outer * extent.units * extent.inner;
  return element == Element::float32
             ? sampled_squares(static_cast<const float*>(to_output), elements)
             : sampled_squares(static_cast<const std::uint16_t*>(to_output), elements);
}

void sums_of_squares(const float* const* buffers, const std::size_t* sizes, std::size_t number,
                     bool some, double* found, std::size_t threads) {
  for (std::size_t i = 0; i < number; ++i) {
    if (some) {
      found[i] = sampled_squares(buffers[i], sizes[i]);
      continue;
    }
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

namespace {

// Calls work(from, count) for each block of a buffer of which some elements are looked at.
template <typename Work>
void in_blocks(const float* from, std::size_t count, const Work& work) {
  if (count < 2 * blocks * block) {
    work(from, count);
    return;
  }
  const std::size_t apart = count / blocks;
  for (std::size_t i = 0; i < blocks; ++i) {
#if defined(__GNUC__)
    constexpr std::size_t ahead = 8, line = 16;  // blocks, and elements of a cache line
    if (i + ahead < blocks) {
      const float* next = from + (i + ahead) * apart;
      for (std::size_t at = 0; at < block; at += line) __builtin_prefetch(next + at);
    }
#endif
    work(from + i * apart, block);
  }
}

}  // namespace

bool any_bad_in_blocks(const float* const* buffers, const std::size_t* sizes, std::size_t number) {
  double all = 0;
  for (std::size_t i = 0; i < number; ++i) {
    in_blocks(buffers[i], sizes[i], [&](const float* from, std::size_t count) {
      for (std::size_t done = 0; done < count; done += run) {
        all += zeros_of(from + done, std::min(run, count - done));
      }
    });
  }
  return !(all == 0);
}

void keep_blocks(const float* const* buffers, const std::size_t* sizes, std::size_t number,
                 float* kept, double* squares) {
  for (std::size_t i = 0; i < number; ++i) {
    double all = 0;
    in_blocks(buffers[i], sizes[i], [&](const float* from, std::size_t count) {
      std::copy(from, from + count, kept);
      all += squares_of(kept, count);
      kept += count;
    });
    squares[i] = all;
  }
}

void moved_blocks(const float* const* buffers, const std::size_t* sizes, std::size_t number,
                  const float* kept, double* squares) {
  std::vector<float> change;
  for (std::size_t i = 0; i < number; ++i) {
    double all = 0;
    in_blocks(buffers[i], sizes[i], [&](const float* from, std::size_t count) {
      change.resize(count);
      for (std::size_t j = 0; j < count; ++j) change[j] = from[j] - kept[j];
      all += squares_of(change.data(), count);
      kept += count;
    });
    squares[i] = all;
  }
}

namespace {

std::vector<const float*> pointers(const std::vector<std::uintptr_t>& buffers) {
  std::vector<const float*> found;
  for (const std::uintptr_t at : buffers) found.push_back(reinterpret_cast<const float*>(at));
  return found;
}

}  // namespace

void bind_statistics(nb::module_& module) {
  module.def(
      "sums_of_squares",
      [](const std::vector<std::uintptr_t>& buffers, const std::vector<std::size_t>& sizes,
         bool some, std::size_t threads) {
        std::vector<double> found(buffers.size());
        const std::vector<const float*> from = pointers(buffers);
        const nb::gil_scoped_release unlocked;
        sums_of_squares(from.data(), sizes.data(), std::min(sizes.size(), from.size()), some,
                        found.data(), threads);
        return found;
      },
      "buffers"_a, "sizes"_a, "some"_a, "threads"_a);
  module.def(
      "keep_blocks",
      [](const std::vector<std::uintptr_t>& buffers, const std::vector<std::size_t>& sizes,
         std::uintptr_t kept) {
        std::vector<double> found(buffers.size());
        const std::vector<const float*> from = pointers(buffers);
        const nb::gil_scoped_release unlocked;
        keep_blocks(from.data(), sizes.data(), std::min(sizes.size(), from.size()),
                    reinterpret_cast<float*>(kept), found.data());
        return found;
      },
      "buffers"_a, "sizes"_a, "kept"_a);
  module.def(
      "moved_blocks",
      [](const std::vector<std::uintptr_t>& buffers, const std::vector<std::size_t>& sizes,
         std::uintptr_t kept) {
        std::vector<double> found(buffers.size());
        const std::vector<const float*> from = pointers(buffers);
        const nb::gil_scoped_release unlocked;
        moved_blocks(from.data(), sizes.data(), std::min(sizes.size(), from.size()),
                     reinterpret_cast<const float*>(kept), found.data());
        return found;
      },
      "buffers"_a, "sizes"_a, "kept"_a);
  // For buffers that the caller has checked: contiguous, of this type, in this process.
  module.def(
      "forward_statistics",
      [](std::uintptr_t x, std::uintptr_t y, bool half, std::size_t outer, std::size_t units,
         std::size_t inner, double low, double high, bool zeros_too, std::uintptr_t per_unit,
         std::uintptr_t whole, std::size_t threads) {
        const nb::gil_scoped_release unlocked;
        forward_statistics(reinterpret_cast<const void*>(x), reinterpret_cast<const void*>(y),
                           half ? Element::bfloat16 : Element::float32, {outer, units, inner}, low,
                           high, zeros_too, reinterpret_cast<double*>(per_unit),
                           reinterpret_cast<double*>(whole), threads);
      },
      "x"_a, "y"_a, "half"_a, "outer"_a, "units"_a, "inner"_a, "low"_a, "high"_a, "zeros_too"_a,
      "per_unit"_a, "whole"_a, "threads"_a);
  module.def(
      "output_statistics",
      [](std::uintptr_t y, bool half, std::size_t outer, std::size_t units, std::size_t inner,
         std::uintptr_t per_unit, std::size_t threads) {
        const nb::gil_scoped_release unlocked;
        return output_statistics(reinterpret_cast<const void*>(y),
                                 half ? Element::bfloat16 : Element::float32,
                                 {outer, units, inner}, reinterpret_cast<double*>(per_unit),
                                 threads);
      },
      "y"_a, "half"_a, "outer"_a, "units"_a, "inner"_a, "per_unit"_a, "threads"_a);
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
