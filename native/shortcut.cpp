// See shortcut.hpp. Written against Python's own interface, where to ask for an attribute is least.

#include "shortcut.hpp"

#include <cstdint>

#include "exchange.hpp"
#include "held.hpp"
#include "python_type.hpp"
#include "table.hpp"

namespace rectifier {
namespace {

struct Shortcut {
  PyObject_HEAD
  PyObject *operation;
  PyObject *tensor, *parameter, *dtype, *layout;  // what the input is to be of
  PyObject *overridden, *transforming, *dispatching, *tracing;  // whether somebody looks at it
  PyObject *capsule;  // of torch's, or None
  const Exchange *exchange;
  Py_ssize_t most, plain;
};

constexpr PyObject* Shortcut::* parts[] = {
    &Shortcut::operation, &Shortcut::tensor,       &Shortcut::parameter,   &Shortcut::dtype,  &Shortcut::layout,
    &Shortcut::overridden, &Shortcut::transforming, &Shortcut::dispatching, &Shortcut::tracing,
    &Shortcut::capsule,
};
constexpr Py_ssize_t count_of_parts = sizeof(parts) / sizeof(parts[0]);

enum { numel, requires_grad, dtype, is_cpu, is_nested, layout, is_contiguous, data_ptr, names_count };
constexpr const char* texts[] = {"numel",     "requires_grad", "dtype",         "is_cpu",
                                 "is_nested", "layout",        "is_contiguous", "data_ptr"};
PyObject* names[names_count];
PyObject* type;

// 1 for a true object, 0 for a false one, -1 for an error; of a new reference, which is dropped.
int truth(PyObject* found) {
  const Held held(found);
  return found == nullptr ? -1 : PyObject_IsTrue(found);
}

int attribute(PyObject* input, int which) { return truth(PyObject_GetAttr(input, names[which])); }

int is(PyObject* input, int which, PyObject* wanted) {
  const Held found(PyObject_GetAttr(input, names[which]));
  return found ? found.get() == wanted : -1;
}

int observed(const Shortcut* self, PyObject* input) {
  int found = truth(PyObject_CallOneArg(self->overridden, input));
  for (PyObject* asked : {self->transforming, self->dispatching, self->tracing}) {
    if (found != 0) break;
    found = truth(PyObject_CallNoArgs(asked));
  }
  return found;
}

// Whether so many elements are few enough.
int few(const Shortcut* self, PyObject* input, Py_ssize_t size) {
  if (size < self->most && size < self->plain) return 1;
  const int found = attribute(input, requires_grad);
  return found < 0 ? -1 : size < (found != 0 ? self->most : self->plain);
}

// What is left of `fits` where torch lends what is asked there one by one.
int fits_as_lent(const Shortcut* self, PyObject* input) {
  Lent lent{};
  if (self->exchange->lend(input, &lent) != 0) {  // sparse, nested and the like lend nothing
    PyErr_Clear();
    return 0;
  }
  const Py_ssize_t size = dense_floats(lent);
  if (size < 0) return 0;
  const int found = few(self, input, size);
  if (found <= 0) return found;
  return are_finite(static_cast<const float*>(lent.data), static_cast<std::size_t>(size));
}

// As Shortcut.fits: 1, 0 or, for an error, -1.
int fits(const Shortcut* self, PyObject* input) {
  PyObject* kind = reinterpret_cast<PyObject*>(Py_TYPE(input));
  if (kind != self->tensor && kind != self->parameter) return 0;
  int found = observed(self, input);
  if (found != 0) return found < 0 ? -1 : 0;
  if (self->exchange != nullptr) return fits_as_lent(self, input);
  const Held elements(PyObject_CallMethodNoArgs(input, names[numel]));
  if (!elements) return -1;
  const Py_ssize_t size = PyLong_AsSsize_t(elements.get());
  if (size < 0) return PyErr_Occurred() != nullptr ? -1 : 0;
  if ((found = few(self, input, size)) <= 0) return found;
  if ((found = is(input, dtype, self->dtype)) <= 0) return found;
  if ((found = attribute(input, is_cpu)) <= 0) return found;
  if ((found = attribute(input, is_nested)) != 0) return found < 0 ? -1 : 0;
  if ((found = is(input, layout, self->layout)) <= 0) return found;
  if ((found = truth(PyObject_CallMethodNoArgs(input, names[is_contiguous]))) <= 0) return found;
  const Held place(PyObject_CallMethodNoArgs(input, names[data_ptr]));
  if (!place) return -1;
  const auto address = reinterpret_cast<const float*>(PyLong_AsVoidPtr(place.get()));
  if (address == nullptr) return PyErr_Occurred() != nullptr ? -1 : 0;
  return are_finite(address, static_cast<std::size_t>(size));
}

PyObject* run(PyObject* object, PyObject* input) {
  const Shortcut* self = reinterpret_cast<Shortcut*>(object);
  const int found = fits(self, input);
  if (found < 0) return nullptr;
  if (found == 0) Py_RETURN_NONE;
  return PyObject_CallOneArg(self->operation, input);
}

int traverse(PyObject* object, visitproc visit, void* arg) {
  const Shortcut* self = reinterpret_cast<Shortcut*>(object);
  Py_VISIT(Py_TYPE(object));
  for (const auto part : parts) Py_VISIT(self->*part);
  return 0;
}

int clear(PyObject* object) {
  Shortcut* self = reinterpret_cast<Shortcut*>(object);
  for (const auto part : parts) Py_CLEAR(self->*part);
  return 0;
}

PyObject* make(PyTypeObject* kind, PyObject* arguments, PyObject*) {
  if (PyTuple_Size(arguments) != count_of_parts + 2) {
    PyErr_Format(PyExc_TypeError, "expected %zd arguments", count_of_parts + 2);
    return nullptr;
  }
  PyObject* object = kind->tp_alloc(kind, 0);
  if (object == nullptr) return nullptr;
  Shortcut* self = reinterpret_cast<Shortcut*>(object);
  for (Py_ssize_t i = 0; i < count_of_parts; ++i) {
    self->*parts[i] = Py_NewRef(PyTuple_GetItem(arguments, i));
  }
  self->exchange = exchange_of(self->capsule);
  self->most = PyLong_AsSsize_t(PyTuple_GetItem(arguments, count_of_parts));
  self->plain = PyLong_AsSsize_t(PyTuple_GetItem(arguments, count_of_parts + 1));
  if (PyErr_Occurred() != nullptr) {
    Py_DECREF(object);
    return nullptr;
  }
  return object;
}

PyMethodDef methods[] = {
    {"run", method(run), METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(make)},
    {Py_tp_dealloc, reinterpret_cast<void*>(release<clear>)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_methods, methods},
    {0, nullptr},
};

PyType_Spec spec = {"rectifier._native.Shortcut", sizeof(Shortcut), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};

}  // namespace

void bind_shortcut(nanobind::module_& module) {
  for (int i = 0; i < names_count; ++i) names[i] = PyUnicode_InternFromString(texts[i]);
  type = PyType_FromSpec(&spec);
  if (type == nullptr) throw nanobind::python_error();
  module.attr("Shortcut") = nanobind::handle(type);
}

}  // namespace rectifier
