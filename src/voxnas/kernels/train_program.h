// A program of steps as training takes it: its operations, read from a list of integers; see train_plan.py.
//
// The list: signals, and each one's channels; buffers of gradients, and each one's rows; operations, and for each: kind;
// the signals that it reads (-1 for no second) and makes; channels of the first and of the result; of a convolution
// kernel, dilation, where in the flat list its weights and its biases are (-1 for none); whether an activation follows, its
// number and the bits of its constants, and where its slopes are; where among an item's numbers a turn's factors are;
// of an attention its heads; ranges of a selection (0 for none), and for one with ranges: layers, and of each its units
// and where its weights and biases of all ranges are, and the bits of the bounds and of the inverse of the blend;
// whether the backward pass keeps what it makes, and whether it reads it; the buffers of the gradients of the first, the
// second and the result (-1: of the input, or none), and whether the first and the second are the first to be there.
#pragma once
#include <vector>

#include "wavenet.h"

namespace voxnas {

// Turn: y = factor x + addend, a pair of numbers for each item and channel.
enum class OpKind { Convolve, Activate, Add, Multiply, Turn, Normalise, Attend, Diagonal, Select };

// The layers of each range, as convolutions of one tap.
struct Selection {
  std::vector<std::vector<Conv>> layers;  // [range][layer]
  std::vector<float> bounds;
  float inverse_blend = 0;
  int ranges() const { return static_cast<int>(layers.size()); }
};

struct Op {
  OpKind kind;
  int x, second, out, inputs, channels;
  Conv conv;
  bool activated;
  Activating activation;
  size_t slopes_at, turn_at;
  int heads;
  bool kept, wanted;
  int gradient_x, gradient_second, gradient_out;
  bool first_x, first_second;
  Selection selection = {};
  long start = 0, x_start = 0;  // the first time at which the output needs the result, and for that the first signal
  const float* weights = nullptr;  // in the flat list; of a norm gains and biases, of an attention its ages, of a diagonal
                                   // the powers of its modes, see steps.h
  const float* state = nullptr;    // of a diagonal, before its first sample
  long past() const { return static_cast<long>(conv.kernel - 1) * conv.dilation; }
  // True if it reads the past of its first input in the backward pass too, and adds to that of its gradient.
  bool looks_back() const { return kind == OpKind::Attend || kind == OpKind::Select; }
};

struct Program {
  std::vector<int> channels, buffers;
  std::vector<long> past;    // per signal: what its readers look back on
  std::vector<bool> whole;     // per signal: whether it is kept in rows as long as the job, since its past is read
  std::vector<Op> ops;
  size_t weights = 0, turns = 0;
  bool recurrent = false;

  explicit Program(const int64_t* shape) {
    weights = static_cast<size_t>(*shape++), turns = static_cast<size_t>(*shape++);
    for (std::vector<int>* list : {&channels, &buffers})
      for (int count = next(shape); count > 0; --count) list->push_back(next(shape));
    past.resize(channels.size());
    whole.resize(channels.size());
    for (int count = next(shape); count > 0; --count) {
      ops.push_back(op(shape));
      long& reach = past[ops.back().x];
      reach = std::max(reach, ops.back().past());
      if (ops.back().looks_back()) whole[ops.back().x] = true;
      if (ops.back().kind == OpKind::Diagonal) whole[ops.back().out] = recurrent = true;
    }
  }

  // The slopes that are learnt are not copied.
  void read(const float* flat) {
    for (Op& op : ops) {
      op.conv.read(flat);
      op.activation.slopes = flat + op.slopes_at;
      op.weights = flat + op.conv.weight_at;
      if (op.kind == OpKind::Diagonal) op.state = flat + op.conv.bias_at;
      for (std::vector<Conv>& layers : op.selection.layers)
        for (Conv& layer : layers) layer.read(flat);
    }
  }

  // Works out from which time on everything is needed for an output that starts at `out_start`; returns from when the
  // input is. A recurrence begins with the first sample of its input that is known.
  long need_from(long out_start) {
    std::vector<long> need(channels.size(), out_start), known(channels.size());
    for (const Op& op : ops) {
      const long second = op.second < 0 ? 0 : known[op.second];
      known[op.out] = std::max(known[op.x] + op.past(), second);
    }
    for (size_t i = ops.size(); i-- > 0;) {
      Op& op = ops[i];
      op.start = need[op.out];
      if (op.kind == OpKind::Diagonal) op.start = std::min(op.start, known[op.x]);
      op.x_start = op.start - op.past();
      need[op.x] = std::min(need[op.x], op.x_start);
      if (op.second >= 0) need[op.second] = std::min(need[op.second], op.start);
    }
    return need[0];
  }

 private:
  static int next(const int64_t*& shape) { return static_cast<int>(*shape++); }

  static Op op(const int64_t*& shape) {
    const OpKind kind = static_cast<OpKind>(next(shape));
    const int x = next(shape), second = next(shape), out = next(shape), inputs = next(shape), channels = next(shape);
    const int kernel = next(shape), dilation = next(shape);
    const int64_t weight_at = *shape++, bias_at = *shape++;
    Op op{kind, x, second, out, inputs, channels, {kind == OpKind::Convolve ? inputs : 0, channels, kernel, dilation, bias_at >= 0},
          false, {}, 0, 0, 1, false, false, 0, 0, 0, false, false};
    op.conv.weight_at = static_cast<size_t>(weight_at);
    op.conv.bias_at = static_cast<size_t>(bias_at);
    op.activated = next(shape);
    op.activation.number = next(shape);
    for (float& parameter : op.activation.parameters) parameter = bits(next(shape));
    op.slopes_at = static_cast<size_t>(*shape++);
    op.turn_at = static_cast<size_t>(*shape++);
    op.heads = next(shape);
    op.kept = next(shape), op.wanted = next(shape);
    op.gradient_x = next(shape), op.gradient_second = next(shape), op.gradient_out = next(shape);
    op.first_x = next(shape), op.first_second = next(shape);
    read_selection(op, shape);
    return op;
  }

  static void read_selection(Op& op, const int64_t*& shape) {
    Selection& selection = op.selection;
    selection.layers.resize(next(shape));
    if (selection.layers.empty()) return;
    int before = op.inputs * op.conv.kernel;
    for (int count = next(shape); count > 0; --count) {
      const int units = next(shape);
      const size_t weight_at = static_cast<size_t>(*shape++), bias_at = static_cast<size_t>(*shape++);
      for (int range = 0; range < selection.ranges(); ++range) {
        Conv layer(before, units, 1, 1, true);
        layer.weight_at = weight_at + static_cast<size_t>(range) * before * units;
        layer.bias_at = bias_at + static_cast<size_t>(range) * units;
        selection.layers[range].push_back(layer);
      }
      before = units;
    }
    for (int i = 1; i < selection.ranges(); ++i) selection.bounds.push_back(bits(next(shape)));
    selection.inverse_blend = bits(next(shape));
  }

  static float bits(int32_t number) {
    float value;
    std::memcpy(&value, &number, sizeof value);
    return value;
  }
};

}  // namespace voxnas
