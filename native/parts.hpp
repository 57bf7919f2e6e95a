// What each part of the extension module adds to it.

#pragma once

#include <nanobind/nanobind.h>

namespace rectifier {

void bind_gated(nanobind::module_& m);
void bind_sparse(nanobind::module_& m);

}  // namespace rectifier
