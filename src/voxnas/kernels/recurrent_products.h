// The products of recurrent training: of the values that P segments side by side bring, with weights that they share,
// and of the sums' gradients with those values.
#pragma once
#include "rows.h"

namespace voxnas {
namespace {

constexpr int kTile = kRegisters == 32 ? 4 : 2;  // vectors that a product makes at once

// Adds Σ values[p][k] weights[k] to each segment's V vectors. The shares do not depend on P, so that a segment's result
// does not depend on those beside it.
template <int P, int V>
inline void multiply(vec (&sums)[P][V], const float* const (&values)[P], int count, const float* weights, long stride) {
  constexpr int S = V == 1 ? 2 : 1;
  vec more[P][V] = {};
  int k = 0;
  for (; k + S <= count; k += S)
#pragma GCC unroll 2
    for (int s = 0; s < S; ++s) {
      vec w[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) w[v] = load(weights + (k + s) * stride + v * kLanes);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) {
        const vec x = broadcast(values[p][k + s]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) (s ? more : sums)[p][v] += x * w[v];
      }
    }
  for (; k < count; ++k)
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) sums[p][0] += broadcast(values[p][k]) * load(weights + k * stride);
  if (S == 2)
#pragma GCC unroll 4
    for (int p = 0; p < P; ++p) sums[p][0] += more[p][0];
}

// Calls `run` with a tile's first vector and its width as a constant, from the first to the last of `vectors`.
template <class Run>
inline void in_tiles(int vectors, Run run) {
  int v = 0;
  for (; v + kTile <= vectors; v += kTile) run(v, std::integral_constant<int, kTile>{});
  switch (vectors - v) {
    case 3: return run(v, std::integral_constant<int, 3>{});
    case 2: return run(v, std::integral_constant<int, 2>{});
    case 1: return run(v, std::integral_constant<int, 1>{});
    default: return;
  }
}

// Adds Σ_t values[t][c] dsums[t] to C columns of V vectors each. Not inlined, where it would be short of registers.
template <int V, int C>
__attribute__((noinline)) void correlate(const float* dsums, long dsums_step, const float* values, long values_step, long samples,
                      float* to, long to_stride) {
  vec sums[C][V];
#pragma GCC unroll 8
  for (int i = 0; i < C * V; ++i) sums[i / V][i % V] = load(to + i / V * to_stride + i % V * kLanes);
  for (long t = 0; t < samples; ++t) {
    vec d[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) d[v] = load(dsums + t * dsums_step + v * kLanes);
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) {
      const vec x = broadcast(values[t * values_step + c]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[c][v] += x * d[v];
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < C * V; ++i) store(to + i / V * to_stride + i % V * kLanes, sums[i / V][i % V]);
}

// The same for any number of columns.
template <int V>
inline void correlate_all(const float* dsums, long dsums_step, const float* values, long values_step, int columns,
                          long samples, float* to, long to_stride) {
  constexpr int C = kRegisters == 32 ? (V >= 3 ? 4 : 8) : 4;
  int c = 0;
  for (; c + C <= columns; c += C)
    correlate<V, C>(dsums, dsums_step, values + c, values_step, samples, to + c * to_stride, to_stride);
  for (; c < columns; ++c)
    correlate<V, 1>(dsums, dsums_step, values + c, values_step, samples, to + c * to_stride, to_stride);
}

}  // namespace
}  // namespace voxnas
