// What a call for strings says: their form, and where their arrays lie. The numbers are the interface to Python; see
// string.py.
#pragma once
#include <cstdint>

namespace voxnas {

struct StringShape {
  int64_t lines, states, taps, extras, hidden1, hidden2, activation, passive, tuned, scaled;
  long features() const { return taps + states; }
  long outputs() const { return lines + states; }
  long inputs() const { return features() + extras; }  // of the MLP
  long last() const { return hidden2 ? hidden2 : hidden1; }
  long weights() const {
    long count = outputs() * features() + lines;
    if (hidden1) count += hidden1 * (inputs() + 1) + outputs() * (last() + 1);
    if (hidden2) count += hidden2 * (hidden1 + 1);
    return count;
  }
};

// Of one call for all strings. Arrays of T: batch first, then line or state, then time.
template <class T>
struct StringCall {
  int64_t batch, history, steps, forced, threads, window;
  const int64_t *tap_line, *tap_delay;
  double rho, drop;  // most gain of a passage; expected fall in dB per sample
  const T *weights;  // A, the lines' all-pass coefficients, and of each layer weights and bias
  const T *start, *states, *given, *onset;  // onset: level at the note's onset in dB, samples since then
  T* output;                                // v of the lines
  const T* doutput;
  T *dstart, *dstates, *dweights;
};

}  // namespace voxnas
