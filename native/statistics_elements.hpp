// What the loops of the per-unit statistics share: element types, and how far sums may run.
//
// Layer: native/, used by statistics.cpp and statistics_outputs.cpp alone.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "statistics.hpp"
#include "team.hpp"

#if !defined(RECTIFIER_CLONES)
#define RECTIFIER_CLONES
#endif

#if defined(__GNUC__)
#define RECTIFIER_FAST inline __attribute__((always_inline))
#else
#define RECTIFIER_FAST inline
#endif

namespace rectifier {
namespace {

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

// Sums are of floats, as the vectors of the machine have most of them, and are emptied into doubles
// after so many additions that rounding stays near 1e-7.
constexpr std::size_t run = 4096;  // elements, over at least 8 lanes
constexpr std::size_t often = 128;  // rows

// Rows with the units side by side: each lane is a unit. So many units at a time that their sums
// stay in the nearest cache, and so many rows that the sums are not loaded and stored too often.
constexpr std::size_t tile = 128;
constexpr std::size_t together = 4;

// Calls work(thread's own first, count) over `items` things of `size` elements each, a stretch of
// them on each thread.
template <typename Work>
void in_stretches(std::size_t items, std::size_t size, std::size_t threads, const Work& work) {
  in_parallel(items * size, threads, [&](std::size_t first, std::size_t count) {
    // The items that begin in these elements.
    const std::size_t item = (first + size - 1) / size, end = (first + count + size - 1) / size;
    if (item < end) work(item, end - item);
  });
}

}  // namespace
}  // namespace rectifier
