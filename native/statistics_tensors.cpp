// Statistics of PyTorch tensors, asked for by the tensors themselves.
//
// Layer: native/, on statistics.hpp. In a step of fifty milliseconds the lines of Python that look at
// a tensor come out of a distant cache each time; here they are one call. Nothing of PyTorch is
// compiled in: a tensor is asked as Python would ask it.

#include <nanobind/nanobind.h>

#include <cstddef>
#include <cstdint>
#include <exception>

#include "statistics.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace rectifier {
namespace {

// PyTorch's own types and values, by which tensors are told from others. Kept for good, as PyTorch
// is: a module is not unloaded.
struct Known {
  PyObject *tensor, *parameter, *float32, *bfloat16, *strided, *threads;
};

Known known = {};

PyObject *name_is_cpu, *name_dtype, *name_layout, *name_shape, *name_grad, *name_is_contiguous,
    *name_data_ptr, *name_numel;

void know(nb::object tensor, nb::object parameter, nb::object float32, nb::object bfloat16,
          nb::object strided, nb::object threads) {
  known = {tensor.release().ptr(), parameter.release().ptr(), float32.release().ptr(),
           bfloat16.release().ptr(), strided.release().ptr(), threads.release().ptr()};
  name_is_cpu = PyUnicode_InternFromString("is_cpu");
  name_dtype = PyUnicode_InternFromString("dtype");
  name_layout = PyUnicode_InternFromString("layout");
  name_shape = PyUnicode_InternFromString("shape");
  name_grad = PyUnicode_InternFromString("grad");
  name_is_contiguous = PyUnicode_InternFromString("is_contiguous");
  name_data_ptr = PyUnicode_InternFromString("data_ptr");
  name_numel = PyUnicode_InternFromString("numel");
}

nb::object get(nb::handle owner, PyObject* name) {
  PyObject* found = PyObject_GetAttr(owner.ptr(), name);
  if (found == nullptr) throw nb::python_error();
  return nb::steal(found);
}

nb::object call(nb::handle owner, PyObject* name) {
  PyObject* found = PyObject_CallMethodNoArgs(owner.ptr(), name);
  if (found == nullptr) throw nb::python_error();
  return nb::steal(found);
}

// Whether it is an ordinary tensor without gaps on the CPU, of float32 or, where `half`, bfloat16.
bool is_plain(nb::handle tensor, bool half) {
  PyObject* kind = reinterpret_cast<PyObject*>(Py_TYPE(tensor.ptr()));
  return (kind == known.tensor || kind == known.parameter) &&
         get(tensor, name_is_cpu).ptr() == Py_True &&
         get(tensor, name_layout).ptr() == known.strided &&
         get(tensor, name_dtype).ptr() == (half ? known.bfloat16 : known.float32) &&
         call(tensor, name_is_contiguous).ptr() == Py_True;
}

std::uintptr_t address(nb::handle tensor) {
  return nb::cast<std::uintptr_t>(call(tensor, name_data_ptr));
}

// What measured_output gives; None where that is not possible, nothing with an error set.
nb::object output_of(nb::handle tensor, std::size_t axis) {
  return nb::steal(measured_output(tensor.ptr(), axis, 0, 0));
}

// What measured outputs of sites, (site, what measured_output gives), tell: 2 that some element is
// not finite; else 1 that other units are silent than those that `silent` has of each site, as
// packed 64-bit indices, or that this cannot be told; else 0.
int told_by(const nb::list& outputs, const nb::dict& silent) {
  bool news = false;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const nb::object site = outputs[i][0], found = outputs[i][1];
    if (nb::cast<double>(found[3]) != 0) return 2;
    PyObject* known = PyDict_GetItemWithError(silent.ptr(), site.ptr());
    for (std::size_t j = 0; j < i; ++j) {
      if (nb::object(outputs[j][0]).is(site)) known = nullptr;  // its sum tells
    }
    if (known == nullptr || !PyBytes_Check(known)) {
      PyErr_Clear();
      news = true;
      continue;
    }
    const nb::object numbers = found[2];
    const double* active = reinterpret_cast<const double*>(PyBytes_AsString(numbers.ptr()));
    const std::size_t units = static_cast<std::size_t>(PyBytes_Size(numbers.ptr())) /
                              (sizeof(double) * output_numbers);
    const std::int64_t* index = reinterpret_cast<const std::int64_t*>(PyBytes_AsString(known));
    const std::size_t count = static_cast<std::size_t>(PyBytes_Size(known)) / sizeof(*index);
    std::size_t none = 0;
    for (std::size_t u = 0; u < units; ++u) none += active[u] == 0;
    bool same = none == count;
    for (std::size_t k = 0; k < count && same; ++k) {
      const std::size_t unit = static_cast<std::size_t>(index[k]);
      same = unit < units && active[unit] == 0;
    }
    news = news || !same;
  }
  return news ? 1 : 0;
}

