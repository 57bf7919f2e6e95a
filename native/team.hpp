// The threads of the OpenMP runtime that a framework has loaded, where there is one.
//
// Layer: native/, below pool.hpp. After a parallel region the runtime's threads spin for a while so
// as to be ready for the next one, and threads of our own would share the cores with them. So where
// its entry point is loaded in this process (found by name; nothing is linked), its team is used.

#pragma once

#include <cstddef>

namespace rectifier {

// Calls task(data) on up to `threads` threads at once, the caller among them, and returns when all are
// done. False, with nothing called, where there is no such runtime, or the process is a child of one
// that had used it (the runtime's threads do not survive a fork, and it would wait for them).
bool in_team(std::size_t threads, void (*task)(void*), void* data);

}  // namespace rectifier
