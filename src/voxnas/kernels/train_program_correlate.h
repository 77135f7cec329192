// The gradient of a convolution's weights, from its input and the gradient of its output.
#pragma once

#include "train_jobs.h"

namespace voxnas {
namespace {

class WeightGradients {
 public:
  // Adds to the weights' and the biases' places in `sums`.
  void add(const Conv& conv, Rows x, Rows dz, int begin, int end, float* sums) {
    left_.clear().add(x, conv.in);
    // All taps of a few rows at a time, which then stay in the nearest cache.
    in_parts(conv.out, kRowsRight, [&](int first, int size) {
      targets_.clear();
      for (int tap = 0; tap < conv.kernel; ++tap)
        for (int o = first; o < first + size; ++o) targets_.push_back({dz[o] + conv.reach(tap), sums + conv.at(o, 0, tap)});
      correlate(left_.data(), conv.in, targets_.data(), conv.kernel * size, conv.kernel, begin, end);
    });
    if (conv.biased)
      for (int o = 0; o < conv.out; ++o) sums[conv.bias_at + o] += total(dz[o], begin, end);
  }

 private:
  std::vector<Target> targets_;
  Sources left_;
};

}  // namespace
}  // namespace voxnas
