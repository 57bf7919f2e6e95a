// One object of a kind for the whole process, made when first asked for.
//
// Layer: native/. It is never destroyed, since threads may be waiting in it when the process ends, and
// left behind by a fork: its threads do not survive one, and the child could find it locked for ever.
#pragma once

#include <atomic>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#define RECTIFIER_FORKS 1
#endif

namespace rectifier {

template <typename T>
T& process_wide() {
  static std::atomic<T*> current{nullptr};
  T* found = current.load(std::memory_order_acquire);
  if (found != nullptr) return *found;
  auto* made = new T;
  if (current.compare_exchange_strong(found, made)) {
#if defined(RECTIFIER_FORKS)
    static const int registered = pthread_atfork(nullptr, nullptr, [] { current.store(nullptr); });
    static_cast<void>(registered);
#endif
    return *made;
  }
  delete made;
  return *found;
}

}  // namespace rectifier
