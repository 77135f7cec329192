// A WaveNet: layer arrays whose layers add to a residual path and to a head's sum.

enum class Gating { none, gated, blended };
// The output of a layer for the next: nothing (the last), its input, or its input and a 1×1 of its activation.
enum class Next { none, copy, add };

// A layer. Weights: convolution, mix-in, bias, the activations', then the 1×1 to the next layer and its
// bias, and the 1×1 to the head and its bias, if there are any.
template <int Channels, int Bottleneck, int Kernel, int Groups, class Act, Gating gating, class Secondary, Next next,
          int NextGroups, int HeadChannels, int HeadGroups>
struct Layer {
  static constexpr bool kGated = gating != Gating::none, kHasHead = HeadChannels > 0, kAdds = next == Next::add;
  static constexpr int kChannels = Channels, kKernel = Kernel, kInner = kGated ? 2 * Bottleneck : Bottleneck;
  static constexpr int kHeadWidth = kHasHead ? HeadChannels : Bottleneck;
  using Taps = Conv<Channels, kInner, Kernel, Groups>;
  using ToNext = Conv<Bottleneck, Channels, 1, NextGroups>;
  using ToHead = Conv<Bottleneck, kHeadWidth, 1, HeadGroups>;
  static constexpr int kSecondary = Act::weights(Bottleneck), kToNext = kSecondary + Secondary::weights(Bottleneck);
  static constexpr int kToHead = kToNext + kAdds * (ToNext::kWeights + Channels);
  static constexpr int kWeights = Taps::kWeights + 2 * kInner + kToHead + kHasHead * (ToHead::kWeights + HeadChannels);

  static void run(Rows x, int dilation, const float* condition, Rows head, Rows out, const float* weights,
                  int samples) {
    over_time<Taps::kVectors>(samples, [&](auto count, int t) {
      chunk<count>({x.data + t, x.stride}, dilation, condition + t, {head.data + t, head.stride},
                   {out.data + t, out.stride}, weights);
    });
  }

 private:
  // N vectors of time, all pointers at the first of them.
  template <int N>
  static VOXNAS_INLINE void chunk(Rows x, int dilation, const float* condition, Rows head, Rows out,
                                  const float* weights) {
    constexpr int kStride = N * kLanes;
    alignas(64) float z[kInner * kStride];
    const float *mixin = weights + Taps::kWeights, *bias = mixin + kInner, *rest = bias + kInner;
    Taps::template run<N>(x.data, x.stride, dilation, weights, [&](auto first, auto& sums) {
      sums.add(condition, mixin + first);
      sums.for_each([&](int m, int n, Vec& sum) {
        sum = sum + broadcast(bias[first + m]);
        if (!kGated) sum = Act::value(sum, rest, first + m);
        store(z + (first + m) * kStride + n * kLanes, sum);
        if (!kGated && !kHasHead) add_to(head[first + m] + n * kLanes, sum);
      });
    });
    if (kGated) gate<N>(z, head, rest);
    if (kAdds) {
      const float *to_next = rest + kToNext, *next_bias = to_next + ToNext::kWeights;
      ToNext::template run<N>(z, kStride, 0, to_next, [&](auto first, auto& sums) {
        sums.for_each([&](int m, int n, Vec& sum) {
          sum = sum + broadcast(next_bias[first + m]) + load(x[first + m] + n * kLanes);
          store(out[first + m] + n * kLanes, sum);
        });
      });
    } else if (next == Next::copy) {
      for (int c = 0; c < Channels; ++c) copy(out[c], x[c], kStride);
    }
    if (kHasHead) {
      const float *to_head = rest + kToHead, *head_bias = to_head + ToHead::kWeights;
      ToHead::template run<N>(z, kStride, 0, to_head, [&](auto first, auto& sums) {
        sums.for_each([&](int m, int n, Vec& sum) {
          add_to(head[first + m] + n * kLanes, sum + broadcast(head_bias[first + m]));
        });
      });
    }
  }

