// Controls: what they make of the weights, which are therefore each object's own; and their way from one setting to the
// next, in small steps.
constexpr int kInputs = $input_count, kGlide = $glide;
constexpr int kStep = $step;  // samples for which moving controls stay
constexpr long kSettle = $settle;  // samples of silence
inline constexpr int kFirstInput[] = {$first_input};  // of each control
inline constexpr float kAtRest[kInputs] = {$at_rest};
$mixing
class Biases {
 public:
  Biases() {
    for (int i = 0; i < Network::kWeights; ++i) weights_[i] = kWeights[i];
    for (int i = 0; i < kInputs; ++i) now_[i] = target_[i] = kAtRest[i];
    mix();
  }
  const float* weights() const { return weights_; }
  bool moving() const { return left_ > 0; }
  bool at_rest() const {
    for (int i = 0; i < kInputs; ++i)
      if (now_[i] < kAtRest[i] || now_[i] > kAtRest[i]) return false;
    return true;
  }
  void go_to(const float* values, int samples) {
    left_ = samples;
    for (int i = 0; i < kInputs; ++i) {
      target_[i] = values[i];
      step_[i] = (values[i] - now_[i]) / static_cast<float>(samples);
    }
  }
  void arrive() {
    left_ = 0;
    for (int i = 0; i < kInputs; ++i) now_[i] = target_[i];
    mix();
  }
  void advance(int samples) {
    if (!moving()) return;
    left_ -= samples;
    if (left_ <= 0) return arrive();
    for (int i = 0; i < kInputs; ++i) now_[i] = target_[i] - step_[i] * static_cast<float>(left_);
    mix();
  }

 private:
  void mix() { detail::mix(now_, weights_); }

  alignas(64) float weights_[Network::kWeights];
  float now_[kInputs], target_[kInputs], step_[kInputs] = {};
  int left_ = 0;
};
