// The threads of a training pass.
#pragma once
#include <atomic>
#include <exception>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "simd.h"

namespace voxnas {
namespace {

// Runs `work(thread, job)` for every job on so many threads. Throws what the first of them to fail has thrown, once all
// have come to an end.
template <class Work>
void share(long jobs, int threads, Work work) {
  std::atomic<long> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
  const auto loop = [&](int thread) {
    const FlushDenormals guard;
    try {
      for (long job; !failed && (job = next.fetch_add(1)) < jobs;) work(thread, job);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };
#if defined(_OPENMP)
  // PyTorch's own threads where it uses the same library: they are awake, and would be in the way of others.
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int i = 0; i < threads; ++i) loop(i);
#else
  std::vector<std::thread> others;
  others.reserve(threads);
  try {
    for (int i = 1; i < threads; ++i) others.emplace_back(loop, i);
  } catch (const std::system_error&) {
    // The system grants no more threads: those there are do the work.
  } catch (const std::bad_alloc&) {
    // Nor memory for them.
  }
  loop(0);
  for (std::thread& other : others) other.join();
#endif
  if (failure) std::rethrow_exception(failure);
}

}  // namespace
}  // namespace voxnas
