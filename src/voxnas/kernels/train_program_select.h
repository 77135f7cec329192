// A network for each range of a signal, in a program that is trained: a tile's samples sorted by range, and its layers.
#pragma once

#include "train_program_pass.h"

namespace voxnas {
namespace {

class SelectTile {
 public:
  SelectTile(Arena& arena, const Op& op, long tile) : op_(op) {
    const int inputs = op.inputs * op.conv.kernel;
    gathered_ = arena.rows(inputs, tile);
    for (const Conv& layer : op.selection.layers[0]) {
      made_.push_back(arena.rows(layer.out, tile));
      active_.push_back(arena.rows(layer.out, tile));
    }
    const size_t ranges = op.selection.layers.size(), room = 2 * tile + 16 * ranges;
    whole_numbers_.resize(2 * ranges + room);
    floats_.resize(room + tile + kLanes);
    int* starts = whole_numbers_.data();
    by_range_ = {starts, starts + ranges, starts + 2 * ranges, floats_.data(), floats_.data() + room};
  }

  // Sorts the samples from `begin` to `end`; so far nothing is gathered.
  void sort(Rows chooser, int begin, int end) {
    begin_ = begin;
    const Selection& selection = op_.selection;
    sort_by_range(chooser[0] + begin, end - begin, selection.ranges(), selection.bounds.data(), selection.inverse_blend,
                  by_range_);
  }

  // Gathers a range's samples, behind which zeros fill the step, and takes them through its layers.
  void run(Rows x, int range) {
    count_ = by_range_.counts[range];
    places_ = by_range_.places + by_range_.starts[range];
    shares_ = by_range_.shares + by_range_.starts[range];
    gather(x);
    const std::vector<Conv>& layers = op_.selection.layers[range];
    for (size_t l = 0; l < layers.size(); ++l) {
      sources_.clear().add(before(l), layers[l].in);
      mix(sources_.data(), sources_.size(), layers[l].forward.data(), layers[l].bias.data(), layers[l].out, {}, made_[l], 0,
          padded());
      if (l + 1 < layers.size())
        with_activation(op_.activation.kind(), [&](auto type) {
          using Act = typename decltype(type)::type;
          const Act act(op_.activation, 0);
          for (int c = 0; c < layers[l].out; ++c)
            for (int i = 0; i < padded(); i += kLanes) store(active_[l][c] + i, act.value(load(made_[l][c] + i)));
        });
    }
  }

  int count() const { return count_; }
  int padded() const { return static_cast<int>(round_up(count_, kStep)); }
  const float* shares() const { return shares_; }
  int place(int i) const { return begin_ + places_[i]; }
  // What goes into a layer, what comes out of it, and that after the activation.
  Rows before(size_t layer) const { return layer ? active_[layer - 1] : gathered_; }
  Rows made(size_t layer) const { return made_[layer]; }
  Rows active(size_t layer) const { return active_[layer]; }
  Rows result() const { return made_.back(); }

  // How a sample's share grows with the value that chooses, in units of the inverse of the blend.
  float slope(int i, int range) const {
    const float way = by_range_.ways[places_[i]];
    const int below = way >= 0.f ? static_cast<int>(way) : 0;
    return way > static_cast<float>(below) ? (below == range ? -1.f : 1.f) : 0.f;
  }

  // Calls `whole(i, place)` for vectors of samples that lie side by side, and `single` for the rest.
  template <class Whole, class Single>
  void each_place(Whole whole, Single single) const {
    for (int i = 0; i < count_; i += kLanes) {
      const int rest = std::min(kLanes, count_ - i);
      if (rest == kLanes && places_[i + kLanes - 1] - places_[i] == kLanes - 1) whole(i, place(i));
      else
        for (int k = i; k < i + rest; ++k) single(k, place(k));
    }
  }

 private:
  // The current sample's channels first, then those before it.
  void gather(Rows x) const {
    for (int tap = 0, row = 0; tap < op_.conv.kernel; ++tap)
      for (int c = 0; c < op_.inputs; ++c, ++row) {
        float* to = gathered_[row];
        const float* from = x[c] - tap;
        each_place([&](int i, int t) { store(to + i, load(from + t)); }, [&](int i, int t) { to[i] = from[t]; });
        std::fill(to + count_, to + padded(), 0.f);
      }
  }

  const Op& op_;
  int begin_ = 0, count_ = 0;
  Rows gathered_;
  std::vector<Rows> made_, active_;
  std::vector<int> whole_numbers_;
  std::vector<float> floats_;
  ByRange by_range_{};
  const int* places_ = nullptr;
  const float* shares_ = nullptr;
  Sources sources_;
};

// The result of a tile, from its sample `begin` on.
inline void select_forward(SelectTile& tile, const Op& op, Rows x, Rows chooser, Rows out, int begin, int end) {
  for (int c = 0; c < op.channels; ++c) std::fill(out[c] + begin, out[c] + end, 0.f);
  tile.sort(chooser, begin, end);
  for (int range = 0; range < op.selection.ranges(); ++range) {
    tile.run(x, range);
    const Rows y = tile.result();
    for (int c = 0; c < op.channels; ++c) {
      float* to = out[c];
      const float* from = y[c];
      tile.each_place(
          [&](int i, int t) { store(to + t, load(to + t) + load(from + i) * load(tile.shares() + i)); },
          [&](int i, int t) { to[t] += from[i] * tile.shares()[i]; });
    }
  }
}

}  // namespace
}  // namespace voxnas
