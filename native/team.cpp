#include "team.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

#if defined(__linux__)
#include <dlfcn.h>
#include <link.h>
#endif

#include "process_wide.hpp"

namespace rectifier {
namespace {

using Work = std::function<void(std::size_t, std::size_t)>;

// A piece of float data is 64 KiB: stays in a core's own cache, and large enough to hide the cost
// of handing it out.
constexpr std::size_t piece = 16384;
constexpr std::size_t most_threads = 256;

// Each member has a share of its own, the same one in every call of a size, so that a core finds in
// its cache what it had there the last time, and no other core waits for that. Who is done with its
// share helps with the others'.
struct Job {
  struct alignas(64) Share {
    std::atomic<std::size_t> next{0};
    std::size_t end = 0;
  };
  const Work* work = nullptr;
  std::size_t size = 0;
  std::size_t members = 0;
  Share shares[most_threads];

  void begin(const Work& what, std::size_t elements, std::size_t threads) {
    work = &what;
    size = elements;
    members = threads;
    const std::size_t pieces = (size + piece - 1) / piece;
    for (std::size_t i = 0; i < members; ++i) {
      shares[i].next.store(pieces * i / members * piece, std::memory_order_relaxed);
      shares[i].end = pieces * (i + 1) / members * piece;
    }
  }

  void help(std::size_t member) {
    for (std::size_t i = 0; i < members; ++i) {
      Share& share = shares[(member + i) % members];
      for (;;) {
        const std::size_t first = share.next.fetch_add(piece, std::memory_order_relaxed);
        if (first >= share.end) break;
        (*work)(first, std::min(piece, size - first));
      }
    }
  }
};

class Pool {
 public:
  // False if another thread is using the pool.
  bool run(std::size_t size, std::size_t helpers, const Work& work) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (!turn.owns_lock()) return false;
    helpers = std::min(helpers, hire(helpers));
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      job_.begin(work, size, helpers + 1);
      wanted_ = helpers;
    }
    if (helpers > 1) {
      arrived_.notify_all();
    } else if (helpers == 1) {
      arrived_.notify_one();
    }
    job_.help(0);
    std::unique_lock<std::mutex> lock(mutex_);
    wanted_ = 0;  // who has not come yet need not come any more
    done_.wait(lock, [this] { return working_ == 0; });
    return true;
  }

 private:
  // Returns how many threads there are after trying to have `number`.
  std::size_t hire(std::size_t number) {
    while (hired_ < number) {
      try {
        std::thread([this, member = hired_ + 1] { serve(member); }).detach();
      } catch (const std::system_error&) {
        break;  // the system grants no more threads: fewer do the same work
      }
      ++hired_;
    }
    return hired_;
  }

  void serve(std::size_t member) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      arrived_.wait(lock, [this] { return wanted_ > 0; });
      --wanted_;
      ++working_;
      lock.unlock();
      job_.help(member);
      lock.lock();
      if (--working_ == 0) done_.notify_one();
    }
  }

  std::mutex turn_;  // held by the caller whose job is running
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable done_;
  Job job_;
  std::size_t hired_ = 0;
  std::size_t wanted_ = 0;
  std::size_t working_ = 0;
};

// GNU's entry to a parallel region, which LLVM's and Intel's runtimes have as well.
using Region = void (*)(void (*)(void*), void*, unsigned threads, unsigned flags);

std::atomic<Region> region{nullptr};

// OpenMP's number of the thread in its team.
using Number = int (*)();

std::atomic<Number> number{nullptr};

#if defined(__linux__)
// Stops at PyTorch's library and leaves its path in `found`.
int is_torch(dl_phdr_info* info, std::size_t, void* found) {
  const char* name = std::strrchr(info->dlpi_name, '/');
  if (name == nullptr || std::strncmp(name, "/libtorch_cpu.", 14) != 0) return 0;
  *static_cast<const char**>(found) = info->dlpi_name;
  return 1;
}
#endif

}  // namespace

bool join_openmp_of_torch() {
#if defined(__linux__)
  const char* path = nullptr;
  dl_iterate_phdr(is_torch, &path);
  if (path == nullptr) return false;
  void* library = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return false;
  // Searches what the library depends on too, so this is the runtime that PyTorch itself uses.
  const auto found = reinterpret_cast<Region>(dlsym(library, "GOMP_parallel"));
  const auto counted = reinterpret_cast<Number>(dlsym(library, "omp_get_thread_num"));
  if (found == nullptr || counted == nullptr) return false;  // built without OpenMP
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { region.store(nullptr, std::memory_order_relaxed); });
  if (registered != 0) return false;
  number.store(counted, std::memory_order_relaxed);
  region.store(found, std::memory_order_release);
  return true;
#else
  return false;
#endif
}

const char* kind_of_team() { return region.load() == nullptr ? "pool" : "openmp"; }

void in_parallel(std::size_t size, std::size_t threads, const Work& work, Team team) {
  // Below two pieces for each thread, waking one costs more than it saves.
  const std::size_t useful = std::min({threads, most_threads, size / (2 * piece)});
  if (useful > 1) {
    const Region run =
        team == Team::openmp ? region.load(std::memory_order_acquire) : nullptr;
    if (run != nullptr) {
      Job job;
      job.begin(work, size, useful);
      run(
          [](void* given) {
            const int member = number.load(std::memory_order_relaxed)();
            static_cast<Job*>(given)->help(static_cast<std::size_t>(member));
          },
          &job, static_cast<unsigned>(useful), 0);
      return;
    }
    if (process_wide<Pool>().run(size, useful - 1, work)) return;
  }
  if (size > 0) work(0, size);
}

}  // namespace rectifier
