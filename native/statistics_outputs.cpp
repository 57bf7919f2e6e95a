// What is looked at of a site at a brief step: its output alone, read once.
//
// Layer: native/, beside statistics.cpp. The sums of a thousand units fit a core's nearest cache, so
// that rows are read as they lie in memory. Read they are from the last to the first: who wrote them
// went the other way, so that the last ones are still in a cache, and would be driven out by the
// first.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <vector>

#include "statistics.hpp"
#include "statistics_elements.hpp"

namespace rectifier {
namespace {

constexpr std::size_t wide = 1024;  // units at a time
constexpr std::size_t rows_at_once = 8;
constexpr std::size_t plane_ahead = 1024, row_ahead = 256;  // bytes asked for in advance

struct Sums {
  std::int32_t positive[wide], nonzero[wide];
  float size[wide];
};

// Asks for the beginning of what is read a little later: what fetches memory in advance does not look
// beyond a page, so that each begins with a wait for its address and its first lines.
template <typename T>
RECTIFIER_FAST void ask_for(const T* from, std::size_t bytes) {
#if defined(__GNUC__)
  const char* at = reinterpret_cast<const char*>(from);
  for (std::size_t line = 0; line < bytes; line += 64) __builtin_prefetch(at + line);
#else
  (void)from;
  (void)bytes;
#endif
}

template <typename In, std::size_t rows>
RECTIFIER_FAST void add_rows(const typename In::type* y, std::size_t stride, std::size_t width,
                             Sums& sums) {
#pragma omp simd
  for (std::size_t u = 0; u < width; ++u) {
    std::int32_t positive = sums.positive[u], nonzero = sums.nonzero[u];
    float size = sums.size[u];
    for (std::size_t row = 0; row < rows; ++row) {
      const float b = In::read(y[row * stride + u]);
      positive += b > 0;
      nonzero += b != 0;
      size += std::fabs(b);
    }
    sums.positive[u] = positive;
    sums.nonzero[u] = nonzero;
    sums.size[u] = size;
  }
}

template <typename In>
RECTIFIER_FAST void rows_of(const typename In::type* y, std::size_t first, std::size_t count,
                            std::size_t units, double* found) {
  Sums sums;
  for (std::size_t unit = 0; unit < units; unit += wide) {
    const std::size_t width = std::min(wide, units - unit);
    for (std::size_t end = first + count; end > first;) {
      const std::size_t begin = end - std::min(often, end - first);
      for (std::size_t u = 0; u < width; ++u) {
        sums.positive[u] = sums.nonzero[u] = 0;
        sums.size[u] = 0;
      }
      std::size_t row = end;
      for (; row - begin >= rows_at_once; row -= rows_at_once) {
        if (row >= 2 * rows_at_once) {
          for (std::size_t next = row - 2 * rows_at_once; next < row - rows_at_once; ++next) {
            ask_for(y + next * units + unit, row_ahead);
          }
        }
        add_rows<In, rows_at_once>(y + (row - rows_at_once) * units + unit, units, width, sums);
      }
      for (; row > begin; --row) add_rows<In, 1>(y + (row - 1) * units + unit, units, width, sums);
      end = begin;
      for (std::size_t u = 0; u < width; ++u) {
        found[unit + u] += sums.positive[u];
        found[units + unit + u] += sums.nonzero[u];
        found[2 * units + unit + u] += static_cast<double>(sums.size[u]);
      }
    }
  }
}

template <typename In>
RECTIFIER_FAST void planes_of(const typename In::type* y, std::size_t first, std::size_t count,
                              const Extent& extent, double* found) {
  for (std::size_t p = first + count; p-- > first;) {
    const auto* from = y + p * extent.inner;
    if (p >= 2) {
      ask_for(from - 2 * extent.inner, std::min(plane_ahead, extent.inner * sizeof(*from)));
    }
    const std::size_t unit = p % extent.units;
    for (std::size_t done = 0; done < extent.inner; done += run) {
      const std::size_t end = std::min(extent.inner, done + run);
      std::int32_t positive = 0, nonzero = 0;
      float size = 0;
#pragma omp simd reduction(+ : positive, nonzero, size)
      for (std::size_t i = done; i < end; ++i) {
        const float b = In::read(from[i]);
        positive += b > 0;
        nonzero += b != 0;
        size += std::fabs(b);
      }
      found[unit] += positive;
      found[extent.units + unit] += nonzero;
      found[2 * extent.units + unit] += static_cast<double>(size);
    }
  }
}

template <typename In>
RECTIFIER_FAST void part_of(const typename In::type* y, std::size_t first, std::size_t count,
                            const Extent& extent, double* found) {
  if (extent.inner > 1) {
    planes_of<In>(y, first, count, extent, found);
  } else {
    rows_of<In>(y, first, count, extent.units, found);
  }
}

RECTIFIER_CLONES void part_float32(const float* y, std::size_t first, std::size_t count,
                                   const Extent& extent, double* found) {
  part_of<Float32>(y, first, count, extent, found);
}

RECTIFIER_CLONES void part_bfloat16(const std::uint16_t* y, std::size_t first, std::size_t count,
                                    const Extent& extent, double* found) {
  part_of<Bfloat16>(y, first, count, extent, found);
}

template <typename In>
double bad_among(const typename In::type* y, std::size_t count) {
  std::size_t bad = 0;
  for (std::size_t i = 0; i < count; ++i) bad += !std::isfinite(In::read(y[i]));
  return static_cast<double>(bad);
}

}  // namespace

double output_statistics(const void* y, Element element, Extent extent, double* per_unit,
                         std::size_t threads) {
  const std::size_t planes = extent.inner > 1 ? extent.outer * extent.units : extent.outer;
  const std::size_t size = extent.inner > 1 ? extent.inner : extent.units;
  const auto look = [&](std::size_t first, std::size_t count, double* found) {
    if (element == Element::float32) {
      part_float32(static_cast<const float*>(y), first, count, extent, found);
    } else {
      part_bfloat16(static_cast<const std::uint16_t*>(y), first, count, extent, found);
    }
  };
  const std::size_t numbers = output_numbers * extent.units;
  std::fill(per_unit, per_unit + numbers, 0.0);
  std::mutex joining;
  if (extent.units > 0) {
    in_stretches(planes, size, threads, [&](std::size_t first, std::size_t count) {
      if (count == planes) return look(first, count, per_unit);  // nobody to share with
      std::vector<double> own(numbers, 0.0);
      look(first, count, own.data());
      const std::lock_guard<std::mutex> lock(joining);
      for (std::size_t i = 0; i < numbers; ++i) per_unit[i] += own[i];
    });
  }
  double all = 0;  // finite only where all elements are; only else they are counted
  for (std::size_t u = 0; u < extent.units; ++u) all += per_unit[2 * extent.units + u];
  if (std::isfinite(all)) return 0.0;
  const std::size_t elements = extent.outer * extent.units * extent.inner;
  return element == Element::float32
             ? bad_among<Float32>(static_cast<const float*>(y), elements)
             : bad_among<Bfloat16>(static_cast<const std::uint16_t*>(y), elements);
}

}  // namespace rectifier
