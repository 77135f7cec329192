  // To the state that endless silence leaves behind, as that of a new object. Neither this nor `process` allocates,
  // locks or calls the system.
  void reset() noexcept { network_.reset(detail::kSilence); }

  // The next samples, mono at `sample_rate`, any number of them. `out` may be `in`.
  void process(const float* in, float* out, int samples) noexcept {
    const detail::FlushDenormals guard;
    for (int start = 0; start < samples; start += detail::kPiece) {
      const int rest = samples - start, size = rest < detail::kPiece ? rest : detail::kPiece;
      network_.process(in + start, out + start, detail::kWeights, size);
    }
  }

 private:
  detail::Network network_;
