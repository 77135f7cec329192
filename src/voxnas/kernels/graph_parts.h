// The operations of a program that keep a state or room of their own; what they compute is in steps.h.
//
// Each is made of whole numbers and of weights, in the order that its class says.
#pragma once
#include <algorithm>
#include <memory>
#include <type_traits>
#include <vector>

#include "history.h"
#include "steps.h"
#include "stream_activations.h"
#include "stream_conv.h"

namespace voxnas {

constexpr long kMostSilence = 48000;  // samples that silence is given to settle

class Part {
 public:
  virtual ~Part() = default;
  // The samples [0, samples) of p.out from those of p.x, and of p.start where there is a second input.
  virtual void run(const Product& p, long samples) = 0;
  // The same as if what p.x is now had been there for ever.
  virtual void settle(const Product& p, long samples) { run(p, samples); }
};

// Takes what it is made of, in turn.
struct Given {
  const int64_t* numbers;
  const float* weights;
  int number() { return static_cast<int>(*numbers++); }
  std::vector<float> floats(size_t count) {
    const float* from = weights;
    weights += count;
    return {from, weights};
  }
};

// An activation of whole rows.
class RowActivation {
 public:
  explicit RowActivation(Given& given) {
    number_ = given.number();
    for (int i = 0; i < kParameters; ++i) given.number();  // those that have constants are refused before
    with_value(number_, [&](auto type) { run_ = row<typename decltype(type)::type>; });
  }
  void operator()(float* data, long samples) const { run_(data, samples); }

 private:
  template <class Act>
  static void row(float* data, long samples) {
    const Activating none{};
    if constexpr (!std::is_same_v<Act, Activation<Kind::PReLU>> && !std::is_same_v<Act, Activation<Kind::Mixture>>) {
      const Act act(none, 0);
      for (long t = 0; t < samples; t += kLanes) store(data + t, act.value(load(data + t)));
    }
  }
  int number_;
  void (*run_)(float*, long) = nullptr;
};

class Multiply : public Part {
 public:
  void run(const Product& p, long samples) override {
    for (int c = 0; c < p.outputs; ++c)
      for (long t = 0; t < samples; t += kLanes) store(p.out[c] + t, load(p.x[c] + t) * load(p.start[c] + t));
  }
};

// What controls make of each row of the films: what they multiply with and add before a piece, and how that grows with
// each sample where they move. Null without controls.
struct Motion {
  const float *factors = nullptr, *added = nullptr, *factor_slopes = nullptr, *slopes = nullptr;
};

// `first` is the first of its rows.
class Film : public Part {
 public:
  Film(const Motion& motion, long first) : motion_(motion), first_(first) {}
  void run(const Product& p, long samples) override {
    for (int c = 0; c < p.outputs; ++c) {
      const long row = first_ + c;
      const float factor = motion_.factors ? motion_.factors[row] : 1.f, added = motion_.added ? motion_.added[row] : 0.f;
      if (motion_.slopes)
        for (long t = 0; t < samples; ++t) {
          const float at = static_cast<float>(t + 1);
          p.out[c][t] = (factor + at * motion_.factor_slopes[row]) * p.x[c][t] + (added + at * motion_.slopes[row]);
        }
      else
        for (long t = 0; t < samples; t += kLanes) store(p.out[c] + t, load(p.x[c] + t) * factor + added);
    }
  }

 private:
  const Motion& motion_;
  long first_;
};

// Weights: gains, biases.
class Normalise : public Part {
 public:
  Normalise(int channels, Given& given) : numbers_(given.floats(2 * channels)) {}
  void run(const Product& p, long samples) override {
    normalise(p.x, p.out, p.outputs, numbers_.data(), numbers_.data() + p.outputs, static_cast<int>(samples));
  }

 private:
  std::vector<float> numbers_;
};

// Weights: the powers of each mode.
class Diagonal : public Part {
 public:
  Diagonal(int channels, Given& given)
      : powers_(given.floats(channels * kMostPowers)), state_(channels) {}
  void run(const Product& p, long samples) override {
    const int modes = p.outputs / 2;
    for (int m = 0; m < modes; ++m)
      scan(p.x[m], p.x[modes + m], p.out[m], p.out[modes + m], powers(m), &state_[2 * m], static_cast<int>(samples));
  }
  void settle(const Product& p, long samples) override {
    const int modes = p.outputs / 2;
    for (int m = 0; m < modes; ++m) settle_scan(*p.x[m], *p.x[modes + m], powers(m), &state_[2 * m]);
    run(p, samples);
  }

 private:
  const float* powers(int mode) const { return powers_.data() + 2 * kMostPowers * mode; }
  std::vector<float> powers_, state_;
};

// The state moves by what layers of units make of the input and the state. Numbers: the activation, layers, the units
// of each. Weights: of each layer the biases, then a row for each input, all padded to 16.
class StateUpdate : public Part {
 public:
  StateUpdate(int inputs, Given& given) : inputs_(inputs), activate_(given) {
    widths_.resize(given.number());
    int widest = 0;
    for (int& width : widths_) widest = std::max(widest, width = given.number());
    states_ = widths_.back();
    int before = inputs + states_;
    size_t count = 0;
    for (int width : widths_) {
      count += static_cast<size_t>(before + 1) * round_up(width, 16);
      before = width;
    }
    weights_ = OwnRows(1, static_cast<long>(count));
    std::copy_n(given.weights, count, weights_.rows()[0]);
    given.weights += count;
    seen_ = OwnRows(3, round_up(std::max(widest, inputs + states_), 16));
    silence_.resize(states_);
  }
  void run(const Product& p, long samples) override {
    for (long t = 0; t < samples; ++t) {
      for (int i = 0; i < inputs_; ++i) seen()[i] = p.x[i][t];
      step();
      for (int s = 0; s < states_; ++s) p.out[s][t] = state()[s];
    }
  }
  void settle(const Product& p, long samples) override {
    for (int i = 0; i < inputs_; ++i) seen()[i] = *p.x[i];
    std::copy_n(silence_.data(), states_, state());
    for (long t = settled_ ? kMostSilence : 0; t < kMostSilence; ++t) {
      step();
      if (std::equal(silence_.begin(), silence_.end(), state())) break;
      std::copy_n(state(), states_, silence_.data());
    }
    settled_ = true;
    run(p, samples);
  }

