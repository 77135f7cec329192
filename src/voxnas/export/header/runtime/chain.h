// Convolutions in a row.

template <int In, int Out, int Kernel, int Dilation, bool Bias, class Act>
struct Link {
  using Run = Convolution<In, Out, Kernel, Bias, Act>;
  static constexpr int kDilation = Dilation;
  History<In, (Kernel - 1) * Dilation> x;
};

template <class... Links>
class Chain {
  static constexpr int kLinks = sizeof...(Links);

 public:
  static constexpr int kWeights = (Links::Run::kWeights + ...);

  void reset(const float* silence) {
    each<kLinks>([&](auto i) { silence = std::get<i>(links_).x.reset(silence); });
  }
  // At most kPiece samples.
  void process(const float* in, float* out, const float* weights, int samples) {
    Rows x = std::get<0>(links_).x.next(samples);
    copy(x.data, in, samples);
    each<kLinks>([&](auto i) {
      auto& link = std::get<i>(links_);
      using Each = std::remove_reference_t<decltype(link)>;
      Rows next{out_, 0};
      if constexpr (i + 1 < kLinks) next = std::get<i + 1>(links_).x.next(samples);
      Each::Run::run(x, Each::kDilation, next, weights, samples);
      weights += Each::Run::kWeights;
      link.x.advance(samples);
      x = next;
    });
    copy(out, out_, samples);
  }

 private:
  std::tuple<Links...> links_;
  alignas(64) float out_[kPiece];
};
