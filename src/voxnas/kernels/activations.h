// Activations on vectors, with what their gradients need.
//
// `value` is the activation. Training keeps one number per activation, `kept`: the output where the slope can be
// had from it, else the input. `of_kept` turns it into the output again, `slope` into the derivative.
#pragma once
#include <cstdint>
#include <cstring>

#include "activation_values.h"
#include "simd.h"

namespace voxnas {

#if defined(__AVX512F__)
inline narrow tanh(narrow x) { return tanh_within(at_least(at_most(x, 8.f), -8.f)); }
inline narrow sigmoid(narrow x) { return tanh(x * .5f) * .5f + .5f; }
#endif

// The numbers are the interface to Python; see wavenet.py.
// A mixture, whose number is out of the way of the others', is a sum of those before PReLU with weights that are learnt.
enum class Kind { Tanh, Sigmoid, ReLU, LeakyReLU, Softsign, Hardtanh, SiLU, PReLU, Count, Mixture = 100 };
constexpr int kMixed = static_cast<int>(Kind::PReLU);

constexpr int kParameters = 4;

// An activation with its constants, and for PReLU the slope of each channel, for a mixture the weights.
struct Activating {
  int number = 0;  // a Kind, or beyond it what stream_activations.h has
  float parameters[kParameters] = {};
  const float* slopes = nullptr;
  Kind kind() const { return static_cast<Kind>(number); }
  bool learns() const { return kind() == Kind::PReLU || kind() == Kind::Mixture; }
  // The number of its learnable values, for so many channels.
  int learnt(int channels) const { return kind() == Kind::PReLU ? channels : kind() == Kind::Mixture ? kMixed : 0; }
};

struct KeepsOutput {
  static constexpr bool keeps_input = false, learns = false;
  KeepsOutput(const Activating&, int) {}
  vec of_kept(vec y) const { return y; }
};
struct KeepsInput {
  static constexpr bool keeps_input = true, learns = false;
  KeepsInput(const Activating&, int) {}
};

// Of one channel.
template <Kind kind>
struct Activation;

template <>
struct Activation<Kind::Tanh> : KeepsOutput {
  using KeepsOutput::KeepsOutput;
  static vec value(vec x) { return voxnas::tanh(x); }
  static vec slope(vec y) { return 1.f - y * y; }
};
template <>
struct Activation<Kind::Sigmoid> : KeepsOutput {
  using KeepsOutput::KeepsOutput;
  static vec value(vec x) { return sigmoid(x); }
  static vec slope(vec y) { return y * (1.f - y); }
};
template <>
struct Activation<Kind::ReLU> : KeepsOutput {
  using KeepsOutput::KeepsOutput;
  static vec value(vec x) { return at_least(x, 0.f); }
  static vec slope(vec y) { return y > 0.f ? broadcast(1.f) : vec{}; }
};
// Training takes a slope above zero, so that the output has the input's sign.
template <>
struct Activation<Kind::LeakyReLU> : KeepsOutput {
  const float below;
  Activation(const Activating& a, int channel) : KeepsOutput(a, channel), below(a.parameters[0]) {}
  vec value(vec x) const { return with_slope_below(x, below); }
  vec slope(vec y) const { return y > 0.f ? broadcast(1.f) : broadcast(below); }
};
template <>
struct Activation<Kind::Softsign> : KeepsOutput {
  using KeepsOutput::KeepsOutput;
  static vec value(vec x) { return softsign(x); }
  static vec slope(vec y) {
    const vec room = 1.f - magnitude(y);
    return room * room;
  }
};
template <>
struct Activation<Kind::Hardtanh> : KeepsOutput {
  using KeepsOutput::KeepsOutput;
  static vec value(vec x) { return within(x, -1.f, 1.f); }
  static vec slope(vec y) { return y > -1.f ? (y < 1.f ? broadcast(1.f) : vec{}) : vec{}; }
};
template <>
struct Activation<Kind::SiLU> : KeepsInput {
  using KeepsInput::KeepsInput;
  static vec value(vec x) { return silu(x); }
  static vec of_kept(vec x) { return value(x); }
  static vec slope(vec x) {
    const vec s = sigmoid(x);
    return s + x * s * (1.f - s);
  }
};
template <>
struct Activation<Kind::PReLU> : KeepsInput {
  static constexpr bool learns = true;
  const float below;
  Activation(const Activating& a, int channel) : KeepsInput(a, channel), below(a.slopes[channel]) {}
  vec value(vec x) const { return with_slope_below(x, below); }
  vec of_kept(vec x) const { return value(x); }
  vec slope(vec x) const { return x > 0.f ? broadcast(1.f) : broadcast(below); }
  // Adds to each of the numbers that are learnt what `da`, the gradient of the output, comes to.
  static constexpr int terms = 1;
  void by_learnt(vec x, vec da, vec* sums) const { sums[0] += da * at_most(x, 0.f); }
};
template <>
struct Activation<Kind::Mixture> : KeepsInput {
  static constexpr bool learns = true;
  static constexpr int terms = kMixed;
  const float* weights;
  uint32_t used;  // bit by bit; a number that is not used learns nothing
  Activation<Kind::LeakyReLU> leaky;
  Activation(const Activating& a, int channel)
      : KeepsInput(a, channel), weights(a.slopes), used(static_cast<uint32_t>(a.parameters[1])), leaky(a, channel) {}
  vec value(vec x) const {
    vec y = {};
    each(x, [&](int i, vec kept, auto act) { y += act.of_kept(kept) * weights[i]; });
    return y;
  }
  vec of_kept(vec x) const { return value(x); }
  vec slope(vec x) const {
    vec y = {};
    each(x, [&](int i, vec kept, auto act) { y += act.slope(kept) * weights[i]; });
    return y;
  }
  void by_learnt(vec x, vec da, vec* sums) const {
    each(x, [&](int i, vec kept, auto act) { sums[i] += da * act.of_kept(kept); });
  }