// Whether NaN or infinity is among some elements of the parameters' gradients; those that are no
// ordinary float32 tensors are appended to `rest` instead.
bool any_bad_gradient(const nb::list& parameters, nb::list rest) {
  constexpr std::size_t most = 64;
  const float* from[most];
  std::size_t sizes[most], number = 0;
  for (const nb::handle parameter : parameters) {
    const nb::object gradient = get(parameter, name_grad);
    if (gradient.is_none()) continue;
    if (!is_plain(gradient, false)) {
      rest.append(gradient);
      continue;
    }
    const std::uintptr_t at = address(gradient);
    if (at == 0) {  // none, or its memory was given back
      rest.append(gradient);
      continue;
    }
    from[number] = reinterpret_cast<const float*>(at);
    sizes[number++] = nb::cast<std::size_t>(call(gradient, name_numel));
    if (number < most) continue;
    if (any_bad_in_blocks(from, sizes, number)) return true;
    number = 0;
  }
  return any_bad_in_blocks(from, sizes, number);
}

nb::object measured(nb::handle tensor, std::size_t axis, std::size_t dims, std::size_t units) {
  if (known.tensor == nullptr) return nb::none();
  const bool half = get(tensor, name_dtype).ptr() == known.bfloat16;
  if (!is_plain(tensor, half)) return nb::none();
  const nb::object shape = get(tensor, name_shape);
  const std::size_t found = nb::len(shape);
  if (axis >= found || (dims != 0 && found != dims)) return nb::none();
  Extent extent = {1, 1, 1};
  for (std::size_t i = 0; i < found; ++i) {
    const std::size_t size = nb::cast<std::size_t>(shape[i]);
    (i < axis ? extent.outer : i == axis ? extent.units : extent.inner) *= size;
  }
  const std::size_t elements = extent.outer * extent.inner;
  if (dims != 0 && (extent.units != units || elements == 0)) return nb::none();
  const std::size_t rows = axis == 1 && found > 2 ? extent.outer : elements;
  const std::size_t threads = nb::cast<std::size_t>(nb::handle(known.threads)());
  const void* from = reinterpret_cast<const void*>(address(tensor));
  const Py_ssize_t size = static_cast<Py_ssize_t>(sizeof(double) * output_numbers * extent.units);
  const nb::object numbers = nb::steal(PyBytes_FromStringAndSize(nullptr, size));
  if (!numbers) throw nb::python_error();
  double* to = reinterpret_cast<double*>(PyBytes_AsString(numbers.ptr()));
  double bad = 0;
  {
    const nb::gil_scoped_release unlocked;
    bad = output_statistics(from, half ? Element::bfloat16 : Element::float32, extent, to, threads);
  }
  return nb::make_tuple(elements, rows, numbers, bad);
}

}  // namespace

PyObject* measured_output(PyObject* tensor, std::size_t axis, std::size_t dims,
                          std::size_t units) {
  try {
    return measured(tensor, axis, dims, units).release().ptr();
  } catch (nb::python_error& error) {
    error.restore();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

void bind_statistics_of_tensors(nb::module_& module) {
  module.def("know", &know, "tensor"_a, "parameter"_a, "float32"_a, "bfloat16"_a, "strided"_a,
             "threads"_a);
  module.def("output_of", &output_of, "tensor"_a, "axis"_a);
  module.def("told_by", &told_by, "outputs"_a, "silent"_a);
  module.def("any_bad_gradient", &any_bad_gradient, "parameters"_a, "rest"_a);
}

}  // namespace rectifier
