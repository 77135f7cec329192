// One thread of the backward pass over a program; see program_train.cpp.
#pragma once

#include "train_program_pass.h"

namespace voxnas {
namespace {

class alignas(64) ProgramBackward : ProgramPass {
 public:
  using ProgramPass::size;
  ProgramBackward(const Program& program, const Cut& cut, const Call& call, float* memory)
      : ProgramPass(program, cut, call, memory) {
    values_.resize(program.channels.size());
    for (const Op& op : program.ops) {
      own_.push_back(arena_.rows(op.wanted && !is_kept_as_it_is(op) ? op.channels : 0, cut.tile));
      dz_.emplace_back(arena_, op.conv.past() ? op.channels : 0, cut, op.conv.past(), Tiles::Backwards);
    }
    for (int rows : program.buffers) gradients_.push_back(arena_.rows(rows, cut.tile));
    dy_ = arena_.rows(1, cut.tiles * cut.tile);
    dx_ = arena_.rows(1, cut.tiles * cut.tile);
  }

  // Adds to the job's own sums, of the weights and of the turns; the gradient of its input goes to `dx` unless that is
  // null. `kept` is the job's.
  void run(long index, float* kept, float* sums, float* turn_sums, float* dx) {
    const Job job(cut_, call_, index);
    begin(job);
    const long padded = cut_.tiles * cut_.tile, lead = padded - job.samples;
    std::fill_n(dy_[0], lead, 0.f);
    std::copy_n(call_.dy + job.item * call_.samples_out + job.offset, job.samples, dy_[0] + lead);
    std::fill_n(dx_[0], padded, 0.f);
    for (Tiles& rows : dz_) rows.clear();
    sums_ = sums, turn_sums_ = turn_sums, with_dx_ = dx != nullptr;
    for (long tile = cut_.tiles; tile-- > 0;) {
      restore(tile, kept);
      std::copy_n(dy_[0] + tile * cut_.tile, cut_.tile, gradient(program_.ops.back().gradient_out, tile)[0]);
      for (size_t i = program_.ops.size(); i-- > 0;) run_op(i, tile, kept);
    }
    if (dx) std::copy_n(dx_[0] + padded - (job.samples + cut_.past), job.samples + cut_.past, dx);
  }

 private:
  static bool keeps_input(const Op& op) {
    return op.activated && (op.activation.learns() || op.activation.kind() == Kind::SiLU);
  }
  static bool is_kept_as_it_is(const Op& op) { return op.kept && !keeps_input(op); }

  // What was kept, and from it what else is needed.
  void restore(long tile, float* kept) {
    values_[0] = input(tile);
    for (size_t i = 0; i < program_.ops.size(); ++i) {
      const Op& op = program_.ops[i];
      if (!op.wanted) continue;
      values_[op.out] = is_kept_as_it_is(op) ? kept_.at(kept, tile, i) : own_[i];
      const int start = begin(op.start, tile);
      if (!op.kept)
        make(op, values_[op.x], op.second < 0 ? Rows{} : values_[op.second], own_[i], start);
      else if (keeps_input(op))
        of_kept(op, kept_.at(kept, tile, i), own_[i], start);
    }
  }
  void of_kept(const Op& op, Rows kept, Rows out, int start) const {
    with_activation(op.activation.kind(), [&](auto type) {
      for (int c = 0; c < op.channels; ++c) {
        const typename decltype(type)::type act(op.activation, c);
        for (int t = start; t < tile_end(); t += kLanes) store(out[c] + t, act.of_kept(load(kept[c] + t)));
      }
    });
  }

  Rows gradient(int buffer, long tile) const {
    return buffer < 0 ? Rows{dx_[0] + tile * cut_.tile, 0} : gradients_[buffer];
  }

  void run_op(size_t index, long tile, float* kept) {
    const Op& op = program_.ops[index];
    const Rows g = gradient(op.gradient_out, tile);
    const int start = begin(op.start, tile);
    silence(g, op.channels, start);
    switch (op.kind) {
      case OpKind::Convolve: return convolve_back(index, tile, op.activated ? kept_.at(kept, tile, index) : Rows{}, g);
      case OpKind::Activate:
        slope(op, values_[keeps_input(op) ? op.x : op.out], g, g, start);
        return pass_on(op.x, op.gradient_x, op.first_x, op.channels, g, tile, start);
      case OpKind::Add:
        pass_on(op.x, op.gradient_x, op.first_x, op.channels, g, tile, start);
        return pass_on(op.second, op.gradient_second, op.first_second, op.channels, g, tile, start);
      case OpKind::Multiply: return multiply_back(op, tile, g, start);
      case OpKind::Turn: return turn_back(op, tile, g, start);
    }
  }

