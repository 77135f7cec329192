// What LSTM and GRU units make of their four sums, and the gradients of it, on vectors V of units.
//
// Of a step, `gates` holds the sums, a block after the other, and then what the backward pass needs; that puts the
// gradients of the sums into `dsums`.
#pragma once
#include "activations.h"
#include "recurrent_net.h"

namespace voxnas {
namespace {

// Gates in PyTorch's order: input, forget, cell, output. The sums are activated as they come.
struct LstmCell {
  static constexpr int kGates = 4, kStates = 2, kPastBlocks = 4;  // of states: the units and the cells
  static constexpr bool activated = true;
  static constexpr int block_of_past(int gate) { return gate; }
  static constexpr int block_of_input(int gate) { return gate; }
  // tanh(x s) s + 1 - s is tanh for s = 1, and the sigmoid for .5
  static constexpr float scale(int gate) { return gate == 2 ? 1.f : .5f; }

  template <class V>
  static void forward(int block, float* gates, const float*, float* h, const float* cell_before, float* cell) {
    for (int u = 0; u < block; u += lanes<V>) {
      const V in = load_as<V>(gates + u), forget = load_as<V>(gates + block + u);
      const V fresh = load_as<V>(gates + 2 * block + u), out = load_as<V>(gates + 3 * block + u);
      const V c = forget * load_as<V>(cell_before + u) + in * fresh;
      store_as(cell + u, c);
      store_as(h + u, out * tanh(c));
    }
  }
  // `dh` is the gradient of the units' output; after it, the share of the output before that does not go through
  // the sums. `dcell` goes from the gradient of the cells to that of the cells before.
  template <class V>
  static void backward(int block, const float* gates, const float*, const float* cell_before, const float* cell,
                       float* dh, float* dcell, float* dsums) {
    for (int u = 0; u < block; u += lanes<V>) {
      const V in = load_as<V>(gates + u), forget = load_as<V>(gates + block + u);
      const V fresh = load_as<V>(gates + 2 * block + u), out = load_as<V>(gates + 3 * block + u);
      const V shown = tanh(load_as<V>(cell + u)), d = load_as<V>(dh + u);
      const V dc = load_as<V>(dcell + u) + d * out * (1.f - shown * shown);
      store_as(dsums + u, dc * fresh * in * (1.f - in));
      store_as(dsums + block + u, dc * load_as<V>(cell_before + u) * forget * (1.f - forget));
      store_as(dsums + 2 * block + u, dc * in * (1.f - fresh * fresh));
      store_as(dsums + 3 * block + u, d * shown * out * (1.f - out));
      store_as(dcell + u, dc * forget);
      store_as(dh + u, V{});
    }
  }
};

// Reset, update, new; the new has a sum of the past, which the reset scales, and one of the input. Kept are reset,
// update, the past's sum, new.
struct GruCell {
  static constexpr int kGates = 3, kStates = 1, kPastBlocks = 3;
  static constexpr bool activated = false;
  static constexpr int block_of_past(int gate) { return gate; }
  static constexpr int block_of_input(int gate) { return gate == 2 ? 3 : gate; }
  static constexpr float scale(int) { return 1.f; }

  template <class V>
  static void forward(int block, float* gates, const float* before, float* h, const float*, float*) {
    for (int u = 0; u < block; u += lanes<V>) {
      const V reset = sigmoid(load_as<V>(gates + u)), update = sigmoid(load_as<V>(gates + block + u));
      const V fresh = tanh(load_as<V>(gates + 3 * block + u) + reset * load_as<V>(gates + 2 * block + u));
      store_as(gates + u, reset);
      store_as(gates + block + u, update);
      store_as(gates + 3 * block + u, fresh);
      store_as(h + u, fresh + update * (load_as<V>(before + u) - fresh));
    }
  }
  template <class V>
  static void backward(int block, const float* gates, const float* before, const float*, const float*, float* dh,
                       float*, float* dsums) {
    for (int u = 0; u < block; u += lanes<V>) {
      const V reset = load_as<V>(gates + u), update = load_as<V>(gates + block + u);
      const V past = load_as<V>(gates + 2 * block + u), fresh = load_as<V>(gates + 3 * block + u);
      const V d = load_as<V>(dh + u), dfresh = d * (1.f - update) * (1.f - fresh * fresh);
      store_as(dsums + u, dfresh * past * reset * (1.f - reset));
      store_as(dsums + block + u, d * (load_as<V>(before + u) - fresh) * update * (1.f - update));
      store_as(dsums + 2 * block + u, dfresh * reset);
      store_as(dsums + 3 * block + u, dfresh);
      store_as(dh + u, d * update);
    }
  }
};

}  // namespace
}  // namespace voxnas
