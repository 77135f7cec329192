// The interface of a streaming network: a handle, and functions that take it. A library holds one kind of network,
// whose source includes this once and adds the function that creates it.
#pragma once
#include <cstdint>

#include "controls.h"
#include "failure.h"
#include "simd.h"

namespace voxnas {

class Stream {
 public:
  virtual ~Stream() = default;
  // To the state that endless silence leaves behind.
  virtual void reset() = 0;
  // The next samples, any number of them; neither allocates, nor locks, nor calls the system.
  virtual void process(const float* in, float* out, int64_t samples) = 0;
  // Has it follow controls, see controls.h, and resets it. A network without rows for them follows none.
  virtual void follow(const float*, const float*, long, int, const float*) { throw std::invalid_argument("it follows no controls"); }
  // The same for one whose weights all follow: `changes` are [control][number]. One of another kind follows none.
  virtual void follow_weights(const float*, int, const float*) { throw std::invalid_argument("its weights follow no controls"); }
  // The controls' next values, and the samples that they take to get there; as `process`.
  virtual void control(const float*, long) {}
};

// The stream that `make` returns; null if it throws, with the words in `voxnas_failure`.
template <class Make>
Stream* created(Make make) noexcept {
  Stream* stream = nullptr;
  guarded([&] {
    const FlushDenormals guard;
    stream = make();
    return kDone;
  });
  return stream;
}

}  // namespace voxnas

extern "C" {

void voxnas_stream_reset(voxnas::Stream* stream) {
  const voxnas::FlushDenormals guard;
  stream->reset();
}

void voxnas_stream_process(voxnas::Stream* stream, const float* in, float* out, int64_t samples) {
  const voxnas::FlushDenormals guard;
  stream->process(in, out, samples);
}

int voxnas_stream_follow(voxnas::Stream* stream, const float* mix, const float* scale, int64_t rows, int count,
                         const float* values) {
  return voxnas::guarded([&] {
    const voxnas::FlushDenormals guard;
    stream->follow(mix, scale, rows, count, values);
    return voxnas::kDone;
  });
}

int voxnas_stream_follow_weights(voxnas::Stream* stream, const float* changes, int count, const float* values) {
  return voxnas::guarded([&] {
    const voxnas::FlushDenormals guard;
    stream->follow_weights(changes, count, values);
    return voxnas::kDone;
  });
}

void voxnas_stream_control(voxnas::Stream* stream, const float* values, int64_t samples) {
  stream->control(values, samples);
}

void voxnas_stream_destroy(voxnas::Stream* stream) { delete stream; }
}
