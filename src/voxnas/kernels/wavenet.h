// A WaveNet of layer arrays: its shape, read from a list of integers, and its weights, laid out for `mix`.
//
// The list: arrays; per array: inputs, channels, bottleneck, groups, 1×1 (0 or 1) and its groups, head 1×1's channels
// (0 for none) and its groups, head size, head kernel, head bias (0 or 1), layers; per layer: kernel, dilation, gating,
// activation, secondary activation; then the head's dilation. An activation is its number and then its parameters, as
// the bits of floats.
// Where the dilation is 0, as many offsets as the kernel has taps follow: how far each looks back, ascending.
// The weights are one flat list in the order of plug-in files: rechannel; per layer: convolution, its bias, mix-in,
// what the activation and the gate learn if anything, residual, its bias, head 1×1, its bias; head, its bias.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "activations.h"

namespace voxnas {

// A dilated convolution, whose taps count from the current sample into the past.
struct Conv {
  int in, out, kernel, dilation;
  bool biased;
  int groups;
  size_t weight_at = 0, bias_at = 0;           // in the flat list
  std::vector<float> forward, backward, bias;  // per group [tap][in][out] and [tap][out][in]
  std::vector<long> taps;                      // where each is, in samples from the current one

  Conv(int in, int out, int kernel = 1, int dilation = 1, bool biased = false, int groups = 1)
      : in(in), out(out), kernel(kernel), dilation(dilation), biased(biased), groups(groups) {
    for (int tap = 0; tap < kernel; ++tap) taps.push_back(-static_cast<long>(tap) * dilation);
  }
  long reach(int tap) const { return -taps[tap]; }
  int past() const { return static_cast<int>(reach(kernel - 1)); }
  int group_in() const { return in / groups; }
  int group_out() const { return out / groups; }
  // The index in the flat list, which has the current sample last, of the weight for an output, an input of its group
  // and a tap.
  size_t at(int o, int i, int tap) const {
    return weight_at + (static_cast<size_t>(o) * group_in() + i) * kernel + (kernel - 1 - tap);
  }
  void read(const float* flat) {
    forward.clear();
    backward.clear();
    for (int first = 0; first < out; first += group_out())
      for (int tap = 0; tap < kernel; ++tap) {
        for (int i = 0; i < group_in(); ++i)
          for (int o = 0; o < group_out(); ++o) forward.push_back(flat[at(first + o, i, tap)]);
        for (int o = 0; o < group_out(); ++o)
          for (int i = 0; i < group_in(); ++i) backward.push_back(flat[at(first + o, i, tap)]);
      }
    bias.assign(out, 0.f);
    if (biased) std::copy_n(flat + bias_at, out, bias.begin());
  }
  void place(size_t& next) {
    weight_at = next;
    bias_at = next += static_cast<size_t>(group_in()) * out * kernel;
    if (biased) next += out;
  }
};

// Soft: the gate counts as much as a weight says that is learnt, 0 for not at all and 1 for Gated.
enum class Gating { None, Gated, Blended, Soft };

struct Layer {
  Conv conv;   // `forward` of each group ends with one more source, the condition
  Conv mixin;
  Conv residual, head;  // without outputs where there is none
  Gating gating;
  Activating activation, secondary;
  size_t slopes_at = 0, secondary_slopes_at = 0;  // in the flat list
  long x_start = 0, z_start = 0;  // the first time at which the output needs the layer's input, and its activation
  int channels() const { return conv.in; }
  int inner() const { return conv.out; }
  int bottleneck() const { return residual.in; }
  bool gated() const { return gating != Gating::None; }
  // True if the activation's output must be worked out from what training keeps.
  bool derived() const { return gated() || activation.kind() == Kind::SiLU || activation.learns(); }
};

struct LayerArray {
  Conv rechannel, head;  // the head's inputs are the channels of its sum
  std::vector<Layer> layers = {};
  long head_start = 0, out_start = 0;  // the same for the head's sum and the head's output
  int channels() const { return rechannel.out; }
};

struct WaveNet {
  std::vector<LayerArray> arrays;
  size_t weights = 0;

