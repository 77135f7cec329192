// One thread of the backward pass over a program; see program_train.cpp.
#pragma once

#include <memory>

#include "train_program_attention.h"
#include "train_program_correlate.h"
#include "train_program_gradients.h"
#include "train_program_norm.h"
#include "train_program_scan.h"
#include "train_program_select_back.h"

namespace voxnas {
namespace {

class alignas(64) ProgramBackward : ProgramGradients {
 public:
  using ProgramGradients::size;
  ProgramBackward(const Program& program, const Cut& cut, const Call& call, float* memory)
      : ProgramGradients(program, cut, call, memory) {
    size_t room = 0;
    for (const Op& op : program.ops) {
      scans_.push_back(op.kind == OpKind::Diagonal ? std::make_unique<ScanBack>(op) : nullptr);
      selects_.push_back(op.kind == OpKind::Select ? std::make_unique<SelectBack>(arena_, op, cut.tile) : nullptr);
      own_.push_back(arena_.rows(op.wanted && !is_kept_as_it_is(op) ? op.channels : 0, cut.tile));
      const long past = op.kind == OpKind::Convolve ? op.past() : 0;
      dz_.emplace_back(arena_, past ? op.channels : 0, cut, past, Tiles::Backwards);
      if (op.kind == OpKind::Attend) room = std::max(room, AttentionBack::room(op, cut.tile));
      if (op.kind == OpKind::Normalise) room = std::max(room, norm_room(op));
      if (op.kind == OpKind::Diagonal) room = std::max(room, ScanBack::room(cut.tile));
    }
    own_room_ = arena_.take(room);
    dy_ = arena_.rows(1, cut.tiles * cut.tile);
  }

  // Adds to the job's own sums, of the weights and of the turns; the gradient of its input goes to `dx` unless that is
  // null. `kept` is the job's.
  void run(long index, float* kept, float* sums, float* turn_sums, float* dx) {
    const Job job(cut_, call_, index);
    begin(job);
    const long padded = cut_.tiles * cut_.tile, lead = padded - job.samples;
    std::fill_n(dy_[0], lead, 0.f);
    std::copy_n(call_.dy + job.item * call_.samples_out + job.offset, job.samples, dy_[0] + lead);
    for (Tiles& rows : dz_) rows.clear();
    for (const auto& scan : scans_)
      if (scan) scan->begin();
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
  static bool is_kept_as_it_is(const Op& op) {
    return op.kept && !(op.kind == OpKind::Convolve && keeps_input(op));
  }

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
      else if (!is_kept_as_it_is(op))
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
      case OpKind::Normalise: return normalise_back(op, tile, g, start);
      case OpKind::Attend:
        return AttentionBack(op, values_[op.x], gradient(op.gradient_x, tile), g, start, tile_end(), own_room_, sums_).run();
      case OpKind::Diagonal: return diagonal_back(index, tile, g);
      case OpKind::Select: return select_back(index, tile, g, start);
    }
  }

  void normalise_back(const Op& op, long tile, Rows g, int start) {
    const Rows to = gradient(op.gradient_x, tile);
    if (op.first_x && to.data != g.data) silence(to, op.channels, start);
    voxnas::normalise_back(op, values_[op.x], g, to, start, tile_end(), own_room_, sums_);
  }

  void diagonal_back(size_t index, long tile, Rows g) {
    const Op& op = program_.ops[index];
    const long past = op.start + cut_.lead - tile * cut_.tile;
    const int start = begin_exactly(op.start, tile);
    if (start == tile_end()) return pass_on(op.x, op.gradient_x, op.first_x, op.channels, g, tile, start);
    scans_[index]->run(values_[op.out], g, gradient(op.gradient_x, tile), start, past == start, tile_end(), own_room_, sums_);
  }

  void select_back(size_t index, long tile, Rows g, int start) {
    const Op& op = program_.ops[index];
    const Rows dx = op.x > 0 || with_dx_ ? gradient(op.gradient_x, tile) : Rows{};
    const Rows dchooser = op.second > 0 || with_dx_ ? gradient(op.gradient_second, tile) : Rows{};
    if (dchooser.data && op.first_second) silence(dchooser, 1, tile_end());
    selects_[index]->run(values_[op.x], values_[op.second], g, dx, dchooser, start, tile_end(), sums_);
  }

  void convolve_back(size_t index, long tile, Rows kept, Rows g) {
    const Op& op = program_.ops[index];
    const int start = begin(op.start, tile), x_start = begin(op.x_start, tile);
    Rows dz = g;
    if (op.past()) {
      dz = dz_[index].now();
      silence(dz, op.channels, start);
      if (!op.activated) each_vector(op.channels, start, tile_end(), [&](int c, int t) { store(dz[c] + t, load(g[c] + t)); });
    }
    if (op.activated) slope(op, kept, g, dz, start);
    weights_.add(op.conv, values_[op.x], dz, x_start, tile_end(), sums_);
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

  std::vector<Rows> own_;
  std::vector<Tiles> dz_;
  Rows dy_;
  WeightGradients weights_;
  std::vector<std::unique_ptr<ScanBack>> scans_;  // of each operation that is one
  std::vector<std::unique_ptr<SelectBack>> selects_;
  float* own_room_ = nullptr;
};

}  // namespace
}  // namespace voxnas
