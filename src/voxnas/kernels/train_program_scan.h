// The recurrence of diagonal modes in a program that is trained, tile by tile, and its gradient; see steps.h.
#pragma once

#include "train_program_pass.h"

namespace voxnas {
namespace {

// One step on its way onwards through a job.
class ScanForward {
 public:
  explicit ScanForward(const Op& op) : op_(op), state_(op.channels) {}

  void begin() {
    const int modes = op_.channels / 2;
    for (int m = 0; m < modes; ++m) state_[2 * m] = op_.state[m], state_[2 * m + 1] = op_.state[modes + m];
  }
  // From sample `start` of the tile on; it is above 0 where the recurrence begins within the tile.
  void run(Rows u, Rows h, int start, int end) {
    const int modes = op_.channels / 2, whole = static_cast<int>(round_up(start, kLanes));
    for (int m = 0; m < modes; ++m) {
      const float* powers = op_.weights + 2 * kMostPowers * m;
      float *state = &state_[2 * m], *real = h[m], *imag = h[modes + m];
      if (start < whole) first_vector(u[m], u[modes + m], real, imag, powers, state, start);
      if (whole < end)
        scan(u[m] + whole, u[modes + m] + whole, real + whole, imag + whole, powers, state, end - whole);
    }
  }

 private:
  // From within a vector on: what is before is silent, and the state counts as a part of the first sample.
  static void first_vector(const float* u_real, const float* u_imag, float* h_real, float* h_imag, const float* powers,
                           float* state, int start) {
    const int from = start / kLanes * kLanes;
    float real[kLanes] = {}, imag[kLanes] = {};
    std::copy_n(u_real + start, from + kLanes - start, real + start - from);
    std::copy_n(u_imag + start, from + kLanes - start, imag + start - from);
    const float a = state[0], b = state[1], p = powers[0], q = powers[kMostPowers];
    real[start - from] += a + (p * a - q * b);
    imag[start - from] += b + (p * b + q * a);
    state[0] = state[1] = 0.f;
    scan(real, imag, h_real + from, h_imag + from, powers, state, kLanes);
  }

  const Op& op_;
  std::vector<float> state_;
};

// One step on its way back: the same recurrence from the end, with the conjugate.
class ScanBack {
 public:
  explicit ScanBack(const Op& op) : op_(op), carried_(op.channels) {}

  // Floats of room that it needs, for tiles of so many samples.
  static size_t room(long tile) { return static_cast<size_t>(4 * row_room(tile)); }

  void begin() { std::fill(carried_.begin(), carried_.end(), 0.f); }

  // From `g`, of the states `h`, to `to`, of what goes in, which is added to unless it is the first to be there. `start` is
  // as in the forward pass, and `begins` says that it is the first of all. What modes and the state before have is
  // added to their places in `sums`.
  void run(Rows h, Rows g, Rows to, int start, bool begins, int end, float* room, float* sums) {
    const int modes = op_.channels / 2;
    const Rows turned{room, row_room(end)}, made = turned.from(2);
    for (int m = 0; m < modes; ++m) {
      const float* powers = op_.weights + 2 * kMostPowers * m;
      float conjugate[2 * kMostPowers];
      for (int k = 0; k < kMostPowers; ++k) conjugate[k] = powers[k], conjugate[kMostPowers + k] = -powers[kMostPowers + k];
      std::reverse_copy(g[m], g[m] + end, turned[0]);
      std::reverse_copy(g[modes + m], g[modes + m] + end, turned[1]);
      scan(turned[0], turned[1], made[0], made[1], conjugate, &carried_[2 * m], end);
      std::reverse_copy(made[0], made[0] + end, turned[0]);
      std::reverse_copy(made[1], made[1] + end, turned[1]);
      for (int part = 0; part < 2; ++part) std::fill_n(turned[part], start, 0.f);
      pass_on(turned[0], to[m], end);
      pass_on(turned[1], to[modes + m], end);
      float* by_power = sums + op_.conv.weight_at + 2 * kMostPowers * m;
      add_by_mode(turned, h[m], h[modes + m], end, by_power);
      if (begins) add_by_state(m, turned[0][start], turned[1][start], by_power, sums + op_.conv.bias_at);
    }
  }

 private:
  void pass_on(const float* du, float* to, int end) const {
    for (int t = 0; t < end; t += kLanes) store(to + t, op_.first_x ? load(du + t) : load(to + t) + load(du + t));
  }

  // By λ, of which the first power is what is differentiated: the states before with the gradients.
  static void add_by_mode(Rows du, const float* real, const float* imag, int end, float* sums) {
    vec by_real = {}, by_imag = {};
    for (int t = 0; t < end; t += kLanes) {
      const vec a = load(du[0] + t), b = load(du[1] + t), x = load(real + t - 1), y = load(imag + t - 1);
      by_real += a * x + b * y;
      by_imag += b * x - a * y;
    }
    sums[0] += sum(by_real);
    sums[kMostPowers] += sum(by_imag);
  }

  // By the state before the first sample, which is not among those that are kept; the gradient is that sample's.
  void add_by_state(int m, float a, float b, float* by_power, float* by_state) const {
    const int modes = op_.channels / 2;
    const float* powers = op_.weights + 2 * kMostPowers * m;
    const float p = powers[0], q = powers[kMostPowers];
    const float x = op_.state[m], y = op_.state[modes + m];
    by_power[0] += a * x + b * y;
    by_power[kMostPowers] += b * x - a * y;
    by_state[m] += a + (p * a + q * b);
    by_state[modes + m] += b + (p * b - q * a);
  }

  const Op& op_;
  std::vector<float> carried_;
};

}  // namespace
}  // namespace voxnas
