// The values of activations, which training, streams and exported headers have from this one source; a header brings
// vectors of its own, which it is pasted behind. Error at most 1e-6 (of SiLU: times the input where that is above 1);
// NaN stays NaN.
#pragma once
#include "rational_tanh.h"
#include "simd.h"

namespace voxnas {

VOXNAS_INLINE Vec within(Vec x, float low, float high) { return at_least(at_most(x, broadcast(high)), broadcast(low)); }
VOXNAS_INLINE Vec magnitude(Vec x) { return at_least(x, broadcast(0.f) - x); }
VOXNAS_INLINE Vec tanh(Vec x) { return tanh_within(within(x, -8.f, 8.f)); }
// Of half the number that it is to be the sigmoid of.
VOXNAS_INLINE Vec sigmoid_of_half(Vec x) { return multiply_add(tanh(x), broadcast(.5f), broadcast(.5f)); }
VOXNAS_INLINE Vec sigmoid(Vec x) { return sigmoid_of_half(x * broadcast(.5f)); }
VOXNAS_INLINE Vec silu(Vec x) { return x * sigmoid(x); }
VOXNAS_INLINE Vec softsign(Vec x) { return x / (broadcast(1.f) + magnitude(x)); }
VOXNAS_INLINE Vec hardswish(Vec x) { return x * within(x + broadcast(3.f), 0.f, 6.f) * broadcast(1.f / 6.f); }
VOXNAS_INLINE Vec with_slope_below(Vec x, float slope) {
  return multiply_add(at_most(x, broadcast(0.f)), broadcast(slope), at_least(x, broadcast(0.f)));
}
// Straight from `low` to `high`, with slopes below and above.
VOXNAS_INLINE Vec leaky_hardtanh(Vec x, float low, float high, float slope_below, float slope_above) {
  const Vec inside = within(x, low, high), outside = x - inside;
  const Vec below = at_most(outside, broadcast(0.f)), above = at_least(outside, broadcast(0.f));
  return multiply_add(below, broadcast(slope_below), multiply_add(above, broadcast(slope_above), inside));
}
// A rational approximation of tanh that plug-ins have under this name, within .0024 of it.
VOXNAS_INLINE Vec fast_tanh(Vec x) {
  const Vec a = magnitude(x), s = x * x;
  const Vec slope = multiply_add(broadcast(.821226666969744f), a, broadcast(.893229853513558f)) * s;
  const Vec above = x * (multiply_add(broadcast(2.45550750702956f), a, broadcast(2.45550750702956f)) + slope);
  const Vec bend = magnitude(multiply_add(broadcast(.814642734961073f) * x, a, x));
  return above / multiply_add(broadcast(2.44506634652299f) + s, bend, broadcast(2.44506634652299f));
}

}  // namespace voxnas
