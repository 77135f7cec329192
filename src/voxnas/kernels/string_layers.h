// Layers of a string's cell, forward and backward. V: as many strings as it has lanes, or a plain number for one; T: of
// the weights.
#pragma once
#include <vector>

#include "string_form.h"
#include "string_products.h"

namespace voxnas {

// A matrix with its transpose and, where there is one, its bias.
template <class T>
struct StringLayer {
  long rows = 0, cols = 0, at = 0;  // `at`: in the weights
  const T *w = nullptr, *bias = nullptr;
  std::vector<T> transposed;

  void take(const T* weights, long& place, long r, long c, bool biased) {
    rows = r, cols = c, at = place;
    w = weights + place;
    bias = biased ? w + r * c : nullptr;
    place += r * c + (biased ? r : 0);
    transposed.resize(r * c);
    for (long j = 0; j < r; ++j)
      for (long i = 0; i < c; ++i) transposed[i * r + j] = w[j * c + i];
  }
  template <class V>
  void apply(const V* in, V* out) const {
    for (long j = 0; j < rows; ++j) out[j] = bias ? V{} + bias[j] : V{};
    add_product(w, transposed.data(), rows, cols, in, out);
  }
  // The gradient of the input, added to `din`.
  template <class V>
  void back(const V* dout, V* din) const {
    add_product(transposed.data(), w, cols, rows, dout, din);
  }
  // The weights' gradients of several steps, added to their place in `sums`: `in` (steps, cols), `dout` (steps, rows).
  template <class V>
  void learn(const V* in, const V* dout, long steps, V* sums) const {
    V* to = sums + at;
    long j = 0;
    for (; j + 4 <= rows; j += 4) add_rows<4>(dout + j, in, steps, rows, cols, to + j * cols);
    for (; j < rows; ++j) add_rows<1>(dout + j, in, steps, rows, cols, to + j * cols);
    for (long t = 0; t < steps && bias; ++t)
      for (long r = 0; r < rows; ++r) to[rows * cols + r] += dout[t * rows + r];
  }
};

template <class T>
struct StringWeights {
  StringLayer<T> linear, first, second, last;
  const T* tuning = nullptr;  // all-pass coefficient of each line

  StringWeights(const StringShape& s, const T* weights) {
    long at = 0;
    linear.take(weights, at, s.outputs(), s.features(), false);
    tuning = weights + at;
    at += s.lines;
    if (!s.hidden1) return;
    first.take(weights, at, s.hidden1, s.inputs(), true);
    if (s.hidden2) second.take(weights, at, s.hidden2, s.hidden1, true);
    last.take(weights, at, s.outputs(), s.last(), true);
  }
};

}  // namespace voxnas
