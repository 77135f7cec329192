// The mean and the maximum over a few taps of each channel. With one tap it is a copy, or with a start a sum.
#pragma once
#include "stream_conv.h"

namespace voxnas {
namespace detail {

template <bool is_max, int N>
long pool_vectors(const Product& p, long t, long end) {
  const vec scale = all(1.f / p.kernel);
  for (; t + N * kLanes <= end; t += N * kLanes)
    for (int c = 0; c < p.channels; ++c) {
      vec y[N];
      const float* x = p.x[c] + t + p.taps[0];
      for (int n = 0; n < N; ++n) y[n] = load(x + n * kLanes);
      for (int tap = 1; tap < p.kernel; ++tap) {
        x = p.x[c] + t + p.taps[tap];
        for (int n = 0; n < N; ++n) {
          const vec next = load(x + n * kLanes);
          y[n] = is_max ? greater(y[n], next) : y[n] + next;
        }
      }
      for (int n = 0; n < N; ++n) {
        if (!is_max) y[n] *= scale;
        if (p.start.data) y[n] += load(p.start[c] + t + n * kLanes);
        store(p.out[c] + t + n * kLanes, y[n]);
      }
    }
  return t;
}

}  // namespace detail

// Of a product it takes x, channels, kernel, taps, start and out; over the samples [0, samples), a multiple of kLanes.
template <bool is_max>
inline void pool(const Product& p, long samples) {
  const long t = detail::pool_vectors<is_max, detail::kVectors>(p, 0, samples);
  detail::pool_vectors<is_max, 1>(p, t, samples);
}

}  // namespace voxnas
