// Hooks around modules in steps that are looked at briefly; see quick.cpp.

#pragma once

#include <nanobind/nanobind.h>

namespace rectifier {

void bind_quick(nanobind::module_& module);

}  // namespace rectifier
