// Activations on vectors, with what their gradients need. Error at most 1e-6 (of SiLU: times the input where that is
// above 1); NaN stays NaN.
//
// `value` is the activation. Training keeps one number per activation, `kept`: the output where the slope can be
// had from it, else the input. `of_kept` turns it into the output again, `slope` into the derivative.
#pragma once
#include "simd.h"

namespace voxnas {

// x P(x²)/Q(x²) with the coefficients of the least maximal error on [-8, 8] (6e-9; 3.4e-7 in float32 arithmetic).
inline vec tanh(vec x) {
  x = at_least(at_most(x, 8.f), -8.f);
  const vec s = x * x;
  const vec p = all(1.506172015833912e-08f) * s + 2.1773180874644624e-05f;
  const vec q = all(8.453625096125126e-07f) * s + 3.3991729140159417e-04f;
  const vec top = ((p * s + 3.564152151941776e-03f) * s + .13438187780337982f) * s + .9999999699794949f;
  const vec bottom = ((q * s + 2.6136000531216577e-02f) * s + .4677150855457199f) * s + 1.f;
  return x * top / bottom;
}
inline vec sigmoid(vec x) { return tanh(x * .5f) * .5f + .5f; }

// The numbers are the interface to Python; see wavenet.py.
enum class Kind { Tanh, Sigmoid, ReLU, LeakyReLU, Softsign, Hardtanh, SiLU, Count };

struct KeepsOutput {
  static constexpr bool keeps_input = false;
  static vec of_kept(vec y) { return y; }
};
struct KeepsInput {
  static constexpr bool keeps_input = true;
};

template <Kind kind>
struct Activation;

template <>
struct Activation<Kind::Tanh> : KeepsOutput {
  static vec value(vec x) { return tanh(x); }
  static vec slope(vec y) { return 1.f - y * y; }
};
template <>
struct Activation<Kind::Sigmoid> : KeepsOutput {
  static vec value(vec x) { return sigmoid(x); }
  static vec slope(vec y) { return y * (1.f - y); }
};
template <>
struct Activation<Kind::ReLU> : KeepsOutput {
  static vec value(vec x) { return at_least(x, 0.f); }
  static vec slope(vec y) { return y > 0.f ? all(1.f) : vec{}; }
};
template <>
struct Activation<Kind::LeakyReLU> : KeepsOutput {
  static vec value(vec x) { return x > 0.f ? x : x * .01f; }
  static vec slope(vec y) { return y > 0.f ? all(1.f) : all(.01f); }
};
template <>
struct Activation<Kind::Softsign> : KeepsOutput {
  static vec value(vec x) { return x / (1.f + magnitude(x)); }
  static vec slope(vec y) {
    const vec room = 1.f - magnitude(y);
    return room * room;
  }
  static vec magnitude(vec x) { return x < 0.f ? -x : x; }
};
template <>
struct Activation<Kind::Hardtanh> : KeepsOutput {
  static vec value(vec x) { return at_least(at_most(x, 1.f), -1.f); }
  static vec slope(vec y) { return y > -1.f ? (y < 1.f ? all(1.f) : vec{}) : vec{}; }
};
template <>
struct Activation<Kind::SiLU> : KeepsInput {
  static vec value(vec x) { return x * sigmoid(x); }
  static vec of_kept(vec x) { return value(x); }
  static vec slope(vec x) {
    const vec s = sigmoid(x);
    return s + x * s * (1.f - s);
  }
};

// Calls `run` with the Activation that `kind` names, so that the choice is made once and not per sample.
template <class Run>
void with_activation(Kind kind, Run run) {
  switch (kind) {
    case Kind::Tanh: return run(Activation<Kind::Tanh>{});
    case Kind::Sigmoid: return run(Activation<Kind::Sigmoid>{});
    case Kind::ReLU: return run(Activation<Kind::ReLU>{});
    case Kind::LeakyReLU: return run(Activation<Kind::LeakyReLU>{});
    case Kind::Softsign: return run(Activation<Kind::Softsign>{});
    case Kind::Hardtanh: return run(Activation<Kind::Hardtanh>{});
    case Kind::SiLU: return run(Activation<Kind::SiLU>{});
    case Kind::Count: return;
  }
}

}  // namespace voxnas
