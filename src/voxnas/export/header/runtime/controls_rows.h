
// What controls add to biases among the weights, and by how much they multiply these and others.
constexpr int kBiases = $bias_count;
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

inline void mix(const float (&now)[kInputs], float* weights) {
  if constexpr (kScales) {
    float factors[kBiases + 1] = {1.f};
    const float* scale = kScale;
    for (int row = 1; row <= kBiases; ++row) {
      factors[row] = 1.f;
      for (float value : now) factors[row] += *scale++ * value;
    }
    for (int i = 0; i < Network::kWeights; ++i) weights[i] = kWeights[i] * factors[kRowOf[i]];
  }
  const float* mix = kMix;
  for (int bias : kBiasAt) {
    float sum = kScales ? weights[bias] : kWeights[bias];
    for (float value : now) sum += *mix++ * value;
    weights[bias] = sum;
  }
}
