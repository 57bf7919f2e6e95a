#include "sparse.hpp"

#include <algorithm>
#include <cstring>

#include "team.hpp"

#if !defined(RECTIFIER_CLONES)
#define RECTIFIER_CLONES
#endif

namespace rectifier {
namespace {

// So many inputs are added at a time, so that a result is loaded and stored once for all of them, and
// the processor has as many streams of memory to run ahead on.
constexpr std::size_t together = 8;
// Results of one tile stay in the first-level cache while all rows of the matrix pass by.
constexpr std::size_t tile = 1024;
// What team.hpp takes for elements is bytes read here; below this it stays on one thread.
constexpr std::size_t unit = 16;

RECTIFIER_CLONES void add_rows(const float* const* weight, const float* factor, std::size_t stride,
                               float* y, std::size_t n) {
  const float* const w0 = weight[0];
  const float* const w1 = weight[1];
  const float* const w2 = weight[2];
  const float* const w3 = weight[3];
  const float* const w4 = weight[4];
  const float* const w5 = weight[5];
  const float* const w6 = weight[6];
  const float* const w7 = weight[7];
  float f[together];
  for (std::size_t k = 0; k < together; ++k) f[k] = factor[k * stride];
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC ivdep
#endif
  for (std::size_t j = 0; j < n; ++j) {
    const float low = (f[0] * w0[j] + f[1] * w1[j]) + (f[2] * w2[j] + f[3] * w3[j]);
    const float high = (f[4] * w4[j] + f[5] * w5[j]) + (f[6] * w6[j] + f[7] * w7[j]);
    y[j] += low + high;
  }
}

RECTIFIER_CLONES void add_row(const float* w, float factor, float* y, std::size_t n) {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC ivdep
#endif
  for (std::size_t j = 0; j < n; ++j) y[j] += factor * w[j];
}

RECTIFIER_CLONES std::size_t count(const float* x, std::size_t n) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < n; ++i) found += x[i] != 0 ? 1 : 0;
  return found;
}

// seen[i] = whether x[row][i] is not zero in some row.
RECTIFIER_CLONES void mark(const float* x, std::size_t rows, std::size_t n, unsigned char* seen) {
  for (std::size_t i = 0; i < n; ++i) seen[i] = x[i] != 0 ? 1 : 0;
  for (std::size_t row = 1; row < rows; ++row) {
    const float* const line = x + row * n;
    for (std::size_t i = 0; i < n; ++i) seen[i] |= line[i] != 0 ? 1 : 0;
  }
}

// Writes where `seen` is true, in order, and returns how often; `place` has room for n.
std::size_t list(const unsigned char* seen, std::size_t n, std::uint32_t* place) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < n; ++i) {
    place[found] = static_cast<std::uint32_t>(i);
    found += seen[i];
  }
  return found;
}

// The columns first to last of the results.
void sum_columns(const Active& active, std::size_t rows, const float* weight, std::size_t outputs,
                 const float* bias, float* y, std::size_t first, std::size_t last) {
  const std::size_t found = active.place.size();
  for (std::size_t start = first; start < last; start += tile) {
    const std::size_t width = std::min(tile, last - start);
    for (std::size_t row = 0; row < rows; ++row) {
      float* const out = y + row * outputs + start;
      if (bias != nullptr) {
        std::memcpy(out, bias + start, width * sizeof(float));
      } else {
        std::fill(out, out + width, 0.0f);
      }
    }
    std::size_t k = 0;
    for (; k + together <= found; k += together) {
      const float* lines[together];
      for (std::size_t i = 0; i < together; ++i) {
        lines[i] = weight + static_cast<std::size_t>(active.place[k + i]) * outputs + start;
      }
      for (std::size_t row = 0; row < rows; ++row) {
        add_rows(lines, active.factor.data() + k * rows + row, rows, y + row * outputs + start,
                 width);
      }
    }
    for (; k < found; ++k) {
      const float* const line = weight + static_cast<std::size_t>(active.place[k]) * outputs + start;
      for (std::size_t row = 0; row < rows; ++row) {
        add_row(line, active.factor[k * rows + row], y + row * outputs + start, width);
      }
    }
  }
}

// Spreads [0, n) over threads, each number of it costing `bytes` of reading.
template <typename Work>
void spread(std::size_t n, std::size_t bytes, std::size_t threads, const Work& work) {
  const std::size_t scale = std::max<std::size_t>(1, bytes / unit);
  in_parallel(n * scale, threads, [&](std::size_t first, std::size_t size) {
    // Every number belongs to the range that its first unit lies in.
    const std::size_t from = (first + scale - 1) / scale;
    const std::size_t to = (first + size + scale - 1) / scale;
    if (from < to) work(from, to);
  });
}

}  // namespace

bool find_active(const float* x, std::size_t rows, std::size_t inputs, std::size_t most,
                 Active& found) {
  found.place.clear();
  found.factor.clear();
  if (count(x, inputs) > most) return false;
  found.seen.resize(inputs);
  mark(x, rows, inputs, found.seen.data());
  found.place.resize(inputs);
  const std::size_t active = list(found.seen.data(), inputs, found.place.data());
  if (active > most) return false;
  found.place.resize(active);
  found.factor.resize(active * rows);
  float* next = found.factor.data();
  for (const std::uint32_t i : found.place) {
    for (std::size_t row = 0; row < rows; ++row) *next++ = x[row * inputs + i];
  }
  return true;
}

void sum_active(const Active& active, std::size_t rows, const float* weight, std::size_t outputs,
                const float* bias, float* y, std::size_t threads) {
  // Whole cache lines of columns, so that no sum is split between threads, and as many of them as the
  // threads leave, so that each row is read in long stretches.
  constexpr std::size_t line = 64;
  const std::size_t shares = 2 * std::max<std::size_t>(threads, 1);
  const std::size_t wide = (outputs / shares + line - 1) / line * line;
  const std::size_t block = std::min(std::max(wide, line), tile);
  const std::size_t blocks = (outputs + block - 1) / block;
  const std::size_t bytes = (active.place.size() + 1) * block * sizeof(float);
  spread(blocks, bytes, threads, [&](std::size_t from, std::size_t to) {
    sum_columns(active, rows, weight, outputs, bias, y, from * block,
                std::min(to * block, outputs));
  });
}

}  // namespace rectifier
