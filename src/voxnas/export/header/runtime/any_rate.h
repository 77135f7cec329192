// Plays the model in a host of any sample rate up to eight times the model's or down to an eighth of it: what comes in is
// converted to the model's rate, played, and converted back. It takes no sample to come; the two filters together are
// late by `delay_ms` at low frequencies, and let pass what lies below .41 of the lower rate.
class AnyRateModel {
 public:
  AnyRateModel() { set_host_rate(Model::sample_rate); }

  // The model, to set its controls.
  Model& model() noexcept { return model_; }

  // Before playback, or between two calls of `process`: the model goes on where it is, and what sounded last fades into
  // what comes. Returns false, and changes nothing, for a rate that cannot be. Computes filters, which takes longer than
  // a block; it allocates nothing, locks nothing and does not call the system.
  bool set_host_rate(int rate) noexcept {
    if (!detail::Resampler::converts(rate, Model::sample_rate)) return false;
    into_.prepare(detail::kPrototype, detail::kPrototypeSize, detail::kDensity, rate, Model::sample_rate);
    back_.prepare(detail::kPrototype, detail::kPrototypeSize, detail::kDensity, Model::sample_rate, rate);
    held_ = last_;
    fade_ = left_ = host_rate_ ? rate / 100 : 0;
    host_rate_ = rate;
    return true;
  }
  int host_rate() const noexcept { return host_rate_; }
  double delay_ms() const noexcept {
    const int low = host_rate_ < Model::sample_rate ? host_rate_ : Model::sample_rate;
    return host_rate_ == Model::sample_rate ? 0 : $delay_samples * 1000 / low;
  }

  // To the state that endless silence leaves behind; see Model::reset.
  void reset() noexcept {
    model_.reset();
    into_.reset();
    back_.reset();
    left_ = 0;
    if (host_rate_ == Model::sample_rate) return;
    float silence[kPiece] = {};
    for (int t = 0; t < detail::Resampler::kPush; t += kPiece) {
      piece(silence, silence, kPiece);
      std::memset(silence, 0, sizeof silence);
    }
  }

  // The next samples at the host's rate, mono, any number of them. `out` may be `in`.
  void process(const float* in, float* out, int samples) noexcept {
    if (host_rate_ == Model::sample_rate) model_.process(in, out, samples);
    for (int start = 0; start < samples; start += kPiece) {
      const int rest = samples - start, size = rest < kPiece ? rest : kPiece;
      if (host_rate_ != Model::sample_rate) piece(in + start, out + start, size);
    }
    for (int i = 0; i < samples && left_ > 0; ++i, --left_)
      out[i] += (held_ - out[i]) * (static_cast<float>(left_) / static_cast<float>(fade_));
    if (samples > 0) last_ = out[samples - 1];
  }

 private:
  static constexpr int kPiece = detail::Resampler::kFits;

  void piece(const float* in, float* out, int samples) noexcept {
    const detail::FlushDenormals guard;
    float converted[detail::Resampler::kPush + detail::Resampler::kMostRatio];
    into_.push(in, samples);
    const int count = into_.ready();
    into_.pull(converted, count);
    model_.process(converted, converted, count);
    back_.push(converted, count);
    back_.pull(out, samples);
  }

  Model model_;
  detail::Resampler into_, back_;
  int host_rate_ = 0, fade_ = 0, left_ = 0;
  float last_ = 0, held_ = 0;
};
