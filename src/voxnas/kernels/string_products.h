// Products of a string's layers and what bends their outputs. V: as many strings as it has lanes, or a plain number for
// one; T: of the weights.
#pragma once
#include <cmath>
#include <cstring>
#include <type_traits>

#include "rational_tanh.h"
#include "simd.h"

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

// All of `values`, one string's by as many at a time as a vector holds.
template <class V>
VOXNAS_INLINE void bend_all(Bend kind, V* values, long count) {
  long i = 0;
  if constexpr (std::is_same_v<V, float>)
    for (; i + kLanes <= count; i += kLanes) store(values + i, bent(kind, load(values + i)));
  for (; i < count; ++i) values[i] = bent(kind, values[i]);
}

// The gradients of what was bent to `values`, from those of `values`.
template <class V>
VOXNAS_INLINE void unbend_all(Bend kind, const V* values, V* gradients, long count) {
  long i = 0;
  if constexpr (std::is_same_v<V, float>)
    for (; i + kLanes <= count; i += kLanes)
      store(gradients + i, load(gradients + i) * slope_of(kind, load(values + i)));
  for (; i < count; ++i) gradients[i] *= slope_of(kind, values[i]);
}

// kBlocks vectors' rows of out += W in for one string, whose sums stay in registers. Even and odd columns have sums of
// their own: one would wait for the other.
template <class B, int kBlocks>
VOXNAS_INLINE void add_columns(const float* columns, long rows, long cols, const float* in, float* out) {
  B even[kBlocks], odd[kBlocks];
  for (int b = 0; b < kBlocks; ++b) even[b] = load_as<B>(out + b * lanes<B>), odd[b] = B{};
  long i = 0;
  for (; i + 2 <= cols; i += 2) {
    const float *column = columns + i * rows, *next = column + rows;
    for (int b = 0; b < kBlocks; ++b) {
      even[b] += load_as<B>(column + b * lanes<B>) * in[i];
      odd[b] += load_as<B>(next + b * lanes<B>) * in[i + 1];
    }
  }
  for (int b = 0; b < kBlocks && i < cols; ++b) even[b] += load_as<B>(columns + i * rows + b * lanes<B>) * in[i];
  for (int b = 0; b < kBlocks; ++b) store_as(out + b * lanes<B>, even[b] + odd[b]);
}

VOXNAS_INLINE float dot(const float* a, const float* b, long count) {
  narrow even{}, odd{};
  constexpr long w = lanes<narrow>;
  long i = 0;
  for (; i + 2 * w <= count; i += 2 * w) {
    even += load_as<narrow>(a + i) * load_as<narrow>(b + i);
    odd += load_as<narrow>(a + i + w) * load_as<narrow>(b + i + w);
  }
  even += odd;
  float sum = 0;
  for (long k = 0; k < w; ++k) sum += even[k];
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

// out += W in, with W (rows, cols) and its transpose. Several strings: a row at a time; one: vectors of rows.
template <class V, class T>
VOXNAS_INLINE void add_product(const T* w, const T* transposed, long rows, long cols, const V* in, V* out) {
  if constexpr (std::is_same_v<V, float>) {
    long j = 0;
    for (; j + 4 * kLanes <= rows; j += 4 * kLanes) add_columns<vec, 4>(transposed + j, rows, cols, in, out + j);
    for (; j + kLanes <= rows; j += kLanes) add_columns<vec, 1>(transposed + j, rows, cols, in, out + j);
    for (; j + lanes<narrow> <= rows; j += lanes<narrow>)
      add_columns<narrow, 1>(transposed + j, rows, cols, in, out + j);
    for (; j < rows; ++j) out[j] += dot(w + j * cols, in, cols);
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

// kRows by kCols of to += the sum over steps of dout in', whose sums stay in registers. B: V, or a vector of columns.
template <class B, int kRows, int kCols, class V>
VOXNAS_INLINE void add_tile(const V* dout, const V* in, long steps, long rows, long cols, V* to) {
  constexpr long w = sizeof(B) / sizeof(V);
  B sums[kRows][kCols] = {};
  for (long t = 0; t < steps; ++t) {
    const V *g = dout + t * rows, *x = in + t * cols;
    B wide[kCols];
    for (int c = 0; c < kCols; ++c) std::memcpy(&wide[c], x + c * w, sizeof(B));
    for (int r = 0; r < kRows; ++r)
      for (int c = 0; c < kCols; ++c) sums[r][c] += g[r] * wide[c];
  }
  for (int r = 0; r < kRows; ++r)
    for (int c = 0; c < kCols; ++c) {
      B before;
      std::memcpy(&before, to + r * cols + c * w, sizeof(B));
      before += sums[r][c];
      std::memcpy(to + r * cols + c * w, &before, sizeof(B));
    }
}

// kRows rows of it, all columns.
template <int kRows, class V>
VOXNAS_INLINE void add_rows(const V* dout, const V* in, long steps, long rows, long cols, V* to) {
  long i = 0;
  if constexpr (std::is_same_v<V, float>)
    for (; i + kLanes <= cols; i += kLanes) add_tile<vec, kRows, 1>(dout, in + i, steps, rows, cols, to + i);
  for (; i + 4 <= cols; i += 4) add_tile<V, kRows, 4>(dout, in + i, steps, rows, cols, to + i);
  for (; i < cols; ++i) add_tile<V, kRows, 1>(dout, in + i, steps, rows, cols, to + i);
}

}  // namespace voxnas
