// Hooks around modules in steps that are looked at briefly.
//
// Layer: native/, beside nap.cpp; made by rectifier.torch.brief_steps for rectifier.torch.calls,
// whose _enter_module and _leave_module say in Python what this does for modules of which all is
// known (settled.py), and are called for all others. A training step calls dozens of modules, and in
// each of them hooks that are written in Python come out of a distant cache.

#include "quick.hpp"

#include <structmember.h>

#include <cstddef>

#include "held.hpp"
#include "python_type.hpp"

namespace rectifier {
namespace {

struct Quick {
  PyObject_HEAD
  PyObject *calls, *boundary, *brief;
  PyObject *known, *pending;       // a dictionary of Settled, and one of Telling
  PyObject *enter, *leave, *tell;  // what runs in all other cases, and at a site
  PyObject *push, *pop, *peek;     // of torch's stacks of modes and of transforms
};

struct Name {
  const char* text;
  PyObject* name;
};

enum { on, inside, paused, idle, busy, thread, stack, mode, off, tick, dict, modules, pre_hooks };

Name names[] = {
    {"on", nullptr},  {"_inside", nullptr}, {"paused", nullptr},   {"_idle", nullptr},
    {"busy", nullptr},    {"thread", nullptr},  {"_stack", nullptr},   {"_mode", nullptr},
    {"_off", nullptr},    {"_tick", nullptr},   {"__dict__", nullptr}, {"_modules", nullptr},
    {"_forward_pre_hooks", nullptr},
};

PyObject *name_forward, *type;

PyObject* get(PyObject* owner, int which) { return PyObject_GetAttr(owner, names[which].name); }

bool is(PyObject* owner, int which, bool wanted) {
  const Held value(get(owner, which));
  return value && PyObject_IsTrue(value.get()) == static_cast<int>(wanted);
}

// As Settled.knows: the site of a known module, None for one that is none, nothing for an unknown.
PyObject* site_of(const Quick* self, PyObject* module) {
  const Held key(PyLong_FromVoidPtr(module));
  PyObject* known = key ? PyDict_GetItemWithError(self->known, key.get()) : nullptr;
  if (known == nullptr || !PyTuple_Check(known) || PyTuple_Size(known) != 3) return nullptr;
  if (PyLong_AsLong(PyTuple_GetItem(known, 2)) < 0) return nullptr;
  const Held there(PyObject_CallNoArgs(PyTuple_GetItem(known, 0)));
  return there.get() == module ? Py_NewRef(PyTuple_GetItem(known, 1)) : nullptr;
}

// As leaf.is_as_made.
bool is_as_made(PyObject* module) {
  const Held own(get(module, dict));
  if (!own || !PyDict_Check(own.get())) return false;
  PyObject* parts = PyDict_GetItemWithError(own.get(), names[modules].name);
  PyObject* hooks = PyDict_GetItemWithError(own.get(), names[pre_hooks].name);
  return parts != nullptr && hooks != nullptr && PyObject_IsTrue(parts) == 0 &&
         PyObject_IsTrue(hooks) == 0 && PyDict_Contains(own.get(), name_forward) == 0;
}

// As Calls._elsewhere, but that nobody is told of a transform: the caller is asked again then.
bool is_here(const Quick* self) {
  if (!is(self->calls, inside, false) || !is(self->calls, paused, false) ||
      !is(self->calls, idle, false) || !is(self->boundary, busy, false)) {
    return false;
  }
  const Held own(get(self->boundary, thread));
  if (!own || PyLong_AsUnsignedLong(own.get()) != PyThread_get_thread_ident()) return false;
  const Held transform(PyObject_CallNoArgs(self->peek));
  return transform.get() == Py_None;
}

// Takes the mode off where it is on top, as mode.take_off.
bool take_off(const Quick* self) {
  const Held seeing(get(self->calls, mode));
  if (!seeing || seeing.get() == Py_None) return false;
  const Held top(PyObject_CallNoArgs(self->pop));
  if (!top) return false;
  if (top.get() == seeing.get()) return true;
  const Held back(PyObject_CallOneArg(self->push, top.get()));
  return false;
}

PyObject* enter(PyObject* object, PyObject* const* arguments, Py_ssize_t count) {
  const Quick* self = reinterpret_cast<Quick*>(object);
  if (count == 2 && is(self->brief, on, true) && is_here(self) && is(self->calls, stack, true) &&
      PyDict_Size(self->pending) == 0) {
    const Held site(site_of(self, arguments[0]));
    if (site && is_as_made(arguments[0]) && take_off(self)) {
      if (PyObject_SetAttr(self->calls, names[off].name, arguments[0]) != 0) return nullptr;
      Py_RETURN_NONE;
    }
  }
  PyErr_Clear();
  return PyObject_Vectorcall(self->enter, arguments, static_cast<std::size_t>(count), nullptr);
}

PyObject* leave(PyObject* object, PyObject* const* arguments, Py_ssize_t count) {
  const Quick* self = reinterpret_cast<Quick*>(object);
  const Held entered(get(self->calls, off));
  const bool same = count == 3 && entered.get() == arguments[0];
  const Held site(same && is(self->brief, on, true) ? site_of(self, arguments[0]) : nullptr);
  const Held seeing(get(self->calls, mode));
  if (!site || !seeing || seeing.get() == Py_None || !is(self->calls, idle, false)) {
    PyErr_Clear();
    return PyObject_Vectorcall(self->leave, arguments, static_cast<std::size_t>(count), nullptr);
  }
  const Held ticks(get(self->calls, tick));
  const Held next(ticks ? PyLong_FromLong(PyLong_AsLong(ticks.get()) + 1) : nullptr);
  if (!next || PyObject_SetAttr(self->calls, names[tick].name, next.get()) != 0 ||
      PyObject_SetAttr(self->calls, names[off].name, Py_None) != 0) {
    return nullptr;
  }
  const Held done(PyObject_CallOneArg(self->push, seeing.get()));
  if (!done) return nullptr;
  if (site.get() == Py_None || arguments[2] == Py_None) Py_RETURN_NONE;
  PyObject* told[] = {arguments[0], site.get(), arguments[1], arguments[2]};
  return PyObject_Vectorcall(self->tell, told, 4, nullptr);
}

int traverse(PyObject* object, visitproc visit, void* arg) {
  const Quick* self = reinterpret_cast<Quick*>(object);
  Py_VISIT(Py_TYPE(object));
  for (PyObject* held : {self->calls, self->boundary, self->brief, self->known, self->pending,
                         self->enter, self->leave, self->tell, self->push, self->pop, self->peek}) {
    Py_VISIT(held);
  }
  return 0;
}

int clear(PyObject* object) {
  Quick* self = reinterpret_cast<Quick*>(object);
  for (PyObject** held :
       {&self->calls, &self->boundary, &self->brief, &self->known, &self->pending, &self->enter,
        &self->leave, &self->tell, &self->push, &self->pop, &self->peek}) {
    Py_CLEAR(*held);
  }
  return 0;
}

PyObject* make(PyTypeObject* kind, PyObject* arguments, PyObject*) {
  PyObject *calls, *boundary, *brief, *known, *pending, *enter, *leave, *tell, *push, *pop, *peek;
  if (!PyArg_ParseTuple(arguments, "OOOO!O!OOOOOO", &calls, &boundary, &brief, &PyDict_Type, &known,
                        &PyDict_Type, &pending, &enter, &leave, &tell, &push, &pop, &peek)) {
    return nullptr;
  }
  PyObject* object = kind->tp_alloc(kind, 0);
  if (object == nullptr) return nullptr;
  Quick* self = reinterpret_cast<Quick*>(object);
  self->calls = Py_NewRef(calls);
  self->boundary = Py_NewRef(boundary);
  self->brief = Py_NewRef(brief);
  self->known = Py_NewRef(known);
  self->pending = Py_NewRef(pending);
  self->enter = Py_NewRef(enter);
  self->leave = Py_NewRef(leave);
  self->tell = Py_NewRef(tell);
  self->push = Py_NewRef(push);
  self->pop = Py_NewRef(pop);
  self->peek = Py_NewRef(peek);
  return object;
}

PyMethodDef methods[] = {
    {"enter", method(enter), METH_FASTCALL, nullptr},
    {"leave", method(leave), METH_FASTCALL, nullptr},
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

PyType_Spec spec = {"rectifier._native.Quick", sizeof(Quick), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};

}  // namespace

void bind_quick(nanobind::module_& module) {
  for (Name& each : names) each.name = PyUnicode_InternFromString(each.text);
  name_forward = PyUnicode_InternFromString("forward");
  type = PyType_FromSpec(&spec);
  if (type == nullptr) throw nanobind::python_error();
  module.attr("Quick") = nanobind::handle(type);
}

}  // namespace rectifier
