// What controls add to all weights at the end of their way, and take from them at its beginning.
inline constexpr float kChanges[kInputs * $weight_count] = {
$changes};

inline void mix(const float (&now)[kInputs], float* weights) {
  for (int i = 0; i < Network::kWeights; ++i) weights[i] = kWeights[i];
  const float* change = kChanges;
  for (float value : now)
    for (int i = 0; i < Network::kWeights; ++i) weights[i] += (2.f * value - 1.f) * *change++;
}
