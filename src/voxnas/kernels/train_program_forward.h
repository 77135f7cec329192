// One thread of the forward pass over a program; see program_train.cpp.
#pragma once

#include <memory>

#include "train_program_scan.h"
#include "train_program_select.h"

namespace voxnas {
namespace {

// A cache line of its own, since other threads write beside it.
class alignas(64) ProgramForward : ProgramPass {
 public:
  using ProgramPass::size;
  ProgramForward(const Program& program, const Cut& cut, const Call& call, float* memory)
      : ProgramPass(program, cut, call, memory) {
    int widest = 1;
    signals_.reserve(program.channels.size());
    for (size_t s = 0; s < program.channels.size(); ++s) {
      const int rows = s == 0 ? 0 : program.channels[s];
      signals_.emplace_back(arena_, rows, cut, program.past[s], Tiles::Onwards);
      widest = std::max(widest, rows);
    }
    z_ = arena_.rows(widest, cut.tile);
    scans_.resize(program.ops.size());
    selects_.resize(program.ops.size());
    for (size_t i = 0; i < program.ops.size(); ++i) {
      const Op& op = program.ops[i];
      if (op.kind == OpKind::Diagonal) scans_[i] = std::make_unique<ScanForward>(op);
      if (op.kind == OpKind::Select) selects_[i] = std::make_unique<SelectTile>(arena_, op, cut.tile);
    }
  }

  // What the backward pass needs goes to `kept`, the job's, unless that is null.
  void run(long index, float* kept) {
    const Job job(cut_, call_, index);
    begin(job);
    for (Tiles& signal : signals_) signal.clear();
    for (const auto& scan : scans_)
      if (scan) scan->begin();
    for (size_t i = 0; kept && i < program_.ops.size(); ++i) {
      const Op& op = program_.ops[i];
      if (op.kept) kept_.silence(kept, i, op.channels, (op.start + cut_.lead) / kStep * kStep);
    }
    for (long tile = 0; tile < cut_.tiles; ++tile) {
      for (size_t i = 0; i < program_.ops.size(); ++i) {
        const Op& op = program_.ops[i];
        run_op(i, tile, kept && op.kept ? kept_.at(kept, tile, i) : Rows{});
      }
      if (call_.y) write(job, tile);
      for (Tiles& signal : signals_) signal.advance();
    }
    store_fence();
  }

 private:
  Rows value(int signal, long tile) const {
    return signal < 0 ? Rows{} : signal == 0 ? input(tile) : signals_[signal].now();
  }

  void run_op(size_t index, long tile, Rows kept) {
    const Op& op = program_.ops[index];
    const Rows x = value(op.x, tile), second = value(op.second, tile), out = value(op.out, tile);
    const int start = begin(op.start, tile), end = tile_end();
    if (op.kind == OpKind::Convolve && op.activated)
      return with_activation(op.activation.kind(), [&](auto type) {
        for (int t = start; t < end; t += kStep) {
          convolve(op, x, second, z_, t, t + kStep);
          activate_rows<typename decltype(type)::type>(op, z_, out, kept, t, t + kStep);
        }
      });
    if (op.kind == OpKind::Diagonal) scans_[index]->run(x, out, begin_exactly(op.start, tile), end);
    else if (op.kind == OpKind::Select) select_forward(*selects_[index], op, x, second, out, start, end);
    else make(op, x, second, out, start);
    if (kept.data)
      each_vector(op.channels, start, end, [&](int c, int t) { store_nontemporal(kept[c] + t, load(out[c] + t)); });
  }

  void write(const Job& job, long tile) const {
    // Counted from the end, where parts of all lengths line up.
    const long first = job.samples - (cut_.tiles - tile) * cut_.tile;
    const float* out = value(program_.ops.back().out, tile)[0];
    float* y = call_.y + job.item * call_.samples_out + job.offset + first;
    for (long t = std::max<long>(0, -first); t < cut_.tile; ++t) y[t] = out[t];
  }

  std::vector<Tiles> signals_;
  Rows z_;
  std::vector<std::unique_ptr<ScanForward>> scans_;    // of each operation that is one
  std::vector<std::unique_ptr<SelectTile>> selects_;
};

}  // namespace
}  // namespace voxnas
