// LSTM and GRU networks that play block by block.
//
// A piece of a block goes through one layer after the other. At another rate than the network's own the state that a
// sample starts from lies between earlier ones, see models/state_delay.py: then samples go through one by one.
#include <algorithm>
#include <cstring>
#include <vector>

#include "recurrent_layer.h"
#include "stream.h"

namespace voxnas {
namespace {

constexpr long kPiece = 64;       // samples
constexpr long kSilence = 48000;  // samples that silence is given to settle

template <class Cell>
class RecurrentStream : public Stream {
 public:
  // Weights: each layer's, the head's, its bias, then the state that silence begins with, [state][layer][unit].
  // Samples start from the sum of `taps` times the states from `first` samples before on; the usual is 1 of 1.
  RecurrentStream(int layers, int units, float skip_gain, const float* flat, int first, int count, const float* taps)
      : first_(first), taps_(taps, taps + count), head_(1, round_up(units, kLanes)), silence_(layers * Cell::kStates, round_up(units, kLanes)), skip_gain_(skip_gain) {
    layers_.reserve(layers);
    for (int l = 0; l < layers; ++l) layers_.emplace_back(l ? units : 1, units, kPiece, flat);
    std::copy_n(flat, units, head_.rows()[0]);
    bias_ = flat[units];
    if (first < 1 || count < 1) throw std::invalid_argument("a state that is not of the past");
    delayed_ = first > 1 || count > 1 || taps[0] != 1.f;
    if (delayed_) past_ = OwnRows(depth() * layers * Cell::kStates, round_up(units, kLanes));
    flat += units + 1;
    for (int row = 0; row < layers * Cell::kStates; ++row) std::copy_n(flat + row * units, units, silence_.rows()[row]);
    settle();
    to_silence();
  }

  void follow(const float* mix, const float* scale, long rows, int count, const float* values) override {
    if (rows != layers_[0].gates() || scale) throw std::invalid_argument("controls for other rows than there are");
    controls_.follow(mix, scale, rows, count, values);
    follows_ = true;
    layers_[0].add_to_biases(controls_.added());
    settled_ = false;
    reset();
  }

  void control(const float* values, long samples) override {
    if (!follows_) return;
    controls_.set(values, samples);
    layers_[0].add_to_biases(controls_.added());
    settled_ = false;
  }

  // Silence at other settings takes its time to settle.
  void reset() override {
    if (follows_ && !settled_) {
      controls_.arrive();
      layers_[0].add_to_biases(controls_.added());
      settle();
      settled_ = true;
    }
    to_silence();
  }

  void to_silence() {
    for_each_state([](float* state, float* silence, size_t size) { std::memcpy(state, silence, size); });
    for (long age = 0; delayed_ && age < depth(); ++age) remember();
  }

  void process(const float* in, float* out, int64_t samples) override {
    for (int64_t start = 0, size; start < samples; start += size) {
      const bool moving = controls_.left() > 0;
      size = moving || delayed_ ? 1 : std::min<int64_t>(kPiece, samples - start);
      if (moving) {
        controls_.advance(1);
        layers_[0].add_to_biases(controls_.added());
      }
      if (delayed_) recall();
      run(in + start, size);
      read_out(in + start, out + start, size);
      for (RecurrentLayer<Cell>& layer : layers_) layer.advance(size);
      if (delayed_) remember();
    }
  }

 private:
  // States of the past, of which `now_` is the oldest and the next to be replaced.
  long depth() const { return first_ + static_cast<long>(taps_.size()) - 1; }
  void remember() {
    long row = now_ * silence_count();
    for_each_state([&](float* state, float*, size_t size) { std::memcpy(past_.rows()[row++], state, size); });
    now_ = (now_ + 1) % depth();
  }
  void recall() {
    long number = 0;
    for_each_state([&](float* state, float*, size_t size) {
      std::memset(state, 0, size);
      for (size_t tap = 0; tap < taps_.size(); ++tap) {
        const long age = (now_ + depth() - first_ - static_cast<long>(tap)) % depth();
        const float* before = past_.rows()[age * silence_count() + number];
        for (size_t i = 0; i < size / sizeof(float); i += kLanes)
          store(state + i, load(state + i) + taps_[tap] * load(before + i));
      }
      ++number;
    });
  }
  long silence_count() const { return static_cast<long>(layers_.size()) * Cell::kStates; }

  // Runs zeros until nothing changes, or for as long as there is.
  void settle() {
    const float zeros[kPiece] = {};
    to_silence();
    bool changes = true;
    for (long t = 0; t < kSilence && changes; t += kPiece) {
      run(zeros, kPiece);
      for (RecurrentLayer<Cell>& layer : layers_) layer.advance(kPiece);
      changes = false;
      for_each_state([&](float* state, float* silence, size_t size) {
        changes = changes || std::memcmp(state, silence, size);
        std::memcpy(silence, state, size);
      });
    }
  }

  template <class Run>
  void for_each_state(Run run) {
    const int count = static_cast<int>(layers_.size());
    for (int l = 0; l < count; ++l) {
      RecurrentLayer<Cell>& layer = layers_[l];
      const size_t size = layer.padded() * sizeof(float);
      run(layer.h(), silence_.rows()[l], size);
      if (Cell::kStates == 2) run(layer.cell(), silence_.rows()[count + l], size);
    }
  }

  void run(const float* in, long samples) {
    layers_[0].run(in, 1, samples);
    for (size_t l = 1; l < layers_.size(); ++l) {
      const RecurrentLayer<Cell>& below = layers_[l - 1];
      layers_[l].run(below.h() + below.padded(), below.padded(), samples);
    }
  }

  void read_out(const float* in, float* out, long samples) const {
    const int padded = layers_.back().padded();
    const float *h = layers_.back().h(), *head = head_.rows()[0];
    for (long t = 0; t < samples; ++t) {
      vec y = {};
      h += padded;
      for (int at = 0; at < padded; at += kLanes) y += load(head + at) * load(h + at);
      out[t] = sum(y) + bias_ + skip_gain_ * in[t];
    }
  }

  std::vector<RecurrentLayer<Cell>> layers_;
  int first_;
  std::vector<float> taps_;
  bool delayed_ = false;
  long now_ = 0;
  OwnRows head_, silence_, past_{1, kLanes};
  float bias_ = 0.f;
  float skip_gain_;
  Controls controls_;
  bool follows_ = false, settled_ = true;
};

}  // namespace
}  // namespace voxnas

// Takes the weights as RecurrentStream says, and copies them; null if it fails.
extern "C" voxnas::Stream* voxnas_recurrent_stream_create(int gru, int layers, int units,
                                                          float skip_gain, const float* weights,
                                                          int first, int count, const float* taps) {
  return voxnas::created([&]() -> voxnas::Stream* {
    if (gru) return new voxnas::RecurrentStream<voxnas::Gru>(layers, units, skip_gain, weights, first, count, taps);
    return new voxnas::RecurrentStream<voxnas::Lstm>(layers, units, skip_gain, weights, first, count, taps);
  });
}
