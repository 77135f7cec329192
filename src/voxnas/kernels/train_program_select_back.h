// The gradient of a network for each range of a signal, in a program that is trained; see train_program_select.h.
#pragma once

#include "train_program_correlate.h"
#include "train_program_select.h"

namespace voxnas {
namespace {

class SelectBack {
 public:
  SelectBack(Arena& arena, const Op& op, long tile) : op_(op), tile_(arena, op, tile) {
    int widest = op.inputs * op.conv.kernel;
    for (const Conv& layer : op.selection.layers[0]) widest = std::max(widest, layer.out);
    for (Rows& rows : d_) rows = arena.rows(widest, tile);
  }

  // From `g`, of the result, to what it adds to `dx` and to `dchooser`, unless these are empty.
  void run(Rows x, Rows chooser, Rows g, Rows dx, Rows dchooser, int begin, int end, float* sums) {
    tile_.sort(chooser, begin, end);
    for (int range = 0; range < op_.selection.ranges(); ++range) {
      tile_.run(x, range);
      if (!tile_.count()) continue;
      if (dchooser.data) add_by_choice(range, g, dchooser[0]);
      take(g);
      layers_back(range, dx.data != nullptr, sums);
      if (dx.data) give(dx);
    }
  }

 private:
  // The gradient of each of the range's samples, which its share of the result has.
  void take(Rows g) const {
    const float* shares = tile_.shares();
    for (int c = 0; c < op_.channels; ++c) {
      float* to = d_[0][c];
      const float* from = g[c];
      tile_.each_place([&](int i, int t) { store(to + i, load(from + t) * load(shares + i)); },
                       [&](int i, int t) { to[i] = from[t] * shares[i]; });
      std::fill(to + tile_.count(), to + tile_.padded(), 0.f);
    }
  }

  // Leaves the gradient of the first layer's input in the first rows, if that is asked for.
  void layers_back(int range, bool to_input, float* sums) {
    const std::vector<Conv>& layers = op_.selection.layers[range];
    for (size_t l = layers.size(); l-- > 0;) {
      const Conv& layer = layers[l];
      if (l + 1 < layers.size()) slope(l, layer.out);
      weights_.add(layer, tile_.before(l), d_[0], 0, tile_.padded(), sums);
      if (l == 0 && !to_input) return;
      sources_.clear().add(d_[0], layer.out);
      mix(sources_.data(), sources_.size(), layer.backward.data(), nullptr, layer.in, {}, d_[1], 0, tile_.padded());
      std::swap(d_[0], d_[1]);
    }
  }

  void slope(size_t l, int channels) const {
    with_activation(op_.activation.kind(), [&](auto type) {
      using Act = typename decltype(type)::type;
      const Act act(op_.activation, 0);
      const Rows kept = Act::keeps_input ? tile_.made(l) : tile_.active(l);
      for (int c = 0; c < channels; ++c)
        for (int i = 0; i < tile_.padded(); i += kLanes)
          store(d_[0][c] + i, load(d_[0][c] + i) * act.slope(load(kept[c] + i)));
    });
  }

  // To the samples that were gathered, row by row, so that vectors which overlap come one after the other.
  void give(Rows dx) const {
    for (int tap = 0, row = 0; tap < op_.conv.kernel; ++tap)
      for (int c = 0; c < op_.inputs; ++c, ++row) {
        float* to = dx[c] - tap;
        const float* from = d_[0][row];
        tile_.each_place([&](int i, int t) { store(to + t, load(to + t) + load(from + i)); },
                         [&](int i, int t) { to[t] += from[i]; });
      }
  }

  // Where two ranges go over into each other, more of the one is less of the other.
  void add_by_choice(int range, Rows g, float* dchooser) const {
    if (op_.selection.inverse_blend == 0.f) return;
    const Rows y = tile_.result();
    for (int i = 0; i < tile_.count(); ++i) {
      const float slope = tile_.slope(i, range) * op_.selection.inverse_blend;
      if (slope == 0.f) continue;
      float product = 0.f;
      for (int c = 0; c < op_.channels; ++c) product += g[c][tile_.place(i)] * y[c][i];
      dchooser[tile_.place(i)] += slope * product;
    }
  }

  const Op& op_;
  SelectTile tile_;
  Rows d_[2];
  WeightGradients weights_;
  Sources sources_;
};

}  // namespace
}  // namespace voxnas
