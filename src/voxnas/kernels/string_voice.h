// A string that is played: one voice, sample by sample, without allocation after its construction. C++14, no libraries.
//
// The same mathematics as string_cell.h, with pitch, damping and plucks from outside. What is read from the lines lies
// between samples: by an all-pass where the string is tuned, by Lagrange's polynomial else.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "string_voice_layer.h"

namespace voxnas {

struct VoiceShape {
  int64_t lines, states, taps, extras, hidden1, hidden2, activation, passive, tuned, scaled, fractional;
};

// The string as it was trained. Tap k lies `parts[k]` periods and `offsets[k]` samples back; of a tuned line `delays` is
// what its loop filter delays by itself. `weights`: A, and of each layer weights and bias.
struct VoiceModel {
  VoiceShape shape;
  const float *weights, *parts, *offsets, *delays;
  double sample_rate, period, max_t60, drop;
};

class StringVoice {
 public:
  static constexpr int kHold = 16;
  // `lowest_hz`: the lowest pitch that will be asked for, which sets the lines' length.
  explicit StringVoice(const VoiceModel& model, double lowest_hz = 20.0)
      : shape_(model.shape), rate_(model.sample_rate), max_t60_(model.max_t60), drop_(model.drop) {
    const int64_t features = shape_.taps + shape_.states, outputs = shape_.lines + shape_.states;
    const float* w = model.weights;
    take(linear_, w, outputs, features, false);
    if (shape_.hidden1) {
      take(first_, w, shape_.hidden1, features + shape_.extras, true);
      if (shape_.hidden2) take(second_, w, shape_.hidden2, shape_.hidden1, true);
      take(last_, w, outputs, shape_.hidden2 ? shape_.hidden2 : shape_.hidden1, true);
    }
    parts_.assign(model.parts, model.parts + shape_.taps);
    offsets_.assign(model.offsets, model.offsets + shape_.taps);
    delays_.assign(model.delays, model.delays + shape_.lines);
    size_ = 64;
    while (size_ < static_cast<int64_t>(rate_ / lowest_hz) + 64) size_ *= 2;
    line_.assign(shape_.lines * size_, 0.f);
    f_.assign(features, 0.f), in_.assign(features + shape_.extras, 0.f), v_.assign(outputs, 0.f), add_ = v_;
    h1_.assign(shape_.hidden1, 0.f), h2_.assign(shape_.hidden2, 0.f);
    state_.assign(shape_.states, 0.f), passed_.assign(shape_.lines, 0.f);
    whole_.assign(shape_.taps, 1), mix_.assign(4 * shape_.taps, 0.f);
    longest_ = rate_ / lowest_hz;
    set_period(model.period);
  }

  // Takes effect at once, while the string rings on; a pitch below the lowest one is the lowest one.
  void set_pitch(double hz) { set_period(rate_ / std::max(hz, 1e-3)); }

  // Seconds in which the string falls by 60 dB on top of its own decay: a hand that damps. 0 or less: none.
  void set_damping(double t60) {
    t60_ = t60;
    damping_ = t60 > 0 ? static_cast<float>(std::pow(10., -3 * period_ / (rate_ * t60))) : 1.f;
  }

  // Plucks: from the next sample on `exciter`, (lines, count), goes into the lines. It is to stay where it is until then.
  void strike(const float* exciter, int64_t count, float velocity = 1.f) {
    exciter_ = exciter, left_ = exciter_size_ = count, velocity_ = velocity;
    age_ = -count;
  }

  // The next `count` samples of what is heard, the lines' sum, added to `out`.
  void process(float* out, int64_t count) {
    for (int64_t t = 0; t < count; ++t) out[t] += next();
  }

  void reset() {
    for (auto* memory : {&line_, &state_, &passed_}) std::fill(memory->begin(), memory->end(), 0.f);
    left_ = 0;
  }

  // All that is stored: of a passive string it never rises but by a strike.
  double energy() const {
    double sum = 0;
    for (int64_t p = 0; p < shape_.lines; ++p) {
      const int64_t stored = shape_.tuned ? whole_[p] - 1 : size_ - 1;
      for (int64_t i = 1; i <= stored; ++i) sum += square(at(p, i));
      if (shape_.tuned) {  // a normalised ladder's own stored value
        const double a = tuning_[p], held = at(p, whole_[p]) - a * passed_[p];
        sum += held * held / (1 - a * a);
      }
    }
    for (const float z : state_) sum += square(z);
    return sum;
  }

 private:
  VoiceShape shape_;
  double rate_, max_t60_, drop_, period_ = 100, t60_ = 0, longest_ = 0;
  VoiceLayer linear_, first_, second_, last_;
  std::vector<float> parts_, offsets_, delays_, line_, f_, in_, v_, add_, h1_, h2_, state_, passed_, mix_;
  std::vector<int64_t> whole_;
  float tuning_[2] = {}, damping_ = 1.f, rho_ = 1.f, velocity_ = 1.f, level_ = 1.f, extra_[2] = {};
  const float* exciter_ = nullptr;
  int64_t size_ = 0, now_ = 0, left_ = 0, exciter_size_ = 0, age_ = 0, held_ = 0;
  double onset_db_ = 0;

  static double square(double x) { return x * x; }
  float at(int64_t p, int64_t back) const { return line_[p * size_ + ((now_ - back) & (size_ - 1))]; }

