// A resonator in feedback: delay lines, each closed through one cell, forward and backward through all generations of
// the feedback, for as many strings side by side as V has lanes (V may be a plain number).
//
// In every sample the cell takes features f: taps of the lines, and its own states. A line's new sample and the next
// states are
//     v = A f + MLP(f, e),   and where it is passive   v * min(1, rho |f| / |v|)
// with e what is known of the energy in the lines. The first `forced` samples of the lines are given, whatever v says:
// that is teacher forcing. No gradient goes through e.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "simd.h"

namespace voxnas {

constexpr int kHold = 16;  // samples for which the energy is taken as constant

// The numbers are the interface to Python; see string.py.
struct StringShape {
  int64_t lines, states, taps, extras, hidden1, hidden2, activation, passive, tuned, scaled;
  long features() const { return taps + states; }
  long outputs() const { return lines + states; }
  long inputs() const { return features() + extras; }  // of the MLP
  long last() const { return hidden2 ? hidden2 : hidden1; }
  long weights() const {
    long count = outputs() * features() + lines;
    if (hidden1) count += hidden1 * (inputs() + 1) + outputs() * (last() + 1);
    if (hidden2) count += hidden2 * (hidden1 + 1);
    return count;
  }
};

// Of one call for all strings. Arrays of T: batch first, then line or state, then time.
template <class T>
struct StringCall {
  int64_t batch, history, steps, forced, threads, window;
  const int64_t *tap_line, *tap_delay;
  double rho, drop;  // most gain of a passage; expected fall in dB per sample
  const T *weights;  // A, the lines' all-pass coefficients, and of each layer weights and bias
  const T *start, *states, *given, *onset;  // onset: level at the note's onset in dB, samples since then
  T* output;                                // v of the lines
  const T* doutput;
  T *dstart, *dstates, *dweights;
};

enum class Bend { Tanh, Softsign, ReLU, Hardtanh };

template <class V>
VOXNAS_INLINE V bend_rational(V x) {  // see rational_tanh of activations.h
  x = x > 8.f ? V{} + 8.f : x;
  x = x < -8.f ? V{} - 8.f : x;
  const V s = x * x;
  const V p = 1.506172015833912e-08f * s + 2.1773180874644624e-05f;
  const V q = 8.453625096125126e-07f * s + 3.3991729140159417e-04f;
  const V top = ((p * s + 3.564152151941776e-03f) * s + .13438187780337982f) * s + .9999999699794949f;
  const V bottom = ((q * s + 2.6136000531216577e-02f) * s + .4677150855457199f) * s + 1.f;
  return x * top / bottom;
}
VOXNAS_INLINE vec bend_tanh(vec x) { return bend_rational(x); }
VOXNAS_INLINE float bend_tanh(float x) { return bend_rational(x); }
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

// The strings `first` to `first + lanes` of a call.
template <class V, class T>
class StringRun {
 public:
  static constexpr int kWide = sizeof(V) / sizeof(T);

  StringRun(const StringShape& shape, const StringCall<T>& call, const StringWeights<T>& weights, long first)
      : s_(shape), c_(call), w_(weights), first_(first), count_(std::min<long>(kWide, call.batch - first)) {}

  // `keeps`: what `back` will ask for.
  void forward(bool keeps) {
    const long n = c_.steps, F = s_.features(), O = s_.outputs();
    line_.assign(s_.lines * length(), V{});
    for (long p = 0; p < s_.lines; ++p)
      for (long t = 0; t < c_.history; ++t) line(p)[t] = gather(c_.start, (p * c_.history + t), s_.lines * c_.history);
    state_.assign(s_.states, V{});
    for (long k = 0; k < s_.states && c_.states; ++k) state_[k] = gather(c_.states, k, s_.states);
    passed_.assign(s_.tuned ? s_.lines : 0, V{});
    const long kept = keeps ? n : 1;
    f_.assign(kept * F, V{});
    v_.assign(kept * O, V{});
    h1_.assign(kept * s_.hidden1, V{});
    h2_.assign(kept * s_.hidden2, V{});
    in_.assign(kept * (s_.hidden1 ? s_.inputs() : 0), V{});
    size_.assign(kept * 3, V{} + 1);
    level_ = V{} + 1;
    extra_[0] = extra_[1] = V{};
    for (long t = 0; t < n; ++t) step(t, keeps ? t : 0);
  }

