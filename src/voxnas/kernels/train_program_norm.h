// The gradient of a norm over channels, of a program that is trained; see steps.h for what it computes.
#pragma once

#include "train_program_pass.h"

namespace voxnas {
namespace {

// Floats of room that it needs.
inline size_t norm_room(const Op& op) { return static_cast<size_t>(2 * op.channels) * kLanes; }

// From `g`, of the result, to `to`, of the input `x`, which is added to unless it is the first to be there; of gains and
// biases to their places in `sums`.
inline void normalise_back(const Op& op, Rows x, Rows g, Rows to, int begin, int end, float* room, float* sums) {
  const int channels = op.channels;
  const vec share = broadcast(1.f / static_cast<float>(channels));
  float *by_gain = room, *by_bias = room + channels * kLanes;
  std::fill_n(room, 2 * channels * kLanes, 0.f);
  for (int t = begin; t < end; t += kLanes) {
    vec mean = {}, variance = {}, sum_g = {}, sum_gx = {};
    for (int c = 0; c < channels; ++c) mean += load(x[c] + t);
    mean *= share;
    for (int c = 0; c < channels; ++c) {
      const vec from = load(x[c] + t) - mean;
      variance += from * from;
    }
    const vec scale = 1.f / square_root(variance * share + kNormFloor);
    for (int c = 0; c < channels; ++c) {
      const vec dout = load(g[c] + t), normed = (load(x[c] + t) - mean) * scale, d = dout * op.weights[c];
      sum_g += d;
      sum_gx += d * normed;
      store(by_gain + c * kLanes, load(by_gain + c * kLanes) + dout * normed);
      store(by_bias + c * kLanes, load(by_bias + c * kLanes) + dout);
    }
    for (int c = 0; c < channels; ++c) {
      const vec normed = (load(x[c] + t) - mean) * scale;
      const vec dx = scale * (load(g[c] + t) * op.weights[c] - share * (sum_g + normed * sum_gx));
      store(to[c] + t, op.first_x ? dx : load(to[c] + t) + dx);
    }
  }
  for (int c = 0; c < channels; ++c) {
    sums[op.conv.weight_at + c] += sum(load(by_gain + c * kLanes));
    sums[op.conv.weight_at + channels + c] += sum(load(by_bias + c * kLanes));
  }
}

}  // namespace
}  // namespace voxnas
