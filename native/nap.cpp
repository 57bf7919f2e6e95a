// See nap.hpp. Written against Python's own interface: what is put in place of a method has to be
// bound like one, and called without a tuple of its arguments.
//
// One file, though long: the nap and what stands in for backward share one state, and a type takes
// some hundred lines in this interface.

#include "nap.hpp"

#include <structmember.h>

#include <chrono>
#include <cstddef>
#include <vector>

#include "held.hpp"
#include "python_type.hpp"

namespace nb = nanobind;

namespace rectifier {
namespace {

constexpr Py_ssize_t clocked_one_in = 16;  // as CLOCKED in naps.py

// A loss of a step: a number, or a tensor where reading it would mean waiting.
struct Loss {
  long step;
  PyObject* value;
};

struct Noted {
  std::vector<Loss> losses;
  std::vector<void*> stepped;
  std::vector<void*> met;
};

struct Nap {
  PyObject_HEAD
  Py_ssize_t left, backwards, timed, most;
  double clocked;
  unsigned long thread;
  PyObject* scaled;
  PyObject *boundary, *way, *stepping;
  PyObject *before, *after, *woken, *over;
  PyObject *tensor, *modes, *autograd, *watched, *run, *observer, *at_hand;
  Noted* noted;
};

// What stands in for Tensor.backward: a note and torch.autograd.backward while all sleep, else what
// Python says.
struct Passage {
  PyObject_HEAD
  Nap* nap;
  PyObject *awake, *names;
  vectorcallfunc call;
};

PyTypeObject *nap_type, *passage_type;

PyObject *name_busy, *name_step, *name_paused, *name_backward, *name_is_at_hand, *name_is_cpu,
    *name_dim, *name_item, *name_detach, *name_clone;

double now() {
  using Seconds = std::chrono::duration<double>;
  return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double started(const Nap* nap) {
  return nap->timed != 0 && nap->left % clocked_one_in != 0 ? 0.0 : now();
}

void ended(Nap* nap, double start) {
  if (start == 0.0) return;
  ++nap->timed;
  nap->clocked += now() - start;
}

// -1 where it is no number, with the error set.
long number_of(PyObject* owner, PyObject* name) {
  const Held value(PyObject_GetAttr(owner, name));
  return value ? PyLong_AsLong(value.get()) : -1;
}

bool add_to(PyObject* owner, PyObject* name, long more) {
  const long before = number_of(owner, name);
  if (before == -1 && PyErr_Occurred()) return false;
  const Held after(PyLong_FromLong(before + more));
  return after && PyObject_SetAttr(owner, name, after.get()) == 0;
}

// Whether all sleep, and it is their thread that calls, and none of them.
bool asleep(const Nap* nap) {
  if (nap->left <= 0 || PyThread_get_thread_ident() != nap->thread) return false;
  if (number_of(nap->boundary, name_busy) == 0) return true;
  PyErr_Clear();
  return false;
}

PyObject* before_step(Nap* nap, PyObject* const* arguments, Py_ssize_t count) {
  if (count == 3 && asleep(nap)) {
    for (const void* met : nap->noted->met) {
      if (met != arguments[0]) continue;
      const Held id(PyLong_FromVoidPtr(arguments[0]));
      if (!id) return nullptr;
      const Py_ssize_t length = PyList_Size(nap->stepping);
      // where its last step raised its end was never seen
      if (length > 0 && PySequence_Contains(nap->stepping, id.get()) == 1 &&
          PyList_SetSlice(nap->stepping, 0, length, nullptr) != 0) {
        return nullptr;
      }
      if (PyList_Append(nap->stepping, id.get()) != 0) return nullptr;
      Py_RETURN_NONE;
    }
  }
  return PyObject_Vectorcall(nap->before, arguments, static_cast<size_t>(count), nullptr);
}

PyObject* after_step(Nap* nap, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 3 || !asleep(nap)) {
    return PyObject_Vectorcall(nap->after, arguments, static_cast<size_t>(count), nullptr);
  }
  const Py_ssize_t length = PyList_Size(nap->stepping);
  const Held id(PyLong_FromVoidPtr(arguments[0]));
  if (!id) return nullptr;
  const Py_ssize_t place = length > 0 ? PySequence_Index(nap->stepping, id.get()) : -1;
  if (place < 0) {
    PyErr_Clear();
    Py_RETURN_NONE;
  }
  const double start = started(nap);
  if (PyList_SetSlice(nap->stepping, place, length, nullptr) != 0) return nullptr;
  if (length > 1) Py_RETURN_NONE;  // inside another's step
  if (!add_to(nap->boundary, name_step, 1)) return nullptr;
  nap->noted->stepped.push_back(arguments[0]);
  --nap->left;
  ended(nap, start);
  if (nap->left == 0) return PyObject_CallNoArgs(nap->woken);
  Py_RETURN_NONE;
}

// Whether reading a tensor means no waiting, as observer.is_at_hand says, which tests replace.
PyObject* is_at_hand(const Nap* nap, PyObject* tensor) {
  const Held asked(PyObject_GetAttr(nap->observer, name_is_at_hand));
  if (!asked) return nullptr;
  if (asked.get() == nap->at_hand) return PyObject_GetAttr(tensor, name_is_cpu);
  return PyObject_CallOneArg(asked.get(), tensor);
}

// Keeps the value of a loss: a number where reading it means no waiting.
void keep(Nap* nap, PyObject* loss) {
  const long step = number_of(nap->boundary, name_step);
  const Held at_hand(is_at_hand(nap, loss));
  const Held dims(PyObject_CallMethodNoArgs(loss, name_dim));
  if (!at_hand || !dims) return;
  if (at_hand.get() == Py_True && PyLong_AsLong(dims.get()) == 0) {
    Held value(PyObject_CallMethodNoArgs(loss, name_item));
    if (value) nap->noted->losses.push_back({step, value.release()});
    return;
  }
  const Held detached(PyObject_CallMethodNoArgs(loss, name_detach));
  Held copy(detached ? PyObject_CallMethodNoArgs(detached.get(), name_clone) : nullptr);
  if (copy) nap->noted->losses.push_back({step, copy.release()});
}

void note(Nap* nap, PyObject* loss) {
  const double start = started(nap);
  ++nap->backwards;
  if (loss != Py_None) keep(nap, loss);
  PyErr_Clear();  // what cannot be read is not for us to complain of
  ended(nap, start);
}

// Whether a backward pass may be noted: nothing but the loss is given, and under no mode.
bool is_plain(const Nap* nap, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  if (count != 1 || (names != nullptr && PyTuple_Size(names) != 0)) return false;
  if (reinterpret_cast<PyObject*>(Py_TYPE(arguments[0])) != nap->tensor) return false;
  if (nap->scaled != Py_None || nap->backwards >= nap->most || !asleep(nap)) return false;
  const Held modes(PyObject_CallNoArgs(nap->modes));
  const Held backward(PyObject_GetAttr(nap->autograd, name_backward));
  const bool plain = modes && backward && PyLong_AsLong(modes.get()) == 0 &&
                     backward.get() == nap->watched;
  PyErr_Clear();
  return plain;
}

PyObject* noted_backward(Nap* nap, PyObject* const* arguments) {
  note(nap, arguments[0]);
  if (!add_to(nap->way, name_paused, 1)) return nullptr;
  const Held found(PyObject_Vectorcall(nap->run, arguments, 1, nullptr));
  PyObject *kind, *value, *trace;
  PyErr_Fetch(&kind, &value, &trace);
  bool good = add_to(nap->way, name_paused, -1);
  if (good && nap->left == 0) {  // they woke up inside
    const Held done(PyObject_CallNoArgs(nap->over));
    good = static_cast<bool>(done);
  }
  if (kind != nullptr) PyErr_Restore(kind, value, trace);
  if (!found || !good) return nullptr;
  Py_RETURN_NONE;
}

// The whole of a passage's type.

PyObject* go_back(PyObject* self, PyObject* const* arguments, std::size_t count,
                  PyObject* names) {
  const Passage* passage = reinterpret_cast<Passage*>(self);
  if (is_plain(passage->nap, arguments, PyVectorcall_NARGS(count), names)) {
    return noted_backward(passage->nap, arguments);
  }
  return PyObject_Vectorcall(passage->awake, arguments, count, names);
}

int clear_passage(PyObject* self) {
  Passage* passage = reinterpret_cast<Passage*>(self);
  Py_CLEAR(passage->awake);
  Py_CLEAR(passage->names);
  Py_CLEAR(passage->nap);
  return 0;
}

int traverse_passage(PyObject* self, visitproc visit, void* arg) {
  const Passage* passage = reinterpret_cast<Passage*>(self);
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(passage->awake);
  Py_VISIT(passage->names);
  Py_VISIT(passage->nap);
  return 0;
}

PyObject* bind(PyObject* self, PyObject* owner, PyObject*) {
  if (owner == nullptr || owner == Py_None) return Py_NewRef(self);
  return PyMethod_New(self, owner);
}

PyMemberDef passage_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Passage, call), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(Passage, names), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyGetSetDef passage_attributes[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot passage_slots[] = {
    {Py_tp_dealloc, reinterpret_cast<void*>(release<clear_passage>)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse_passage)},
    {Py_tp_clear, reinterpret_cast<void*>(clear_passage)},
    {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
    {Py_tp_descr_get, reinterpret_cast<void*>(bind)},
    {Py_tp_members, passage_members},
    {Py_tp_getset, passage_attributes},
    {0, nullptr},
};

PyType_Spec passage_spec = {"rectifier._native.Passage", sizeof(Passage), 0,
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                                Py_TPFLAGS_METHOD_DESCRIPTOR |
                                Py_TPFLAGS_DISALLOW_INSTANTIATION,
                            passage_slots};

// The whole of a nap's type.

int clear(PyObject* self) {
  Nap* nap = reinterpret_cast<Nap*>(self);
  for (PyObject** held :
       {&nap->scaled, &nap->boundary, &nap->way, &nap->stepping, &nap->before, &nap->after,
        &nap->woken, &nap->over, &nap->tensor, &nap->modes, &nap->autograd, &nap->watched,
        &nap->run, &nap->observer, &nap->at_hand}) {
    Py_CLEAR(*held);
  }
  nap->left = 0;
  std::vector<Loss> losses;
  if (nap->noted != nullptr) losses.swap(nap->noted->losses);
  for (const Loss& loss : losses) Py_XDECREF(loss.value);
  return 0;
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Nap* nap = reinterpret_cast<Nap*>(self);
  Py_VISIT(Py_TYPE(self));
  for (PyObject* held :
       {nap->scaled, nap->boundary, nap->way, nap->stepping, nap->before, nap->after, nap->woken,
        nap->over, nap->tensor, nap->modes, nap->autograd, nap->watched, nap->run, nap->observer,
        nap->at_hand}) {
    Py_VISIT(held);
  }
  if (nap->noted != nullptr) {
    for (const Loss& loss : nap->noted->losses) Py_VISIT(loss.value);
  }
  return 0;
}

int end(PyObject* self) {
  clear(self);
  delete reinterpret_cast<Nap*>(self)->noted;
  return 0;
}

PyObject* make(PyTypeObject* type, PyObject* arguments, PyObject* names) {
  static const char* keywords[] = {"boundary", "way",      "stepping", "before",   "after",
                                   "woken",    "over",     "tensor",   "modes",    "autograd",
                                   "observer", "at_hand",  "most",     nullptr};
  PyObject *boundary, *way, *stepping, *before, *after, *woken, *over, *tensor, *modes;
  PyObject *autograd, *observer, *at_hand;
  Py_ssize_t most;
  if (!PyArg_ParseTupleAndKeywords(arguments, names, "OOO!OOOOOOOOOn", const_cast<char**>(keywords),
                                   &boundary, &way, &PyList_Type, &stepping, &before, &after,
                                   &woken, &over, &tensor, &modes, &autograd, &observer, &at_hand,
                                   &most)) {
    return nullptr;
  }
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  Nap* nap = reinterpret_cast<Nap*>(self);
  nap->most = most;
  nap->noted = new Noted;
  nap->scaled = Py_NewRef(Py_None);
  nap->boundary = Py_NewRef(boundary);
  nap->way = Py_NewRef(way);
  nap->stepping = Py_NewRef(stepping);
  nap->before = Py_NewRef(before);
  nap->after = Py_NewRef(after);
  nap->woken = Py_NewRef(woken);
  nap->over = Py_NewRef(over);
  nap->tensor = Py_NewRef(tensor);
  nap->modes = Py_NewRef(modes);
  nap->autograd = Py_NewRef(autograd);
  nap->observer = Py_NewRef(observer);
  nap->at_hand = Py_NewRef(at_hand);
  nap->watched = Py_NewRef(Py_None);
  nap->run = Py_NewRef(Py_None);
  return self;
}

PyObject* meet(PyObject* self, PyObject* optimizer) {
  std::vector<void*>& met = reinterpret_cast<Nap*>(self)->noted->met;
  for (const void* known : met) {
    if (known == optimizer) Py_RETURN_NONE;
  }
  met.push_back(optimizer);
  Py_RETURN_NONE;
}

PyObject* note_loss(PyObject* self, PyObject* loss) {
  note(reinterpret_cast<Nap*>(self), loss);
  Py_RETURN_NONE;
}

// (left, losses, stepped, backwards, timed, clocked); nothing is noted any more.
PyObject* take(PyObject* self, PyObject*) {
  Nap* nap = reinterpret_cast<Nap*>(self);
  std::vector<Loss> losses;
  std::vector<void*> stepped;
  losses.swap(nap->noted->losses);
  stepped.swap(nap->noted->stepped);
  nb::list some, ids;
  for (const Loss& loss : losses) {
    some.append(nb::make_tuple(loss.step, nb::steal(loss.value)));
  }
  for (void* id : stepped) ids.append(nb::steal(PyLong_FromVoidPtr(id)));
  nb::object found =
      nb::make_tuple(nap->left, some, ids, nap->backwards, nap->timed, nap->clocked);
  nap->left = nap->backwards = nap->timed = 0;
  nap->clocked = 0;
  return found.release().ptr();
}

PyObject* before_hook(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  return before_step(reinterpret_cast<Nap*>(self), arguments, count);
}

PyObject* after_hook(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
  return after_step(reinterpret_cast<Nap*>(self), arguments, count);
}

// As Nap.passage in naps.py.
PyObject* passage(PyObject* self, PyObject* awake) {
  PyObject* made = passage_type->tp_alloc(passage_type, 0);
  if (made == nullptr) return nullptr;
  Passage* passage = reinterpret_cast<Passage*>(made);
  passage->nap = reinterpret_cast<Nap*>(Py_NewRef(self));
  passage->awake = Py_NewRef(awake);
  passage->call = go_back;
  return made;
}

PyMethodDef methods[] = {
    {"before_step", method(before_hook), METH_FASTCALL, nullptr},
    {"after_step", method(after_hook), METH_FASTCALL, nullptr},
    {"passage", passage, METH_O, nullptr},
    {"meet", meet, METH_O, nullptr},
    {"note", note_loss, METH_O, nullptr},
    {"take", take, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyMemberDef members[] = {
    {"left", T_PYSSIZET, offsetof(Nap, left), 0, nullptr},
    {"backwards", T_PYSSIZET, offsetof(Nap, backwards), 0, nullptr},
    {"timed", T_PYSSIZET, offsetof(Nap, timed), 0, nullptr},
    {"clocked", T_DOUBLE, offsetof(Nap, clocked), 0, nullptr},
    {"thread", T_ULONG, offsetof(Nap, thread), 0, nullptr},
    {"scaled", T_OBJECT_EX, offsetof(Nap, scaled), 0, nullptr},
    {"watched", T_OBJECT_EX, offsetof(Nap, watched), 0, nullptr},
    {"run", T_OBJECT_EX, offsetof(Nap, run), 0, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(make)},
    {Py_tp_dealloc, reinterpret_cast<void*>(release<end>)},
    {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(clear)},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {0, nullptr},
};

PyType_Spec spec = {"rectifier._native.Nap", sizeof(Nap), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, slots};

}  // namespace

void bind_nap(nb::module_& module) {
  name_busy = PyUnicode_InternFromString("busy");
  name_step = PyUnicode_InternFromString("step");
  name_paused = PyUnicode_InternFromString("paused");
  name_backward = PyUnicode_InternFromString("backward");
  name_is_at_hand = PyUnicode_InternFromString("is_at_hand");
  name_is_cpu = PyUnicode_InternFromString("is_cpu");
  name_dim = PyUnicode_InternFromString("dim");
  name_item = PyUnicode_InternFromString("item");
  name_detach = PyUnicode_InternFromString("detach");
  name_clone = PyUnicode_InternFromString("clone");
  nap_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  passage_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&passage_spec));
  if (nap_type == nullptr || passage_type == nullptr) throw nb::python_error();
  module.attr("Nap") = nb::handle(reinterpret_cast<PyObject*>(nap_type));
}

}  // namespace rectifier
