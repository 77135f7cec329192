// The gradient of attention, of a program that is trained; see steps.h for what it computes.
//
// Worked out from queries, keys and values anew, head by head: the shares of each age, and their scores' gradients.
#pragma once

#include "train_program_pass.h"

namespace voxnas {
namespace {

// A tile of one attention: its input, and the gradients of the input and of the result. Those of the ages are added to
// their places in `sums`.
class AttentionBack {
 public:
  // Floats of room that it needs, for tiles of so many samples.
  static size_t room(const Op& op, long tile) { return static_cast<size_t>(2 * op.conv.kernel * row_room(tile)); }

  AttentionBack(const Op& op, Rows x, Rows dx, Rows g, int begin, int end, float* room, float* sums)
      : op_(op), x_(x), dx_(dx), g_(g), begin_(begin), end_(end), sums_(sums) {
    const long stride = row_room(end);
    shares_ = {room, stride};
    dscores_ = {room + op.conv.kernel * stride, stride};
  }

  void run() const {
    const int width = op_.channels / op_.heads;
    for (int first = 0; first < op_.channels; first += width) {
      for (int t = begin_; t < end_; t += kLanes) find_shares(first, width, t);
      for (int c = first; c < first + width; ++c)
        for (int age = 0; age < op_.conv.kernel; ++age) add_by_age(c, age);
    }
  }

 private:
  void find_shares(int first, int width, int t) const {
    const int window = op_.conv.kernel, channels = op_.channels;
    const long dilation = op_.conv.dilation;
    vec greatest = broadcast(-1e30f), total = {}, mean = {};
    for (int age = 0; age < window; ++age) {
      vec score = {};
      for (int c = first; c < first + width; ++c)
        score += load(x_[c] + t) * (load(x_[channels + c] + t - age * dilation) + op_.weights[c * window + age]);
      greatest = at_least(score, greatest);
      store(shares_[age] + t, score);
    }
    for (int age = 0; age < window; ++age) {
      const vec share = exp_below_zero(load(shares_[age] + t) - greatest);
      total += share;
      store(shares_[age] + t, share);
    }
    for (int age = 0; age < window; ++age) {
      vec by_share = {};
      for (int c = first; c < first + width; ++c)
        by_share += load(g_[c] + t) *
                    (load(x_[2 * channels + c] + t - age * dilation) + op_.weights[(channels + c) * window + age]);
      const vec share = load(shares_[age] + t) / total;
      mean += share * by_share;
      store(shares_[age] + t, share);
      store(dscores_[age] + t, by_share);
    }
    for (int age = 0; age < window; ++age)
      store(dscores_[age] + t, load(shares_[age] + t) * (load(dscores_[age] + t) - mean));
  }

  // To the gradients of a channel's queries, keys and values, and of what is added to those of an age.
  void add_by_age(int c, int age) const {
    const int window = op_.conv.kernel, channels = op_.channels;
    const long back = static_cast<long>(age) * op_.conv.dilation;
    const float *share = shares_[age], *dscore = dscores_[age];
    const float *query = x_[c], *key = x_[channels + c] - back;
    const float added = op_.weights[c * window + age];
    float *dquery = dx_[c], *dkey = dx_[channels + c] - back, *dvalue = dx_[2 * channels + c] - back;
    vec by_key = {}, by_value = {};
    for (int t = begin_; t < end_; t += kLanes) {
      const vec d = load(dscore + t), of_key = d * load(query + t), of_value = load(share + t) * load(g_[c] + t);
      store(dquery + t, load(dquery + t) + d * (load(key + t) + added));
      store(dkey + t, load(dkey + t) + of_key);
      store(dvalue + t, load(dvalue + t) + of_value);
      by_key += of_key;
      by_value += of_value;
    }
    sums_[op_.conv.weight_at + c * window + age] += sum(by_key);
    sums_[op_.conv.weight_at + (channels + c) * window + age] += sum(by_value);
  }

  const Op& op_;
  Rows x_, dx_, g_, shares_, dscores_;
  int begin_, end_;
  float* sums_;
};

}  // namespace
}  // namespace voxnas
