// A layer of LSTM or GRU units.
//
// A vector holds the same gate of several units, so that each value that comes into the layer, be it an input or a
// unit's own past, is multiplied by one vector of weights per gate. What a sample waits for is the one before it:
// several sums side by side keep that way short.
#pragma once
#include <algorithm>
#include <cstring>
#include <vector>

#include "activations.h"
#include "history.h"

namespace voxnas {

constexpr int kSums = 4, kMostVectors = 2;  // per unit; of units, in a block that is worked out at once

// Gates in PyTorch's order: input, forget, cell, output.
struct Lstm {
  static constexpr int kGates = 4, kStates = 2;
  static constexpr int sum_of_past(int gate) { return gate; }
  static vec step(const vec (&sums)[kSums], vec, vec& cell) {
    cell = sigmoid(sums[1]) * cell + sigmoid(sums[0]) * tanh(sums[2]);
    return sigmoid(sums[3]) * tanh(cell);
  }
};
// Reset, update, new, where the reset scales the share that the past has in the new: a sum of its own.
struct Gru {
  static constexpr int kGates = 3, kStates = 1;
  static constexpr int sum_of_past(int gate) { return gate == 2 ? 3 : gate; }
  static vec step(const vec (&sums)[kSums], vec before, vec&) {
    const vec fresh = tanh(sums[2] + sigmoid(sums[0]) * sums[3]);
    return fresh + sigmoid(sums[1]) * (before - fresh);
  }
};

// The sums of N vectors of units, in S shares that are added up at the end: enough to keep the multiply-adders busy.
template <class Cell, int N>
struct Sums {
  static constexpr int S = N == 1 ? 2 : 1;
  static constexpr int kWidth = Cell::kGates * N * kLanes;  // weights per value
  vec shares[S][N][kSums] = {};

  explicit Sums(const float* bias) {
#pragma GCC unroll 8
    for (int i = 0; i < N * kSums; ++i) shares[0][i / kSums][i % kSums] = load(bias + i * kLanes);
  }
  template <bool past>
  void add(int share, float value, const float* weights) {
    const vec x = in_register(broadcast(value));
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n)
#pragma GCC unroll 8
      for (int gate = 0; gate < Cell::kGates; ++gate)
        shares[share][n][past ? Cell::sum_of_past(gate) : gate] +=
            x * load(weights + (n * Cell::kGates + gate) * kLanes);
  }
  void add_up() {
    if (S == 1) return;
#pragma GCC unroll 8
    for (int i = 0; i < N * kSums; ++i) shares[0][i / kSums][i % kSums] += shares[S - 1][i / kSums][i % kSums];
  }
};

template <class Cell>
class RecurrentLayer {
 public:
  // For pieces of at most `piece` samples. Takes the weights as PyTorch has them, weight_ih, weight_hh, bias_ih,
  // bias_hh, and moves on behind them.
  RecurrentLayer(int inputs, int units, long piece, const float*& flat)
      : inputs_(inputs),
        units_(units),
        padded_(static_cast<int>(round_up(units, kLanes))),
        past_(static_cast<int>(round_up(units, 2))),
        weights_(1, static_cast<long>(inputs + past_) * Cell::kGates * padded_),
        bias_(1, kSums * padded_),
        h_(1, (piece + 1) * padded_),
        cell_(1, padded_) {
    const float *of_input = flat, *of_past = of_input + Cell::kGates * units * inputs;
    const float *input_bias = of_past + Cell::kGates * units * units, *past_bias = input_bias + Cell::kGates * units;
    flat = past_bias + Cell::kGates * units;
    for (int unit = 0; unit < units; ++unit)
      for (int gate = 0; gate < Cell::kGates; ++gate) {
        const int row = gate * units + unit;
        for (int j = 0; j < inputs; ++j) *weight(j, unit, gate) = of_input[row * inputs + j];
        for (int j = 0; j < units; ++j) *weight(inputs + j, unit, gate) = of_past[row * units + j];
        *bias(unit, gate) += input_bias[row];
        *bias(unit, Cell::sum_of_past(gate)) += past_bias[row];
      }
  }

  // What is added to the gates' biases, in PyTorch's order.
  void add_to_biases(const float* added) {
    if (own_.empty()) own_.assign(bias_.rows()[0], bias_.rows()[0] + kSums * padded_);
    std::copy(own_.begin(), own_.end(), bias_.rows()[0]);
    for (int gate = 0; gate < Cell::kGates; ++gate)
      for (int unit = 0; unit < units_; ++unit) *bias(unit, gate) += *added++;
  }
  int gates() const { return Cell::kGates * units_; }

  int padded() const { return padded_; }
  float* h() const { return h_.rows()[0]; }        // the units' output before the piece, then after each sample of it
  float* cell() const { return cell_.rows()[0]; }  // what an LSTM keeps beside it

  // Each sample's `inputs` values begin `stride` behind those of the sample before.
  void run(const float* x, long stride, long samples) {
    for (long t = 0; t < samples; ++t) {
      const float *weights = weights_.rows()[0], *bias = bias_.rows()[0];
      float* before = h() + t * padded_;
      for (int first = 0; first < padded_; first += block(first)) {
        const auto step = block(first) == kLanes ? &RecurrentLayer::step<1> : &RecurrentLayer::step<kMostVectors>;
        (this->*step)(x + t * stride, before, before + padded_, first, weights, bias);
        weights += (inputs_ + past_) * Cell::kGates * block(first);
        bias += kSums * block(first);
      }
    }
  }
  // The last sample's state becomes the one before the next piece.
  void advance(long samples) { std::memcpy(h(), h() + samples * padded_, padded_ * sizeof(float)); }

 private:
  // Units in the block that begins at `first`.
  int block(int first) const { return std::min(kMostVectors * kLanes, padded_ - first); }

  // Blocks hold [value][vector][gate][lane], the values being the inputs and then the units' past.
  float* weight(int value, int unit, int gate) const {
    const int first = unit / (kMostVectors * kLanes) * kMostVectors * kLanes, at = unit - first;
    const long width = Cell::kGates * block(first);
    return weights_.rows()[0] + static_cast<long>(first) * (inputs_ + past_) * Cell::kGates + value * width +
           (at / kLanes * Cell::kGates + gate) * kLanes + at % kLanes;
  }
  float* bias(int unit, int sum) const {
    return bias_.rows()[0] + (unit / kLanes * kSums + sum) * kLanes + unit % kLanes;
  }

  template <int N>
  void step(const float* x, const float* before, float* after, int first, const float* weights, const float* bias) {
    Sums<Cell, N> sums(bias);
    for (int j = 0; j < inputs_; ++j, weights += sums.kWidth) sums.template add<false>(0, x[j], weights);
    for (int j = 0; j < past_; j += sums.S)
#pragma GCC unroll 2
      for (int s = 0; s < sums.S; ++s, weights += sums.kWidth) sums.template add<true>(s, before[j + s], weights);
    sums.add_up();
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      const int at = first + n * kLanes;
      vec kept = load(cell() + at);
      store(after + at, Cell::step(sums.shares[0][n], load(before + at), kept));
      store(cell() + at, kept);
    }
  }

  int inputs_, units_, padded_, past_;  // units as many as fill vectors, and an even number of them
  OwnRows weights_, bias_, h_, cell_;
  std::vector<float> own_;  // biases, where controls add to them
};

}  // namespace voxnas
