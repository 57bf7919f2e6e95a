// Runs every kernel over buffers of exactly the size it is told, for the sanitizers to watch.
//
// Layer: native/, beside bindings.cpp. Built and run by `make check-native`, with AddressSanitizer and
// UndefinedBehaviorSanitizer; what the results are worth is checked by the tests in Python. What needs
// Python to run is left to check.py.

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include "gated.hpp"
#include "half_kernels.hpp"
#include "half_table.hpp"
#include "loop.hpp"
#include "table.hpp"
#include "team.hpp"

namespace {

using namespace rectifier;

int failures = 0;

void expect(bool right, const char* name, const char* what) {
  if (right) return;
  ++failures;
  std::fprintf(stderr, "%s: %s\n", name, what);
}

float input(std::size_t i) {
  const float limits = std::numeric_limits<float>::infinity();
  const float special[] = {0.0F,   -0.0F,  limits, -limits, std::nanf(""), 1e-45F, -1e-45F, 3.4e38F,
                           -3.4e38F, 1e5F, -1e5F,  88.0F,   -104.0F,       0.75F,  -0.75F,  1e-20F};
  return i % 3 == 0 ? special[(i / 3) % 16] : std::sin(static_cast<float>(i)) * 9.0F;
}

// On the heap and `shift` elements into it, so that one element too many is seen on either side.
template <typename T>
struct Buffer {
  Buffer(std::size_t size, std::size_t shift) : memory(new T[size + shift]), data(memory.get() + shift) {}
  std::unique_ptr<T[]> memory;
  T* data;
};

template <typename T, typename K>
void run_kernels(const char* name, K forward, K backward, std::size_t size, std::size_t shift,
                 const double* parameters) {
  Buffer<T> x(size, shift), g(size, shift), y(size, shift), z(size, shift);
  for (std::size_t i = 0; i < size; ++i) x.data[i] = static_cast<T>(input(i));
  for (std::size_t i = 0; i < size; ++i) g.data[i] = static_cast<T>(1.0);
  forward(x.data, nullptr, y.data, size, parameters);
  std::memcpy(z.data, x.data, size * sizeof(T));
  forward(z.data, nullptr, z.data, size, parameters);
  bool same = true;
  bool nans = true;
  for (std::size_t i = 0; i < size; ++i) {
    same = same && (y.data[i] == z.data[i] || (y.data[i] != y.data[i] && z.data[i] != z.data[i]));
    nans = nans && (x.data[i] == x.data[i] || y.data[i] != y.data[i]);
  }
  expect(same, name, "in place the value is another");
  expect(nans, name, "NaN became a number");
  backward(x.data, g.data, y.data, size, parameters);
  backward(x.data, g.data, g.data, size, parameters);
  for (std::size_t i = 0; i < size; ++i) {
    nans = nans && (x.data[i] == x.data[i] || y.data[i] != y.data[i]);
  }
  expect(nans, name, "the slope at NaN is a number");
}

void run(const Entry& entry, std::size_t size, std::size_t shift, const double* parameters) {
  run_kernels<float>(entry.name, entry.forward, entry.backward, size, shift, parameters);
  run_kernels<double>(entry.name, entry.forward64, entry.backward64, size, shift, parameters);
  for (const Half format : {Half::bfloat16, Half::float16}) {
    Buffer<std::uint16_t> a(size, shift), b(size, shift), c(size, shift);
    for (std::size_t i = 0; i < size; ++i) {
      a.data[i] = static_cast<std::uint16_t>(i * 40503);
      b.data[i] = static_cast<std::uint16_t>(i * 30011);
    }
    through_float(entry.forward, format, a.data, nullptr, c.data, size, parameters);
    through_float(entry.backward, format, a.data, b.data, c.data, size, parameters);
    const HalfKernels& halves = half_kernels[&entry - table];
    if (halves.forward != nullptr) {
      halves.forward(format, a.data, nullptr, c.data, size, parameters);
      halves.forward(format, a.data, nullptr, a.data, size, parameters);
    }
    if (halves.backward != nullptr) {
      halves.backward(format, a.data, b.data, c.data, size, parameters);
      halves.backward(format, a.data, b.data, b.data, size, parameters);
    }
  }
}

// With numbers of all kinds, then with such as the tables are for.
void run_gated(const GatedEntry& entry, std::size_t size, const double* parameters, bool usual) {
  Buffer<float> x(size, 1), gate(size, 1), g(size, 1), y(size, 1), z(size, 1);
  for (std::size_t i = 0; i < size; ++i) {
    x.data[i] = usual ? std::cos(static_cast<float>(i)) : input(i + 5);
    gate.data[i] = usual ? std::sin(static_cast<float>(i)) * 15.0F : input(i);
    g.data[i] = 1.0F;
  }
  entry.forward(x.data, gate.data, nullptr, y.data, nullptr, size, parameters);
  bool nans = true;
  for (std::size_t i = 0; i < size; ++i) {
    const bool given = x.data[i] != x.data[i] || gate.data[i] != gate.data[i];
    nans = nans && (!given || y.data[i] != y.data[i]);
  }
  expect(nans, entry.name, "NaN became a number");
  entry.backward(x.data, gate.data, g.data, y.data, z.data, size, parameters);
  for (const Half format : {Half::bfloat16, Half::float16}) {
    Buffer<std::uint16_t> a(size, 1), b(size, 1), c(size, 1), d(size, 1), e(size, 1);
    narrow(format, x.data, a.data, size);
    narrow(format, gate.data, b.data, size);
    narrow(format, g.data, c.data, size);
    run_half(entry, false, format, a.data, b.data, nullptr, d.data, nullptr, size, parameters);
    run_half(entry, true, format, a.data, b.data, c.data, d.data, e.data, size, parameters);
  }
}

// By looking up, for the parameters of the first call only.
void check_table(std::size_t row, double* parameters) {
  const std::size_t size = 2501;
  Buffer<std::uint16_t> x(size, 1), g(size, 1), y(size, 1), z(size, 1);
  for (std::size_t i = 0; i < size; ++i) {
    x.data[i] = static_cast<std::uint16_t>(i * 40503);
    g.data[i] = static_cast<std::uint16_t>(i * 30011);
  }
  for (const Half format : {Half::bfloat16, Half::float16}) {
    const auto values = half_table(row, false, format, parameters);
    const auto slopes = half_table(row, true, format, parameters);
    expect(values != nullptr && slopes != nullptr, table[row].name, "there is no table");
    look_up(*values, format, x.data, nullptr, y.data, size);
    through_float(table[row].forward, format, x.data, nullptr, z.data, size, parameters);
    // Both are right to an ulp of float, whatever the block; that may be another half at a middle.
    std::size_t differ = 0;
    const std::uint16_t end = format == Half::bfloat16 ? 0x7f80 : 0x7c00;
    const auto is_nan = [end](std::uint16_t bits) { return (bits & 0x7fff) > end; };
    for (std::size_t i = 0; i < size; ++i) {
      differ += y.data[i] != z.data[i] && !(is_nan(y.data[i]) && is_nan(z.data[i]));
    }
    expect(differ <= 4, table[row].name, "what is looked up is another value");
    look_up(*slopes, format, x.data, g.data, y.data, size);
  }
  if (table[row].parameters == 0) return;
  parameters[0] += 1.0;
  expect(half_table(row, false, Half::bfloat16, parameters) == nullptr, table[row].name,
         "there is a table for other parameters");
  parameters[0] -= 1.0;
}

// Every 4099th float and those around the ends, one by one, by comparing the floats themselves.
void check_range(Range range) {
  const auto check = [&](std::uint32_t bits) {
    const float x = of_bits<float>(bits);
    if (x != x) return;
    const bool inside = x >= range.low && x <= range.high;
    expect(all_within(&x, 1, range) == inside, "all_within", "a float is on the wrong side");
  };
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 4099) {
    check(static_cast<std::uint32_t>(bits));
  }
  for (const float end : {range.low, range.high, 0.0F, -0.0F}) {
    for (std::uint32_t i = 0; i < 64; ++i) check(bits_of(end) - 32 + i);
  }
}