 private:
  float* seen() const { return seen_.rows()[0]; }  // the input and the state
  float* state() const { return seen() + inputs_; }

  void step() const {
    const float *in = seen(), *weights = weights_.rows()[0];
    float* out = seen_.rows()[1];
    int before = inputs_ + states_;
    for (size_t layer = 0; layer < widths_.size(); ++layer) {
      const int padded = static_cast<int>(round_up(widths_[layer], 16));
      dense(before, padded, in, weights, out);
      if (layer + 1 < widths_.size()) activate_(out, round_up(widths_[layer], kLanes));
      weights += static_cast<long>(before + 1) * padded;
      before = widths_[layer];
      in = out;
      out = seen_.rows()[2 - layer % 2];
    }
    for (int s = 0; s < states_; ++s) state()[s] += in[s];
  }

  int inputs_, states_;
  RowActivation activate_;
  std::vector<int> widths_;
  OwnRows weights_{1, 1}, seen_{1, 1};
  std::vector<float> silence_;
  bool settled_ = false;
};

// Numbers: heads, the window, how far apart its samples are. Weights: the ages.
class Attention : public Part {
 public:
  Attention(int channels, Given& given) : heads_(given.number()), window_(given.number()), dilation_(given.number()) {
    ages_ = given.floats(2 * static_cast<size_t>(channels) * window_);
    scores_.resize(static_cast<size_t>(window_) * kLanes);
  }
  void run(const Product& p, long samples) override {
    attend(p.x, p.out, heads_, p.outputs / heads_, window_, dilation_, ages_.data(), scores_.data(),
           static_cast<int>(samples));
  }

 private:
  int heads_, window_, dilation_;
  std::vector<float> ages_, scores_;
};

// For each range of the second input a network of its own. Its samples are sorted out, go through its layers side by
// side, and are added where they came from. Numbers: the activation, kernel, ranges, layers, the units of each. Weights:
// the bounds, the inverse of the blend; for each range and layer [input][output], then the bias.
class Select : public Part {
 public:
  Select(int inputs, Given& given, long piece) : inputs_(inputs), activate_(given) {
    kernel_ = given.number();
    ranges_ = given.number();
    widths_.resize(given.number());
    int widest = inputs * kernel_, before = widest;
    size_t count = 0;
    for (int& width : widths_) {
      width = given.number();
      count += static_cast<size_t>(before + 1) * width;
      widest = std::max(widest, before = width);
    }
    bounds_ = given.floats(ranges_ - 1);
    inverse_blend_ = given.floats(1)[0];
    weights_ = given.floats(ranges_ * count);
    const long room = 2 * piece + 16 * ranges_;
    for (OwnRows* rows : {&sorted_, &made_}) *rows = OwnRows(widest, room);
    places_.resize(room + 2 * ranges_);
    shares_.resize(room + piece + kLanes);
  }
  void run(const Product& p, long samples) override {
    int *starts = places_.data(), *counts = starts + ranges_, *places = counts + ranges_;
    float *shares = shares_.data(), *ways = shares + (places_.size() - 2 * ranges_);
    sort_by_range(p.start[0], static_cast<int>(samples), ranges_, bounds_.data(), inverse_blend_,
                  {starts, counts, places, shares, ways});
    for (int c = 0; c < p.outputs; ++c) std::fill_n(p.out[c], samples, 0.f);
    const float* weights = weights_.data();
    for (int range = 0; range < ranges_; ++range) {
      const int count = counts[range], *from = places + starts[range];
      const float* share = shares + starts[range];
      float* row = sorted_.rows()[0];
      for (int tap = 0; tap < kernel_; ++tap)
        for (int c = 0; c < inputs_; ++c, row += sorted_.rows().stride)
          for (int i = 0; i < count; ++i) row[i] = p.x[c][from[i] - tap];
      const Rows y = through_layers(weights, round_up(count, kLanes));
      for (int c = 0; c < p.outputs; ++c)
        for (int i = 0; i < count; ++i) p.out[c][from[i]] += share[i] * y[c][i];
    }
  }

 private:
  Rows through_layers(const float*& weights, long samples) {
    static constexpr long kHere = 0;
    Rows x = sorted_.rows(), y = made_.rows();
    int before = inputs_ * kernel_;
    for (size_t layer = 0; layer < widths_.size(); ++layer) {
      const int width = widths_[layer];
      const float* bias = weights + static_cast<long>(before) * width;
      convolve({x, before, 1, &kHere, nullptr, weights, bias, {}, y, width, false}, samples);
      if (layer + 1 < widths_.size())
        for (int c = 0; c < width; ++c) activate_(y[c], samples);
      weights = bias + width;
      before = width;
      std::swap(x, y);
    }
    return x;
  }

  int inputs_, kernel_, ranges_;
  RowActivation activate_;
  std::vector<int> widths_, places_;
  std::vector<float> bounds_, weights_, shares_;
  float inverse_blend_;
  OwnRows sorted_{1, 1}, made_{1, 1};
};

}  // namespace voxnas
