// Hooks for training steps that no observer wants to be told of one by one.
//
// Layer: native/, beside the kernels; used by rectifier.torch.naps, whose class Nap says in Python
// what this does, and is its reference. A step of half a millisecond leaves nothing of ours in a
// near cache, so that hooks written in Python cost some percent of it.

#pragma once

#include <nanobind/nanobind.h>

namespace rectifier {

void bind_nap(nanobind::module_& module);

}  // namespace rectifier
