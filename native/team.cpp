#include "team.hpp"

#include <atomic>

#if defined(__unix__) || defined(__APPLE__)
#include <dlfcn.h>
#include <pthread.h>
#define RECTIFIER_LOOKS_UP 1
#endif

namespace rectifier {
namespace {

#if defined(RECTIFIER_LOOKS_UP)
// As GCC calls it for "#pragma omp parallel"; the runtimes of LLVM and Intel have it too.
using Parallel = void (*)(void (*)(void*), void*, unsigned, unsigned);

std::atomic<Parallel> known{nullptr};
std::atomic<bool> forked{false};

// Looked up until found: the framework may be imported after us.
Parallel find() {
  Parallel found = known.load(std::memory_order_acquire);
  if (found != nullptr) return found;
  found = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  if (found != nullptr) {
    static const int registered = pthread_atfork(nullptr, nullptr, [] { forked.store(true); });
    static_cast<void>(registered);
    known.store(found, std::memory_order_release);
  }
  return found;
}
#endif

}  // namespace

bool in_team(std::size_t threads, void (*task)(void*), void* data) {
#if defined(RECTIFIER_LOOKS_UP)
  const Parallel parallel = find();
  if (parallel == nullptr || forked.load(std::memory_order_relaxed)) return false;
  parallel(task, data, static_cast<unsigned>(threads), 0);
  return true;
#else
  static_cast<void>(threads), static_cast<void>(task), static_cast<void>(data);
  return false;
#endif
}

}  // namespace rectifier
