// The steps of a program that are more than convolutions, pools and sums: recurrences, attention, selection. Streams and
// exported headers play them by this one source; a header brings vectors of its own, which it is pasted behind.
//
// Sizes are of a type that converts to int: an int, or std::integral_constant, with which loops are unrolled. Signals are
// rows of samples, whose vectors may be read and written to their end.
#pragma once
#include <cmath>

#include "rows.h"
#include "simd.h"

namespace voxnas {

constexpr int kMostPowers = 16;  // of a mode: as many as the widest vector has lanes

// h[n] = λ h[n - 1] + u[n] for a complex λ: within a vector by doubling, and on to the next from the last sample.
// `powers` is λ^k - 1 for k = 1 … 16, the real parts first; less 1, since of slow modes that is what counts.
VOXNAS_INLINE void scan(const float* u_real, const float* u_imag, float* h_real, float* h_imag, const float* powers,
                        float* state, int samples) {
  alignas(64) float real[2 * kLanes] = {}, imag[2 * kLanes] = {};  // zeros before the vector
  const Vec all_real = load(powers), all_imag = load(powers + kMostPowers);
  for (int t = 0; t < samples; t += kLanes) {
    Vec x = load(u_real + t), y = load(u_imag + t);
    for (int k = 1; k < kLanes; k *= 2) {
      store(real + kLanes, x);
      store(imag + kLanes, y);
      const Vec a = load(real + kLanes - k), b = load(imag + kLanes - k);
      const Vec p = broadcast(powers[k - 1]), q = broadcast(powers[kMostPowers + k - 1]);
      x = x + (a + (p * a - q * b));
      y = y + (b + (p * b + q * a));
    }
    const Vec a = broadcast(state[0]), b = broadcast(state[1]);
    store(h_real + t, x + (a + (all_real * a - all_imag * b)));
    store(h_imag + t, y + (b + (all_real * b + all_imag * a)));
    const int last = (samples - t < kLanes ? samples - t : kLanes) - 1 + t;
    state[0] = h_real[last];
    state[1] = h_imag[last];
  }
}

// To where a constant input leads: u / (1 - λ).
inline void settle_scan(float u_real, float u_imag, const float* powers, float* state) {
  const double p = -double(powers[0]), q = -double(powers[kMostPowers]), size = p * p + q * q;
  state[0] = static_cast<float>((double(u_real) * p + double(u_imag) * q) / size);
  state[1] = static_cast<float>((double(u_imag) * p - double(u_real) * q) / size);
}

// Units side by side: the bias, a row of `padded` numbers, and a row for each input. `padded` is a multiple of 16.
template <class Inputs, class Padded>
VOXNAS_INLINE void dense(Inputs inputs, Padded padded, const float* in, const float* weights, float* out) {
  for (int unit = 0; unit < padded; unit += kLanes) {
    const float* row = weights + unit;
    Vec sum = load(row), other = broadcast(0.f);  // so that one need not wait for the other
    row += padded;
    int i = 0;
    for (; i + 1 < inputs; i += 2, row += 2 * padded) {
      sum = multiply_add(broadcast(in[i]), load(row), sum);
      other = multiply_add(broadcast(in[i + 1]), load(row + padded), other);
    }
    if (i < inputs) sum = multiply_add(broadcast(in[i]), load(row), sum);
    store(out + unit, sum + other);
  }
}

// e to the x for x up to 0, as a polynomial to the 16th; below -20 it stays what it is there.
VOXNAS_INLINE Vec exp_below_zero(Vec x) {
  const Vec z = at_least(x, broadcast(-20.f)) * broadcast(1.f / 16);
  Vec y = broadcast(0.0001055315808f);
  const float rest[] = {0.0012156159f, 0.008154443528f, 0.04156165066f, 0.166632838f, 0.4999946969f, 0.9999997092f, 1.f};
  for (float next : rest) y = multiply_add(y, z, broadcast(next));
  for (int i = 0; i < 4; ++i) y = y * y;
  return y;
}

// Attention of several heads over the last `window` samples, so many apart. `x` has the rows of queries, keys and
// values. `ages` is what is added to a key and to a value that is so old, [key, value][channel][window]. `scores` has
// room for a vector for each of the window.
template <class Heads, class Width, class Window>
inline void attend(Rows x, Rows out, Heads heads, Width width, Window window, int dilation, const float* ages,
                   float* scores, int samples) {
  const int channels = heads * width;
  for (int head = 0; head < heads; ++head)
    for (int t = 0; t < samples; t += kLanes) {
      const int first = head * width;
      Vec greatest = broadcast(-1e30f);
      for (int age = 0; age < window; ++age) {
        Vec score = broadcast(0.f);
        for (int c = first; c < first + width; ++c) {
          const Vec key = load(x[channels + c] + t - age * dilation) + broadcast(ages[c * window + age]);
          score = multiply_add(load(x[c] + t), key, score);
        }
        greatest = at_least(score, greatest);
        store(scores + age * kLanes, score);
      }
      Vec total = broadcast(0.f);
      for (int age = 0; age < window; ++age) {
        const Vec share = exp_below_zero(load(scores + age * kLanes) - greatest);
        total = total + share;
        store(scores + age * kLanes, share);
      }
      for (int c = first; c < first + width; ++c) {
        Vec sum = broadcast(0.f);
        for (int age = 0; age < window; ++age) {
          const float older = ages[(channels + c) * window + age];
          const Vec value = load(x[2 * channels + c] + t - age * dilation) + broadcast(older);
          sum = multiply_add(load(scores + age * kLanes), value, sum);
        }
        store(out[c] + t, sum / total);
      }
    }
}

constexpr float kNormFloor = 1e-5f;  // added to a variance

VOXNAS_INLINE Vec square_root(Vec x) {
  alignas(64) float lane[kLanes];
  store(lane, x);
  for (int i = 0; i < kLanes; ++i) lane[i] = std::sqrt(lane[i]);
  return load(lane);
}

// Each sample less the mean over its channels, over their deviation; then a gain and a bias for each channel.
template <class Channels>
inline void normalise(Rows x, Rows out, Channels channels, const float* gains, const float* biases, int samples) {
  const Vec share = broadcast(1.f / static_cast<float>(static_cast<int>(channels)));
  for (int t = 0; t < samples; t += kLanes) {
    Vec mean = broadcast(0.f), variance = broadcast(0.f);
    for (int c = 0; c < channels; ++c) mean = mean + load(x[c] + t);
    mean = mean * share;
    for (int c = 0; c < channels; ++c) {
      const Vec from = load(x[c] + t) - mean;
      variance = multiply_add(from, from, variance);
    }
    const Vec scale = broadcast(1.f) / square_root(multiply_add(variance, share, broadcast(kNormFloor)));
    for (int c = 0; c < channels; ++c) {
      const Vec from = (load(x[c] + t) - mean) * scale;
      store(out[c] + t, multiply_add(from, broadcast(gains[c]), broadcast(biases[c])));
    }
  }
}

// Samples by the range that they are in. Of range r they are from starts[r] on, where a vector begins, counts[r] of them:
// `places` is which, and `shares` how much of each is the range's own. There is room for 2 samples + 16 ranges of both.
struct ByRange {
  int *starts, *counts, *places;
  float *shares, *ways;  // ways: room for the samples
};

// Sorts by the values of `chooser`. Between the ranges below and above a bound there is a slope, whose inverse width is
// given, or a step where that is 0: a sample on the slope is in both. NaN is in the first.
inline void sort_by_range(const float* chooser, int samples, int ranges, const float* bounds, float inverse_blend,
                          ByRange to) {
  const Vec slope = broadcast(inverse_blend == 0.f ? 1e30f : inverse_blend), middle = broadcast(inverse_blend == 0.f ? 0.f : .5f);
  for (int t = 0; t < samples; t += kLanes) {
    Vec way = broadcast(0.f);  // the range below as a whole number, and the share of the one above
    for (int b = 0; b + 1 < ranges; ++b) {
      const Vec over = (load(chooser + t) - broadcast(bounds[b])) * slope + middle;
      way = way + at_most(at_least(over, broadcast(0.f)), broadcast(1.f));
    }
    store(to.ways + t, way);
  }
  for (int r = 0; r < ranges; ++r) to.counts[r] = 0;
  for (int t = 0; t < samples; ++t) {
    const float way = to.ways[t];
    const int below = way >= 0.f ? static_cast<int>(way) : 0;
    ++to.counts[below];
    if (way > static_cast<float>(below)) ++to.counts[below + 1];
  }
  for (int r = 0, start = 0; r < ranges; ++r) {
    to.starts[r] = start;
    start += (to.counts[r] + 15) / 16 * 16;
    to.counts[r] = 0;
  }
  const auto add = [&](int range, int place, float share) {
    const int at = to.starts[range] + to.counts[range]++;
    to.places[at] = place;
    to.shares[at] = share;
  };
  for (int t = 0; t < samples; ++t) {
    const float way = to.ways[t];
    const int below = way >= 0.f ? static_cast<int>(way) : 0;
    const float above = way - static_cast<float>(below);
    add(below, t, 1.f - above);
    if (above > 0.f) add(below + 1, t, above);
  }
}

}  // namespace voxnas