  // The first half of z becomes the activation.
  template <int N>
  static VOXNAS_INLINE void gate(float* z, Rows head, const float* activation) {
    for (int b = 0; b < Bottleneck; ++b)
      each<N>([&](auto n) {
        float* at = z + (b * N + n) * kLanes;
        const Vec signal = load(at), active = Act::value(signal, activation, b);
        const Vec share = Secondary::value(load(at + Bottleneck * N * kLanes), activation + kSecondary, b);
        const Vec a = gating == Gating::gated ? active * share : multiply_add(share, active - signal, signal);
        store(at, a);
        if (!kHasHead) add_to(head[b] + n * kLanes, a);
      });
  }

  static VOXNAS_INLINE void add_to(float* sum, Vec x) { store(sum, load(sum) + x); }
};

// A layer in its place, with its input.
template <class Shape, int Dilation>
struct Dilated {
  using Layer = Shape;
  static constexpr int kDilation = Dilation;
  History<Shape::kChannels, (Shape::kKernel - 1) * Dilation> x;
};

template <int Inputs, int HeadSize, int HeadKernel, int HeadDilation, bool HeadBias, class... Layers>
class Array {
  static constexpr int kLayers = sizeof...(Layers);
  using First = typename std::tuple_element_t<0, std::tuple<Layers...>>::Layer;
  using Rechannel = Convolution<Inputs, First::kChannels>;
  using Head = Convolution<First::kHeadWidth, HeadSize, HeadKernel, HeadBias>;

 public:
  static constexpr int kWeights = Rechannel::kWeights + (Layers::Layer::kWeights + ...) + Head::kWeights;
  static constexpr int kHeadWidth = First::kHeadWidth;
  History<kHeadWidth, (HeadKernel - 1) * HeadDilation> head;
  History<First::kChannels, 0> out;

  const float* reset(const float* silence) {
    each<kLayers>([&](auto i) { silence = std::get<i>(layers_).x.reset(silence); });
    out.reset(nullptr);
    return head.reset(silence);
  }
  // From the array before, or the condition, into `out` and into the next head's sum or the output.
  void run(Rows from, const float* condition, Rows head_out, const float* weights, int samples) {
    Rows x = std::get<0>(layers_).x.next(samples);
    const Rows sum = head.next(samples);
    Rechannel::run(from, 0, x, weights, samples);
    weights += Rechannel::kWeights;
    each<kLayers>([&](auto i) {
      auto& layer = std::get<i>(layers_);
      using Each = std::remove_reference_t<decltype(layer)>;
      Rows next;
      if constexpr (i + 1 < kLayers)
        next = std::get<i + 1>(layers_).x.next(samples);
      else
        next = out.next(samples);
      Each::Layer::run(x, Each::kDilation, condition, sum, next, weights, samples);
      weights += Each::Layer::kWeights;
      layer.x.advance(samples);
      x = next;
    });
    Head::run(sum, HeadDilation, head_out, weights, samples);
    head.advance(samples);
  }

 private:
  std::tuple<Layers...> layers_;
};

template <class... Arrays>
class WaveNet {
  static constexpr int kArrays = sizeof...(Arrays);

 public:
  static constexpr int kWeights = (Arrays::kWeights + ...);

  void reset(const float* silence) {
    clear(condition_, kPiece);
    each<kArrays>([&](auto a) { silence = std::get<a>(arrays_).reset(silence); });
  }
  // At most kPiece samples.
  void process(const float* in, float* out, const float* weights, int samples) {
    copy(condition_, in, samples);
    const Rows first = std::get<0>(arrays_).head.next(samples);
    for (int c = 0; c < std::tuple_element_t<0, std::tuple<Arrays...>>::kHeadWidth; ++c)
      clear(first[c], round_up(samples, kLanes));
    Rows from{condition_, 0};
    each<kArrays>([&](auto a) {
      auto& array = std::get<a>(arrays_);
      Rows head{out_, 0};
      if constexpr (a + 1 < kArrays) head = std::get<a + 1>(arrays_).head.next(samples);
      array.run(from, condition_, head, weights, samples);
      weights += std::remove_reference_t<decltype(array)>::kWeights;
      from = array.out.next(samples);
    });
    copy(out, out_, samples);
  }

 private:
  std::tuple<Arrays...> arrays_;
  alignas(64) float condition_[kPiece], out_[kPiece];
};
