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
#include "weight_controls.h"

namespace voxnas {
namespace {

constexpr long kPiece = 128;  // samples

// z becomes its activation, which is added to the head's sum as well unless that is empty. Behind z's channels come
// as many gates where there is gating, with the secondary activation already theirs.
using Activate = void (*)(const Activating& activation, int channels, Rows z, Rows head, long samples);

template <class Act, Gating gating>
void activate(const Activating& activation, int channels, Rows z, Rows head, long samples) {
  for (int c = 0; c < channels; ++c) {
    const Act act(activation, c);
    const auto value = [&](long t) {
      const vec x = load(z[c] + t), y = act.value(x);
      if (gating == Gating::None) return y;
      const vec gate = load(z[channels + c] + t);
      return gating == Gating::Gated ? gate * y : gate * y + (1.f - gate) * x;
    };
    if (!head.data) {
      for (long t = 0; t < samples; t += kLanes) store(z[c] + t, value(t));
      continue;
    }
    for (long t = 0; t < samples; t += kLanes) {
      const vec y = value(t);
      store(z[c] + t, y);
      store(head[c] + t, load(head[c] + t) + y);
    }
  }
}

template <Gating gating>
Activate activation(const Activating& activation) {
  Activate found = nullptr;
  with_value(activation.number, [&](auto type) { found = activate<typename decltype(type)::type, gating>; });
  return found;
}

// One layer's.
struct Activates {
  Activate signal = nullptr, gate;

  explicit Activates(const Layer& layer) : gate(activation<Gating::None>(layer.secondary)) {
    switch (layer.gating) {
      case Gating::None: signal = activation<Gating::None>(layer.activation); break;
      case Gating::Gated: signal = activation<Gating::Gated>(layer.activation); break;
      case Gating::Blended: signal = activation<Gating::Blended>(layer.activation); break;
      case Gating::Soft: break;
    }
    if (!signal || !gate) throw std::invalid_argument("an activation or a gate trains, but does not play");
  }
};

// Each group of outputs hears its own group of inputs. Not inlined, so that the forms without groups stay as fast.
[[gnu::noinline]] void convolve_groups(const Conv& conv, Product product, long samples) {
  const size_t weights = conv.forward.size() / conv.groups;
  product.channels = conv.group_in();
  product.outputs = conv.group_out();
  for (int group = 0; group < conv.groups; ++group) {
    convolve(product, samples);
    product.x = product.x.from(product.channels);
    product.weights += weights;
    product.bias += product.outputs;
    product.out = product.out.from(product.outputs);
    if (product.start.data) product.start = product.start.from(product.outputs);
  }
}

// `start` may be empty, `condition` null.
inline void convolve(const Conv& conv, Rows x, Rows start, Rows out, long samples, const float* condition = nullptr) {
  const float *weights = conv.forward.data(), *bias = conv.bias.data();
  const long* taps = conv.taps.data();
  const Product product{x, conv.in, conv.kernel, taps, condition, weights, bias, start, out, conv.out, false};
  if (conv.groups == 1)
    convolve(product, samples);
  else
    convolve_groups(conv, product, samples);
}

class WaveNetStream : public Stream {
 public:
  // The weights are copied; the output's factor becomes a part of the last head's.
  WaveNetStream(const int64_t* shape, const float* weights, float scale)
      : net_(shape),
        weights_(weights, weights + net_.weights),
        condition_(1, kPiece),
        z_(widest(), kPiece),
        out_(1, kPiece),
        scale_(scale) {
    net_.read(weights_.data());
    Conv& last = net_.arrays.back().head;
    for (std::vector<float>* values : {&last.forward, &last.bias})
      for (float& value : *values) value *= scale;
    for (const LayerArray& array : net_.arrays) {
      int past = 0;
      for (const Layer& layer : array.layers) {
        if (layer.residual.out)
          x_.emplace_back(array.channels(), layer.conv.past(), kPiece);
        else  // all layers hear the same, and the next array too
          past = std::max(past, layer.conv.past());
        activate_.emplace_back(layer);
      }
      x_.emplace_back(array.channels(), past, kPiece);
      head_.emplace_back(array.head.in, array.head.past(), kPiece);
    }
    reset();
  }

