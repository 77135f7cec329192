// The gradients of a program's signals in the backward pass over it, and the steps that take channels one by one.
#pragma once

#include "train_program_pass.h"

namespace voxnas {
namespace {

class ProgramGradients : public ProgramPass {
 public:
  ProgramGradients(const Program& program, const Cut& cut, const Call& call, float* memory)
      : ProgramPass(program, cut, call, memory) {
    values_.resize(program.channels.size());
    std::vector<long> reach(program.buffers.size(), -1);
    for (const Op& op : program.ops)
      if (op.looks_back() && op.gradient_x >= 0) reach[op.gradient_x] = program.past[op.x];
    for (size_t b = 0; b < reach.size(); ++b) gradients_.emplace_back(arena_, program.buffers[b], cut, reach[b]);
    dx_ = arena_.rows(1, cut.tiles * cut.tile, kStep);
  }

 protected:
  // A buffer of a tile; or of the whole job, where one adds to what came before the tile.
  class Gradient {
   public:
    Gradient(Arena& arena, int rows, const Cut& cut, long reach)
        : rows_(rows), tile_(cut.tile), samples_(reach < 0 ? cut.tile : cut.tiles * cut.tile), lead_(reach < 0 ? 0 : reach + kStep) {
      data_ = arena.rows(rows, samples_, lead_);
    }
    Rows at(long tile) const { return {data_.data + (lead_ ? tile * tile_ : 0), data_.stride}; }
    void clear() const {
      for (int i = 0; lead_ && i < rows_; ++i) std::fill_n(data_[i] - lead_, lead_ + samples_, 0.f);
    }

   private:
    int rows_;
    long tile_, samples_, lead_;
    Rows data_{};
  };

  void begin(const Job& job) {
    ProgramPass::begin(job);
    std::fill_n(dx_[0] - kStep, kStep + cut_.tiles * cut_.tile, 0.f);
    for (const Gradient& buffer : gradients_) buffer.clear();
  }
  using ProgramPass::begin;

  Rows gradient(int buffer, long tile) const {
    return buffer < 0 ? Rows{dx_[0] + tile * cut_.tile, 0} : gradients_[buffer].at(tile);
  }

  // A gradient goes on as it is. The first to be there may lie where `g` does.
  void pass_on(int signal, int buffer, bool first, int rows, Rows g, long tile, int start) const {
    if (signal == 0 && !with_dx_) return;
    const Rows to = gradient(buffer, tile);
    if (first && to.data == g.data) return;
    if (first) silence(to, rows, start);
    each_vector(rows, start, tile_end(), [&](int c, int t) {
      store(to[c] + t, first ? load(g[c] + t) : load(to[c] + t) + load(g[c] + t));
    });
  }

  void multiply_back(const Op& op, long tile, Rows g, int start) const {
    const auto add = [&](int signal, int buffer, bool first, Rows other) {
      if (signal == 0 && !with_dx_) return;
      const Rows to = gradient(buffer, tile);
      if (first) silence(to, op.channels, start);
      each_vector(op.channels, start, tile_end(), [&](int c, int t) {
        const vec product = load(g[c] + t) * load(other[c] + t);
        store(to[c] + t, first ? product : load(to[c] + t) + product);
      });
    };
    add(op.x, op.gradient_x, op.first_x, values_[op.second]);
    add(op.second, op.gradient_second, op.first_second, values_[op.x]);
  }

  void turn_back(const Op& op, long tile, Rows g, int start) const {
    const Rows x = values_[op.x];
    for (int c = 0; c < op.channels; ++c) {
      vec by_factor = {}, by_addend = {};
      const float factor = factors(op)[c];
      for (int t = start; t < tile_end(); t += kLanes) {
        const vec dout = load(g[c] + t);
        by_factor += dout * load(x[c] + t);
        by_addend += dout;
        store(g[c] + t, dout * factor);
      }
      turn_sums_[op.turn_at + c] += sum(by_factor);
      turn_sums_[op.turn_at + op.channels + c] += sum(by_addend);
    }
    pass_on(op.x, op.gradient_x, op.first_x, op.channels, g, tile, start);
  }

  // From the gradient of an activation to that of what goes in; what it learns is added to its place.
  void slope(const Op& op, Rows kept, Rows g, Rows dz, int start) const {
    with_activation(op.activation.kind(), [&](auto type) {
      using Act = typename decltype(type)::type;
      for (int c = 0; c < op.channels; ++c) {
        const Act act(op.activation, c);
        Learnt<Act> learnt;
        for (int t = start; t < tile_end(); t += kLanes) {
          const vec da = load(g[c] + t), signal = load(kept[c] + t);
          learnt.add(act, signal, da);
          store(dz[c] + t, da * act.slope(signal));
        }
        learnt.total(sums_ + op.slopes_at, c);
      }
    });
  }

  static void silence(Rows rows, int count, int start) {
    for (int c = 0; c < count; ++c) std::fill_n(rows[c], start, 0.f);
  }

  std::vector<Rows> values_;  // of each signal, in the tile
  std::vector<Gradient> gradients_;
  Rows dx_;  // of the input, of the whole job
  float *sums_ = nullptr, *turn_sums_ = nullptr;
  bool with_dx_ = false;
};

}  // namespace
}  // namespace voxnas
