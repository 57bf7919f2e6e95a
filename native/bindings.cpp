// The extension module rectifier._native: what Python can call.
//
// Layer: the top of native/. Checks buffers, releases the interpreter lock, spreads a kernel over
// threads. What rectifier offers to its own front ends is rectifier.kernels.native, which wraps this.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "half_kernels.hpp"
#include "half_table.hpp"
#include "nap.hpp"
#include "parts.hpp"
#include "quick.hpp"
#include "shortcut.hpp"
#include "statistics.hpp"
#include "table.hpp"
#include "team.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace rectifier {
namespace {

// Element types by the numbers that rectifier.kernels.native gives them.
enum class Type { float32, float64, bfloat16, float16 };
constexpr std::size_t widths[] = {4, 8, 2, 2};
constexpr const char* type_names[] = {"float32", "float64", "bfloat16", "float16"};

using Array = nb::ndarray<nb::c_contig, nb::device::cpu>;
using ConstArray = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

bool is_of(const nb::dlpack::dtype& found, Type type) {
  return found.lanes == 1 && found.bits == 8 * widths[static_cast<int>(type)] &&
         found.code == static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float);
}

template <typename T>
T array(nb::handle given, Type type, const char* role, bool writable) {
  T found;
  if (nb::ndarray_check(given) && nb::try_cast(given, found, false) && is_of(found.dtype(), type)) {
    return found;
  }
  const std::string message =
      std::string(role) + " must be a C-contiguous " + type_names[static_cast<int>(type)] +
      " array on the CPU" + (writable ? " that can be written to" : "") + ", got " +
      nb::cast<std::string>(nb::str(given.type())) + ".";
  throw nb::value_error(message.c_str());
}

void check_size(const char* role, std::size_t size, std::size_t expected) {
  if (size == expected) return;
  const std::string message = std::string(role) + " must have as many elements as source, " +
                              std::to_string(expected) + ", got " + std::to_string(size) + ".";
  throw nb::value_error(message.c_str());
}

void check_overlap(const char* role, std::uintptr_t from, std::uintptr_t out, std::size_t bytes) {
  const std::uintptr_t distance = from < out ? out - from : from - out;
  if (from == out || distance >= bytes) return;
  const std::string message =
      std::string("out must be ") + role + " itself or must not overlap it; they overlap in part.";
  throw nb::value_error(message.c_str());
}

// What a kernel is called with: addresses of `size` elements each, `grad` 0 for a forward pass.
struct Call {
  std::size_t row;
  bool backward;
  Type type;
  std::uintptr_t source;
  std::uintptr_t out;
  std::uintptr_t grad;
  std::size_t size;
  std::size_t threads;
  Team team;
};

void run(const Call& call, const std::vector<double>& parameters) {
  if (call.row >= table_size) throw nb::index_error("no kernel has this number.");
  const Entry& entry = table[call.row];
  if (call.backward != (call.grad != 0) && call.size > 0) {
    throw nb::value_error("grad must be given for 'backward' and only then.");
  }
  if (parameters.size() != entry.parameters) {
    const std::string message = std::string(entry.name) + " takes " +
                                std::to_string(entry.parameters) + " parameters, got " +
                                std::to_string(parameters.size()) + ".";
    throw nb::value_error(message.c_str());
  }
  const std::size_t width = widths[static_cast<int>(call.type)];
  check_overlap("source", call.source, call.out, call.size * width);
  if (call.backward) check_overlap("grad", call.grad, call.out, call.size * width);
  double values[most_parameters] = {};
  for (std::size_t i = 0; i < parameters.size(); ++i) values[i] = parameters[i];
  const Half format = call.type == Type::bfloat16 ? Half::bfloat16 : Half::float16;
  const HalfKernels& halves = half_kernels[call.row];
  const HalfKernel half = call.backward ? halves.backward : halves.forward;
  std::shared_ptr<const HalfTable> known;
  const auto piece = [&](std::size_t first, std::size_t count) {
    const std::uintptr_t skip = first * width;
    const auto x = reinterpret_cast<const void*>(call.source + skip);
    const auto g = call.backward ? reinterpret_cast<const void*>(call.grad + skip) : nullptr;
    const auto y = reinterpret_cast<void*>(call.out + skip);
    if (call.type == Type::float64) {
      const Kernel64 kernel = call.backward ? entry.backward64 : entry.forward64;
      kernel(static_cast<const double*>(x), static_cast<const double*>(g),
             static_cast<double*>(y), count, values);
      return;
    }
    const Kernel kernel = call.backward ? entry.backward : entry.forward;
    if (call.type == Type::float32) {
      kernel(static_cast<const float*>(x), static_cast<const float*>(g), static_cast<float*>(y),
             count, values);
      return;
    }
    const auto from = static_cast<const std::uint16_t*>(x);
    const auto by = static_cast<const std::uint16_t*>(g);
    const auto to = static_cast<std::uint16_t*>(y);
    if (known != nullptr) return look_up(*known, format, from, by, to, count);
    if (half != nullptr && half(format, from, by, to, count, values)) return;
    through_float(kernel, format, from, by, to, count, values);
  };
  if (call.size <= inline_size) {  // too little to be worth another thread, or the lock's release
    piece(0, call.size);
    return;
  }
  const nb::gil_scoped_release unlocked;
  if (width == sizeof(std::uint16_t) && call.size >= look_up_from &&
      (half == nullptr || !half(format, nullptr, nullptr, nullptr, 0, values))) {
    known = half_table(call.row, call.backward, format, values);
  }
  in_parallel(call.size, call.threads, piece, call.team);
}

