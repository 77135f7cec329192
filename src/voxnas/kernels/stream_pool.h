// The mean and the maximum over a few taps of each channel. With one tap it is a copy, or with a start a sum.
#pragma once
#include "stream_conv.h"

namespace voxnas {
namespace detail {

// N vectors of a channel from `x` on; with as many taps as given, or any number where that is 0.
template <bool is_max, int taps, int N>
void pool_block(const Product& p, const float* x, const float* start, float* out) {
  const int count = taps ? taps : p.kernel;
  vec y[N];
  for (int n = 0; n < N; ++n) y[n] = load(x + p.taps[0] + n * kLanes);
  for (int tap = 1; tap < count; ++tap)
    for (int n = 0; n < N; ++n) {
      const vec next = load(x + p.taps[tap] + n * kLanes);
      y[n] = is_max ? greater(y[n], next) : y[n] + next;
    }
  if (!is_max && taps != 1)
    for (int n = 0; n < N; ++n) y[n] *= 1.f / count;
  if (start)
    for (int n = 0; n < N; ++n) y[n] += load(start + n * kLanes);
  for (int n = 0; n < N; ++n) store(out + n * kLanes, y[n]);
}

template <bool is_max, int taps>
void pool_taps(const Product& p, long samples) {
  for (int c = 0; c < p.channels; ++c) {
    const float *x = p.x[c], *start = p.start.data ? p.start[c] : nullptr;
    float* out = p.out[c];
    const auto blocks = [&](long& t, auto vectors) {
      constexpr int N = decltype(vectors)::value;
      for (; t + N * kLanes <= samples; t += N * kLanes)
        pool_block<is_max, taps, N>(p, x + t, start ? start + t : nullptr, out + t);
    };
    long t = 0;
    blocks(t, std::integral_constant<int, kVectors>{});
    blocks(t, std::integral_constant<int, 1>{});
  }
}

}  // namespace detail

// Of a product it takes x, channels, kernel, taps, start and out; over the samples [0, samples), a multiple of kLanes.
template <bool is_max>
inline void pool(const Product& p, long samples) {
  switch (p.kernel) {
    case 1: return detail::pool_taps<is_max, 1>(p, samples);
    case 3: return detail::pool_taps<is_max, 3>(p, samples);
    default: return detail::pool_taps<is_max, 0>(p, samples);
  }
}

}  // namespace voxnas
