// A reference to a Python object that is dropped at the end of a block.

#pragma once

#include <Python.h>

namespace rectifier {

class Held {
 public:
  explicit Held(PyObject* object) : object_(object) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { Py_XDECREF(object_); }
  PyObject* get() const { return object_; }
  PyObject* release() {
    PyObject* object = object_;
    object_ = nullptr;
    return object;
  }
  void swap(Held& other) {
    PyObject* object = object_;
    object_ = other.object_;
    other.object_ = object;
  }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_;
};

}  // namespace rectifier
