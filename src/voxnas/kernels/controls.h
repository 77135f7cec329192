// Controls of a network that plays: what they add to the biases of its rows, and their way from one setting to the next.
#pragma once
#include <algorithm>
#include <vector>

namespace voxnas {

class Controls {
 public:
  // `weights` are [row][control], and copied, as the values are that it begins with.
  void follow(const float* weights, long rows, int count, const float* values) {
    weights_.assign(weights, weights + rows * count);
    now_.assign(values, values + count);
    target_ = now_;
    step_.assign(count, 0.f);
    added_.assign(rows, 0.f);
    slopes_.assign(rows, 0.f);
    left_ = 0;
  }
  // To these values, in a straight line that takes so many samples; at once where there are none. Does not allocate.
  void set(const float* values, long samples) {
    left_ = std::max(0l, samples);
    for (size_t k = 0; k < now_.size(); ++k) {
      target_[k] = values[k];
      step_[k] = left_ ? (values[k] - now_[k]) / static_cast<float>(left_) : 0.f;
    }
    if (!left_) now_ = target_;
  }
  void arrive() {
    now_ = target_;
    left_ = 0;
  }
  void advance(long samples) {
    left_ -= samples;
    if (left_ <= 0) return arrive();
    for (size_t k = 0; k < now_.size(); ++k) now_[k] = target_[k] - step_[k] * static_cast<float>(left_);
  }
  long left() const { return left_; }
  // What is added to each row's bias now, and how much more with each sample.
  const float* added() { return rows_of(now_, added_); }
  const float* slopes() { return rows_of(step_, slopes_); }

 private:
  const float* rows_of(const std::vector<float>& values, std::vector<float>& rows) const {
    const float* weight = weights_.data();
    for (float& row : rows) {
      row = 0.f;
      for (float value : values) row += *weight++ * value;
    }
    return rows.data();
  }

  std::vector<float> weights_, now_, target_, step_, added_, slopes_;
  long left_ = 0;
};

}  // namespace voxnas
