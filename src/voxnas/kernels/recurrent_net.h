// A recurrent network as its training takes it: the shape, and each layer's weights in the order of the loops.
//
// Whatever the units are, a layer has four blocks of rows, one row per unit: what the cell makes of the four sums is
// all that an LSTM and a GRU differ in. A block is padded to whole narrow vectors, with weights of zero, so that what is
// there beyond the units stays zero.
#pragma once
#include <algorithm>
#include <cstdint>
#include <new>
#include <vector>

#include "rows.h"

namespace voxnas {
namespace {

constexpr int kBlocks = 4;

// Numbers that begin where a line of the cache does: a vector that lies in two takes twice as long to load.
constexpr std::align_val_t kLine{64};
template <class T>
struct LineAllocator {
  using value_type = T;
  T* allocate(size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kLine)); }
  void deallocate(T* p, size_t) { ::operator delete(p, kLine); }
  bool operator==(const LineAllocator&) const { return true; }
  bool operator!=(const LineAllocator&) const { return false; }
};
using Floats = std::vector<float, LineAllocator<float>>;

struct Shape {
  int64_t gru, layers, inputs, units;
};

struct RecurrentLayout {
  int inputs, units, block, padded;  // units in a block, and as many as fill vectors
  RecurrentLayout(int inputs, int units)
      : inputs(inputs),
        units(units),
        block(static_cast<int>(round_up(units, lanes<narrow>))),
        padded(static_cast<int>(round_up(units, kLanes))) {}
  int rows() const { return kBlocks * block; }  // whole vectors
  int columns() const { return units + inputs + 1; }  // the past's, the inputs', the bias
};

template <class Cell>
struct LayerWeights : RecurrentLayout {
  Floats forward, bias, scale, of_past, of_input;  // [column][row], [row]; [row][column], padded

  // Takes the weights as PyTorch has them, weight_ih, weight_hh, bias_ih, bias_hh, and moves on behind them.
  LayerWeights(int inputs, int units, const float*& flat)
      : RecurrentLayout(inputs, units),
        forward((units + inputs) * rows()),
        bias(rows()),
        scale(rows()),
        of_past(static_cast<size_t>(rows()) * padded),
        of_input(static_cast<size_t>(rows()) * round_up(inputs, kLanes)) {
    const float *ih = flat, *hh = ih + Cell::kGates * units * inputs, *bi = hh + Cell::kGates * units * units;
    const float* bh = bi + Cell::kGates * units;
    flat = bh + Cell::kGates * units;
    for (int gate = 0; gate < Cell::kGates; ++gate)
      for (int unit = 0; unit < units; ++unit) {
        const int row = gate * units + unit;
        const int past = Cell::block_of_past(gate) * block + unit, input = Cell::block_of_input(gate) * block + unit;
        for (int j = 0; j < units; ++j)
          forward[j * rows() + past] = of_past[static_cast<long>(past) * padded + j] = hh[row * units + j];
        for (int j = 0; j < inputs; ++j)
          forward[(units + j) * rows() + input] = of_input[input * round_up(inputs, kLanes) + j] = ih[row * inputs + j];
        bias[input] += bi[row];
        bias[past] += bh[row];
        scale[gate * block + unit] = Cell::scale(gate);
      }
  }

  // Adds sums, [column][row], to gradients in PyTorch's order, and moves on behind them.
  void add_gradients(const float* sums, float*& to) const {
    float *ih = to, *hh = ih + Cell::kGates * units * inputs, *bi = hh + Cell::kGates * units * units;
    float* bh = bi + Cell::kGates * units;
    to = bh + Cell::kGates * units;
    const float* of_bias = sums + (units + inputs) * rows();
    for (int gate = 0; gate < Cell::kGates; ++gate)
      for (int unit = 0; unit < units; ++unit) {
        const int row = gate * units + unit;
        const int past = Cell::block_of_past(gate) * block + unit, input = Cell::block_of_input(gate) * block + unit;
        for (int j = 0; j < units; ++j) hh[row * units + j] += sums[j * rows() + past];
        for (int j = 0; j < inputs; ++j) ih[row * inputs + j] += sums[(units + j) * rows() + input];
        bi[row] += of_bias[input];
        bh[row] += of_bias[past];
      }
  }
};

template <class Cell>
struct RecurrentNet {
  int units, inputs;
  std::vector<LayerWeights<Cell>> layers;
  Floats head;  // padded
  float bias, skip_gain;
  size_t weights;

  RecurrentNet(const Shape& shape, const float* flat, float skip_gain)
      : units(static_cast<int>(shape.units)),
        inputs(static_cast<int>(shape.inputs)),
        head(round_up(shape.units, kLanes)),
        skip_gain(skip_gain) {
    const float* begin = flat;
    for (int l = 0; l < shape.layers; ++l) layers.emplace_back(l ? units : inputs, units, flat);
    std::copy_n(flat, units, head.begin());
    bias = flat[units];
    weights = flat + units + 1 - begin;
  }
  // Numbers that a segment's gradients are summed in: each layer's, [column][row], then the head's, then a vector for its bias.
  size_t sums() const {
    size_t count = head.size() + kLanes;
    for (const auto& layer : layers) count += layer.columns() * layer.rows();
    return count;
  }
  // Floats that training keeps of a segment: per layer and time the gates, the units and, of an LSTM, the cells.
  static size_t kept(const Shape& shape, long samples) {
    const RecurrentLayout layout(1, static_cast<int>(shape.units));
    return shape.layers * (samples + 1) * (layout.rows() + Cell::kStates * layout.block);
  }
};

}  // namespace
}  // namespace voxnas
