// The base of a training pass: one thread's memory, a job's input, and the beginnings within a tile.
#pragma once

#include "train_jobs.h"

namespace voxnas {
namespace {

class TilePass {
 public:
  TilePass(const Cut& cut, const Call& call, float* memory) : cut_(cut), call_(call), arena_(memory) {
    input_ = arena_.rows(1, cut.tiles * cut.tile, kStep);
  }
  size_t size() const { return arena_.size(); }

 protected:
  // The first time within the tile from which `start` on is covered.
  int begin(long start, long tile) const {
    const long t = start + cut_.lead - tile * cut_.tile;
    return static_cast<int>(std::clamp<long>(t < 0 ? 0 : t / kStep * kStep, 0, cut_.tile));
  }
  int tile_end() const { return static_cast<int>(cut_.tile); }
  // The job's input, behind zeros; a shorter last part is moved up to the end.
  void read_input(const Job& job) {
    const long samples = job.samples + cut_.past, lead = cut_.tiles * cut_.tile - samples;
    std::fill_n(input_[0] - kStep, kStep + lead, 0.f);
    std::copy_n(call_.x + job.item * call_.samples_in + job.offset, samples, input_[0] + lead);
  }
  Rows input(long tile) const { return {input_[0] + tile * cut_.tile, 0}; }

  const Cut& cut_;
  const Call& call_;
  Arena arena_;
  Rows input_;
  Sources sources_;
};

}  // namespace
}  // namespace voxnas
