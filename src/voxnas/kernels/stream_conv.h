// A convolution of a few dozen samples: the product that streaming consists of. As in rows.h time runs along the
// rows; a block of outputs × time stays in registers while all taps of all channels are added to it.
#pragma once
#include <algorithm>
#include <array>
#include <utility>

#include "rows.h"

namespace voxnas {

// The outputs of one convolution, and what is added up for each. Pointers are to the first sample.
struct Product {
  Rows x;  // the input's, with the past before it
  int channels, kernel;
  const long* taps;        // [kernel], from x to where the first row's samples of a tap are
  const float* condition;  // one more row, or null
  const float* weights;    // [tap][channel][output]; then the condition's [output]
  const float* bias;       // [output]
  Rows start, out;         // start may be empty, or `out` itself
  int outputs;
  bool relu;  // before start is added
};

namespace detail {

// A block's, at most: sums for all registers but those of its vectors and of a weight.
constexpr int kVectors = kRegisters == 32 ? 4 : 2;
constexpr int most_outputs(int vectors) { return std::min(16, (kRegisters - vectors - 1) / vectors); }

// Sums that stay in registers: every loop over them has to be unrolled, and nothing may take their address, as
// a call that clang does not put in line does: it would store and load them all.
template <int M, int N>
struct Block {
  vec sums[M][N] = {};

  template <class Each>
  VOXNAS_INLINE void for_each(Each each) {
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 16
      for (int n = 0; n < N; ++n) each(m, n, sums[m][n]);
  }
  VOXNAS_INLINE void add_row(const float* row, const float* weights) {
    vec x[N];
#pragma GCC unroll 16
    for (int n = 0; n < N; ++n) x[n] = in_register(load(row + n * kLanes));
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m) {
      const vec weight = in_register(broadcast(weights[m]));
#pragma GCC unroll 16
      for (int n = 0; n < N; ++n) sums[m][n] += weight * x[n];
    }
  }
};

// Outputs from `first` on, at `t`.
template <int M, int N>
void convolve_block(const Product& p, int first, long t) {
  Block<M, N> block;
  const float* weights = p.weights + first;
  for (int tap = 0; tap < p.kernel; ++tap) {
    const float* row = p.x.data + t + p.taps[tap];
    for (int c = 0; c < p.channels; ++c, row += p.x.stride, weights += p.outputs) block.add_row(row, weights);
  }
  if (p.condition) block.add_row(p.condition + t, weights);
  // The bias last, since those of trained networks are large beside the rest, and each sum is rounded to its size.
  block.for_each([&](int m, int, vec& sum) { sum += broadcast(p.bias[first + m]); });
  if (p.relu) block.for_each([&](int, int, vec& sum) { sum = at_least(sum, 0.f); });
  if (p.start.data) block.for_each([&](int m, int n, vec& sum) { sum += load(p.start[first + m] + t + n * kLanes); });
  block.for_each([&](int m, int n, vec& sum) { store(p.out[first + m] + t + n * kLanes, sum); });
}

template <int N, size_t... I>
constexpr auto convolve_table(std::index_sequence<I...>) {
  return std::array{&convolve_block<static_cast<int>(I) + 1, N>...};
}

template <int N>
inline long convolve_vectors(const Product& p, long t, long end) {
  static constexpr auto kBlocks = convolve_table<N>(std::make_index_sequence<most_outputs(N)>{});
  for (; t + N * kLanes <= end; t += N * kLanes)
    in_parts(p.outputs, most_outputs(N), [&](int first, int size) { kBlocks[size - 1](p, first, t); });
  return t;
}

}  // namespace detail

// Works out the samples [0, samples), a multiple of kLanes.
inline void convolve(const Product& p, long samples) {
  long t = detail::convolve_vectors<detail::kVectors>(p, 0, samples);
  if constexpr (detail::kVectors > 2) t = detail::convolve_vectors<2>(p, t, samples);
  detail::convolve_vectors<1>(p, t, samples);
}

}  // namespace voxnas
