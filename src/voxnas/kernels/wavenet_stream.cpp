// A WaveNet that plays block by block.
//
// A piece of a block, short enough for the nearest cache, goes through one layer after the other. Each layer's
// input is kept with as much of its past as the convolution looks back on; what is behind the last sample of a piece,
// up to the end of a vector, is worked out as well and counts for nothing.
#include "history.h"
#include "stream.h"
#include "stream_activations.h"
#include "stream_conv.h"
#include "wavenet.h"

namespace voxnas {
namespace {

constexpr long kPiece = 128;  // samples

// z becomes its activation, which is added to the head's sum as well.
using Activate = void (*)(const Activating& activation, int channels, Rows z, Rows head, long samples);

template <class Act, bool gated>
void activate(const Activating& activation, int channels, Rows z, Rows head, long samples) {
  for (int c = 0; c < channels; ++c) {
    const Act act(activation, c);
    for (long t = 0; t < samples; t += kLanes) {
      vec y = act.value(load(z[c] + t));
      if (gated) y *= sigmoid(load(z[channels + c] + t));
      store(z[c] + t, y);
      store(head[c] + t, load(head[c] + t) + y);
    }
  }
}

Activate activation(const Layer& layer) {
  Activate found = nullptr;
  with_value(layer.activation.number, [&](auto type) {
    using Act = typename decltype(type)::type;
    found = layer.gated() ? activate<Act, true> : activate<Act, false>;
  });
  return found;
}

class WaveNetStream : public Stream {
 public:
  // The weights are copied; the output's factor becomes a part of the last head's.
  WaveNetStream(const int64_t* shape, const float* weights, float scale)
      : net_(shape), condition_(1, kPiece), z_(widest(), kPiece), out_(1, kPiece) {
    net_.read(weights);
    Conv& last = net_.arrays.back().head;
    for (std::vector<float>* values : {&last.forward, &last.bias})
      for (float& value : *values) value *= scale;
    for (const LayerArray& array : net_.arrays) {
      for (const Layer& layer : array.layers) {
        x_.emplace_back(layer.channels(), layer.conv.past(), kPiece);
        activate_.push_back(activation(layer));
      }
      x_.emplace_back(array.channels(), 0, kPiece);
      head_.emplace_back(array.channels(), array.head.past(), kPiece);
    }
    reset();
  }

  void reset() override {
    std::fill_n(condition_.rows()[0], kLanes, 0.f);
    run<true>(kLanes);  // a whole vector, so that blocks of whole vectors start where vectors do
  }

  void process(const float* in, float* out, int64_t samples) override {
    for (int64_t start = 0; start < samples; start += kPiece) {
      const long size = std::min<int64_t>(kPiece, samples - start);
      std::copy_n(in + start, size, condition_.rows()[0]);
      run<false>(size);
      std::copy_n(out_.rows()[0], size, out + start);
    }
  }

 private:
  int widest() const {
    int inner = 1;
    for (const LayerArray& array : net_.arrays)
      for (const Layer& layer : array.layers) inner = std::max(inner, layer.inner());
    return inner;
  }

  // The condition's samples through all layers. Settling does so as if the first of them had been there for ever.
  template <bool settling>
  void run(long samples) {
    const long covered = round_up(samples, kLanes);
    const auto written = [](History& history) {
      if (settling) history.settle();
    };
    const Rows condition = condition_.rows(), z = z_.rows();
    Rows from = condition, head = head_[0].next(samples);
    for (int c = 0; c < net_.arrays[0].channels(); ++c) std::fill_n(head[c], covered, 0.f);
    History* x = x_.data();
    const Activate* activate = activate_.data();
    for (size_t a = 0; a < net_.arrays.size(); ++a) {
      const LayerArray& array = net_.arrays[a];
      const bool top = a + 1 == net_.arrays.size();
      Rows here = x->next(samples);
      convolve(product(array.rechannel, from, {}, here), covered);
      for (const Layer& layer : array.layers) {
        written(*x);
        convolve(product(layer.conv, here, {}, z, condition.data), covered);
        (*activate++)(layer.activation, layer.channels(), z, head, covered);
        const Rows next = x[1].next(samples);
        // Nothing follows the last layer's.
        if (!top || &layer != &array.layers.back()) convolve(product(layer.residual, z, here, next), covered);
        x++->advance(samples);
        here = next;
      }
      written(head_[a]);
      const Rows out = top ? out_.rows() : head_[a + 1].next(samples);
      convolve(product(array.head, head, {}, out), covered);
      head_[a].advance(samples);
      from = here;
      head = out;
      x++->advance(samples);
    }
  }

  static Product product(const Conv& conv, Rows x, Rows start, Rows out, const float* condition = nullptr) {
    const float *weights = conv.forward.data(), *bias = conv.bias.data();
    return {x, conv.in, conv.kernel, conv.dilation, condition, weights, bias, start, out, conv.out};
  }

  WaveNet net_;
  OwnRows condition_, z_, out_;
  std::vector<History> x_, head_;
  std::vector<Activate> activate_;
};

}  // namespace
}  // namespace voxnas

// Takes the shape and the weights as wavenet.h says, the activations as stream_activations.h; null without memory.
extern "C" voxnas::Stream* voxnas_wavenet_stream_create(const int64_t* shape, const float* weights, float scale) {
  try {
    const voxnas::FlushDenormals guard;
    return new voxnas::WaveNetStream(shape, weights, scale);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
