// Activations by type. `weights` is how many numbers one takes for so many channels, and `value` gets a pointer to them.

struct Fixed {
  static constexpr int weights(int) { return 0; }
};
struct Identity : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) { return x; }
};
struct Tanh : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) { return tanh(x); }
};
struct Sigmoid : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) { return sigmoid(x); }
};
struct ReLU : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) { return at_least(x, broadcast(0.f)); }
};
struct Softsign : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) { return softsign(x); }
};
struct Hardtanh : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) { return within(x, -1.f, 1.f); }
};
struct SiLU : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) { return silu(x); }
};
struct Hardswish : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) { return hardswish(x); }
};
struct Fasttanh : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) { return fast_tanh(x); }
};
// The slope below zero.
struct LeakyReLU {
  static constexpr int weights(int) { return 1; }
  static VOXNAS_INLINE Vec value(Vec x, const float* slope, int) { return with_slope_below(x, *slope); }
};
// The same for each channel.
struct PReLU {
  static constexpr int weights(int channels) { return channels; }
  static VOXNAS_INLINE Vec value(Vec x, const float* slopes, int channel) { return with_slope_below(x, slopes[channel]); }
};
// The least and the greatest value of the straight part, and the slopes below and above it.
struct LeakyHardtanh {
  static constexpr int weights(int) { return 4; }
  static VOXNAS_INLINE Vec value(Vec x, const float* p, int) { return leaky_hardtanh(x, p[0], p[1], p[2], p[3]); }
};