  void convolve_back(size_t index, long tile, Rows kept, Rows g) {
    const Op& op = program_.ops[index];
    const int start = begin(op.start, tile), x_start = begin(op.x_start, tile);
    Rows dz = g;
    if (op.conv.past()) {
      dz = dz_[index].now();
      silence(dz, op.channels, start);
      if (!op.activated) each_vector(op.channels, start, tile_end(), [&](int c, int t) { store(dz[c] + t, load(g[c] + t)); });
    }
    if (op.activated) slope(op, kept, g, dz, start);
    correlate_conv(op, values_[op.x], dz, x_start);
    if (op.x > 0 || with_dx_) {
      const Rows dx = gradient(op.gradient_x, tile);
      if (op.first_x) silence(dx, op.inputs, x_start);
      sources_.clear().add(dz, op.channels, op.conv, -1);
      mix(sources_.data(), sources_.size(), op.conv.backward.data(), nullptr, op.inputs, op.first_x ? Rows{} : dx, dx,
          x_start, tile_end());
    }
    if (op.second >= 0) pass_on(op.second, op.gradient_second, op.first_second, op.channels, dz, tile, start);
    dz_[index].advance();
  }

  // From the gradient of an activation to that of what goes in; what it learns is added to its place.
  void slope(const Op& op, Rows kept, Rows g, Rows dz, int start) const {
    with_activation(op.activation.kind(), [&](auto type) {
      using Act = typename decltype(type)::type;
      for (int c = 0; c < op.channels; ++c) {
        const Act act(op.activation, c);
        Learnt<Act> learnt;
        for (int t = start; t < tile_end(); t += kLanes) {
          const vec da = load(g[c] + t), signal = load(kept[c] + t);
          learnt.add(act, signal, da);
          store(dz[c] + t, da * act.slope(signal));
        }
        learnt.total(sums_ + op.slopes_at, c);
      }
    });
  }

  // The gradient of a convolution's weights, from its input and the gradient of its output.
  void correlate_conv(const Op& op, Rows x, Rows dz, int start) {
    const Conv& conv = op.conv;
    left_.clear().add(x, conv.in);
    // All taps of a few rows at a time, which then stay in the nearest cache.
    in_parts(conv.out, kRowsRight, [&](int first, int size) {
      targets_.clear();
      for (int tap = 0; tap < conv.kernel; ++tap)
        for (int o = first; o < first + size; ++o)
          targets_.push_back({dz[o] + conv.reach(tap), sums_ + conv.at(o, 0, tap)});
      correlate(left_.data(), conv.in, targets_.data(), conv.kernel * size, conv.kernel, start, tile_end());
    });
    if (conv.biased)
      for (int o = 0; o < conv.out; ++o) sums_[conv.bias_at + o] += total(dz[o], start, tile_end());
  }

  // A gradient goes on as it is. The first to be there may lie where `g` does.
  void pass_on(int signal, int buffer, bool first, int rows, Rows g, long tile, int start) const {
    if (signal == 0 && !with_dx_) return;
    const Rows to = gradient(buffer, tile);
    if (first && to.data == g.data) return;
    if (first) silence(to, rows, start);
    each_vector(rows, start, tile_end(), [&](int c, int t) {
      store(to[c] + t, first ? load(g[c] + t) : load(to[c] + t) + load(g[c] + t));
    });
  }

  void multiply_back(const Op& op, long tile, Rows g, int start) const {
    const auto add = [&](int signal, int buffer, bool first, Rows other) {
      if (signal == 0 && !with_dx_) return;
      const Rows to = gradient(buffer, tile);
      if (first) silence(to, op.channels, start);
      each_vector(op.channels, start, tile_end(), [&](int c, int t) {
        const vec product = load(g[c] + t) * load(other[c] + t);
        store(to[c] + t, first ? product : load(to[c] + t) + product);
      });
    };
    add(op.x, op.gradient_x, op.first_x, values_[op.second]);
    add(op.second, op.gradient_second, op.first_second, values_[op.x]);
  }

  void turn_back(const Op& op, long tile, Rows g, int start) const {
    const Rows x = values_[op.x];
    for (int c = 0; c < op.channels; ++c) {
      vec by_factor = {}, by_addend = {};
      const float factor = factors(op)[c];
      for (int t = start; t < tile_end(); t += kLanes) {
        const vec dout = load(g[c] + t);
        by_factor += dout * load(x[c] + t);
        by_addend += dout;
        store(g[c] + t, dout * factor);
      }
      turn_sums_[op.turn_at + c] += sum(by_factor);
      turn_sums_[op.turn_at + op.channels + c] += sum(by_addend);
    }
    pass_on(op.x, op.gradient_x, op.first_x, op.channels, g, tile, start);
  }

  static void silence(Rows rows, int count, int start) {
    for (int c = 0; c < count; ++c) std::fill_n(rows[c], start, 0.f);
  }

  std::vector<Rows> values_, own_, gradients_;
  std::vector<Tiles> dz_;
  Rows dy_, dx_;
  std::vector<Target> targets_;
  Sources left_;
  float *sums_ = nullptr, *turn_sums_ = nullptr;
  bool with_dx_ = false;
};

}  // namespace
}  // namespace voxnas
