// What the forward and the backward pass of training have in common.
#pragma once

#include "train_jobs.h"

namespace voxnas {
namespace {

// From what the convolution gives to the activations, which are added to the head's sum. What the backward pass
// needs goes to `kept` unless that is empty.
template <class Act, bool gated>
void activate_rows(const Activating& activation, int channels, Rows z, Rows a, Rows head, Rows kept, int begin,
                   int end) {
  for (int c = 0; c < channels; ++c) {
    const Act act(activation, c);
    for (int t = begin; t < end; t += kLanes) {
      const vec x = load(z[c] + t);
      vec y = act.value(x);
      if (kept.data) stream(kept[c] + t, Act::keeps_input ? x : y);
      if (gated) {
        const vec gate = sigmoid(load(z[channels + c] + t));
        if (kept.data) stream(kept[channels + c] + t, gate);
        y *= gate;
      }
      store(a[c] + t, y);
      store(head[c] + t, load(head[c] + t) + y);
    }
  }
}

// From what was kept to the activations.
void restore(const Layer& layer, Rows kept, Rows a, int begin, int end) {
  const int channels = layer.channels();
  with_activation(layer.activation.kind(), [&](auto type) {
    for (int c = 0; c < channels; ++c) {
      const typename decltype(type)::type act(layer.activation, c);
      for (int t = begin; t < end; t += kLanes) {
        vec y = act.of_kept(load(kept[c] + t));
        if (layer.gated()) y *= load(kept[channels + c] + t);
        store(a[c] + t, y);
      }
    }
  });
}

// From the gradient of the activations, in dz's first rows, to that of what went into them. The gradient of what the
// activation itself learns is added to `learnt`, one number per channel.
template <class Act, bool gated>
void slope_rows(const Activating& activation, int channels, Rows kept, Rows dz, float* learnt, int begin, int end) {
  for (int c = 0; c < channels; ++c) {
    const Act act(activation, c);
    vec sums = {};
    for (int t = begin; t < end; t += kLanes) {
      vec da = load(dz[c] + t);
      const vec signal = load(kept[c] + t);
      if (gated) {
        const vec gate = load(kept[channels + c] + t);
        store(dz[channels + c] + t, da * act.of_kept(signal) * gate * (1.f - gate));
        da *= gate;
      }
      if constexpr (Act::learns) sums += da * act.by_slope(signal);
      store(dz[c] + t, da * act.slope(signal));
    }
    if (Act::learns) learnt[c] += sum(sums);
  }
}

// What both passes have: one thread's memory, and where a tile begins for what.
class Pass {
 public:
  Pass(const WaveNet& net, const Cut& cut, const Call& call, float* memory)
      : net_(net), cut_(cut), call_(call), kept_(net, cut), arena_(memory) {
    input_ = arena_.rows(1, cut.tiles * cut.tile);
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
    std::fill_n(input_[0], lead, 0.f);
    std::copy_n(call_.x + job.item * call_.samples_in + job.offset, samples, input_[0] + lead);
  }
  Rows condition(long tile) const { return {input_[0] + tile * cut_.tile, 0}; }

  const WaveNet& net_;
  const Cut& cut_;
  const Call& call_;
  Kept kept_;
  Arena arena_;
  Rows input_;
  Sources sources_;
};

}  // namespace
}  // namespace voxnas