  void follow(const float* mix, const float* scale, long rows, int count, const float* values) override {
    controls_.follow(mix, scale, rows, count, values);
    own_.clear();
    for_each_layer([&](Layer& layer) { own_.push_back({layer.conv.forward, layer.conv.bias}); });
    long inner = 0;
    for (const Own& own : own_) inner += static_cast<long>(own.bias.size());
    if (inner != rows) throw std::invalid_argument("controls for other rows than there are");
    reset();
  }

  void follow_weights(const float* changes, int count, const float* values) override {
    own_.clear();
    weight_controls_.follow(count, values);
    std::vector<WaveNet> nets(count, net_);
    for (size_t k = 0; k < nets.size(); ++k) nets[k].read(changes + k * net_.weights);
    for (size_t a = 0; a < net_.arrays.size(); ++a) {
      move(nets, [a](WaveNet& net) { return &net.arrays[a].rechannel; });
      for (size_t l = 0; l < net_.arrays[a].layers.size(); ++l) {
        for (Conv Layer::* conv : {&Layer::conv, &Layer::residual, &Layer::head})
          move(nets, [a, l, conv](WaveNet& net) { return &(net.arrays[a].layers[l].*conv); });
        const Layer& layer = net_.arrays[a].layers[l];
        move(changes, nets.size(), layer.slopes_at, layer.activation.learnt(layer.bottleneck()));
        if (layer.gated()) move(changes, nets.size(), layer.secondary_slopes_at, layer.secondary.learnt(layer.bottleneck()));
      }
      move(nets, [a](WaveNet& net) { return &net.arrays[a].head; }, a + 1 == net_.arrays.size() ? scale_ : 1.f);
    }
    reset();
  }

  void control(const float* values, long samples) override {
    if (weight_controls_.follows()) weight_controls_.set(values, samples);
    if (own_.empty()) return;
    controls_.set(values, samples);
    work_in();
  }

  void reset() override {
    if (weight_controls_.follows()) weight_controls_.arrive();
    if (!own_.empty()) {
      controls_.arrive();
      work_in();
    }
    std::fill_n(condition_.rows()[0], kLanes, 0.f);
    run<true>(kLanes);  // a whole vector, so that blocks of whole vectors start where vectors do
  }

  void process(const float* in, float* out, int64_t samples) override {
    for (int64_t start = 0, size; start < samples; start += size) {
      size = std::min<int64_t>(kPiece, samples - start);
      const bool moving = controls_.left() > 0;
      if (moving) size = std::min<int64_t>(size, controls_.left());
      size = weight_controls_.advance(size);
      moving_ = moving ? find_motion() : Motion{};
      std::copy_n(in + start, size, condition_.rows()[0]);
      run<false>(size);
      std::copy_n(out_.rows()[0], size, out + start);
      if (!moving) continue;
      controls_.advance(size);
      if (!controls_.left()) work_in();
    }
    moving_ = {};
  }

 private:
  int widest() const {
    int inner = 1;
    for (const LayerArray& array : net_.arrays)
      for (const Layer& layer : array.layers) inner = std::max(inner, layer.inner());
    return inner;
  }

  template <class Each>
  void for_each_layer(Each each) {
    for (LayerArray& array : net_.arrays)
      for (Layer& layer : array.layers) each(layer);
  }

  // Has a convolution follow controls: of each one's changes, read as weights, the same convolution.
  template <class ConvOf>
  void move(std::vector<WaveNet>& nets, ConvOf conv_of, float scale = 1.f) {
    std::vector<const float*> forward, bias;
    for (WaveNet& net : nets) {
      forward.push_back(conv_of(net)->forward.data());
      bias.push_back(conv_of(net)->bias.data());
    }
    Conv* conv = conv_of(net_);
    weight_controls_.add(conv->forward.data(), conv->forward.size(), forward, scale);
    weight_controls_.add(conv->bias.data(), conv->bias.size(), bias, scale);
  }
  // Has slopes that are learnt follow.
  void move(const float* changes, size_t count, size_t at, size_t size) {
    std::vector<const float*> from;
    for (size_t k = 0; k < count; ++k) from.push_back(changes + k * net_.weights + at);
    weight_controls_.add(weights_.data() + at, size, from, 1.f);
  }

