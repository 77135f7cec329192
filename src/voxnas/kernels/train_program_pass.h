// The common part of the forward and the backward pass over a program: what an operation makes of rows.
#pragma once

#include "train_program.h"
#include "steps.h"
#include "train_learnt.h"
#include "train_tiles.h"

namespace voxnas {
namespace {

// The values that the forward pass keeps: of a tile side by side, but rows as long as the job of what is read far back.
class KeptRows {
 public:
  KeptRows(const Program& program, const Cut& cut) : tile_(cut.tile), room_(row_room(cut.tile)), tiles_(cut.tiles) {
    for (const Op& op : program.ops) {
      const bool whole = op.kept && program.whole[op.out];
      const long lead = whole ? round_up(program.past[op.out] + kStep, kAlignment) : 0;
      const long room = row_room(lead + tiles_ * tile_);
      places_.push_back({whole, whole ? whole_ : rows_, lead, room});
      if (whole) whole_ += op.channels * room;
      else if (op.kept) rows_ += op.channels;
    }
  }
  size_t per_job() const { return in_tiles() + round_up(whole_, kAlignment); }
  size_t size(long jobs) const { return per_job() * jobs + kAlignment; }
  float* of_job(float* base, long index) const { return aligned(base) + index * per_job(); }
  Rows at(float* job, long tile, size_t op) const {
    const Place& place = places_[op];
    if (place.whole) return {job + in_tiles() + place.first + place.lead + tile * tile_, place.room};
    return {job + (tile * rows_ + place.first) * room_, room_};
  }
  // The times before `start`, of which nothing is kept, are silent where one could look back.
  void silence(float* job, size_t op, int channels, long start) const {
    const Place& place = places_[op];
    for (int c = 0; place.whole && c < channels; ++c) std::fill_n(at(job, 0, op)[c] - place.lead, place.lead + start, 0.f);
  }

 private:
  struct Place {
    bool whole;
    long first, lead, room;  // first: a row, or where its numbers begin
  };
  size_t in_tiles() const { return round_up(rows_ * room_ * tiles_, kAlignment); }
  long tile_, room_, tiles_, rows_ = 0, whole_ = 0;
  std::vector<Place> places_;
};

// The tiles of some rows, with the past before them or the future behind them. Several lie in a row, so that the past, or
// the future, of a long reach is not moved at every tile.
class Tiles {
 public:
  enum Direction { Onwards, Backwards };
  Tiles(Arena& arena, int count, const Cut& cut, long reach, Direction direction)
      : count_(count), reach_(reach), tile_(cut.tile), slots_(std::min(cut.tiles, 1 + reach / cut.tile)), direction_(direction) {
    const bool onwards = direction == Onwards;
    rows_ = arena.rows(count, slots_ * tile_ + (onwards ? 0 : round_up(reach, kLanes)), onwards ? reach : 0);
  }
  Rows now() const { return {rows_.data + slot_ * tile_, rows_.stride}; }
  void clear() {
    const bool onwards = direction_ == Onwards;
    for (int i = 0; i < count_; ++i) std::fill_n(rows_[i] - (onwards ? reach_ : 0), slots_ * tile_ + reach_, 0.f);
    slot_ = onwards ? 0 : slots_ - 1;
  }
  void advance() {
    if (direction_ == Onwards) {
      if (++slot_ < slots_) return;
      for (int i = 0; i < count_ && reach_; ++i)
        std::memmove(rows_[i] - reach_, rows_[i] - reach_ + slots_ * tile_, reach_ * sizeof(float));
      slot_ = 0;
    } else {
      if (slot_-- > 0) return;
      for (int i = 0; i < count_ && reach_; ++i) std::memmove(rows_[i] + slots_ * tile_, rows_[i], reach_ * sizeof(float));
      slot_ = slots_ - 1;
    }
  }

 private:
  Rows rows_{};
  int count_;
  long reach_, tile_, slots_, slot_ = 0;
  Direction direction_;
};

// Calls `run` with the row's number for each vector of each row.
template <class Run>
void each_vector(int rows, int begin, int end, Run run) {
  for (int c = 0; c < rows; ++c)
    for (int t = begin; t < end; t += kLanes) run(c, t);
}

// From z to the activation; what the backward pass needs goes to `kept` unless that is empty.
template <class Act>
void activate_rows(const Op& op, Rows z, Rows out, Rows kept, int begin, int end) {
  for (int c = 0; c < op.channels; ++c) {
    const Act act(op.activation, c);
    for (int t = begin; t < end; t += kLanes) {
      const vec x = load(z[c] + t), y = act.value(x);
      if (kept.data) store_nontemporal(kept[c] + t, Act::keeps_input ? x : y);
      store(out[c] + t, y);
    }
  }
}

class ProgramPass : public TilePass {
 public:
  ProgramPass(const Program& program, const Cut& cut, const Call& call, float* memory)
      : TilePass(cut, call, memory), program_(program), kept_(program, cut) {}

 protected:
  // What an operation makes of rows, all but activations that follow convolutions, from `begin` on.
  void make(const Op& op, Rows x, Rows second, Rows out, int begin) {
    const int end = tile_end();
    switch (op.kind) {
      case OpKind::Convolve: return convolve(op, x, second, out, begin, end);
      case OpKind::Activate:
        return with_activation(op.activation.kind(), [&](auto type) {
          activate_rows<typename decltype(type)::type>(op, x, out, {}, begin, end);
        });
      case OpKind::Add:
        return each_vector(op.channels, begin, end,
                           [&](int c, int t) { store(out[c] + t, load(x[c] + t) + load(second[c] + t)); });
      case OpKind::Multiply:
        return each_vector(op.channels, begin, end,
                           [&](int c, int t) { store(out[c] + t, load(x[c] + t) * load(second[c] + t)); });
      case OpKind::Turn:
        return each_vector(op.channels, begin, end, [&](int c, int t) {
          store(out[c] + t, load(x[c] + t) * factors(op)[c] + factors(op)[op.channels + c]);
        });
      case OpKind::Normalise:
        return normalise(Rows{x.data + begin, x.stride}, Rows{out.data + begin, out.stride}, op.channels, op.weights,
                         op.weights + op.channels, end - begin);
      case OpKind::Attend:
        scores_.resize(static_cast<size_t>(op.conv.kernel) * kLanes);
        return attend(Rows{x.data + begin, x.stride}, Rows{out.data + begin, out.stride}, op.heads, op.channels / op.heads,
                      op.conv.kernel, op.conv.dilation, op.weights, scores_.data(), end - begin);
      case OpKind::Diagonal:
      case OpKind::Select: return;  // by the forward pass alone: what they make is kept
    }
  }
  void convolve(const Op& op, Rows x, Rows start, Rows out, int begin, int end) {
    sources_.clear().add(x, op.inputs, op.conv);
    mix(sources_.data(), sources_.size(), op.conv.forward.data(), op.conv.bias.data(), op.channels, start, out, begin, end);
  }
  // The first time within the tile from which `start` on is covered, to the sample.
  int begin_exactly(long start, long tile) const {
    return static_cast<int>(std::clamp<long>(start + cut_.lead - tile * cut_.tile, 0, cut_.tile));
  }
  // The item's factors, and behind them its addends.
  const float* factors(const Op& op) const { return call_.added + item_ * program_.turns + op.turn_at; }
  void begin(const Job& job) {
    item_ = job.item;
    read_input(job);
  }
  using TilePass::begin;

  const Program& program_;
  KeptRows kept_;
  long item_ = 0;
  std::vector<float> scores_;
};

}  // namespace
}  // namespace voxnas
