// No exception leaves a library, as those who call it are not C++: a function gives back a Status, and keeps the words
// for whoever asks in the same thread.
#pragma once
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>

namespace voxnas {

enum Status : int { kDone = 0, kTooShort = 1, kNoMemory = 2, kFailed = 3 };  // the interface to Python; see failures.py

constexpr int kMessage = 200;
inline thread_local char failure_message[kMessage] = "";

inline Status fail(Status status, const char* message) noexcept {
  std::snprintf(failure_message, kMessage, "%s", message);
  return status;
}

// Calls `run`, which returns a Status.
template <class Run>
Status guarded(Run run) noexcept {
  try {
    return run();
  } catch (const std::bad_alloc&) {
    return fail(kNoMemory, "there is too little memory for the network");
  } catch (const std::length_error&) {  // of a list: more than any memory holds
    return fail(kNoMemory, "there is too little memory for the network");
  } catch (const std::exception& error) {
    return fail(kFailed, error.what());
  } catch (...) {
    return fail(kFailed, "native code failed, and does not say why");
  }
}

}  // namespace voxnas

extern "C" {

// The words of the last function that failed in this thread.
const char* voxnas_failure() { return voxnas::failure_message; }
}