void run_arrays(std::size_t row, bool backward, int type, nb::handle source, nb::handle out,
                nb::handle grad, const std::vector<double>& parameters, std::size_t threads) {
  const auto of = static_cast<Type>(type);
  const auto x = array<ConstArray>(source, of, "source", false);
  const auto y = array<Array>(out, of, "out", true);
  check_size("out", y.size(), x.size());
  ConstArray g;
  if (!grad.is_none()) {
    g = array<ConstArray>(grad, of, "grad", false);
    check_size("grad", g.size(), x.size());
  }
  const auto address = [](const void* data) { return reinterpret_cast<std::uintptr_t>(data); };
  run({row, backward, of, address(x.data()), address(y.data()),
       grad.is_none() ? 0 : address(g.data()), x.size(), threads, Team::pool},
      parameters);
}

// For buffers that the caller has checked: `size` elements each, without gaps, in this process.
void run_addresses(std::size_t row, bool backward, int type, std::uintptr_t source,
                   std::uintptr_t out, std::uintptr_t grad, std::size_t size,
                   const std::vector<double>& parameters, std::size_t threads) {
  run({row, backward, static_cast<Type>(type), source, out, grad, size, threads, Team::openmp},
      parameters);
}

// Of float32 numbers at an address that the caller vouches for.
bool all_finite(std::uintptr_t source, std::size_t size) {
  return are_finite(reinterpret_cast<const float*>(source), size);
}

nb::dict digests() {
  nb::dict found;
  for (std::size_t i = 0; i < table_size; ++i) found[table[i].name] = table[i].digest;
  return found;
}

}  // namespace
}  // namespace rectifier

NB_MODULE(_native, m) {
  m.doc() = "Kernels that were compiled from the catalog; used through rectifier.kernels.native.";
  m.attr("has_fused_multiply_add") = rectifier::has_fused_multiply_add;
  m.attr("has_tables") = rectifier::has_tables;
  m.def("digests", &rectifier::digests);
  m.def("join_openmp_of_torch", &rectifier::join_openmp_of_torch);
  m.def("kind_of_team", &rectifier::kind_of_team);
  m.def("all_finite", &rectifier::all_finite, "source"_a, "size"_a);
  m.def("run_arrays", &rectifier::run_arrays, "row"_a, "backward"_a, "type"_a, "source"_a.none(),
        "out"_a.none(), "grad"_a.none(), "parameters"_a, "threads"_a);
  m.def("run_addresses", &rectifier::run_addresses, "row"_a, "backward"_a, "type"_a, "source"_a,
        "out"_a, "grad"_a, "size"_a, "parameters"_a, "threads"_a);
  rectifier::bind_gated(m);
  rectifier::bind_nap(m);
  rectifier::bind_quick(m);
  rectifier::bind_shortcut(m);
  rectifier::bind_sparse(m);
  rectifier::bind_statistics(m);
  rectifier::bind_statistics_of_tensors(m);
}