  // Gradients of the whole run: `sums` has room for the weights, or is null where theirs are not asked for.
  void back(V* sums) {
    const long F = s_.features(), O = s_.outputs(), P = s_.lines;
    std::vector<V> dline(P * length(), V{}), dstate(s_.states, V{}), df(F), dv(O), dh1(s_.hidden1), dh2(s_.hidden2),
        din(s_.hidden1 ? s_.inputs() : 0), dpassed(P, V{});
    for (long t = c_.steps - 1; t >= 0; --t) {
      const V *f = &f_[t * F], *v = &v_[t * O];
      for (long p = 0; p < P; ++p) {
        dv[p] = gather(c_.doutput, p * c_.steps + t, P * c_.steps);
        if (t >= c_.forced) dv[p] += dline[p * length() + c_.history + t];
      }
      for (long k = 0; k < s_.states; ++k) dv[P + k] = dstate[k];
      std::fill(df.begin(), df.end(), V{});
      if (s_.passive) back_limit(t, f, v, dv.data(), df.data());
      if (s_.hidden1) back_network(t, dv.data(), df.data(), din, dh1, dh2, sums);
      w_.linear.back(f, dv.data(), df.data(), sums);
      for (long k = 0; k < s_.states; ++k) dstate[k] = df[s_.taps + k];
      for (long i = 0; i < s_.taps; ++i) {
        const long p = c_.tap_line[i], at = p * length() + c_.history + t - c_.tap_delay[i];
        if (!s_.tuned) {
          dline[at] += df[i];
          continue;
        }
        const V g = df[i] + dpassed[p];  // of the all-pass's output here: x = a (r - x_before) + r_before
        const T a = w_.tuning[p];
        const V before = t > 0 ? f_[(t - 1) * F + i] : V{};
        if (sums) sums[(w_.tuning - c_.weights) + p] += g * (line_[at + 1] - before);
        dpassed[p] = -a * g;
        dline[at + 1] += a * g;
        dline[at] += g;
      }
    }
    for (long p = 0; p < P && c_.dstart; ++p)
      for (long t = 0; t < c_.history; ++t)
        scatter(c_.dstart, p * c_.history + t, P * c_.history, dline[p * length() + t]);
    for (long k = 0; k < s_.states && c_.dstates; ++k) scatter(c_.dstates, k, s_.states, dstate[k]);
  }

 private:
  const StringShape& s_;
  const StringCall<T>& c_;
  const StringWeights<T>& w_;
  const long first_, count_;
  std::vector<V> line_, state_, passed_, f_, v_, h1_, h2_, in_, size_;
  V level_, extra_[2];

  long length() const { return c_.history + c_.steps; }
  V* line(long p) { return &line_[p * length()]; }
  V gather(const T* from, long at, long stride) const {
    V v{};
    for (long i = 0; i < count_; ++i) reinterpret_cast<T*>(&v)[i] = from[(first_ + i) * stride + at];
    return v;
  }
  void scatter(T* to, long at, long stride, V v) const {
    for (long i = 0; i < count_; ++i) to[(first_ + i) * stride + at] = reinterpret_cast<const T*>(&v)[i];
  }
  static V root(V x) {
    V y;
    for (int i = 0; i < kWide; ++i) reinterpret_cast<T*>(&y)[i] = std::sqrt(reinterpret_cast<const T*>(&x)[i]);
    return y;
  }

  // The level of the last period, and what it says.
  void measure(long t) {
    V energy{};
    const long to = c_.history + t, from = std::max<long>(0, to - c_.window);
    for (long p = 0; p < s_.lines; ++p)
      for (long i = from; i < to; ++i) energy += line(p)[i] * line(p)[i];
    level_ = root(energy / static_cast<T>(c_.window) + static_cast<T>(1e-14));
    for (int i = 0; i < kWide && s_.extras; ++i) {
      const T db = 20 * std::log10(reinterpret_cast<const T*>(&level_)[i]);
      reinterpret_cast<T*>(&extra_[0])[i] = db / 60;
      const T* onset = c_.onset + 2 * std::min(first_ + i, first_ + count_ - 1);
      reinterpret_cast<T*>(&extra_[1])[i] = (onset[0] - db - static_cast<T>(c_.drop) * (onset[1] + t)) / 20;
    }
  }

