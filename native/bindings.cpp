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
#include <optional>
#include <string>
#include <vector>

#include "parts.hpp"
#include "pool.hpp"
#include "table.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace rectifier {
namespace {

using Array = nb::ndarray<float, nb::c_contig, nb::device::cpu>;
using ConstArray = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;

constexpr const char* wanted = " must be a C-contiguous float32 array on the CPU";

template <typename T>
T array(nb::handle given, const char* role, bool writable) {
  T found;
  if (nb::ndarray_check(given) && nb::try_cast(given, found, false)) return found;
  const std::string message = std::string(role) + wanted + (writable ? " that can be written to" : "") +
                              ", got " + nb::cast<std::string>(nb::str(given.type())) + ".";
  throw nb::value_error(message.c_str());
}

void check_size(const char* role, std::size_t size, std::size_t expected) {
  if (size == expected) return;
  const std::string message = std::string(role) + " must have as many elements as source, " +
                              std::to_string(expected) + ", got " + std::to_string(size) + ".";
  throw nb::value_error(message.c_str());
}

void check_overlap(const char* role, const float* from, const float* out, std::size_t size) {
  const auto a = reinterpret_cast<std::uintptr_t>(from);
  const auto b = reinterpret_cast<std::uintptr_t>(out);
  const std::uintptr_t distance = a < b ? b - a : a - b;
  if (a == b || distance >= size * sizeof(float)) return;
  const std::string message =
      std::string("out must be ") + role + " itself or must not overlap it; they overlap in part.";
  throw nb::value_error(message.c_str());
}

void run(const char* name, const char* kind, const float* x, float* y, const float* g,
         std::size_t size, const std::vector<double>& parameters, std::size_t threads) {
  const Entry* entry = nullptr;
  for (std::size_t i = 0; i < table_size; ++i) {
    if (std::strcmp(table[i].name, name) == 0) entry = &table[i];
  }
  if (entry == nullptr) throw nb::key_error(name);
  const bool backward = std::strcmp(kind, "backward") == 0;
  if (!backward && std::strcmp(kind, "forward") != 0) {
    throw nb::value_error("kind must be 'forward' or 'backward'.");
  }
  if (backward != (g != nullptr) && size > 0) {
    throw nb::value_error("grad must be given for 'backward' and only then.");
  }
  if (parameters.size() != entry->parameters) {
    const std::string message = std::string(name) + " takes " + std::to_string(entry->parameters) +
                                " parameters, got " + std::to_string(parameters.size()) + ".";
    throw nb::value_error(message.c_str());
  }
  check_overlap("source", x, y, size);
  if (backward) check_overlap("grad", g, y, size);
  double values[most_parameters] = {};
  for (std::size_t i = 0; i < parameters.size(); ++i) values[i] = parameters[i];
  const Kernel kernel = backward ? entry->backward : entry->forward;
  const nb::gil_scoped_release unlocked;
  in_parallel(size, threads, [&](std::size_t first, std::size_t count) {
    kernel(x + first, backward ? g + first : nullptr, y + first, count, values);
  });
}

void run_arrays(const char* name, const char* kind, nb::handle source, nb::handle out,
                nb::handle grad, const std::vector<double>& parameters, std::size_t threads) {
  const auto x = array<ConstArray>(source, "source", false);
  const auto y = array<Array>(out, "out", true);
  check_size("out", y.size(), x.size());
  ConstArray g;
  if (!grad.is_none()) {
    g = array<ConstArray>(grad, "grad", false);
    check_size("grad", g.size(), x.size());
  }
  run(name, kind, x.data(), y.data(), grad.is_none() ? nullptr : g.data(), x.size(), parameters,
      threads);
}

// For buffers that the caller has checked: contiguous float32 in this process, `size` elements each.
void run_addresses(const char* name, const char* kind, std::uintptr_t source, std::uintptr_t out,
                   std::uintptr_t grad, std::size_t size, const std::vector<double>& parameters,
                   std::size_t threads) {
  run(name, kind, reinterpret_cast<const float*>(source), reinterpret_cast<float*>(out),
      reinterpret_cast<const float*>(grad), size, parameters, threads);
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
  m.def("digests", &rectifier::digests);
  m.def("run_arrays", &rectifier::run_arrays, "name"_a, "kind"_a, "source"_a.none(),
        "out"_a.none(), "grad"_a.none(), "parameters"_a, "threads"_a);
  m.def("run_addresses", &rectifier::run_addresses, "name"_a, "kind"_a, "source"_a, "out"_a,
        "grad"_a, "size"_a, "parameters"_a, "threads"_a);
  rectifier::bind_sparse(m);
}
