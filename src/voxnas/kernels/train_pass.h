// The common part of the forward and the backward pass of training.
#pragma once

#include <type_traits>

#include "train_learnt.h"
#include "train_tiles.h"

namespace voxnas {
namespace {

// The factor of a gate, from a Sigmoid.
template <Gating gating>
vec gate_factor(vec gate, float weight) {
  return gating == Gating::Soft ? gate * weight + (1.f - weight) : gate;
}
// The weight of a soft gate; other gates do not use it.
inline float gate_weight(const Layer& layer) { return layer.gating == Gating::Soft ? *layer.secondary.slopes : 1.f; }

// Calls `run` with the gating as a constant.
template <class Run>
auto with_gating(Gating gating, Run run) {
  switch (gating) {
    case Gating::Soft: return run(std::integral_constant<Gating, Gating::Soft>{});
    case Gating::None: return run(std::integral_constant<Gating, Gating::None>{});
    default: return run(std::integral_constant<Gating, Gating::Gated>{});
  }
}

// From what the convolution gives to the activations, which are added to the head's sum. What the backward pass
// needs goes to `kept` unless that is empty.
template <class Act, Gating gating>
void activate_rows(const Layer& layer, int channels, Rows z, Rows a, Rows head, Rows kept, int begin, int end) {
  const float weight = gate_weight(layer);
  for (int c = 0; c < channels; ++c) {
    const Act act(layer.activation, c);
    for (int t = begin; t < end; t += kLanes) {
      const vec x = load(z[c] + t);
      vec y = act.value(x);
      if (kept.data) store_nontemporal(kept[c] + t, Act::keeps_input ? x : y);
      if (gating != Gating::None) {
        const vec gate = sigmoid(load(z[channels + c] + t));
        if (kept.data) store_nontemporal(kept[channels + c] + t, gate);
        y *= gate_factor<gating>(gate, weight);
      }
      store(a[c] + t, y);
      store(head[c] + t, load(head[c] + t) + y);
    }
  }
}
template <class Act>
auto activating_rows(Gating gating) {
  return with_gating(gating, [](auto constant) { return &activate_rows<Act, constant()>; });
}

// From what was kept to the activations.
void restore(const Layer& layer, Rows kept, Rows a, int begin, int end) {
  const int channels = layer.channels();
  const float weight = gate_weight(layer);
  with_activation(layer.activation.kind(), [&](auto type) {
    for (int c = 0; c < channels; ++c) {
      const typename decltype(type)::type act(layer.activation, c);
      for (int t = begin; t < end; t += kLanes) {
        vec y = act.of_kept(load(kept[c] + t));
        if (layer.gated()) {
          const vec gate = load(kept[channels + c] + t);
          y *= gate * weight + (1.f - weight);
        }
        store(a[c] + t, y);
      }
    }
  });
}

// From the gradient of the activations, in dz's first rows, to that of what went into them. The gradients of what the
// activation and the gate themselves learn are added to their places in `sums`.
template <class Act, Gating gating>
void slope_rows(const Layer& layer, int channels, Rows kept, Rows dz, float* sums, int begin, int end) {
  const float weight = gate_weight(layer);
  vec by_gate = {};
  for (int c = 0; c < channels; ++c) {
    const Act act(layer.activation, c);
    Learnt<Act> learnt;
    for (int t = begin; t < end; t += kLanes) {
      vec da = load(dz[c] + t);
      const vec signal = load(kept[c] + t);
      if (gating != Gating::None) {
        const vec gate = load(kept[channels + c] + t), value = act.of_kept(signal);
        store(dz[channels + c] + t, da * value * gate * (1.f - gate) * weight);
        if (gating == Gating::Soft) by_gate += da * value * (gate - 1.f);
        da *= gate_factor<gating>(gate, weight);
      }
      learnt.add(act, signal, da);
      store(dz[c] + t, da * act.slope(signal));
    }
    learnt.total(sums + layer.slopes_at, c);
  }
  if (gating == Gating::Soft) sums[layer.secondary_slopes_at] += sum(by_gate);
}
template <class Act>
auto sloping_rows(Gating gating) {
  return with_gating(gating, [](auto constant) { return &slope_rows<Act, constant()>; });
}

// The base of both passes.
class Pass : public TilePass {
 public:
  // `nets` is one for all items, or one for each.
  Pass(const WaveNet* nets, const Cut& cut, const Call& call, float* memory)
      : TilePass(cut, call, memory), net_(nets), kept_(*nets, cut), nets_(nets) {}

 protected:
  Rows condition(long tile) const { return input(tile); }

  void begin(const Job& job) {
    net_ = nets_ + (call_.per_item ? job.item : 0);
    read_input(job);
  }
  using TilePass::begin;

  const WaveNet* net_;  // the job's
  Kept kept_;

 private:
  const WaveNet* nets_;
};

}  // namespace
}  // namespace voxnas
