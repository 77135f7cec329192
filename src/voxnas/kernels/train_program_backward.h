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
      const long past = op.kind == OpKind::Convolve ? op.past() : 0;
      dz_.emplace_back(arena_, past ? op.channels : 0, cut, past, Tiles::Backwards);
    }
    std::vector<long> reach(program.buffers.size(), -1);
    for (const Op& op : program.ops)
      if (op.kind == OpKind::Attend) reach[op.gradient_x] = program.past[op.x];
    for (size_t b = 0; b < reach.size(); ++b) gradients_.emplace_back(arena_, program.buffers[b], cut, reach[b]);
    for (const Op& op : program.ops)
      if (op.kind == OpKind::Attend || op.kind == OpKind::Normalise) room_ = std::max(room_, room(op));
    own_room_ = arena_.take(room_);
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
    for (const Gradient& buffer : gradients_) buffer.clear();
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

  // A buffer of a tile; or of the whole job, where an attention adds to what came before the tile.
  class Gradient {
   public:
    Gradient(Arena& arena, int rows, const Cut& cut, long reach)
        : rows_(rows), tile_(cut.tile), samples_(reach < 0 ? cut.tile : cut.tiles * cut.tile), lead_(reach < 0 ? 0 : reach + kStep) {
      data_ = arena.rows(rows, samples_, lead_);
    }
    Rows at(long tile) const { return {data_.data + (lead_ ? tile * tile_ : 0), data_.stride}; }
    void clear() const {
      for (int i = 0; lead_ && i < rows_; ++i) std::fill_n(data_[i] - lead_, lead_ + samples_, 0.f);
    }

   private:
    int rows_;
    long tile_, samples_, lead_;
    Rows data_{};
  };

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

  Rows gradient(int buffer, long tile) const {
    return buffer < 0 ? Rows{dx_[0] + tile * cut_.tile, 0} : gradients_[buffer].at(tile);
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
      case OpKind::Attend: return attend_back(op, gradient(op.gradient_x, tile), g, start);
    }
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

  // Floats that an operation needs for itself.
  size_t room(const Op& op) const {
    return static_cast<size_t>(op.kind == OpKind::Attend ? 2 * op.conv.kernel * row_room(cut_.tile) : 2 * op.channels * kLanes);
  }

  void normalise_back(const Op& op, long tile, Rows g, int start) {
    const Rows x = values_[op.x], to = gradient(op.gradient_x, tile);
    if (op.first_x && to.data != g.data) silence(to, op.channels, start);
    const int channels = op.channels;
    const vec share = broadcast(1.f / static_cast<float>(channels));
    float *by_gain = own_room_, *by_bias = own_room_ + channels * kLanes;
    std::fill_n(own_room_, 2 * channels * kLanes, 0.f);
    for (int t = start; t < tile_end(); t += kLanes) {
      vec mean = {}, variance = {}, sum_g = {}, sum_gx = {};
      for (int c = 0; c < channels; ++c) mean += load(x[c] + t);
      mean *= share;
      for (int c = 0; c < channels; ++c) {
        const vec from = load(x[c] + t) - mean;
        variance += from * from;
      }
      const vec scale = 1.f / square_root(variance * share + kNormFloor);
      for (int c = 0; c < channels; ++c) {
        const vec dout = load(g[c] + t), normed = (load(x[c] + t) - mean) * scale, d = dout * op.weights[c];
        sum_g += d;
        sum_gx += d * normed;
        store(by_gain + c * kLanes, load(by_gain + c * kLanes) + dout * normed);
        store(by_bias + c * kLanes, load(by_bias + c * kLanes) + dout);
      }
      for (int c = 0; c < channels; ++c) {
        const vec normed = (load(x[c] + t) - mean) * scale;
        const vec dx = scale * (load(g[c] + t) * op.weights[c] - share * (sum_g + normed * sum_gx));
        store(to[c] + t, op.first_x ? dx : load(to[c] + t) + dx);
      }
    }
    for (int c = 0; c < channels; ++c) {
      sums_[op.conv.weight_at + c] += sum(load(by_gain + c * kLanes));
      sums_[op.conv.weight_at + channels + c] += sum(load(by_bias + c * kLanes));
    }
  }

  // Worked out from queries, keys and values anew, head by head: the shares of each age, and their scores' gradients.
  void attend_back(const Op& op, Rows dx, Rows g, int start) const {
    const int width = op.channels / op.heads, window = op.conv.kernel;
    const long stride = row_room(cut_.tile);
    const Rows x = values_[op.x], shares{own_room_, stride}, dscores{own_room_ + window * stride, stride};
    for (int first = 0; first < op.channels; first += width) {
      for (int t = start; t < tile_end(); t += kLanes) find_shares(op, x, g, first, width, t, shares, dscores);
      for (int c = first; c < first + width; ++c)
        for (int age = 0; age < window; ++age) add_by_age(op, x, dx, g, c, age, start, shares[age], dscores[age]);
    }
  }

  void find_shares(const Op& op, Rows x, Rows g, int first, int width, int t, Rows shares, Rows dscores) const {
    const int window = op.conv.kernel, channels = op.channels;
    const long dilation = op.conv.dilation;
    vec greatest = broadcast(-1e30f), total = {}, mean = {};
    for (int age = 0; age < window; ++age) {
      vec score = {};
      for (int c = first; c < first + width; ++c)
        score += load(x[c] + t) * (load(x[channels + c] + t - age * dilation) + op.weights[c * window + age]);
      greatest = at_least(score, greatest);
      store(shares[age] + t, score);
    }
    for (int age = 0; age < window; ++age) {
      const vec share = exp_below_zero(load(shares[age] + t) - greatest);
      total += share;
      store(shares[age] + t, share);
    }
    for (int age = 0; age < window; ++age) {
      vec by_share = {};
      for (int c = first; c < first + width; ++c)
        by_share += load(g[c] + t) *
                    (load(x[2 * channels + c] + t - age * dilation) + op.weights[(channels + c) * window + age]);
      const vec share = load(shares[age] + t) / total;
      mean += share * by_share;
      store(shares[age] + t, share);
      store(dscores[age] + t, by_share);
    }
    for (int age = 0; age < window; ++age)
      store(dscores[age] + t, load(shares[age] + t) * (load(dscores[age] + t) - mean));
  }

  // To the gradients of a channel's queries, keys and values, and of what is added to those of an age.
  void add_by_age(const Op& op, Rows x, Rows dx, Rows g, int c, int age, int start, const float* share,
                  const float* dscore) const {
    const int window = op.conv.kernel, channels = op.channels;
    const long back = static_cast<long>(age) * op.conv.dilation;
    const float *query = x[c], *key = x[channels + c] - back;
    const float added = op.weights[c * window + age];
    float *dquery = dx[c], *dkey = dx[channels + c] - back, *dvalue = dx[2 * channels + c] - back;
    vec by_key = {}, by_value = {};
    for (int t = start; t < tile_end(); t += kLanes) {
      const vec d = load(dscore + t), of_key = d * load(query + t), of_value = load(share + t) * load(g[c] + t);
      store(dquery + t, load(dquery + t) + d * (load(key + t) + added));
      store(dkey + t, load(dkey + t) + of_key);
      store(dvalue + t, load(dvalue + t) + of_value);
      by_key += of_key;
      by_value += of_value;
    }
    sums_[op.conv.weight_at + c * window + age] += sum(by_key);
    sums_[op.conv.weight_at + (channels + c) * window + age] += sum(by_value);
  }

  static void silence(Rows rows, int count, int start) {
    for (int c = 0; c < count; ++c) std::fill_n(rows[c], start, 0.f);
  }

  std::vector<Rows> values_, own_;
  std::vector<Gradient> gradients_;
  std::vector<Tiles> dz_;
  Rows dy_, dx_;
  std::vector<Target> targets_;
  Sources left_;
  float *sums_ = nullptr, *turn_sums_ = nullptr, *own_room_ = nullptr;
  size_t room_ = 0;
  bool with_dx_ = false;
};

}  // namespace
}  // namespace voxnas
