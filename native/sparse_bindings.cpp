// What Python can call of sparse.hpp. Buffers are checked by rectifier.kernels.sparse, the only caller:
// addresses of contiguous float32 numbers in this process, that many of them.

#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <cstdint>

#include "parts.hpp"
#include "sparse.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace rectifier {
namespace {

template <typename T>
T* at(std::uintptr_t address) {
  return reinterpret_cast<T*>(address);
}

// Returns whether it was done: not if more than `most` inputs are not zero.
bool product(std::uintptr_t x, std::size_t rows, std::size_t inputs, std::uintptr_t weight,
             std::size_t outputs, std::uintptr_t bias, std::uintptr_t y, std::size_t most,
             std::size_t threads) {
  const nb::gil_scoped_release unlocked;
  static thread_local Active active;  // its memory is used again
  if (!find_active(at<const float>(x), rows, inputs, most, active)) return false;
  sum_active(active, rows, at<const float>(weight), outputs, at<const float>(bias), at<float>(y),
             threads);
  return true;
}

}  // namespace

void bind_sparse(nb::module_& m) {
  m.def("sparse_product", &product, "x"_a, "rows"_a, "inputs"_a, "weight"_a, "outputs"_a, "bias"_a,
        "y"_a, "most"_a, "threads"_a);
}

}  // namespace rectifier