  // A layer's weights and biases, as they are without controls.
  struct Own {
    std::vector<float> forward, bias;
  };
  // What moving controls make of each row: what they add and multiply with before the piece, and how that grows.
  struct Motion {
    const float *added = nullptr, *slopes = nullptr, *factors = nullptr, *factor_slopes = nullptr;
    void advance(int rows) {
      added += rows;
      slopes += rows;
      if (factors) factors += rows, factor_slopes += rows;
    }
  };
  Motion find_motion() {
    return {controls_.added(), controls_.slopes(), controls_.factors(), controls_.factor_slopes()};
  }

  // Controls that stand still become a part of the weights; while they move these are the layers' own.
  void work_in() {
    const bool still = !controls_.left();
    const float *added = controls_.added(), *factors = controls_.factors();
    const Own* own = own_.data();
    for_each_layer([&](Layer& layer) {
      Conv& conv = layer.conv;
      std::copy(own->forward.begin(), own->forward.end(), conv.forward.begin());
      std::copy(own->bias.begin(), own->bias.end(), conv.bias.begin());
      ++own;
      if (!still) return;
      const size_t outputs = conv.group_out(), size = conv.forward.size() / conv.groups;
      for (size_t i = 0; factors && i < conv.forward.size(); ++i)
        conv.forward[i] *= factors[i / size * outputs + i % size % outputs];
      for (int o = 0; o < conv.out; ++o) conv.bias[o] = (factors ? factors[o] : 1.f) * conv.bias[o] + added[o];
      added += conv.out;
      if (factors) factors += conv.out;
    });
  }

  // From what the convolution gives to what moving controls make of it.
  static void move(const Motion& by, int rows, Rows z, long samples) {
    for (int c = 0; c < rows; ++c)
      for (long t = 0; t < samples; ++t) {
        const float at = static_cast<float>(t + 1), factor = by.factors ? by.factors[c] + at * by.factor_slopes[c] : 1.f;
        z[c][t] = factor * z[c][t] + by.added[c] + at * by.slopes[c];
      }
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
    for (int c = 0; c < net_.arrays[0].head.in; ++c) std::fill_n(head[c], covered, 0.f);
    History* x = x_.data();
    const Activates* activates = activate_.data();
    Motion moving = moving_;
    for (size_t a = 0; a < net_.arrays.size(); ++a) {
      const LayerArray& array = net_.arrays[a];
      const bool top = a + 1 == net_.arrays.size();
      Rows here = x->next(samples);
      convolve(array.rechannel, from, {}, here, covered);
      for (const Layer& layer : array.layers) {
        written(*x);
        convolve(layer.conv, here, {}, z, covered, condition.data);
        if (moving.added) {
          move(moving, layer.inner(), z, covered);
          moving.advance(layer.inner());
        }
        const int channels = layer.bottleneck();
        if (layer.gated()) activates->gate(layer.secondary, channels, z.from(channels), {}, covered);
        activates++->signal(layer.activation, channels, z, layer.head.out ? Rows{} : head, covered);
        if (layer.head.out) convolve(layer.head, z, head, head, covered);
        if (!layer.residual.out) continue;
        const Rows next = x[1].next(samples);
        // Nothing follows the last layer's.
        if (!top || &layer != &array.layers.back()) convolve(layer.residual, z, here, next, covered);
        x++->advance(samples);
        here = next;
      }
      written(head_[a]);
      const Rows out = top ? out_.rows() : head_[a + 1].next(samples);
      convolve(array.head, head, {}, out, covered);
      head_[a].advance(samples);
      from = here;
      head = out;
      x++->advance(samples);
    }
  }

  WaveNet net_;
  std::vector<float> weights_;  // the network's slopes are in there
  OwnRows condition_, z_, out_;
  std::vector<History> x_, head_;
  std::vector<Activates> activate_;
  float scale_;
  Controls controls_;
  WeightControls weight_controls_;
  std::vector<Own> own_;  // by layer, where it follows controls; else empty
  Motion moving_;
};

}  // namespace
}  // namespace voxnas

// Takes the shape and the weights as wavenet.h says, the activations as stream_activations.h; null if it fails.
extern "C" voxnas::Stream* voxnas_wavenet_stream_create(const int64_t* shape, const float* weights, float scale) {
  return voxnas::created([&] { return new voxnas::WaveNetStream(shape, weights, scale); });
}
