// Conversion between two sample rates, block by block, with the filter that audio/polyphase.py designs. Plain C++ that
// also goes into exported headers.
#pragma once
#include <cstring>

namespace voxnas {

// A signal at `from` Hz comes in blocks of any size and goes out at `to` Hz. Output k belongs to the time k * from / to,
// counted in whole numbers, so that it never drifts.
class Resampler {
 public:
  static constexpr int kMostRatio = 8, kPush = 512;  // of the rates; samples that may come at once
  static constexpr int kFits = kPush / kMostRatio;   // samples that are kPush or less at any other rate

  static bool converts(int from, int to) noexcept {
    return from > 0 && to > 0 && from <= kMostRate && to <= kMostRate && from <= kMostRatio * to && to <= kMostRatio * from;
  }
  // For rates that it converts. Neither this nor anything else allocates.
  void prepare(const float* prototype, int numbers, int density, int from, int to) noexcept {
    const double low = from < to ? from : to, per_sample = density * low / from;
    from_ = from;
    to_ = to;
    taps_ = static_cast<int>(numbers / per_sample);
    if (taps_ * per_sample < numbers) ++taps_;
    taps_ = taps_ / kLane * kLane + kLane;
    phases_ = static_cast<int>(kPhases * low / from);
    if (phases_ < 1) phases_ = 1;
    const int exact = to / common(from, to);
    exact_ = exact <= phases_;
    if (exact_) phases_ = exact;
    for (int phase = 0; phase <= phases_; ++phase)
      for (int tap = 0; tap < taps_; ++tap) {
        const double age = taps_ - 1 - tap + static_cast<double>(phase) / phases_;
        bank_[phase * taps_ + tap] =
            static_cast<float>(between(prototype, numbers, age * per_sample) * per_sample / density);
      }
    reset();
  }

  // To silence.
  void reset() noexcept {
    heard_ = taps_ - 1;
    next_ = part_ = 0;
    std::memset(past_, 0, sizeof past_);
  }

  // At most kPush samples, when what was ready before has been pulled but for a few.
  void push(const float* in, int samples) noexcept {
    std::memcpy(past_ + heard_, in, static_cast<size_t>(samples) * sizeof(float));
    heard_ += samples;
  }
  // Outputs that can be pulled.
  int ready() const noexcept {
    const long long left = (heard_ - taps_ + 1 - next_) * static_cast<long long>(to_) - part_;
    return left > 0 ? static_cast<int>((left + from_ - 1) / from_) : 0;
  }
  // At most as many as are ready.
  void pull(float* out, int samples) noexcept {
    for (int i = 0; i < samples; ++i) {
      out[i] = at(past_ + next_);
      part_ += from_;
      next_ += part_ / to_;
      part_ %= to_;
    }
    const int last = heard_ - taps_ + 1, kept = next_ < last ? next_ : last;
    std::memmove(past_, past_ + kept, static_cast<size_t>(heard_ - kept) * sizeof(float));
    heard_ -= kept;
    next_ -= kept;
  }
  int taps() const noexcept { return taps_; }

 private:
  static constexpr int kMostRate = 4000000, kLane = 8, kPhases = 512, kMostTaps = 320, kBank = (kPhases + 1) * 56;  // floats

  // The prototype between its numbers, 0 beyond its ends; Lagrange's cubic.
  static double between(const float* prototype, int numbers, double place) noexcept {
    const int whole = static_cast<int>(place);
    if (whole >= numbers + 1) return 0;
    const double t = place - whole;
    const double weights[4] = {-t * (t - 1) * (t - 2) / 6, (t + 1) * (t - 1) * (t - 2) / 2, -(t + 1) * t * (t - 2) / 2,
                               (t + 1) * t * (t - 1) / 6};
    double value = 0;
    for (int i = 0; i < 4; ++i)
      if (const int at = whole + i - 1; at >= 0 && at < numbers) value += weights[i] * prototype[at];
    return value;
  }

  static int common(int a, int b) noexcept { return b ? common(b, a % b) : a; }

  // The next output, from the taps_ samples at `past` up to the newest one before it.
  float at(const float* past) const noexcept {
    const int place = part_ * phases_, row = place / to_;
    const float before = product(past, bank_ + row * taps_);
    if (exact_) return before;
    const float share = static_cast<float>(place % to_) / static_cast<float>(to_);
    return before + share * (product(past, bank_ + (row + 1) * taps_) - before);
  }
  float product(const float* past, const float* taps) const noexcept {
    float sums[kLane] = {};
    for (int tap = 0; tap < taps_; tap += kLane)
      for (int lane = 0; lane < kLane; ++lane) sums[lane] += past[tap + lane] * taps[tap + lane];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }

  int from_ = 1, to_ = 1, next_ = 0, part_ = 0, heard_ = 0;  // the next output's time: whole, and parts of `to_`
  int taps_ = kLane, phases_ = 1;
  bool exact_ = true;  // each output's time has a row of the bank; else it lies between two
  alignas(64) float bank_[kBank];
  alignas(64) float past_[kMostTaps + 2 * kPush];
};

}  // namespace voxnas
