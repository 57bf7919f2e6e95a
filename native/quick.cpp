// Hooks around modules, and the function mode's eyes, in steps that are looked at briefly.
//
// Layer: native/, beside nap.cpp; made by rectifier.torch.brief_steps for rectifier.torch.calls,
// whose _enter_module, _leave_module and dispatch say in Python what this does for modules and
// places of which all is known (settled.py), and are called for all others. A training step calls
// dozens of modules, and in each of them hooks that are written in Python come out of a distant
// cache.
//
// One file, though long: all of it reads and writes the state of one Calls.

#include "quick.hpp"

#include <structmember.h>

#include <chrono>
#include <cstddef>

#include "held.hpp"
#include "python_type.hpp"
#include "statistics.hpp"

namespace rectifier {
namespace {

struct Quick {
  PyObject_HEAD
  PyObject *way, *boundary, *brief;
  PyObject *known, *places, *pending;  // dictionaries of Settled, and one of Telling
  PyObject *enter, *leave, *tell;      // what runs in all other cases, and at a site
  PyObject *dispatch, *other;          // the same for functions
  PyObject *kinds, *own;               // of forms.py: every function that matters; ours
  PyObject *weighted, *loss, *activation;  // kinds
  PyObject *inside, *codes;            // whether a file is torch's or ours; what it said, by code
  PyObject *push, *pop, *depth, *peek, *trace, *grad;  // of torch: its stacks, what it records
};

constexpr Py_ssize_t most_codes = 4096;

constexpr PyObject* Quick::* parts[] = {
    &Quick::way,    &Quick::boundary, &Quick::brief,    &Quick::known, &Quick::places,
    &Quick::pending, &Quick::enter,   &Quick::leave,    &Quick::tell,  &Quick::dispatch,
    &Quick::other,  &Quick::kinds,    &Quick::own,      &Quick::weighted, &Quick::loss,
    &Quick::activation, &Quick::inside, &Quick::push,   &Quick::pop,   &Quick::depth,
    &Quick::peek,   &Quick::trace,    &Quick::grad,     &Quick::codes,
};

struct Name {
  const char* text;
  PyObject* name;
};

enum {
  on, inside, paused, idle, busy, thread, stack, mode, off, tick, token, dict, modules, pre_hooks,
  curious, application, unsure, module_of, live, followed, brief_outputs, listens, trained, unit_axis,
  units, requires_grad, grad_fn, register_prehook, seconds, losses, module_name, co_filename,
  out_proj, whole,
};

Name names[] = {
    {"on", nullptr},  {"inside", nullptr}, {"paused", nullptr},   {"idle", nullptr},
    {"busy", nullptr},    {"thread", nullptr},  {"stack", nullptr},   {"mode", nullptr},
    {"off", nullptr},    {"tick", nullptr},   {"token", nullptr},    {"__dict__", nullptr},
    {"_modules", nullptr}, {"_forward_pre_hooks", nullptr}, {"curious", nullptr},
    {"application", nullptr}, {"unsure", nullptr}, {"module", nullptr}, {"live", nullptr},
    {"followed", nullptr}, {"outputs", nullptr}, {"listens", nullptr}, {"trained", nullptr},
    {"unit_axis", nullptr}, {"units", nullptr}, {"requires_grad", nullptr}, {"grad_fn", nullptr},
    {"register_prehook", nullptr}, {"seconds", nullptr}, {"losses", nullptr},
    {"__module__", nullptr}, {"co_filename", nullptr}, {"out_proj", nullptr}, {"whole", nullptr},
};

PyObject *name_forward, *type;

PyObject* get(PyObject* owner, int which) { return PyObject_GetAttr(owner, names[which].name); }

bool is(PyObject* owner, int which, bool wanted) {
  const Held value(get(owner, which));
  return value && PyObject_IsTrue(value.get()) == static_cast<int>(wanted);
}

double now() {
  using Seconds = std::chrono::duration<double>;
  return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Adds what was measured of the time since `start` to what observing took.
void took(const Quick* self, double start) {
  const Held before(get(self->boundary, seconds));
  const Held after(before ? PyFloat_FromDouble(PyFloat_AsDouble(before.get()) + now() - start)
                          : nullptr);
  if (after) PyObject_SetAttr(self->boundary, names[seconds].name, after.get());
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
  const bool alone =
      parts != nullptr && PyDict_Check(parts) &&
      (PyDict_Size(parts) == 0 ||
       (PyDict_Size(parts) == 1 && PyDict_Contains(parts, names[out_proj].name) == 1));
  return alone && hooks != nullptr && PyObject_IsTrue(hooks) == 0 && PyDict_Contains(own.get(), name_forward) == 0;
}

// As Underway.elsewhere, but that nobody is told of a transform: the caller is asked again then.
bool is_here(const Quick* self) {
  if (!is(self->way, inside, false) || !is(self->way, paused, false) ||
      !is(self->way, idle, false) || !is(self->boundary, busy, false)) {
    return false;
  }
  const Held own(get(self->boundary, thread));
  if (!own || PyLong_AsUnsignedLong(own.get()) != PyThread_get_thread_ident()) return false;
  for (PyObject* asked : {self->peek, self->trace}) {
    const Held found(PyObject_CallNoArgs(asked));
    if (found.get() != Py_None) return false;
  }
  return true;
}

// The innermost call of a module under way, where nothing is being found out about it; borrowed.
PyObject* innermost(const Quick* self) {
  const Held entered(get(self->way, stack));
  const Py_ssize_t count = entered && PyList_Check(entered.get()) ? PyList_Size(entered.get()) : 0;
  PyObject* top = count > 0 ? PyList_GetItem(entered.get(), count - 1) : nullptr;
  if (top == nullptr) return nullptr;
  const Held one(get(top, application)), two(get(top, unsure));
  return one.get() == Py_None && two.get() == Py_None ? top : nullptr;
}

PyObject* mark_trained(PyObject* pass, PyObject*) {
  if (PyObject_SetAttr(pass, names[trained].name, Py_True) != 0) return nullptr;
  Py_RETURN_NONE;
}

PyMethodDef marking = {"trained", mark_trained, METH_VARARGS, nullptr};

// Has it told that a gradient comes back to an output, as Telling._hear; once where a pass is trained
// as a whole or not at all, since a hook costs a tenth of a millisecond out of a distant cache.
bool hear(PyObject* pass, PyObject* output) {
  const Held needs(get(output, requires_grad));
  if (!needs) return false;
  if (needs.get() != Py_True || (is(pass, listens, true) && is(pass, whole, true))) return true;
  const Held node(get(output, grad_fn));
  if (!node || node.get() == Py_None) return false;
  const Held mark(PyCFunction_New(&marking, pass));
  const Held done(mark ? PyObject_CallMethodOneArg(node.get(), names[register_prehook].name,
                                                   mark.get())
                       : nullptr);
  return done && PyObject_SetAttr(pass, names[listens].name, Py_True) == 0;
}

// The one observer's notes on the pass under way, where it takes in outputs in this way.
PyObject* pass_of(const Quick* self) {
  const Held observers(get(self->boundary, live));
  if (!observers || !PyTuple_Check(observers.get()) || PyTuple_Size(observers.get()) != 1) {
    return nullptr;
  }
  const Held found(get(PyTuple_GetItem(observers.get(), 0), followed));
  const Held number(get(self->way, token));
  if (!found || !number || !PyDict_Check(found.get())) return nullptr;
  return Py_XNewRef(PyDict_GetItemWithError(found.get(), number.get()));
}

// Measures what a site of so many dimensions gave, and hands it on; false where that is for others.
bool measure(const Quick* self, PyObject* site, PyObject* dims, PyObject* output) {
  const double start = now();
  const Held modes(PyObject_CallNoArgs(self->depth)), records(PyObject_CallNoArgs(self->grad));
  if (!modes || PyLong_AsLong(modes.get()) != 0 || records.get() != Py_True) return false;
  const Held pass(pass_of(self));
  const Held axis(get(site, unit_axis)), count(get(site, units));
  if (!pass || !axis || !count) return false;
  const Held taken(get(pass.get(), brief_outputs));
  if (!taken || !PyList_Check(taken.get())) return false;
  const Held found(measured_output(output, PyLong_AsSize_t(axis.get()), PyLong_AsSize_t(dims),
                                   PyLong_AsSize_t(count.get())));
  if (!found || found.get() == Py_None || !hear(pass.get(), output)) return false;
  const Held item(PyTuple_Pack(2, site, found.get()));
  if (!item || PyList_Append(taken.get(), item.get()) != 0) return false;
  took(self, start);
  return true;
}

// Takes the mode off where it is on top, as mode.take_off.
bool take_off(const Quick* self) {
  const Held seeing(get(self->way, mode));
  if (!seeing || seeing.get() == Py_None) return false;
  const Held top(PyObject_CallNoArgs(self->pop));
  if (!top) return false;
  if (top.get() == seeing.get()) return true;
  const Held back(PyObject_CallOneArg(self->push, top.get()));
  return false;
}

// One more layer has run.
bool ticked(const Quick* self) {
  const Held ticks(get(self->way, tick));
  const Held next(ticks ? PyLong_FromLong(PyLong_AsLong(ticks.get()) + 1) : nullptr);
  return next && PyObject_SetAttr(self->way, names[tick].name, next.get()) == 0;
}

PyObject* enter(PyObject* object, PyObject* const* arguments, Py_ssize_t count) {
  const Quick* self = reinterpret_cast<Quick*>(object);
  if (count == 2 && is(self->brief, on, true) && is_here(self) && is(self->way, stack, true) &&
      PyDict_Size(self->pending) == 0) {
    const Held site(site_of(self, arguments[0]));
    if (site && is_as_made(arguments[0]) && take_off(self)) {
      if (PyObject_SetAttr(self->way, names[off].name, arguments[0]) != 0) return nullptr;
      Py_RETURN_NONE;
    }
  }
  PyErr_Clear();
  return PyObject_Vectorcall(self->enter, arguments, static_cast<std::size_t>(count), nullptr);
}

PyObject* leave(PyObject* object, PyObject* const* arguments, Py_ssize_t count) {
  const Quick* self = reinterpret_cast<Quick*>(object);
  const Held entered(get(self->way, off));
  const bool same = count == 3 && entered.get() == arguments[0];
  const Held site(same && is(self->brief, on, true) ? site_of(self, arguments[0]) : nullptr);
  const Held seeing(get(self->way, mode));
  if (!site || !seeing || seeing.get() == Py_None || !is(self->way, idle, false)) {
    PyErr_Clear();
    return PyObject_Vectorcall(self->leave, arguments, static_cast<std::size_t>(count), nullptr);
  }
  const bool told = site.get() == Py_None || arguments[2] == Py_None;
  const Held key(PyLong_FromVoidPtr(arguments[0]));
  PyObject* known = key ? PyDict_GetItemWithError(self->known, key.get()) : nullptr;
  const Held dims(known != nullptr ? Py_NewRef(PyTuple_GetItem(known, 2)) : nullptr);
  if (!dims) return nullptr;
  // while the mode is off, so that to look at a tensor is no call of it
  const bool done =
      told || (innermost(self) != nullptr && measure(self, site.get(), dims.get(), arguments[2]));
  PyErr_Clear();
  if (!ticked(self) || PyObject_SetAttr(self->way, names[off].name, Py_None) != 0) return nullptr;
  const Held back(PyObject_CallOneArg(self->push, seeing.get()));
  if (!back) return nullptr;
  if (done) Py_RETURN_NONE;
  PyObject* rest[] = {site.get(), dims.get(), arguments[1], arguments[2]};
  return PyObject_Vectorcall(self->tell, rest, 4, nullptr);
}

// Whether a frame's code is torch's or ours; -1 with the error set. Keeps the code, so that its
// address stays its own.
int is_inside(const Quick* self, PyObject* code) {
  const Held key(PyLong_FromVoidPtr(code));
  PyObject* known = key ? PyDict_GetItemWithError(self->codes, key.get()) : nullptr;
  if (known != nullptr) return PyTuple_GetItem(known, 1) == Py_True;
  if (PyDict_Size(self->codes) >= most_codes) {  // a program that makes code without end
    PyDict_Clear(self->places);
    PyDict_Clear(self->codes);
  }
  const Held file(get(code, co_filename));
  const Held asked(file ? PyObject_CallOneArg(self->inside, file.get()) : nullptr);
  const Held item(asked ? PyTuple_Pack(2, code, asked.get()) : nullptr);
  if (!item || PyDict_SetItem(self->codes, key.get(), item.get()) != 0) return -1;
  return asked.get() == Py_True;
}

// (function, id of the module, id of the user's code, and where in it); nothing if there is none.
PyObject* place_of(const Quick* self, PyObject* function, PyObject* module) {
  PyFrameObject* frame = PyEval_GetFrame();
  Held held(Py_XNewRef(reinterpret_cast<PyObject*>(frame)));
  for (int up = 0; up < 64 && frame != nullptr; ++up) {
    const Held code(reinterpret_cast<PyObject*>(PyFrame_GetCode(frame)));
    const int inner = is_inside(self, code.get());
    if (inner < 0) return nullptr;
    if (inner == 0) {
      return Py_BuildValue("(ONNi)", function, PyLong_FromVoidPtr(module),
                           PyLong_FromVoidPtr(code.get()), PyFrame_GetLasti(frame));
    }
    Held next(reinterpret_cast<PyObject*>(PyFrame_GetBack(frame)));
    held.swap(next);
    frame = reinterpret_cast<PyFrameObject*>(held.get());
  }
  return nullptr;
}

PyObject* place(PyObject* object, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 2) Py_RETURN_NONE;
  PyObject* found = place_of(reinterpret_cast<Quick*>(object), arguments[0], arguments[1]);
  if (found != nullptr || PyErr_Occurred()) return found;
  Py_RETURN_NONE;
}

PyObject* run(PyObject* function, PyObject* arguments, PyObject* named) {
  const bool some = named != Py_None && PyDict_Size(named) > 0;
  return PyObject_Call(function, arguments, some ? named : nullptr);
}

// What is known of this call: (site, dimensions), or nothing.
PyObject* known_place(const Quick* self, PyObject* function, PyObject* arguments,
                      PyObject* named) {
  if (PyDict_Size(self->places) == 0 || PyTuple_Size(arguments) == 0) return nullptr;
  PyObject* top = innermost(self);
  const Held module(top != nullptr ? get(top, module_of) : nullptr);
  const Held key(module ? place_of(self, function, module.get()) : nullptr);
  PyObject* known = key ? PyDict_GetItemWithError(self->places, key.get()) : nullptr;
  if (known == nullptr || !PyTuple_Check(known) || PyTuple_Size(known) != 5) return nullptr;
  const Held there(PyObject_CallNoArgs(PyTuple_GetItem(known, 0)));
  if (there.get() != module.get()) return nullptr;
  const Held rest(PyTuple_GetSlice(arguments, 1, PyTuple_Size(arguments)));
  PyObject* options = PyTuple_GetItem(known, 2);
  const bool none = named == Py_None || PyDict_Size(named) == 0;
  const int same = none ? PyDict_Size(options) == 0 : PyObject_RichCompareBool(named, options, Py_EQ);
  if (!rest || same != 1 ||
      PyObject_RichCompareBool(rest.get(), PyTuple_GetItem(known, 1), Py_EQ) != 1) {
    return nullptr;
  }
  return PyTuple_GetSlice(known, 3, 5);
}

// As mode.Seeing.__torch_function__, and the part of Functions.dispatch that is for known places.
PyObject* see(PyObject* object, PyObject* const* given, Py_ssize_t count) {
  const Quick* self = reinterpret_cast<Quick*>(object);
  if (count < 4) {
    PyErr_SetString(PyExc_TypeError, "expected a mode, a function, types, arguments and named ones");
    return nullptr;
  }
  PyObject *function = given[1], *arguments = given[3], *named = count > 4 ? given[4] : Py_None;
  PyObject* kind = PyDict_GetItemWithError(self->kinds, function);
  if (kind == nullptr) {
    PyErr_Clear();  // of what has no hash
    bool ours = false;
    if (PyFunction_Check(function)) {
      const Held home(get(function, module_name));
      ours = home && PyObject_RichCompareBool(home.get(), self->own, Py_EQ) == 1;
    }
    if (!ours) {
      if (is(given[0], curious, true)) {
        const Held done(PyObject_CallFunctionObjArgs(self->other, function, arguments, nullptr));
        if (!done) return nullptr;
      }
      PyErr_Clear();
      return run(function, arguments, named);
    }
  } else if (is(self->brief, on, true) && is_here(self) && PyDict_Size(self->pending) == 0) {
    if (kind == self->weighted) {
      return ticked(self) ? run(function, arguments, named) : nullptr;
    }
    if (kind == self->loss) {
      const Held met(get(self->brief, losses));
      if (met && PySet_Contains(met.get(), function) == 1) return run(function, arguments, named);
    }
    const Held known(kind == self->activation ? known_place(self, function, arguments, named)
                                              : nullptr);
    PyErr_Clear();
    if (known) {
      const Held result(run(function, arguments, named));
      if (!result) return nullptr;
      PyObject *site = PyTuple_GetItem(known.get(), 0), *dims = PyTuple_GetItem(known.get(), 1);
      if (!measure(self, site, dims, result.get())) {
        PyErr_Clear();
        PyObject* rest[] = {site, dims, arguments, result.get()};
        const Held told(PyObject_Vectorcall(self->tell, rest, 4, nullptr));
        if (!told) return nullptr;
      }
      return Py_NewRef(result.get());
    }
  }
  PyErr_Clear();
  const Held options(named == Py_None ? PyDict_New() : Py_NewRef(named));
  PyObject* rest[] = {function, arguments, options.get()};
  return options ? PyObject_Vectorcall(self->dispatch, rest, 3, nullptr) : nullptr;
}

int traverse(PyObject* object, visitproc visit, void* arg) {
  const Quick* self = reinterpret_cast<Quick*>(object);
  Py_VISIT(Py_TYPE(object));
  for (const auto part : parts) Py_VISIT(self->*part);
  return 0;
}

int clear(PyObject* object) {
  Quick* self = reinterpret_cast<Quick*>(object);
  for (const auto part : parts) Py_CLEAR(self->*part);
  return 0;
}

PyObject* make(PyTypeObject* kind, PyObject* arguments, PyObject*) {
  constexpr Py_ssize_t given = sizeof(parts) / sizeof(parts[0]) - 1;
  if (PyTuple_Size(arguments) != given) {
    PyErr_Format(PyExc_TypeError, "expected %zd arguments", given);
    return nullptr;
  }
  PyObject* object = kind->tp_alloc(kind, 0);
  if (object == nullptr) return nullptr;
  Quick* self = reinterpret_cast<Quick*>(object);
  for (Py_ssize_t i = 0; i < given; ++i) {
    self->*parts[i] = Py_NewRef(PyTuple_GetItem(arguments, i));
  }
  self->codes = PyDict_New();
  if (self->codes == nullptr || !PyDict_Check(self->known) || !PyDict_Check(self->places) ||
      !PyDict_Check(self->pending) || !PyDict_Check(self->kinds)) {
    PyErr_SetString(PyExc_TypeError, "expected dictionaries");
    Py_DECREF(object);
    return nullptr;
  }
  return object;
}

PyMethodDef methods[] = {
    {"enter", method(enter), METH_FASTCALL, nullptr},
    {"leave", method(leave), METH_FASTCALL, nullptr},
    {"see", method(see), METH_FASTCALL, nullptr},
    {"place", method(place), METH_FASTCALL, nullptr},
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
