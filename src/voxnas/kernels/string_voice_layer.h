// A layer of a string that is played, and what bends its outputs. C++14, no libraries.
#pragma once
#include <cmath>
#include <cstdint>
#include <vector>

#include "rational_tanh.h"

namespace voxnas {

// A matrix by its columns and, where there is one, its bias.
struct VoiceLayer {
  int64_t rows = 0, cols = 0;
  std::vector<float> columns, bias;
  // Many rows at a time, so that their sums stay in registers.
  void apply(const float* in, float* out) const {
    int64_t j = 0;
    for (; j + 32 <= rows; j += 32) add<32>(in, out, j);
    for (; j + 8 <= rows; j += 8) add<8>(in, out, j);
    for (; j < rows; ++j) out[j] = one(in, j);
  }
  template <int kRows>
  void add(const float* in, float* out, int64_t from) const {
    float sums[kRows] = {};
    for (int k = 0; k < kRows && !bias.empty(); ++k) sums[k] = bias[from + k];
    const float* column = columns.data() + from;
    for (int64_t i = 0; i < cols; ++i, column += rows)
      for (int k = 0; k < kRows; ++k) sums[k] += column[k] * in[i];
    for (int k = 0; k < kRows; ++k) out[from + k] = sums[k];
  }
  // One row, by sums that do not wait for each other.
  float one(const float* in, int64_t row) const {
    float sums[8] = {bias.empty() ? 0.f : bias[row]};
    const float* w = columns.data() + row;
    int64_t i = 0;
    for (; i + 8 <= cols; i += 8)
      for (int k = 0; k < 8; ++k) sums[k] += w[(i + k) * rows] * in[i + k];
    for (; i < cols; ++i) sums[0] += w[i * rows] * in[i];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }
};

// A loop for each kind: a compiler makes vectors of it.
inline void bend(int64_t kind, std::vector<float>& values) {
  switch (kind) {
    case 0:
      for (float& x : values) x = tanh_within(x > 8 ? 8.f : x < -8 ? -8.f : x);
      break;
    case 1:
      for (float& x : values) x = x / (1 + std::fabs(x));
      break;
    case 2:
      for (float& x : values) x = x > 0 ? x : 0.f;
      break;
    default:
      for (float& x : values) x = x > 1 ? 1.f : x < -1 ? -1.f : x;
  }
}

}  // namespace voxnas
