// Convolutions over a piece of a block, in which time runs along rows of channels. A block of outputs × time stays in
// registers while all taps of all inputs are added to it.

constexpr int kPiece = 128;  // samples: short enough for the nearest cache

// A row per channel. Behind a piece there is room for the rest of a vector, which counts for nothing.
struct Rows {
  float* data;
  int stride;
  VOXNAS_INLINE float* operator[](int row) const { return data + row * stride; }
};

// A signal as long as a piece, with as much of its past as a convolution looks back on.
template <int Channels, int Past>
class History {
 public:
  static constexpr int kSilence = Past ? Channels : 0;

  // As if every channel had been at its value in silence for ever.
  const float* reset(const float* silence) {
    at_ = kPast;
    for (int c = 0; c < Channels; ++c)
      for (int t = 0; t < kStride; ++t) data_[c][t] = Past ? silence[c] : 0.f;
    return silence + kSilence;
  }
  // Rows for the next samples, with the past before them.
  Rows next(int samples) {
    if (Past && at_ + round_up(samples, kLanes) > kEnd) {
      for (int c = 0; c < Channels; ++c) copy(data_[c], data_[c] + at_ - kPast, kPast);
      at_ = kPast;
    }
    return {data_[0] + at_, kStride};
  }
  // After they have been read for the last time.
  void advance(int samples) {
    if (Past) at_ += samples;
  }

 private:
  // The longer the room behind the past, the more rarely that has to be moved back to the front.
  static constexpr int kPast = round_up(Past, 16), kMost = kPast > 4 * kPiece ? kPast : 4 * kPiece;
  static constexpr int kEnd = kPast + (Past ? kMost : kPiece);
  // An odd number of cache lines, since rows a power of two apart evict each other.
  static constexpr int kStride = (kEnd / 16 | 1) * 16;
  int at_ = kPast;
  alignas(64) float data_[Channels][kStride];
};

// M outputs × N vectors of time.
template <int M, int N>
struct Sums {
  Vec v[M][N];

  VOXNAS_INLINE Sums() {
    for_each([](int, int, Vec& sum) { sum = broadcast(0.f); });
  }
  template <class Do>
  VOXNAS_INLINE void for_each(Do run) {
    each<M>([&](auto m) { each<N>([&](auto n) { run(m, n, v[m][n]); }); });
  }
  VOXNAS_INLINE void add(const float* row, const float* weights) {
    Vec x[N];
    each<N>([&](auto n) { x[n] = in_register(load(row + n * kLanes)); });
    each<M>([&](auto m) {
      const Vec weight = in_register(broadcast(weights[m]));
      each<N>([&](auto n) { v[m][n] = multiply_add(weight, x[n], v[m][n]); });
    });
  }
};

constexpr int kMostOutputs = kRegisters == 32 ? 8 : 6;
constexpr int parts(int outputs) { return (outputs + kMostOutputs - 1) / kMostOutputs; }
// The number of vectors of time that go together with so many outputs.
constexpr int vectors(int outputs) {
  return kRegisters == 32 ? (outputs <= 4 ? 4 : 2) : (outputs <= 3 ? 4 : 2);
}

// The sums of a convolution. Its weights are, for each group, [tap][input][output], the current sample's tap first.
template <int In, int Out, int Kernel = 1, int Groups = 1>
struct Conv {
  static constexpr int kWeights = In / Groups * Out * Kernel;
  static constexpr int kIn = In / Groups, kOut = Out / Groups, kParts = parts(kOut);
  static constexpr int kVectors = vectors((kOut + kParts - 1) / kParts);

  // Calls finish(first, sums) for every part of the outputs, with its first one as a constant.
  template <int N, class Finish>
  static VOXNAS_INLINE void run(const float* x, int stride, int dilation, const float* weights, Finish finish) {
    each<Groups * kParts>([&](auto index) {
      constexpr int group = index / kParts, part = index % kParts;
      constexpr int first = kOut * part / kParts, size = kOut * (part + 1) / kParts - first;
      Sums<size, N> sums;
      const float* w = weights + group * (kWeights / Groups) + first;
      for (int tap = 0; tap < Kernel; ++tap) {
        const float* row = x + group * kIn * stride - tap * dilation;
        for (int i = 0; i < kIn; ++i, row += stride, w += kOut) sums.add(row, w);
      }
      finish(std::integral_constant<int, group * kOut + first>{}, sums);
    });
  }
};

// Calls run(vectors, t) until all samples are covered, with the number of vectors as a constant.
template <int N, class Run>
VOXNAS_INLINE void over_time(int samples, Run run) {
  int t = 0;
  for (; t + (N - 1) * kLanes < samples; t += N * kLanes) run(std::integral_constant<int, N>{}, t);
  if (N > 1)
    for (; t < samples; t += kLanes) run(std::integral_constant<int, 1>{}, t);
}

// A whole convolution with its activation. Weights: the convolution's, the bias, the activation's.
template <int In, int Out, int Kernel = 1, bool Bias = false, class Act = Identity>
struct Convolution {
  using Taps = Conv<In, Out, Kernel>;
  static constexpr int kWeights = Taps::kWeights + Bias * Out + Act::weights(Out);

  static void run(Rows x, int dilation, Rows out, const float* weights, int samples) {
    const float *bias = weights + Taps::kWeights, *activation = bias + Bias * Out;
    over_time<Taps::kVectors>(samples, [&](auto count, int t) {
      Taps::template run<count>(x.data + t, x.stride, dilation, weights, [&](auto first, auto& sums) {
        // The bias last, since those of trained networks are large beside the rest.
        sums.for_each([&](int m, int n, Vec& sum) {
          if (Bias) sum = sum + broadcast(bias[first + m]);
          store(out[first + m] + t + n * kLanes, Act::value(sum, activation, first + m));
        });
      });
    });
  }
};
