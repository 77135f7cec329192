// LSTM and GRU: sample by sample, with the units of a layer side by side in vectors.
//
// Weights, per layer: a row of biases, a row for each input and a row for each unit of the sample before. A row has one
// strip per gate, filled up with zeros. What goes through a sigmoid is halved.

constexpr int kPiece = 32;  // samples: what is kept of a layer for the next one

// Sums for one or two vectors of units and all gates.
template <int Gates, int N>
struct GateSums {
  Vec v[Gates][N];

  // A row's strips, one to each of the gates that are named.
  template <int... Gate>
  VOXNAS_INLINE void add(Vec x, const float* row, int strip, std::integer_sequence<int, Gate...>) {
    ((add_to(v[Gate], x, row), row += strip), ...);
  }

 private:
  static VOXNAS_INLINE void add_to(Vec (&gate)[N], Vec x, const float* weights) {
    each<N>([&](auto n) { gate[n] = multiply_add(x, load(weights + n * kLanes), gate[n]); });
  }
};

struct LSTM {
  static constexpr int kGates = 4, kSums = 4, kStates = 2;
  using FromInput = std::integer_sequence<int, 0, 1, 2, 3>;
  using FromUnits = FromInput;

  // From the gates and the unit's state, which is renewed, to its output.
  static VOXNAS_INLINE Vec unit(Vec input, Vec forget, Vec cell, Vec output, float* state, Vec) {
    const Vec c = multiply_add(sigmoid_of_half(forget), load(state), sigmoid_of_half(input) * tanh(cell));
    store(state, c);
    return sigmoid_of_half(output) * tanh(c);
  }
};

// The third sum is the new value's from the input, the fourth its share from the units.
struct GRU {
  static constexpr int kGates = 3, kSums = 4, kStates = 1;
  using FromInput = std::integer_sequence<int, 0, 1, 2>;
  using FromUnits = std::integer_sequence<int, 0, 1, 3>;

  static VOXNAS_INLINE Vec unit(Vec reset, Vec update, Vec input, Vec units, float*, Vec before) {
    const Vec value = tanh(multiply_add(sigmoid_of_half(reset), units, input));
    return multiply_add(sigmoid_of_half(update), before - value, value);
  }
};

template <class Cell, int In, int Hidden>
class Layer {
  static constexpr int kStrip = round_up(Hidden, 16), kRow = Cell::kGates * kStrip;
  static constexpr int kVectors = (Hidden + kLanes - 1) / kLanes;

 public:
  static constexpr int kWeights = Cell::kSums * kStrip + (In + Hidden) * kRow;
  alignas(64) float out[kPiece + 1][kStrip];  // the first is the sample before

  const float* reset(const float* silence) {
    clear(out[0], kStrip);
    clear(state_, kStrip);
    copy(out[0], silence, Hidden);
    if (Cell::kStates == 2) copy(state_, silence + Hidden, Hidden);
    return silence + Cell::kStates * Hidden;
  }
  // `in` holds In numbers per sample, `stride` apart.
  void run(const float* in, int stride, const float* weights, int samples) {
    for (int t = 0; t < samples; ++t, in += stride) {
      each<kVectors / 2>([&](auto pair) { units<2>(2 * pair * kLanes, in, t, weights); });
      if (kVectors % 2) units<1>((kVectors - 1) * kLanes, in, t, weights);
    }
  }
  // To be called when `out` has been read.
  void advance(int samples) { copy(out[0], out[samples], kStrip); }

 private:
  template <int N>
  VOXNAS_INLINE void units(int first, const float* in, int t, const float* weights) {
    constexpr int kWays = N == 1 ? 2 : 1;  // sums side by side, so that one need not wait for the other
    GateSums<Cell::kSums, N> sums[kWays];
    each<kWays>([&](auto way) {
      each<Cell::kSums>([&](auto g) {
        each<N>([&](auto n) {
          sums[way].v[g][n] = way ? broadcast(0.f) : load(weights + g * kStrip + first + n * kLanes);
        });
      });
    });
    const float* row = weights + Cell::kSums * kStrip + first;
    for (int i = 0; i < In; ++i, row += kRow)
      sums[0].add(broadcast(in[i]), row, kStrip, typename Cell::FromInput{});
    int j = 0;
    for (; j + kWays <= Hidden; j += kWays)
      each<kWays>([&](auto way) {
        sums[way].add(broadcast(out[t][j + way]), row, kStrip, typename Cell::FromUnits{});
        row += kRow;
      });
    for (; j < Hidden; ++j, row += kRow) sums[0].add(broadcast(out[t][j]), row, kStrip, typename Cell::FromUnits{});
    each<N>([&](auto n) {
      Vec gate[Cell::kSums];
      each<Cell::kSums>([&](auto g) {
        gate[g] = kWays == 2 ? sums[0].v[g][n] + sums[kWays - 1].v[g][n] : sums[0].v[g][n];
      });
      const int at = first + n * kLanes;
      store(out[t + 1] + at, Cell::unit(gate[0], gate[1], gate[2], gate[3], state_ + at, load(out[t] + at)));
    });
  }

  alignas(64) float state_[kStrip];
};

// Layers, each fed by the one before, and a linear output: its weights and its bias come last, and the gain of the input
// that is added to it.
template <class Cell, int Hidden, bool Skip, class... Layers>
class Recurrent {
  static constexpr int kLayers = sizeof...(Layers), kStrip = round_up(Hidden, 16);

 public:
  static constexpr int kWeights = (Layers::kWeights + ...) + kStrip + 1 + Skip;

  void reset(const float* silence) {
    each<kLayers>([&](auto l) { silence = std::get<l>(layers_).reset(silence); });
  }
  // At most kPiece samples.
  void process(const float* in, float* out, const float* weights, int samples) {
    const float* from = in;
    int stride = 1;
    each<kLayers>([&](auto l) {
      auto& layer = std::get<l>(layers_);
      layer.run(from, stride, weights, samples);
      weights += std::remove_reference_t<decltype(layer)>::kWeights;
      from = layer.out[1];
      stride = kStrip;
    });
    for (int t = 0; t < samples; ++t, from += stride) {
      Vec product = broadcast(0.f);
      for (int u = 0; u < Hidden; u += kLanes) product = multiply_add(load(from + u), load(weights + u), product);
      const float y = sum(product) + weights[kStrip];
      if constexpr (Skip)
        out[t] = weights[kStrip + 1] * in[t] + y;
      else
        out[t] = y;
    }
    each<kLayers>([&](auto l) { std::get<l>(layers_).advance(samples); });
  }

 private:
  std::tuple<Layers...> layers_;
};
