// torch's own operation in the place of a kernel, on few numbers: a look at the tensor, and the call.
//
// Layer: native/, beside nap.cpp; made by rectifier.torch.shortcut, whose class Shortcut says in Python what
// this does, and is its reference. What is asked of a tensor there takes as long as torch's operation.

#pragma once

#include <nanobind/nanobind.h>

namespace rectifier {

void bind_shortcut(nanobind::module_& module);

}  // namespace rectifier
