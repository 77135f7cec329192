// A WaveNet of layer arrays: its shape, read from a list of integers, and its weights, laid out for `mix`.
//
// The list: arrays; per array: inputs, channels, head size, head kernel, head bias (0 or 1), layers; per layer:
// kernel, dilation, activation (Kind), gated (0 or 1). The weights are one flat list in the order of plug-in files:
// rechannel; per layer: convolution, its bias, mix-in, residual, its bias; head, its bias.
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
  size_t weight_at = 0, bias_at = 0;          // in the flat list
  std::vector<float> forward, backward, bias;  // [tap][in][out] and [tap][out][in]

  Conv(int in, int out, int kernel = 1, int dilation = 1, bool biased = false)
      : in(in), out(out), kernel(kernel), dilation(dilation), biased(biased) {}
  int past() const { return (kernel - 1) * dilation; }
  // Where the weight for (out, in, tap) is in the flat list, which has the current sample last.
  size_t at(int o, int i, int tap) const {
    return weight_at + (static_cast<size_t>(o) * in + i) * kernel + (kernel - 1 - tap);
  }
  void read(const float* flat) {
    forward.clear();
    backward.clear();
    for (int tap = 0; tap < kernel; ++tap) {
      for (int i = 0; i < in; ++i)
        for (int o = 0; o < out; ++o) forward.push_back(flat[at(o, i, tap)]);
      for (int o = 0; o < out; ++o)
        for (int i = 0; i < in; ++i) backward.push_back(flat[at(o, i, tap)]);
    }
    bias.assign(out, 0.f);
    if (biased) std::copy_n(flat + bias_at, out, bias.begin());
  }
  void place(size_t& next) {
    weight_at = next;
    bias_at = next += static_cast<size_t>(in) * out * kernel;
    if (biased) next += out;
  }
};

struct Layer {
  Conv conv;   // `forward` ends with one more source, the condition
  Conv mixin;
  Conv residual;
  Kind kind;
  bool gated;
  long x_start = 0, z_start = 0;  // the first time at which the output needs the layer's input, and its activation
  int channels() const { return conv.in; }
  int inner() const { return conv.out; }
  // Whether the activation's output must be worked out from what training keeps.
  bool derived() const { return gated || kind == Kind::SiLU; }
};

struct LayerArray {
  Conv rechannel, head;
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
      const int inputs = next(shape), channels = next(shape), head_size = next(shape), head_kernel = next(shape);
      const bool head_bias = next(shape);
      LayerArray array{{inputs, channels}, {channels, head_size, head_kernel, 1, head_bias}};
      array.rechannel.place(weights);
      array.layers.reserve(next(shape));
      while (array.layers.size() < array.layers.capacity()) array.layers.push_back(layer(shape, channels));
      array.head.place(weights);
      arrays.push_back(std::move(array));
    }
  }

  void read(const float* flat) {
    for (LayerArray& array : arrays) {
      array.rechannel.read(flat);
      array.head.read(flat);
      for (Layer& layer : array.layers) {
        for (Conv* conv : {&layer.conv, &layer.mixin, &layer.residual}) conv->read(flat);
        layer.conv.forward.insert(layer.conv.forward.end(), layer.mixin.forward.begin(), layer.mixin.forward.end());
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
  static int next(const int64_t*& shape) { return static_cast<int>(*shape++); }

  Layer layer(const int64_t*& shape, int channels) {
    const int kernel = next(shape), dilation = next(shape);
    const Kind kind = static_cast<Kind>(next(shape));
    const bool gated = next(shape);
    const int inner = gated ? 2 * channels : channels;
    Layer layer{{channels, inner, kernel, dilation, true}, {1, inner}, {channels, channels, 1, 1, true}, kind, gated};
    for (Conv* conv : {&layer.conv, &layer.mixin, &layer.residual}) conv->place(weights);
    return layer;
  }
};

}  // namespace voxnas