  void step(long t, long at) {
    const long F = s_.features(), O = s_.outputs();
    V *f = &f_[at * F], *v = &v_[at * O];
    if ((s_.scaled || s_.extras) && t % kHold == 0) measure(t);
    for (long i = 0; i < s_.taps; ++i) {
      const long p = c_.tap_line[i], place = c_.history + t - c_.tap_delay[i];
      f[i] = line(p)[place];
      if (!s_.tuned) continue;
      f[i] += w_.tuning[p] * (line(p)[place + 1] - passed_[p]);
      passed_[p] = f[i];
    }
    for (long k = 0; k < s_.states; ++k) f[s_.taps + k] = state_[k];
    w_.linear.apply(f, v);
    if (s_.hidden1) network(at, f, v);
    if (s_.passive) limit(at, f, v);
    for (long p = 0; p < s_.lines; ++p) {
      scatter(c_.output, p * c_.steps + t, s_.lines * c_.steps, v[p]);
      line(p)[c_.history + t] = t < c_.forced ? gather(c_.given, p * c_.steps + t, s_.lines * c_.steps) : v[p];
    }
    for (long k = 0; k < s_.states; ++k) state_[k] = v[s_.lines + k];
  }

  void network(long at, const V* f, V* v) {
    V *in = &in_[at * s_.inputs()], *h1 = &h1_[at * s_.hidden1], *h2 = h1;
    const V unit = s_.scaled ? level_ : V{} + 1;
    for (long i = 0; i < s_.features(); ++i) in[i] = f[i] / unit;
    for (long i = 0; i < s_.extras; ++i) in[s_.features() + i] = extra_[i];
    const Bend kind = static_cast<Bend>(s_.activation);
    w_.first.apply(in, h1);
    for (long i = 0; i < s_.hidden1; ++i) h1[i] = bent(kind, h1[i]);
    if (s_.hidden2) {
      h2 = &h2_[at * s_.hidden2];
      w_.second.apply(h1, h2);
      for (long i = 0; i < s_.hidden2; ++i) h2[i] = bent(kind, h2[i]);
    }
    V out[kMost];
    w_.last.apply(h2, out);
    for (long j = 0; j < s_.outputs(); ++j) v[j] += unit * out[j];
    size_[at * 3 + 2] = unit;
  }

  void back_network(long t, const V* dv, V* df, std::vector<V>& din, std::vector<V>& dh1, std::vector<V>& dh2, V* sums) {
    const V *in = &in_[t * s_.inputs()], *h1 = &h1_[t * s_.hidden1], unit = size_[t * 3 + 2];
    const Bend kind = static_cast<Bend>(s_.activation);
    V dout[kMost];
    for (long j = 0; j < s_.outputs(); ++j) dout[j] = unit * dv[j];
    std::fill(dh1.begin(), dh1.end(), V{});
    std::fill(din.begin(), din.end(), V{});
    if (s_.hidden2) {
      const V* h2 = &h2_[t * s_.hidden2];
      std::fill(dh2.begin(), dh2.end(), V{});
      w_.last.back(h2, dout, dh2.data(), sums);
      for (long i = 0; i < s_.hidden2; ++i) dh2[i] *= slope_of(kind, h2[i]);
      w_.second.back(h1, dh2.data(), dh1.data(), sums);
    } else {
      w_.last.back(h1, dout, dh1.data(), sums);
    }
    for (long i = 0; i < s_.hidden1; ++i) dh1[i] *= slope_of(kind, h1[i]);
    w_.first.back(in, dh1.data(), din.data(), sums);
    for (long i = 0; i < s_.features(); ++i) df[i] += din[i] / unit;
  }

  // v onto the ball of radius rho |f|. `size_` keeps the factor, and |v|² before it.
  void limit(long at, const V* f, V* v) {
    V in{}, out{};
    for (long i = 0; i < s_.features(); ++i) in += f[i] * f[i];
    for (long j = 0; j < s_.outputs(); ++j) out += v[j] * v[j];
    const V most = in * static_cast<T>(c_.rho * c_.rho), ratio = root(most / (out + static_cast<T>(1e-30)));
    const V factor = ratio < 1 ? ratio : V{} + 1;
    for (long j = 0; j < s_.outputs(); ++j) v[j] *= factor;
    size_[at * 3] = factor, size_[at * 3 + 1] = in;
  }

  void back_limit(long t, const V* f, const V* v, V* dv, V* df) {
    const V factor = size_[t * 3], in = size_[t * 3 + 1];
    V along{}, out{};  // v, the limited one, is rho |f| v/|v|
    for (long j = 0; j < s_.outputs(); ++j) along += dv[j] * v[j], out += v[j] * v[j];
    const V tiny = V{} + static_cast<T>(1e-30), active = factor < 1 ? V{} + 1 : V{};
    const V across = active * along / (out + tiny), up = active * along / (in + tiny);
    for (long j = 0; j < s_.outputs(); ++j) dv[j] = factor * (dv[j] - across * v[j]);
    for (long i = 0; i < s_.features(); ++i) df[i] += up * f[i];
  }

 public:
  static constexpr long kMost = 32;  // lines and states
};

}  // namespace voxnas
