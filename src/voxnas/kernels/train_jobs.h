// The jobs and tiles of training, and the memory of each.
#pragma once

#include <cstdint>

#include "rows.h"
#include "wavenet.h"

namespace voxnas {
namespace {

constexpr int kAlignment = 16;  // floats: a cache line
inline float* aligned(float* base) {
  while (reinterpret_cast<uintptr_t>(base) % (kAlignment * sizeof(float))) ++base;
  return base;
}

// Hands out rows from one piece of memory; with no memory, just counts.
class Arena {
 public:
  explicit Arena(float* base) : base_(aligned(base)) {}
  // There is room for `lead` samples before the rows.
  Rows rows(int count, long samples, long lead = 0) {
    lead = round_up(lead, kAlignment);
    const long stride = row_room(samples + lead);
    float* start = take(stride * count);
    return {start ? start + lead : nullptr, stride};
  }
  float* take(size_t floats) {
    float* start = base_ ? base_ + used_ : nullptr;
    used_ += round_up(static_cast<long>(floats), kAlignment);
    return start;
  }
  size_t size() const { return used_ + kAlignment; }

 private:
  float* base_;
  size_t used_ = 0;
};

struct Call {
  int64_t batch, samples_in, samples_out, threads, tile;
  const float *weights, *x, *dy;
  float scale;
  float *y, *kept, *dweights, *dx, *scratch;
  const float* added;  // to the layers' biases, [item][layer][inner], or null
  float* dadded;
  int64_t per_item;  // whether each item has weights of its own, [item][weight], and gradients
};

// The jobs and tiles of a call.
struct Cut {
  long past, part, parts, jobs, tile, tiles, lead;

  // `whole`: items are not cut into parts, since what a recurrence carries comes from all before.
  explicit Cut(const Call& call, bool whole = false) {
    past = call.samples_in - call.samples_out;
    parts = whole ? 1 : fewest_parts(call);
    part = (call.samples_out + parts - 1) / parts;
    parts = (call.samples_out + part - 1) / part;
    jobs = call.batch * parts;
    tile = std::max<long>(round_up(std::min<long>(call.tile, part + past), kStep), kStep);
    tiles = (part + past + tile - 1) / tile;
    lead = tiles * tile - (part + past);
  }
  // Items are cut into parts, each with the past worked out again, when that ends sooner.
  static long fewest_parts(const Call& call) {
    const long past = call.samples_in - call.samples_out;
    long best = 1, best_cost = 0;
    for (long parts = 1; parts <= std::min<long>(call.threads, call.samples_out); ++parts) {
      const long rounds = (call.batch * parts + call.threads - 1) / call.threads;
      const long cost = rounds * ((call.samples_out + parts - 1) / parts + past / 2);
      if (parts == 1 || cost < best_cost) best = parts, best_cost = cost;
    }
    return best;
  }
};

struct Job {
  long item, offset, samples;  // output samples, from `offset` on
  Job(const Cut& cut, const Call& call, long index)
      : item(index / cut.parts),
        offset(index % cut.parts * cut.part),
        samples(std::min<long>(cut.part, call.samples_out - offset)) {}
};

// The values of a tile that training keeps: per array, the activations of each layer and the head's sum.
class Kept {
 public:
  Kept(const WaveNet& net, const Cut& cut) : room_(row_room(cut.tile)), tiles_(cut.tiles) {
    for (const LayerArray& array : net.arrays) {
      for (const Layer& layer : array.layers) add(layer.inner());
      add(array.channels());
    }
  }
  size_t size(long jobs) const { return per_job() * jobs + kAlignment; }
  float* of_job(float* base, long index) const { return aligned(base) + index * per_job(); }
  Rows at(float* job, long tile, int index) const {
    return {job + (tile * rows_ + first_[index]) * room_, room_};
  }

 private:
  size_t per_job() const { return round_up(static_cast<long>(rows_) * room_ * tiles_, kAlignment); }
  void add(int rows) {
    first_.push_back(rows_);
    rows_ += rows;
  }
  long room_, tiles_, rows_ = 0;
  std::vector<long> first_;
};

// Pointers to rows.
class Sources {
 public:
  const float* const* data() const { return list_.data(); }
  int size() const { return static_cast<int>(list_.size()); }
  Sources& clear() {
    list_.clear();
    return *this;
  }
  Sources& add(Rows rows, int count) {
    for (int row = 0; row < count; ++row) list_.push_back(rows[row]);
    return *this;
  }
  // As a convolution's taps lie, or with a `direction` of -1 as its gradient's do.
  Sources& add(Rows rows, int count, const Conv& conv, int direction = 1) {
    for (int tap = 0; tap < conv.kernel; ++tap) add(Rows{rows.data - direction * conv.reach(tap), rows.stride}, count);
    return *this;
  }

 private:
  std::vector<const float*> list_;
};

}  // namespace
}  // namespace voxnas
