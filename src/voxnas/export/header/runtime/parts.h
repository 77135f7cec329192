// The steps of a program that keep a state or room of their own; what they compute is in steps.h.

template <int number>
using Whole = std::integral_constant<int, number>;

// Weights: gains, biases.
template <int X, int Channels>
struct NormStep : Stateless {
  static constexpr int kWeights = 2 * Channels;
  static void run(const Rows* signals, Rows out, const float* weights, int samples) {
    normalise(signals[X], out, Whole<Channels>{}, weights, weights + Channels, samples);
  }
};

// Weights: the powers of each mode.
template <int X, int Modes>
class DiagonalStep {
 public:
  static constexpr int kWeights = 2 * kMostPowers * Modes;
  const float* reset(const float* silence) {
    copy(state_, silence, 2 * Modes);
    return silence + 2 * Modes;
  }
  void run(const Rows* signals, Rows out, const float* weights, int samples) {
    const Rows x = signals[X];
    for (int m = 0; m < Modes; ++m, weights += 2 * kMostPowers)
      scan(x[m], x[Modes + m], out[m], out[Modes + m], weights, state_ + 2 * m, samples);
  }

 private:
  float state_[2 * Modes];
};

// The state moves by what layers of units make of the input and the state. Weights: of each layer the biases, then a row
// for each input, all padded to 16.
template <int X, int In, class Act, int... Widths>
class StateUpdateStep {
  static constexpr int kLayers = sizeof...(Widths), kWidths[kLayers + 1] = {0, Widths...};
  static constexpr int kStates = kWidths[kLayers];
  static constexpr int inputs(int layer) { return layer ? kWidths[layer] : In + kStates; }
  static constexpr int padded(int layer) { return round_up(kWidths[layer + 1], 16); }
  static constexpr int weights_before(int layer) {
    int count = 0;
    for (int l = 0; l < layer; ++l) count += (inputs(l) + 1) * padded(l);
    return count;
  }
  static constexpr int widest() {
    int width = 0;
    for (int l = 0; l < kLayers; ++l) width = padded(l) > width ? padded(l) : width;
    return width;
  }

 public:
  static constexpr int kWeights = weights_before(kLayers);
  const float* reset(const float* silence) {
    copy(seen_ + In, silence, kStates);
    return silence + kStates;
  }
  void run(const Rows* signals, Rows out, const float* weights, int samples) {
    alignas(64) float units[2][widest()];
    for (int t = 0; t < samples; ++t) {
      for (int i = 0; i < In; ++i) seen_[i] = signals[X][i][t];
      each<kLayers>([&](auto layer) {
        constexpr int l = layer, width = padded(l);
        float* to = units[l % 2];
        dense(Whole<inputs(l)>{}, Whole<width>{}, l ? units[(l + 1) % 2] : seen_, weights + weights_before(l), to);
        if (l + 1 < kLayers)
          for (int u = 0; u < width; u += kLanes) store(to + u, Act::value(load(to + u), nullptr, 0));
      });
      for (int s = 0; s < kStates; ++s) out[s][t] = seen_[In + s] += units[(kLayers - 1) % 2][s];
    }
  }

 private:
  float seen_[In + kStates];  // the input and the state
};

// Weights: the ages.
template <int X, int Channels, int Heads, int Window, int Dilation>
struct AttentionStep : Stateless {
  static constexpr int kWeights = 2 * Channels * Window;
  static void run(const Rows* signals, Rows out, const float* weights, int samples) {
    alignas(64) float scores[Window * kLanes];
    attend(signals[X], out, Whole<Heads>{}, Whole<Channels / Heads>{}, Whole<Window>{}, Dilation, weights, scores, samples);
  }
};

// For each range of signal By layers of its own. Its samples are sorted out, go through them side by side, and are added
// where they came from. Weights: the bounds, the inverse of the blend; for each range and layer [input][output], then
// the bias.
template <int X, int By, int In, int Kernel, int Ranges, class Act, int... Widths>
class SelectStep : public Stateless {
  static constexpr int kLayers = sizeof...(Widths), kWidths[kLayers + 1] = {In * Kernel, Widths...};
  static constexpr int widest() {
    int width = 0;
    for (int one : kWidths) width = one > width ? one : width;
    return width;
  }
  static constexpr int weights_before(int layer) {
    int count = 0;
    for (int l = 0; l < layer; ++l) count += (kWidths[l] + 1) * kWidths[l + 1];
    return count;
  }
  static constexpr int kOwn = weights_before(kLayers), kRoom = kPiece + 16;  // of one range

 public:
  static constexpr int kWeights = Ranges + Ranges * kOwn;
  const float* reset(const float* silence) {
    clear(room_[0][0], 2 * widest() * kRoom);
    return silence;
  }
  void run(const Rows* signals, Rows out, const float* weights, int samples) {
    const float* own = weights + Ranges;
    sort_by_range(signals[By][0], samples, Ranges, weights, weights[Ranges - 1],
                  {starts_, counts_, places_, shares_, ways_});
    for (int c = 0; c < kWidths[kLayers]; ++c) clear(out[c], samples);
    for (int range = 0; range < Ranges; ++range, own += kOwn) {
      const int count = counts_[range], *from = places_ + starts_[range];
      const float* share = shares_ + starts_[range];
      for (int tap = 0; tap < Kernel; ++tap)
        for (int c = 0; c < In; ++c)
          for (int i = 0; i < count; ++i) room_[0][tap * In + c][i] = signals[X][c][from[i] - tap];
      each<kLayers>([&](auto layer) {
        constexpr int l = layer;
        using Between = std::conditional_t<l + 1 < kLayers, Act, Identity>;
        Convolution<kWidths[l], kWidths[l + 1], 1, true, Between>::run(rows(l % 2), 1, rows((l + 1) % 2),
                                                                     own + weights_before(l), count);
      });
      for (int c = 0; c < kWidths[kLayers]; ++c)
        for (int i = 0; i < count; ++i) out[c][from[i]] += share[i] * room_[kLayers % 2][c][i];
    }
  }

 private:
  Rows rows(int which) { return {room_[which][0], kRoom}; }

  alignas(64) float room_[2][widest()][kRoom];
  alignas(64) float ways_[kPiece + 16];
  int starts_[Ranges], counts_[Ranges], places_[2 * kPiece + 16 * Ranges];
  float shares_[2 * kPiece + 16 * Ranges];
};
