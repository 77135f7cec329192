// Layers of a string's cell and what bends their outputs, forward and backward. V: as many strings as it has lanes, or
// a plain number for one; T: of the weights.
#pragma once
#include <cmath>
#include <vector>

#include "rational_tanh.h"
#include "simd.h"
#include "string_form.h"

namespace voxnas {

enum class Bend { Tanh, Softsign, ReLU, Hardtanh };

template <class V>
VOXNAS_INLINE V bend_clamped(V x) {
  x = x > 8.f ? V{} + 8.f : x;
  x = x < -8.f ? V{} - 8.f : x;
  return tanh_within(x);
}
VOXNAS_INLINE vec bend_tanh(vec x) { return bend_clamped(x); }
VOXNAS_INLINE float bend_tanh(float x) { return bend_clamped(x); }
VOXNAS_INLINE double bend_tanh(double x) { return std::tanh(x); }

template <class V>
VOXNAS_INLINE V size_of(V x) {
  return x < 0 ? -x : x;
}
template <class V>
VOXNAS_INLINE V bent(Bend kind, V x) {
  switch (kind) {
    case Bend::Tanh: return bend_tanh(x);
    case Bend::Softsign: return x / (1 + size_of(x));
    case Bend::ReLU: return x > 0 ? x : V{};
    default: return x > 1 ? V{} + 1 : x < -1 ? V{} - 1 : x;
  }
}
// The slope, from the output.
template <class V>
VOXNAS_INLINE V slope_of(Bend kind, V y) {
  const V one = V{} + 1;
  switch (kind) {
    case Bend::Tanh: return 1 - y * y;
    case Bend::Softsign: return (1 - size_of(y)) * (1 - size_of(y));
    case Bend::ReLU: return y > 0 ? one : V{};
    default: return size_of(y) < 1 ? one : V{};
  }
}

// out += W in, with W (rows, cols) and its transpose. Several strings: a row at a time; one: a column at a time.
template <class V, class T>
VOXNAS_INLINE void add_product(const T* w, const T* transposed, long rows, long cols, const V* in, V* out) {
  if constexpr (sizeof(V) == sizeof(T)) {
    for (long i = 0; i < cols; ++i) {
      const T x = in[i];
      const T* column = transposed + i * rows;
      for (long j = 0; j < rows; ++j) out[j] += column[j] * x;
    }
  } else {
    long j = 0;
    for (; j + 4 <= rows; j += 4) {
      V a = out[j], b = out[j + 1], c = out[j + 2], d = out[j + 3];
      const T* row = w + j * cols;
      for (long i = 0; i < cols; ++i) {
        const V x = in[i];
        a += row[i] * x;
        b += row[i + cols] * x;
        c += row[i + 2 * cols] * x;
        d += row[i + 3 * cols] * x;
      }
      out[j] = a, out[j + 1] = b, out[j + 2] = c, out[j + 3] = d;
    }
    for (; j < rows; ++j) {
      V a = out[j];
      for (long i = 0; i < cols; ++i) a += w[j * cols + i] * in[i];
      out[j] = a;
    }
  }
}

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
  // The gradients: of the weights into sums, of the input added to `din`.
  template <class V>
  void back(const V* in, const V* dout, V* din, V* sums) const {
    if (V* to = sums) {
      to += at;
      for (long j = 0; j < rows; ++j) {
        const V g = dout[j];
        for (long i = 0; i < cols; ++i) to[j * cols + i] += g * in[i];
      }
      if (bias)
        for (long j = 0; j < rows; ++j) to[rows * cols + j] += dout[j];
    }
    add_product(transposed.data(), w, cols, rows, dout, din);
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
