// The activations that play but do not train in native code, numbered on from those that do.
#pragma once
#include "activations.h"

namespace voxnas {

// A rational approximation of tanh that plug-ins have under this name, within .0024 of it.
struct FastTanh {
  FastTanh(const Activating&, int) {}
  static vec value(vec x) {
    const vec a = magnitude(x), s = x * x;
    const vec above = x * (2.45550750702956f + 2.45550750702956f * a + (.893229853513558f + .821226666969744f * a) * s);
    const vec below = 2.44506634652299f + (2.44506634652299f + s) * magnitude(x + .814642734961073f * x * a);
    return above / below;
  }
};
struct Hardswish {
  Hardswish(const Activating&, int) {}
  static vec value(vec x) { return x * at_least(at_most(x + 3.f, 6.f), 0.f) * (1.f / 6.f); }
};
struct LeakyHardtanh {
  const float low, high, low_slope, high_slope;
  LeakyHardtanh(const Activating& a, int)
      : low(a.parameters[0]), high(a.parameters[1]), low_slope(a.parameters[2]), high_slope(a.parameters[3]) {}
  vec value(vec x) const {
    const vec inside = at_least(at_most(x, high), low);
    return inside + (x - inside) * (x < low ? broadcast(low_slope) : broadcast(high_slope));
  }
};

// Calls `run` with the Type of what the number stands for; see stream.py.
template <class Run>
void with_value(int number, Run run) {
  switch (number - static_cast<int>(Kind::Count)) {
    case 0: return run(Type<FastTanh>{});
    case 1: return run(Type<Hardswish>{});
    case 2: return run(Type<LeakyHardtanh>{});
    default: return with_activation(static_cast<Kind>(number), run);
  }
}

}  // namespace voxnas