 private:
  // Calls `run` with the number, what training would keep, and the activation, of each that is used.
  template <class Run>
  void each(vec x, Run run) const {
    one<Kind::Tanh>(x, run), one<Kind::Sigmoid>(x, run), one<Kind::ReLU>(x, run), one<Kind::Softsign>(x, run);
    one<Kind::Hardtanh>(x, run), one<Kind::SiLU>(x, run);
    if (has(Kind::LeakyReLU)) run(static_cast<int>(Kind::LeakyReLU), leaky.value(x), leaky);
  }
  bool has(Kind kind) const { return used >> static_cast<int>(kind) & 1; }
  template <Kind kind, class Run>
  void one(vec x, Run run) const {
    using Act = Activation<kind>;
    const Act act(Activating{}, 0);
    if (has(kind)) run(static_cast<int>(kind), Act::keeps_input ? x : act.value(x), act);
  }
};

template <class T>
struct Type {
  using type = T;
};

// Calls `run` with the Type of the Activation that `kind` names, so that the choice is made once and not per sample.
template <class Run>
void with_activation(Kind kind, Run run) {
  switch (kind) {
    case Kind::Tanh: return run(Type<Activation<Kind::Tanh>>{});
    case Kind::Sigmoid: return run(Type<Activation<Kind::Sigmoid>>{});
    case Kind::ReLU: return run(Type<Activation<Kind::ReLU>>{});
    case Kind::LeakyReLU: return run(Type<Activation<Kind::LeakyReLU>>{});
    case Kind::Softsign: return run(Type<Activation<Kind::Softsign>>{});
    case Kind::Hardtanh: return run(Type<Activation<Kind::Hardtanh>>{});
    case Kind::SiLU: return run(Type<Activation<Kind::SiLU>>{});
    case Kind::PReLU: return run(Type<Activation<Kind::PReLU>>{});
    case Kind::Mixture: return run(Type<Activation<Kind::Mixture>>{});
    case Kind::Count: return;
  }
}

}  // namespace voxnas
