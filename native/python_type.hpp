// What the types that are written against Python's own interface share.
//
// Layer: native/, below nap.cpp, quick.cpp and shortcut.cpp.

#pragma once

#include <Python.h>

namespace rectifier {

// The deallocator of a type of the heap that the garbage collector follows; `clear` drops what an
// object of it holds.
template <int (*clear)(PyObject*)>
void release(PyObject* self) {
  PyObject_GC_UnTrack(self);
  clear(self);
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

// A method of any way of being called, as a table of methods takes it.
template <typename Function>
PyCFunction method(Function* function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

}  // namespace rectifier