  static void take(VoiceLayer& layer, const float*& w, int64_t rows, int64_t cols, bool biased) {
    layer.rows = rows, layer.cols = cols, layer.columns.resize(rows * cols);
    for (int64_t j = 0; j < rows; ++j)
      for (int64_t i = 0; i < cols; ++i) layer.columns[i * rows + j] = w[j * cols + i];
    w += rows * cols;
    if (biased) layer.bias.assign(w, w + rows), w += rows;
  }

  void set_period(double period) {
    period_ = std::min(std::max(period, 8.), longest_);
    rho_ = static_cast<float>(std::pow(10., -3 * period_ / (rate_ * max_t60_)));
    set_damping(t60_);
    for (int64_t i = 0; i < shape_.taps; ++i) {
      if (shape_.tuned) {
        const double rest = period_ - delays_[i];
        whole_[i] = std::max<int64_t>(2, static_cast<int64_t>(std::floor(rest + .5)));
        const double d = std::min(std::max(rest - whole_[i] + 1, .05), 4.);
        tuning_[i] = static_cast<float>((1 - d) / (1 + d));
        continue;
      }
      const double base = parts_[i] * period_;
      const double delay = std::max(1., (shape_.fractional ? base : std::round(base)) + offsets_[i]);
      whole_[i] = static_cast<int64_t>(std::floor(delay + 1e-9));
      const double x = delay - whole_[i] + 1;
      for (int k = 0; k < 4; ++k) {
        double weight = 1;
        for (int other = 0; other < 4; ++other)
          if (other != k) weight *= (x - other) / (k - other);
        mix_[4 * i + k] = static_cast<float>(weight);
      }
      if (whole_[i] < 2) {  // nothing is newer than the last sample
        std::fill(&mix_[4 * i], &mix_[4 * i] + 4, 0.f);
        mix_[4 * i + 1] = 1.f;
      }
    }
  }

  void measure() {
    double energy = 0;
    const int64_t window = std::min<int64_t>(static_cast<int64_t>(period_ + .5), size_ - 1);
    for (int64_t p = 0; p < shape_.lines; ++p)
      for (int64_t i = 1; i <= window; ++i) energy += square(at(p, i));
    level_ = static_cast<float>(std::sqrt(energy / window + 1e-14));
    const double db = 20 * std::log10(level_);
    if (age_ <= kHold) onset_db_ = db;
    extra_[0] = static_cast<float>(db / 60);
    extra_[1] = static_cast<float>((onset_db_ - db - drop_ * std::max<int64_t>(age_, 0)) / 20);
  }

  void network() {
    const float unit = shape_.scaled ? level_ : 1.f;
    for (size_t i = 0; i < f_.size(); ++i) in_[i] = f_[i] / unit;
    for (int64_t i = 0; i < shape_.extras; ++i) in_[f_.size() + i] = extra_[i];
    first_.apply(in_.data(), h1_.data());
    bend(shape_.activation, h1_);
    if (shape_.hidden2) {
      second_.apply(h1_.data(), h2_.data());
      bend(shape_.activation, h2_);
    }
    last_.apply(shape_.hidden2 ? h2_.data() : h1_.data(), add_.data());
    for (size_t j = 0; j < v_.size(); ++j) v_[j] += unit * add_[j];
  }

  void limit() {
    double in = 0, out = 0;
    for (const float f : f_) in += square(f);
    for (const float v : v_) out += square(v);
    const double most = square(rho_) * in;
    if (out <= most) return;
    const float factor = static_cast<float>(std::sqrt(most / out));
    for (float& v : v_) v *= factor;
  }

  float next() {
    if (shape_.hidden1 && (shape_.scaled || shape_.extras) && held_-- <= 0) measure(), held_ = kHold - 1;
    for (int64_t i = 0; i < shape_.taps; ++i) {
      const int64_t p = shape_.tuned ? i : 0, d = whole_[i];
      if (shape_.tuned) {
        passed_[p] = at(p, d) + tuning_[p] * (at(p, d - 1) - passed_[p]);
        f_[i] = passed_[p];
      } else if (d < 2) {
        f_[i] = at(p, 1);
      } else {
        const float* mix = &mix_[4 * i];
        f_[i] = mix[0] * at(p, d - 1) + mix[1] * at(p, d) + mix[2] * at(p, d + 1) + mix[3] * at(p, d + 2);
      }
    }
    for (int64_t k = 0; k < shape_.states; ++k) f_[shape_.taps + k] = state_[k];
    linear_.apply(f_.data(), v_.data());
    if (shape_.hidden1) network();
    if (shape_.passive) limit();
    for (int64_t k = 0; k < shape_.states; ++k) state_[k] = damping_ * v_[shape_.lines + k];
    float heard = 0;
    for (int64_t p = 0; p < shape_.lines; ++p) {
      float sample = damping_ * v_[p];
      if (left_ > 0) sample += velocity_ * exciter_[p * exciter_size_ + exciter_size_ - left_];
      if (std::fabs(sample) < 1e-20f) sample = 0.f;  // numbers too small to hear are slow on some CPUs
      line_[p * size_ + (now_ & (size_ - 1))] = sample;
      heard += sample;
    }
    if (left_ > 0) --left_;
    ++now_, ++age_;
    return heard;
  }
};

}  // namespace voxnas
