// The activations that play but do not train in native code, numbered on from those that do.
#pragma once
#include "activations.h"

namespace voxnas {

struct FastTanh {
  FastTanh(const Activating&, int) {}
  static vec value(vec x) { return fast_tanh(x); }
};
struct Hardswish {
  Hardswish(const Activating&, int) {}
  static vec value(vec x) { return hardswish(x); }
};
struct LeakyHardtanh {
  const float low, high, slope_below, slope_above;
  LeakyHardtanh(const Activating& a, int)
      : low(a.parameters[0]), high(a.parameters[1]), slope_below(a.parameters[2]), slope_above(a.parameters[3]) {}
  vec value(vec x) const { return leaky_hardtanh(x, low, high, slope_below, slope_above); }
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
