// Controls of a network that plays: what they add to its rows and how they scale them, and their way from one setting to
// the next.
#pragma once
#include <algorithm>
#include <vector>

namespace voxnas {

class Controls {
 public:
  // `mix` is [row][control], and so is `scale` unless it is null; copied, as the values are that it begins with.
  void follow(const float* mix, const float* scale, long rows, int count, const float* values) {
    mix_.assign(mix, mix + rows * count);
    scale_.assign(scale ? scale : mix, scale ? scale + rows * count : mix);
    now_.assign(values, values + count);
    target_ = now_;
    step_.assign(count, 0.f);
    added_.assign(rows, 0.f);
    slopes_.assign(rows, 0.f);
    factors_.assign(scale ? rows : 0, 1.f);
    factor_slopes_.assign(scale ? rows : 0, 0.f);
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
  // What is added to each row now, and how much more with each sample.
  const float* added() { return rows_of(mix_, now_, 0.f, added_); }
  const float* slopes() { return rows_of(mix_, step_, 0.f, slopes_); }
  // What each row is multiplied with before, and how that grows; null where nothing is.
  const float* factors() { return rows_of(scale_, now_, 1.f, factors_); }
  const float* factor_slopes() { return rows_of(scale_, step_, 0.f, factor_slopes_); }

 private:
  static const float* rows_of(const std::vector<float>& weights, const std::vector<float>& values, float start,
                              std::vector<float>& rows) {
    const float* weight = weights.data();
    for (float& row : rows) {
      row = start;
      for (float value : values) row += *weight++ * value;
    }
    return rows.empty() ? nullptr : rows.data();
  }

  std::vector<float> mix_, scale_, now_, target_, step_, added_, slopes_, factors_, factor_slopes_;
  long left_ = 0;
};

}  // namespace voxnas
