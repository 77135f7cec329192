// The two products that convolutional networks consist of, on signals stored as one row per channel with time
// running along the row. A tap of a dilated convolution is a row that starts earlier, so that a convolution, its
// gradients, a 1×1 and a mix-in are all the same two loops, vectorised along time for any number of channels.
//
// Both work in blocks that stay in registers: `mix` on outputs × time, `correlate` on rows × rows.
#pragma once
#include <array>
#include <cstddef>
#include <utility>

#include "simd.h"

namespace voxnas {

struct Rows {
  float* data = nullptr;
  long stride = 0;
  float* operator[](long row) const { return data + row * stride; }
  Rows from(long row) const { return {data + row * stride, stride}; }
};

constexpr int kStep = 6 * kLanes;  // times are covered in these steps
constexpr long round_up(long n, long unit) { return (n + unit - 1) / unit * unit; }
// A row's room for n samples: an odd number of vectors, since rows a power of two apart evict each other from caches.
constexpr long row_room(long n) { return (round_up(n, kLanes) / kLanes | 1) * kLanes; }

// Splits n into the fewest parts of at most `most`, as equal as can be; calls run(start, size).
template <class Run>
inline void in_parts(int n, int most, Run run) {
  const int parts = (n + most - 1) / most;
  if (parts == 1) return run(0, n);  // without a division, which takes as long as a narrow convolution
  for (int i = 0; i < parts; ++i) run(n * i / parts, n * (i + 1) / parts - n * i / parts);
}

namespace detail {

// Enough independent sums to keep the multiply-adders busy, and no more than there are registers.
constexpr int kMixOutputs = kRegisters == 32 ? 8 : 6;
constexpr int mix_vectors(int outputs) {
  return kRegisters == 32 ? (outputs <= 4 ? 6 : 3) : (outputs == 1 ? 6 : outputs <= 3 ? 3 : 2);
}

struct Mix {
  const float* const* sources;
  int count;
  const float* weights;  // [count][width], from the block's first output on
  int width;
  const float* bias;  // or null
  Rows start, out;    // start may be empty
};

template <int M>
void mix_block(const Mix& p, int begin, int end) {
  constexpr int N = mix_vectors(M);
  static_assert(kStep % (N * kLanes) == 0);
  for (int t = begin; t < end; t += N * kLanes) {
    vec acc[M][N];
    for (int m = 0; m < M; ++m) {
      const float bias = p.bias ? p.bias[m] : 0.f;
      for (int n = 0; n < N; ++n) acc[m][n] = broadcast(bias);
    }
    if (p.start.data)
      for (int m = 0; m < M; ++m)
        for (int n = 0; n < N; ++n) acc[m][n] += load(p.start[m] + t + n * kLanes);
    const float* w = p.weights;
    for (int j = 0; j < p.count; ++j, w += p.width) {
      const float* row = p.sources[j] + t;
      vec x[N];
      for (int n = 0; n < N; ++n) x[n] = load(row + n * kLanes);
      for (int m = 0; m < M; ++m) {
        const vec weight = in_register(broadcast(w[m]));
        for (int n = 0; n < N; ++n) acc[m][n] += weight * x[n];
      }
    }
    for (int m = 0; m < M; ++m)
      for (int n = 0; n < N; ++n) store(p.out[m] + t + n * kLanes, acc[m][n]);
  }
}

template <size_t... I>
constexpr auto mix_table(std::index_sequence<I...>) {
  return std::array{&mix_block<static_cast<int>(I) + 1>...};
}
inline constexpr auto kMix = mix_table(std::make_index_sequence<kMixOutputs>{});

}  // namespace detail

// out[m][t] = bias[m] + start[m][t] + Σ_j weights[j][m] sources[j][t] for t in [begin, end), multiples of kStep
// apart. `bias` and `start` may be null; `start` may be `out` itself, a source may not.
inline void mix(const float* const* sources, int count, const float* weights, const float* bias, int outputs,
                Rows start, Rows out, int begin, int end) {
  for (int t = begin; t < end; t += kStep)
    in_parts(outputs, detail::kMixOutputs, [&](int first, int size) {
      const detail::Mix block{sources,
                              count,
                              weights + first,
                              outputs,
                              bias ? bias + first : nullptr,
                              start.data ? start.from(first) : Rows{},
                              out.from(first)};
      detail::kMix[size - 1](block, t, t + kStep);
    });
}

constexpr int kRowsLeft = kRegisters == 32 ? 4 : 3, kRowsRight = kRegisters == 32 ? 6 : 4;  // a block's

// A row to correlate with, and where its sums go.
struct Target {
  const float* row;
  float* sum;
};

namespace detail {

template <int A, int B>
void correlate_block(const float* const* rows, const Target* targets, long stride, int begin, int end) {
  vec acc[A][B] = {};
  for (int t = begin; t < end; t += kLanes) {
    vec left[A];
    for (int a = 0; a < A; ++a) left[a] = load(rows[a] + t);
    for (int b = 0; b < B; ++b) {
      const vec right = in_register(load(targets[b].row + t));
      for (int a = 0; a < A; ++a) acc[a][b] += left[a] * right;
    }
  }
  for (int b = 0; b < B; ++b)
    for (int a = 0; a < A; ++a) targets[b].sum[a * stride] += sum(acc[a][b]);
}

using Correlate = void (*)(const float* const*, const Target*, long, int, int);
template <size_t... I>
constexpr auto correlate_table(std::index_sequence<I...>) {
  return std::array<Correlate, sizeof...(I)>{&correlate_block<I / kRowsRight + 1, I % kRowsRight + 1>...};
}
inline constexpr auto kCorrelate = correlate_table(std::make_index_sequence<kRowsLeft * kRowsRight>{});

}  // namespace detail

// targets[b].sum[a * stride] += Σ_t rows[a][t] targets[b].row[t] for t in [begin, end), multiples of kLanes apart.
inline void correlate(const float* const* rows, int count, const Target* targets, int target_count, long stride,
                      int begin, int end) {
  in_parts(count, kRowsLeft, [&](int a, int size_a) {
    in_parts(target_count, kRowsRight, [&](int b, int size_b) {
      // The sums of row a lie a * stride further on.
      Target shifted[kRowsRight];
      for (int i = 0; i < size_b; ++i) shifted[i] = {targets[b + i].row, targets[b + i].sum + a * stride};
      detail::kCorrelate[(size_a - 1) * kRowsRight + size_b - 1](rows + a, shifted, stride, begin, end);
    });
  });
}

// The sum of a row over [begin, end), multiples of kLanes apart.
inline float total(const float* row, int begin, int end) {
  vec acc[4] = {};
  int t = begin;
  for (; t + 4 * kLanes <= end; t += 4 * kLanes)
    for (int i = 0; i < 4; ++i) acc[i] += load(row + t + i * kLanes);
  for (; t < end; t += kLanes) acc[0] += load(row + t);
  return sum((acc[0] + acc[1]) + (acc[2] + acc[3]));
}

}  // namespace voxnas
