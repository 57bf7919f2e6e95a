// Threads for loops over large buffers.
//
// Layer: native/. Two ways, told apart by `kind_of_team`:
//
// - In a process where PyTorch computes, the threads are those of PyTorch's own OpenMP runtime. Its
//   workers go on spinning for a while after each operation, so that threads of another pool would
//   have to share their cores with them: with two cores, a second thread then gains nothing. The
//   runtime is looked up among the libraries that the process has loaded; nothing is linked.
// - Else an own small pool. It starts its threads when first needed and runs a call that finds it busy
//   on the calling thread alone.
//
// After a fork neither's threads exist any more: the child gets a new pool, and no OpenMP, whose
// runtime would wait for the threads that are gone.

#pragma once

#include <cstddef>
#include <functional>

namespace rectifier {

// Up to here a call is computed by the caller alone: waking a thread costs more than it saves.
constexpr std::size_t inline_size = 32767;

// Whose threads to use: PyTorch's where that has been joined, or the own pool in any case. The pool
// does better where cores are scarce: a helper that gets none is not waited for.
enum class Team { openmp, pool };

// Calls work(first, count) over pieces that cover [0, size) once, on at most `threads` threads
// including the caller, and returns when all are done. `work` must not throw.
void in_parallel(std::size_t size, std::size_t threads,
                 const std::function<void(std::size_t, std::size_t)>& work,
                 Team team = Team::openmp);

// Looks for PyTorch's OpenMP runtime, which is used from then on; false if there is none.
bool join_openmp_of_torch();

// "openmp" or "pool".
const char* kind_of_team();

}  // namespace rectifier
