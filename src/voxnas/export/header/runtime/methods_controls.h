  // A knob or a switch of the model's. What `set_control` takes goes from `low` to `high`; of a switch it is the number
  // of the position.
  struct Control {
    const char* name;
    double low, high;
    bool logarithmic;  // equal turns are equal ratios
    int positions;     // of a switch; 0 for a knob
    double at_rest;    // where a new object has it
  };
  static constexpr int controls = $control_count;
  static constexpr Control control[controls] = {$control_table};

  // Sets a control, by its number; what is beyond its ends is at its end. It gets there in $glide samples, so that
  // nothing clicks. To be called in the audio thread, between calls of `process`; like that it allocates nothing.
  void set_control(int index, double value) noexcept {
    if (index < 0 || index >= controls || !(value == value)) return;
    const Control& of = control[index];
    const double at = value < of.low ? of.low : value > of.high ? of.high : value;
    float* target = target_ + detail::kFirstInput[index];
    if (of.positions) {
      const int position = static_cast<int>(at + .5);
      for (int i = 1; i < of.positions; ++i) target[i - 1] = position == i ? 1.f : 0.f;
    } else {
      const double share = of.logarithmic ? std::log(at / of.low) / std::log(of.high / of.low)
                                          : (at - of.low) / (of.high - of.low);
      *target = static_cast<float>(share);
    }
    biases_.go_to(target_, detail::kGlide);
  }

  // To the state that endless silence leaves behind where the controls stand; those on their way are there at once.
  // Neither this nor `process` allocates, locks or calls the system; but unless all controls are at rest this plays
  // some silence, which takes longer than a block.
  void reset() noexcept {
    const detail::FlushDenormals guard;
    biases_.arrive();
    network_.reset(detail::kSilence);
    for (long t = 0; t < detail::kSettle && !biases_.at_rest(); t += detail::kPiece) {
      float silence[detail::kPiece] = {};
      network_.process(silence, silence, biases_.weights(), detail::kPiece);
    }
  }

  // The next samples, mono at `sample_rate`, any number of them. `out` may be `in`.
  void process(const float* in, float* out, int samples) noexcept {
    const detail::FlushDenormals guard;
    for (int start = 0, size; start < samples; start += size) {
      const int rest = samples - start, most = biases_.moving() ? detail::kStep : detail::kPiece;
      size = rest < most ? rest : most;
      biases_.advance(size);
      network_.process(in + start, out + start, biases_.weights(), size);
    }
  }

 private:
  detail::Network network_;
  detail::Biases biases_;
  float target_[detail::kInputs] = {$at_rest};
