// Rows that grow at their end block by block, and keep as much of the past as a convolution looks back on.
#pragma once
#include <cstring>
#include <memory>
#include <new>

#include "rows.h"

namespace voxnas {

// Rows of zeros that begin where a cache line does.
class OwnRows {
 public:
  OwnRows(int count, long samples)
      : stride_(row_room(samples)), data_(new(kAlign) float[count * stride_]()) {}
  Rows rows() const { return {data_.get(), stride_}; }

 private:
  static constexpr std::align_val_t kAlign{64};
  struct Free {
    void operator()(float* data) const { operator delete[](data, kAlign); }
  };
  long stride_;
  std::unique_ptr<float[], Free> data_;
};

class History {
 public:
  // For pieces of at most `piece` samples; as many as `beyond` behind their last vector may be read. The longer the
  // room behind the past, the more rarely that has to be moved back to the front, and the more memory goes through the
  // cache. Found by measurement.
  History(int count, long past, long piece, long beyond = 0)
      : count_(count),
        past_(round_up(past, kLanes)),
        end_(past_ + std::max(past_, 4 * round_up(piece, kLanes))),
        at_(past_),
        own_(count, end_ + beyond) {}

  // Rows for the next `samples`, with the past before and room for whole vectors behind.
  Rows next(long samples) {
    const Rows all = own_.rows();
    if (at_ + round_up(samples, kLanes) > end_) {
      for (int c = 0; c < count_; ++c) std::memmove(all[c], all[c] + at_ - past_, past_ * sizeof(float));
      at_ = past_;
    }
    return {all.data + at_, all.stride};
  }
  long stride() const { return own_.rows().stride; }
  // After they have been read for the last time.
  void advance(long samples) { at_ += samples; }
  // Makes the past of rows what their next samples are, over and over: what it was if nothing ever changed.
  void settle(int first, int count, long period) {
    const Rows all = own_.rows().from(first);
    for (int c = 0; c < count; ++c)
      for (long t = at_; t-- > 0;) all[c][t] = all[c][t + period];
  }
  void settle() { settle(0, count_, 1); }

 private:
  int count_;
  long past_, end_, at_;
  OwnRows own_;
};

}  // namespace voxnas
