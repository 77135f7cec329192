// Controls that move all of a network's weights: what they are at a setting, and their way from one setting to the next.
#pragma once
#include <algorithm>
#include <vector>

namespace voxnas {

class WeightControls {
 public:
  static constexpr long kStep = 8;  // samples for which weights stand still while they move

  // So many controls, which begin with these values.
  void follow(int count, const float* values) {
    now_.assign(values, values + count);
    from_ = target_ = now_;
    moved_.clear();
    left_ = 0;
  }
  // Numbers that follow: `size` of them at `to`, which hold what they are with the controls in the middle. At the end of
  // each control's way come as many from `from`, times `scale`; at its beginning they go. All is copied.
  void add(float* to, size_t size, const std::vector<const float*>& from, float scale) {
    Moved moved{to, {to, to + size}};
    for (const float* change : from)
      for (size_t i = 0; i < size; ++i) moved.changes.push_back(scale * change[i]);
    moved_.push_back(std::move(moved));
  }
  bool follows() const { return !moved_.empty(); }

  // To these values, in a straight line that takes so many samples; at once where there are none. Does not allocate.
  void set(const float* values, long samples) {
    glide_ = left_ = std::max(0l, samples);
    std::copy_n(values, target_.size(), target_.begin());
    from_ = now_;
    if (!left_) arrive();
  }
  void arrive() {
    left_ = 0;
    now_ = target_;
    work_in();
  }
  // How many of the next samples, at most so many, have the same weights; those are worked in. Does not allocate.
  long advance(long samples) {
    if (!left_) return samples;
    const long rest = left_ % kStep ? left_ % kStep : kStep;  // of the step, at whose beginning it moves
    if (rest == kStep || left_ == glide_) go_to(left_ - rest);
    samples = std::min(samples, rest);
    left_ -= samples;
    return samples;
  }

 private:
  struct Moved {
    float* to;
    std::vector<float> own;
    std::vector<float> changes = {};  // [control][number]
  };

  void go_to(long left) {
    const float share = static_cast<float>(left) / static_cast<float>(glide_);
    for (size_t k = 0; k < now_.size(); ++k) now_[k] = left ? target_[k] + share * (from_[k] - target_[k]) : target_[k];
    work_in();
  }

  void work_in() {
    for (Moved& moved : moved_) {
      const size_t size = moved.own.size();
      std::copy_n(moved.own.data(), size, moved.to);
      const float* change = moved.changes.data();
      for (const float value : now_)
        for (size_t i = 0; i < size; ++i) moved.to[i] += (2.f * value - 1.f) * *change++;
    }
  }

  std::vector<float> from_, now_, target_;
  std::vector<Moved> moved_;
  long glide_ = 0, left_ = 0;
};

}  // namespace voxnas
