// The linear recurrence of a state-space network over whole segments: h[n] = λ h[n - 1] + u[n], mode by mode.
#include "failure.h"
#include "steps.h"
#include "train_share.h"

namespace voxnas {
namespace {

// Whole vectors where they lie, and what is left elsewhere, since the next row begins right behind.
void scan_row(const float* u_real, const float* u_imag, float* h_real, float* h_imag, const float* powers, float* state,
              long samples) {
  const long whole = samples / kLanes * kLanes, rest = samples - whole;
  if (whole) scan(u_real, u_imag, h_real, h_imag, powers, state, static_cast<int>(whole));
  if (!rest) return;
  float u[2][kLanes] = {}, h[2][kLanes];
  std::memcpy(u[0], u_real + whole, rest * sizeof(float));
  std::memcpy(u[1], u_imag + whole, rest * sizeof(float));
  scan(u[0], u[1], h[0], h[1], powers, state, static_cast<int>(rest));
  std::memcpy(h_real + whole, h[0], rest * sizeof(float));
  std::memcpy(h_imag + whole, h[1], rest * sizeof(float));
}

}  // namespace
}  // namespace voxnas

// `u` and `h` are [2 modes][batch][samples], real parts first, `state` [2 modes][batch], before the first sample, and
// `powers` as steps.h has them, [mode][2][16]. Returns a Status.
extern "C" int voxnas_scan(const float* u, float* h, const float* powers, const float* state, int64_t batch, int64_t modes,
                           int64_t samples, int64_t threads) {
  using namespace voxnas;
  return guarded([&] {
    share(batch * modes, static_cast<int>(threads), [&](int, long job) {
      const long other = job + modes * batch, real = job * samples, imag = other * samples;
      float now[2] = {state[job], state[other]};
      scan_row(u + real, u + imag, h + real, h + imag, powers + job / batch * 2 * kMostPowers, now, samples);
    });
    return kDone;
  });
}
