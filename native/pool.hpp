// Threads for loops over large buffers.
//
// Layer: native/. An own small pool and not OpenMP: a second OpenMP runtime beside the one in a
// framework oversubscribes the cores, and a process that forks after using one hangs. The pool
// starts its threads when first needed, forgets them in a forked child, and runs a call that finds it
// busy on the calling thread alone.

#pragma once

#include <cstddef>
#include <functional>

namespace rectifier {

// Calls work(first, count) over pieces that cover [0, size) once, on at most `threads` threads
// including the caller, and returns when all are done. `work` must not throw.
void in_parallel(std::size_t size, std::size_t threads,
                 const std::function<void(std::size_t, std::size_t)>& work);

}  // namespace rectifier
