// Controls: what they add to biases among the weights, and by how much they multiply these and others, which are
// therefore each object's own; and their way from one setting to the next, in small steps.
constexpr int kInputs = $input_count, kBiases = $bias_count, kGlide = $glide;
constexpr int kStep = $step;  // samples for which moving controls stay
constexpr long kSettle = $settle;  // samples of silence
inline constexpr int kFirstInput[] = {$first_input};  // of each control
inline constexpr float kAtRest[kInputs] = {$at_rest};
inline constexpr int kBiasAt[kBiases] = {
$bias_at};
inline constexpr float kMix[kBiases * kInputs] = {
$mix};
constexpr bool kScales = $scales;
// The row by which a weight is multiplied, from 1, and 0 for none; by how much each control does.
inline constexpr short kRowOf[] = {
$row_of};
inline constexpr float kScale[] = {
$scale};

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
  void mix() {
    if constexpr (kScales) {
      float factors[kBiases + 1] = {1.f};
      const float* scale = kScale;
      for (int row = 1; row <= kBiases; ++row) {
        factors[row] = 1.f;
        for (float value : now_) factors[row] += *scale++ * value;
      }
      for (int i = 0; i < Network::kWeights; ++i) weights_[i] = kWeights[i] * factors[kRowOf[i]];
    }
    const float* mix = kMix;
    for (int bias : kBiasAt) {
      float sum = kScales ? weights_[bias] : kWeights[bias];
      for (float value : now_) sum += *mix++ * value;
      weights_[bias] = sum;
    }
  }

  alignas(64) float weights_[Network::kWeights];
  float now_[kInputs], target_[kInputs], step_[kInputs] = {};
  int left_ = 0;
};
