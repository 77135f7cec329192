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
#include "string_form.h"
#include "string_layers.h"

namespace voxnas {

constexpr int kHold = 16;    // samples for which the energy is taken as constant
constexpr int kLearnt = 16;  // steps that weights learn from at once: what they add up stays in registers

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
    std::vector<V> dline(P * length(), V{}), dstate(s_.states, V{}), df(F), dpassed(P, V{});
    Slopes slopes(s_);
    for (long t = c_.steps - 1; t >= 0; --t) {
      const V *f = &f_[t * F], *v = &v_[t * O];
      V* dv = slopes.of(slopes.v, O, t);
      for (long p = 0; p < P; ++p) {
        dv[p] = gather(c_.doutput, p * c_.steps + t, P * c_.steps);
        if (t >= c_.forced) dv[p] += dline[p * length() + c_.history + t];
      }
      for (long k = 0; k < s_.states; ++k) dv[P + k] = dstate[k];
      std::fill(df.begin(), df.end(), V{});
      if (s_.passive) back_limit(t, f, v, dv, df.data());
      if (s_.hidden1) back_network(t, dv, df.data(), slopes);
      w_.linear.back(dv, df.data());
      if (sums && t % kLearnt == 0) learn(t, slopes, sums);
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
    bend_all(kind, h1, s_.hidden1);
    if (s_.hidden2) {
      h2 = &h2_[at * s_.hidden2];
      w_.second.apply(h1, h2);
      bend_all(kind, h2, s_.hidden2);
    }
    V out[kMost];
    w_.last.apply(h2, out);
    for (long j = 0; j < s_.outputs(); ++j) v[j] += unit * out[j];
    size_[at * 3 + 2] = unit;
  }

  // Slopes of what the layers give, of the last `kLearnt` steps: their weights learn from all of these at once.
  struct Slopes {
    std::vector<V> v, last, h1, h2, in;
    explicit Slopes(const StringShape& s)
        : v(kLearnt * s.outputs()), last(v), h1(kLearnt * s.hidden1), h2(kLearnt * s.hidden2), in(s.inputs()) {}
    V* of(std::vector<V>& layer, long size, long t) { return layer.data() + t % kLearnt * size; }
  };

  void back_network(long t, const V* dv, V* df, Slopes& slopes) {
    const V *h1 = &h1_[t * s_.hidden1], unit = size_[t * 3 + 2];
    const Bend kind = static_cast<Bend>(s_.activation);
    V *dlast = slopes.of(slopes.last, s_.outputs(), t), *dh1 = slopes.of(slopes.h1, s_.hidden1, t);
    V *dh2 = slopes.of(slopes.h2, s_.hidden2, t), *din = slopes.in.data();
    for (long j = 0; j < s_.outputs(); ++j) dlast[j] = unit * dv[j];
    std::fill_n(dh1, s_.hidden1, V{});
    std::fill_n(din, s_.inputs(), V{});
    if (s_.hidden2) {
      const V* h2 = &h2_[t * s_.hidden2];
      std::fill_n(dh2, s_.hidden2, V{});
      w_.last.back(dlast, dh2);
      unbend_all(kind, h2, dh2, s_.hidden2);
      w_.second.back(dh2, dh1);
    } else {
      w_.last.back(dlast, dh1);
    }
    unbend_all(kind, h1, dh1, s_.hidden1);
    w_.first.back(dh1, din);
    for (long i = 0; i < s_.features(); ++i) df[i] += din[i] / unit;
  }

  // The weights' gradients of the steps from `t` on whose slopes are there.
  void learn(long t, const Slopes& slopes, V* sums) {
    const long steps = std::min<long>(kLearnt, c_.steps - t);
    w_.linear.learn(&f_[t * s_.features()], slopes.v.data(), steps, sums);
    if (!s_.hidden1) return;
    const V *h1 = &h1_[t * s_.hidden1], *h2 = s_.hidden2 ? &h2_[t * s_.hidden2] : h1;
    w_.first.learn(&in_[t * s_.inputs()], slopes.h1.data(), steps, sums);
    if (s_.hidden2) w_.second.learn(h1, slopes.h2.data(), steps, sums);
    w_.last.learn(h2, slopes.last.data(), steps, sums);
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
