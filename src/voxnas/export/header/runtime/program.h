// A network as a list of steps. Signal 0 is the input, signal n the result of step n - 1.

// A step without a state of its own.
struct Stateless {
  const float* reset(const float* silence) { return silence; }
};

template <int X, int In, int Out, int Kernel, int Dilation, bool Bias>
struct ConvolveStep : Stateless {
  using Run = Convolution<In, Out, Kernel, Bias, Identity>;
  static constexpr int kWeights = Run::kWeights;
  static void run(const Rows* signals, Rows out, const float* weights, int samples) {
    Run::run(signals[X], Dilation, out, weights, samples);
  }
};

template <int X, int Channels, class Act>
struct ActivateStep : Stateless {
  static constexpr int kWeights = Act::weights(Channels);
  static void run(const Rows* signals, Rows out, const float* weights, int samples) {
    for (int c = 0; c < Channels; ++c)
      for (int t = 0; t < samples; t += kLanes) store(out[c] + t, Act::value(load(signals[X][c] + t), weights, c));
  }
};

template <int Channels, int... X>
struct AddStep : Stateless {
  static constexpr int kWeights = 0;
  static void run(const Rows* signals, Rows out, const float*, int samples) {
    for (int c = 0; c < Channels; ++c)
      for (int t = 0; t < samples; t += kLanes) {
        Vec sum = broadcast(0.f);
        ((sum = sum + load(signals[X][c] + t)), ...);
        store(out[c] + t, sum);
      }
  }
};

template <int Channels, int X, int Y>
struct MultiplyStep : Stateless {
  static constexpr int kWeights = 0;
  static void run(const Rows* signals, Rows out, const float*, int samples) {
    for (int c = 0; c < Channels; ++c)
      for (int t = 0; t < samples; t += kLanes)
        store(out[c] + t, load(signals[X][c] + t) * load(signals[Y][c] + t));
  }
};

template <class... Each>
struct List {};

template <class Signals, class Steps>
class Program;

template <class... Signals, class... Steps>
class Program<List<Signals...>, List<Steps...>> {
  static constexpr int kSignals = sizeof...(Signals), kSteps = sizeof...(Steps);

 public:
  static constexpr int kWeights = (Steps::kWeights + ...);

  void reset(const float* silence) {
    each<kSignals>([&](auto i) { silence = std::get<i>(signals_).reset(silence); });
    each<kSteps>([&](auto i) { silence = std::get<i>(steps_).reset(silence); });
  }
  // At most kPiece samples.
  void process(const float* in, float* out, const float* weights, int samples) {
    Rows rows[kSignals];
    each<kSignals>([&](auto i) { rows[i] = std::get<i>(signals_).next(samples); });
    copy(rows[0].data, in, samples);
    each<kSteps>([&](auto i) {
      auto& step = std::get<i>(steps_);
      step.run(rows, rows[i + 1], weights, samples);
      weights += std::remove_reference_t<decltype(step)>::kWeights;
    });
    copy(out, rows[kSignals - 1].data, samples);
    each<kSignals>([&](auto i) { std::get<i>(signals_).advance(samples); });
  }

 private:
  std::tuple<Signals...> signals_;
  std::tuple<Steps...> steps_;
};