  explicit WaveNet(const int64_t* shape) {
    const int count = next(shape);
    for (int a = 0; a < count; ++a) {
      const int inputs = next(shape), channels = next(shape);
      Common common{channels, next(shape), next(shape), next(shape), next(shape), next(shape), next(shape)};
      const int sum = common.head_channels ? common.head_channels : common.bottleneck;
      const int head_size = next(shape), head_kernel = next(shape);
      const bool head_bias = next(shape);
      LayerArray array{{inputs, channels}, {sum, head_size, head_kernel, 1, head_bias}};
      array.rechannel.place(weights);
      const int layers = next(shape);
      array.layers.reserve(layers);
      for (int l = 0; l < layers; ++l) array.layers.push_back(layer(shape, common));
      array.head = {sum, head_size, head_kernel, next(shape), head_bias};
      array.head.place(weights);
      arrays.push_back(std::move(array));
    }
  }

  // The slopes that are learnt are not copied.
  void read(const float* flat) {
    for (LayerArray& array : arrays) {
      array.rechannel.read(flat);
      array.head.read(flat);
      for (Layer& layer : array.layers) {
        for (Conv* conv : {&layer.conv, &layer.mixin, &layer.residual, &layer.head}) conv->read(flat);
        add_condition(layer.conv, layer.mixin);
        layer.activation.slopes = flat + layer.slopes_at;
        layer.secondary.slopes = flat + layer.secondary_slopes_at;
      }
    }
  }

  // Works out from which time on everything is needed for an output that starts at `out_start`; returns from
  // when the input is.
  long need_from(long out_start) {
    long x = out_start, head = out_start;
    for (size_t a = arrays.size(); a-- > 0;) {
      LayerArray& array = arrays[a];
      array.out_start = head;
      array.head_start = head -= array.head.past();
      for (size_t l = array.layers.size(); l-- > 0;) {
        Layer& layer = array.layers[l];
        layer.z_start = std::min(x, head);
        layer.x_start = x = layer.z_start - layer.conv.past();
      }
    }
    return x;
  }

 private:
  // The sizes that an array's layers have in common, in the order of the list.
  struct Common {
    int channels, bottleneck, groups, residual, residual_groups, head_channels, head_groups;
  };

  static int next(const int64_t*& shape) { return static_cast<int>(*shape++); }

  static Activating activating(const int64_t*& shape) {
    Activating found;
    found.number = next(shape);
    for (float& parameter : found.parameters) {
      const int32_t bits = next(shape);
      std::memcpy(&parameter, &bits, sizeof parameter);
    }
    return found;
  }

  Layer layer(const int64_t*& shape, const Common& common) {
    const int kernel = next(shape), dilation = next(shape);
    const Gating gating = static_cast<Gating>(next(shape));
    const Activating activation = activating(shape), secondary = activating(shape);
    std::vector<long> taps;
    for (int tap = 0; tap < kernel && dilation == 0; ++tap) taps.push_back(-static_cast<long>(next(shape)));
    const int bottleneck = common.bottleneck, inner = gating == Gating::None ? bottleneck : 2 * bottleneck;
    Layer layer{{common.channels, inner, kernel, dilation, true, common.groups},
                {1, inner},
                {bottleneck, common.residual ? common.channels : 0, 1, 1, true, common.residual_groups},
                {bottleneck, common.head_channels, 1, 1, true, common.head_groups},
                gating,
                activation,
                secondary};
    if (!taps.empty()) layer.conv.taps = std::move(taps);
    layer.conv.place(weights);
    layer.mixin.place(weights);
    layer.slopes_at = weights;
    weights += activation.learnt(bottleneck);
    layer.secondary_slopes_at = weights;
    if (gating == Gating::Soft) weights += 1;
    else if (layer.gated()) weights += secondary.learnt(bottleneck);
    layer.residual.place(weights);
    layer.head.place(weights);
    return layer;
  }

  // Behind the taps of each group of outputs.
  static void add_condition(Conv& conv, const Conv& mixin) {
    const size_t size = conv.forward.size() / conv.groups, outputs = conv.group_out();
    for (int group = conv.groups; group-- > 0;)
      conv.forward.insert(conv.forward.begin() + (group + 1) * size, mixin.forward.begin() + group * outputs,
                          mixin.forward.begin() + (group + 1) * outputs);
  }
};

}  // namespace voxnas
