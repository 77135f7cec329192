// Activations. Error at most 1e-6 (of SiLU: times the input where that is above 1).
//
// `weights` is how many numbers one takes for so many channels, and `value` gets a pointer to them.

// x P(x²)/Q(x²) with the coefficients of the least maximal error on [-8, 8].
VOXNAS_INLINE Vec tanh(Vec x) {
  x = at_least(at_most(x, broadcast(8.f)), broadcast(-8.f));
  const Vec s = x * x;
  Vec p = multiply_add(broadcast(1.506172015833912e-08f), s, broadcast(2.1773180874644624e-05f));
  Vec q = multiply_add(broadcast(8.453625096125126e-07f), s, broadcast(3.3991729140159417e-04f));
  p = multiply_add(p, s, broadcast(3.564152151941776e-03f));
  q = multiply_add(q, s, broadcast(2.6136000531216577e-02f));
  p = multiply_add(p, s, broadcast(.13438187780337982f));
  q = multiply_add(q, s, broadcast(.4677150855457199f));
  p = multiply_add(p, s, broadcast(.9999999699794949f));
  q = multiply_add(q, s, broadcast(1.f));
  return x * p / q;
}
// Of half the number that it is to be the sigmoid of.
VOXNAS_INLINE Vec sigmoid_of_half(Vec x) { return multiply_add(tanh(x), broadcast(.5f), broadcast(.5f)); }
VOXNAS_INLINE Vec sigmoid(Vec x) { return sigmoid_of_half(x * broadcast(.5f)); }
VOXNAS_INLINE Vec magnitude(Vec x) { return at_least(x, broadcast(0.f) - x); }
VOXNAS_INLINE Vec with_slope_below(Vec x, float slope) {
  return multiply_add(at_most(x, broadcast(0.f)), broadcast(slope), at_least(x, broadcast(0.f)));
}

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
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) { return x / (broadcast(1.f) + magnitude(x)); }
};
struct Hardtanh : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) {
    return at_least(at_most(x, broadcast(1.f)), broadcast(-1.f));
  }
};
struct SiLU : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) { return x * sigmoid(x); }
};
struct Hardswish : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) {
    return x * at_least(at_most(x + broadcast(3.f), broadcast(6.f)), broadcast(0.f)) * broadcast(1.f / 6.f);
  }
};
// A rational approximation of tanh that plug-ins have under this name, within .0024 of it.
struct Fasttanh : Fixed {
  static VOXNAS_INLINE Vec value(Vec x, const float*, int) {
    const Vec a = magnitude(x), s = x * x;
    const Vec slope = multiply_add(broadcast(.821226666969744f), a, broadcast(.893229853513558f)) * s;
    const Vec above = x * (multiply_add(broadcast(2.45550750702956f), a, broadcast(2.45550750702956f)) + slope);
    const Vec bend = magnitude(multiply_add(broadcast(.814642734961073f) * x, a, x));
    return above / multiply_add(broadcast(2.44506634652299f) + s, bend, broadcast(2.44506634652299f));
  }
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
  static VOXNAS_INLINE Vec value(Vec x, const float* p, int) {
    const Vec inside = at_least(at_most(x, broadcast(p[1])), broadcast(p[0])), outside = x - inside;
    const Vec below = at_most(outside, broadcast(0.f)), above = at_least(outside, broadcast(0.f));
    return multiply_add(below, broadcast(p[2]), multiply_add(above, broadcast(p[3]), inside));
  }
};