void check_threads(const Entry& entry, const double* parameters) {
  const std::size_t size = 200003;
  std::vector<float> x(size), y(size), z(size);
  for (std::size_t i = 0; i < size; ++i) x[i] = std::sin(static_cast<float>(i)) * 5.0F;
  entry.forward(x.data(), nullptr, y.data(), size, parameters);
  const auto call = [&](std::vector<float>& out) {
    in_parallel(size, 4, [&](std::size_t first, std::size_t count) {
      entry.forward(x.data() + first, nullptr, out.data() + first, count, parameters);
    });
  };
  std::vector<float> others(size);
  std::thread beside([&] { call(others); });
  call(z);
  beside.join();
  expect(y == z && y == others, entry.name, "several threads compute something else");
}

}  // namespace

int main() {
  const std::size_t sizes[] = {0, 1, 2, 7, 8, 15, 16, 17, 31, 33, 127, 1023, 1024, 1025, 2500};
  for (std::size_t row = 0; row < table_size; ++row) {
    const Entry& entry = table[row];
    for (const double value : {0.5, 1.0, 2.0}) {
      double parameters[most_parameters];
      for (double& parameter : parameters) parameter = value;
      for (const std::size_t size : sizes) run(entry, size, 0, parameters);
      for (const std::size_t shift : {1, 3}) run(entry, 37, shift, parameters);
    }
  }
  double ones[most_parameters];
  for (double& parameter : ones) parameter = 1.0;
  for (std::size_t row = 0; row < gated_table_size; ++row) {
    for (const double value : {1.0, 2.0}) {
      double parameters[most_parameters];
      for (double& parameter : parameters) parameter = value;
      parameters[0] = 0.0;  // the gate's place
      for (const std::size_t size : sizes) {
        for (const bool usual : {false, true}) run_gated(gated_table[row], size, parameters, usual);
      }
    }
  }
  for (const Range range : {Range{-13.0F, infinite}, Range{-infinite, 64.0F}, Range{-80.0F, 80.0F},
                            Range{-infinite, infinite}, Range{-10.0F, 4.026e9F}}) {
    check_range(range);
  }
  for (std::size_t row = 0; row < table_size; ++row) check_table(row, ones);
  double none[most_parameters] = {};
  for (std::size_t row = 0; row < table_size; ++row) {
    if (table[row].parameters == 0 && row % 16 == 0) check_threads(table[row], none);
  }
  std::printf("%zu kernels and %zu gated units checked, %d failures\n", table_size, gated_table_size,
              failures);
  return failures == 0 ? 0 : 1;
}
