#include "half_table.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <numeric>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "bits.hpp"
#include "process_wide.hpp"
#include "table.hpp"

namespace rectifier {
namespace {

constexpr std::size_t inputs = 65536;
constexpr std::size_t most_tables = 32;  // 6 MiB

std::shared_ptr<const HalfTable> fill(const Entry& entry, bool backward, Half format,
                                      const double* parameters) {
  std::vector<std::uint16_t> x(inputs);
  std::iota(x.begin(), x.end(), std::uint16_t{0});
  auto made = std::make_shared<HalfTable>();
  if (!backward) {
    made->values.reset(new std::uint16_t[inputs]);
    through_float(entry.forward, format, x.data(), nullptr, made->values.get(), inputs, parameters);
    return made;
  }
  std::vector<float> from(inputs);
  const std::vector<float> ones(inputs, 1.0F);
  made->slopes.reset(new float[inputs]);
  widen(format, x.data(), from.data(), inputs);
  entry.backward(from.data(), ones.data(), made->slopes.get(), inputs, parameters);
  return made;
}

class Tables {
 public:
  std::shared_ptr<const HalfTable> find(std::size_t row, bool backward, Half format,
                                        const double* parameters) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::size_t count = table[row].parameters;
    for (Kept& kept : kept_) {
      if (kept.row != row || kept.backward != backward || kept.format != format) continue;
      if (!std::equal(parameters, parameters + count, kept.parameters.begin())) return nullptr;
      kept.asked = ++clock_;
      return kept.table;
    }
    Kept made{row, backward, format, {parameters, parameters + count}, ++clock_,
              fill(table[row], backward, format, parameters)};
    if (kept_.size() < most_tables) {
      kept_.push_back(std::move(made));
      return kept_.back().table;
    }
    Kept& oldest = *std::min_element(kept_.begin(), kept_.end(), [](const Kept& a, const Kept& b) {
      return a.asked < b.asked;
    });
    oldest = std::move(made);
    return oldest.table;
  }

 private:
  struct Kept {
    std::size_t row;
    bool backward;
    Half format;
    std::vector<double> parameters;
    std::uint64_t asked;
    std::shared_ptr<const HalfTable> table;
  };
  std::mutex mutex_;
  std::vector<Kept> kept_;
  std::uint64_t clock_ = 0;
};

// Four at a time from one read. A gather of 16 takes half as long again.
template <typename T>
RECTIFIER_INLINE void pick(const T* from, const std::uint16_t* x, T* y, std::size_t n) {
  std::size_t i = 0;
#if defined(__SSE2__)
  // Values into one write of eight: small writes are half of what the others take.
  if constexpr (sizeof(T) == sizeof(std::uint16_t)) {
    for (; i + 8 <= n; i += 8) {
      std::uint64_t low, high;
      std::memcpy(&low, x + i, sizeof low);
      std::memcpy(&high, x + i + 4, sizeof high);
      __m128i found = _mm_setzero_si128();
      found = _mm_insert_epi16(found, from[low & 0xffff], 0);
      found = _mm_insert_epi16(found, from[low >> 16 & 0xffff], 1);
      found = _mm_insert_epi16(found, from[low >> 32 & 0xffff], 2);
      found = _mm_insert_epi16(found, from[low >> 48], 3);
      found = _mm_insert_epi16(found, from[high & 0xffff], 4);
      found = _mm_insert_epi16(found, from[high >> 16 & 0xffff], 5);
      found = _mm_insert_epi16(found, from[high >> 32 & 0xffff], 6);
      found = _mm_insert_epi16(found, from[high >> 48], 7);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(y + i), found);
    }
  }
#endif
  for (; i + 4 <= n; i += 4) {
    const T first = from[x[i]];
    const T second = from[x[i + 1]];
    const T third = from[x[i + 2]];
    const T fourth = from[x[i + 3]];
    y[i] = first;
    y[i + 1] = second;
    y[i + 2] = third;
    y[i + 3] = fourth;
  }
  for (; i < n; ++i) y[i] = from[x[i]];
}

}  // namespace

std::shared_ptr<const HalfTable> half_table(std::size_t row, bool backward, Half format,
                                            const double* parameters) {
  return process_wide<Tables>().find(row, backward, format, parameters);
}

void look_up(const HalfTable& table, Half format, const std::uint16_t* x, const std::uint16_t* g,
             std::uint16_t* y, std::size_t n) {
  if (g == nullptr) {
    pick(table.values.get(), x, y, n);
    return;
  }
  constexpr std::size_t block = 1024;
  float slopes[block];
  for (std::size_t first = 0; first < n; first += block) {
    const std::size_t size = std::min(block, n - first);
    pick(table.slopes.get(), x + first, slopes, size);
    multiply(format, slopes, g + first, y + first, size);
  }
}

}  // namespace rectifier
