// A network of convolutions, pools and sums at several rates, that plays block by block; see graph_plan.py.
//
// Every signal is rows of a buffer, which keeps as much of the past as its readers look back on. A buffer of level l
// has a sample for every 2^l of the input, the first for the sample that follows a reset. The list of integers: the
// highest level; the rows of the output and of the input, buffer and row each; buffers; for each its rows, level and
// past; operations; for each its kind, level, input's buffer, row and channels, result's buffer, row and channels,
// start's buffer (-1 for none) and row, ReLU (0 or 1), taps; for each tap its rows after the input's, and how many
// samples it looks back; of an activation its number and the bits of its constants; of a part how many weights it has,
// and the numbers that graph_parts.h says. The weights are one flat list: per convolution [tap][input][output], then its
// bias; per PReLU its slopes; per part its own.
#include <algorithm>
#include <cstring>
#include <vector>

#include "graph_parts.h"
#include "history.h"
#include "stream.h"
#include "stream_activations.h"
#include "stream_conv.h"
#include "stream_pool.h"

namespace voxnas {
namespace {

constexpr long kPiece = 128;  // samples
constexpr int kLevels = 7;    // the highest, and one; a piece holds two of its periods

enum class OpKind {
  Convolve, Mean, Maximum, Split, Join, Activate,
  Multiply, Normalise, StateUpdate, Diagonal, Attention, Select, Film  // parts
};

using Activate = void (*)(const Activating& activation, const Product& p, long samples);

template <class Act>
void activate(const Activating& activation, const Product& p, long samples) {
  for (int c = 0; c < p.outputs; ++c) {
    const Act act(activation, c);
    for (long t = 0; t < samples; t += kLanes) store(p.out[c] + t, act.value(load(p.x[c] + t)));
  }
}

struct Op {
  OpKind kind = OpKind::Convolve;
  int level = 0, x = 0, x_row = 0, out = 0, out_row = 0, start = 0, start_row = 0;
  std::vector<long> taps{};
  Product product{};
  Activating activation{};
  Activate activate = nullptr;
  size_t part_weights = 0;
  std::vector<int64_t> part_numbers{};
  std::unique_ptr<Part> part{};
};

std::unique_ptr<Part> make_part(const Op& op, const float* weights, const Motion& motion, long& films) {
  const int inputs = op.product.channels, outputs = op.product.outputs;
  Given given{op.part_numbers.data(), weights};
  switch (op.kind) {
    case OpKind::Multiply: return std::make_unique<Multiply>();
    case OpKind::Normalise: return std::make_unique<Normalise>(outputs, given);
    case OpKind::StateUpdate: return std::make_unique<StateUpdate>(inputs, given);
    case OpKind::Diagonal: return std::make_unique<Diagonal>(outputs, given);
    case OpKind::Attention: return std::make_unique<Attention>(outputs, given);
    case OpKind::Select: return std::make_unique<Select>(inputs, given, kPiece);
    case OpKind::Film: films += outputs; return std::make_unique<Film>(motion, films - outputs);
    default: return nullptr;
  }
}

// Every other sample from `x` on, and in the second half of `out`, if there is one, those right before them.
void split(const Product& p, long samples) {
  for (int c = 0; c < p.outputs; ++c) {
    const float* x = p.x[c % p.channels] - c / p.channels;
    for (long t = 0; t < samples; t += kLanes)
      store(p.out[c] + t, even_lanes(load(x + 2 * t), load(x + 2 * t + kLanes)));
  }
}

// By turns a sample of the first and of the second half of `x`; if `odd`, from the one before in the second half on.
void join(const Product& p, bool odd, long samples) {
  for (int c = 0; c < p.outputs; ++c) {
    const float *even = p.x[c], *other = p.x[p.outputs + c];
    for (long t = 0; t < samples; t += 2 * kLanes) {
      const vec first = load((odd ? other - 1 : even) + t / 2), second = load((odd ? even : other) + t / 2);
      store(p.out[c] + t, interleave_low(first, second));
      store(p.out[c] + t + kLanes, interleave_high(first, second));
    }
  }
}

class GraphStream : public Stream {
 public:
  GraphStream(const int64_t* shape, const float* weights) {
    period_ = 1L << next(shape);
    for (int* number : {&out_, &out_row_, &in_, &in_row_}) *number = next(shape);
    for (int count = next(shape); count > 0; --count) {
      const int rows = next(shape), level = next(shape);
      // Splits and joins take two vectors at once, from any sample on.
      buffers_.emplace_back(rows, next(shape), kPiece >> level, 2 * kLanes);
      levels_.push_back(level);
    }
    now_.resize(buffers_.size());
    for (int count = next(shape); count > 0; --count) ops_.push_back(read(shape));
    size_t used = 0;
    for (const Op& op : ops_) used += weights_of(op);
    weights_.assign(weights, weights + used);
    const float* at = weights_.data();
    for (Op& op : ops_) {
      op.product.taps = op.taps.data();
      op.product.weights = at;
      op.activation.slopes = at;
      const size_t size = weights_of(op);
      op.product.bias = size ? at + size - op.product.outputs : nullptr;
      op.part = make_part(op, at, motion_, films_);
      at += size;
    }
    reset();
  }

  // What silence leaves repeats itself with the period of the lowest rate: one such run, and all the past as it. Then
  // on to where the buffers' next samples begin a vector.
  void reset() override {
    controls_.arrive();
    find_motion();
    const float silence[kPiece] = {};
    float ignored[kPiece];
    at_ = 0;
    run<true>(silence, ignored, period_);
    for (long left = period_ * (kLanes - 1); left > 0; left -= kPiece)
      run<false>(silence, ignored, std::min(left, kPiece));
  }

  void process(const float* in, float* out, int64_t samples) override {
    for (int64_t start = 0, size; start < samples; start += size) {
      size = std::min<int64_t>(kPiece, samples - start);
      const bool moving = controls_.left() > 0;
      if (moving) size = std::min<int64_t>(size, controls_.left());
      run<false>(in + start, out + start, size);
      if (!moving) continue;
      controls_.advance(size);
      find_motion();
    }
  }

  // The rows are the films', in the order of the operations.
  void follow(const float* mix, const float* scale, long rows, int count, const float* values) override {
    if (rows != films_ || !rows || !scale) throw std::invalid_argument("controls for other rows than there are");
    controls_.follow(mix, scale, rows, count, values);
    followed_ = true;
    reset();
  }

  void control(const float* values, long samples) override {
    if (!followed_) return;
    controls_.set(values, samples);
    find_motion();
  }

 private:
  void find_motion() {
    if (!followed_) return;
    motion_ = {controls_.factors(), controls_.added(), nullptr, nullptr};
    if (controls_.left() > 0) motion_.factor_slopes = controls_.factor_slopes(), motion_.slopes = controls_.slopes();
  }

  static int next(const int64_t*& shape) { return static_cast<int>(*shape++); }

  Op read(const int64_t*& shape) const {
    Op op;
    op.kind = static_cast<OpKind>(next(shape));
    Product& p = op.product;
    for (int* number : {&op.level, &op.x, &op.x_row, &p.channels, &op.out, &op.out_row, &p.outputs, &op.start,
                        &op.start_row})
      *number = next(shape);
    p.relu = next(shape);
    p.kernel = next(shape);
    const long stride = buffers_[op.x].stride();
    for (int tap = 0; tap < p.kernel; ++tap) {
      const long row = next(shape), back = next(shape);
      op.taps.push_back(row * stride - back);
    }
    if (op.kind == OpKind::Activate) {
      op.activation.number = next(shape);
      for (float& parameter : op.activation.parameters) {
        const int32_t bits = next(shape);
        std::memcpy(&parameter, &bits, sizeof bits);
      }
      with_value(op.activation.number, [&](auto type) { op.activate = activate<typename decltype(type)::type>; });
    }
    if (op.kind >= OpKind::Multiply) {
      op.part_weights = next(shape);
      for (int count = next(shape); count > 0; --count) op.part_numbers.push_back(*shape++);
    }
    return op;
  }

  static size_t weights_of(const Op& op) {
    const Product& p = op.product;
    if (op.kind >= OpKind::Multiply) return op.part_weights;
    if (op.kind == OpKind::Activate) return op.activation.learnt(p.outputs);
    return op.kind == OpKind::Convolve ? (static_cast<size_t>(p.kernel) * p.channels + 1) * p.outputs : 0;
  }

  // The number of a level's samples that so many of the input, from `at_` on, bring.
  long count(int level, long samples) const { return place(level, at_ + samples) - place(level, at_); }
  // The first sample of a level that does not come before the input's.
  static long place(int level, long sample) { return (sample + (1L << level) - 1) >> level; }

  // Settling does so as if these samples had been there for ever.
  template <bool settling>
  void run(const float* in, float* out, long samples) {
    long counts[kLevels];
    for (int level = 0; level < kLevels; ++level) counts[level] = count(level, samples);
    for (size_t b = 0; b < buffers_.size(); ++b) now_[b] = buffers_[b].next(counts[levels_[b]]);
    std::copy_n(in, samples, now_[in_][in_row_]);
    if (settling) buffers_[in_].settle(in_row_, 1, samples);
    for (Op& op : ops_) {
      if (!counts[op.level]) continue;
      run<settling>(op, counts[op.level]);
      if (settling) buffers_[op.out].settle(op.out_row, op.product.outputs, counts[op.level]);
    }
    std::copy_n(now_[out_][out_row_], samples, out);
    for (size_t b = 0; b < buffers_.size(); ++b) buffers_[b].advance(counts[levels_[b]]);
    at_ = (at_ + samples) % period_;
  }

  template <bool settling>
  void run(Op& op, long samples) const {
    const long covered = round_up(samples, kLanes);
    Product& p = op.product;
    p.x = now_[op.x].from(op.x_row);
    p.out = now_[op.out].from(op.out_row);
    if (op.start >= 0) p.start = now_[op.start].from(op.start_row);
    switch (op.kind) {
      case OpKind::Convolve: return convolve(p, covered);
      case OpKind::Mean: return pool<false>(p, covered);
      case OpKind::Maximum: return pool<true>(p, covered);
      case OpKind::Split:
        p.x.data += place(op.level - 1, at_) % 2;
        return split(p, covered);
      case OpKind::Activate: return op.activate(op.activation, p, covered);
      case OpKind::Join: return join(p, place(op.level, at_) % 2, covered);
      default: return settling ? op.part->settle(p, samples) : op.part->run(p, samples);
    }
  }

  long period_, at_ = 0;  // samples of the input
  Controls controls_;
  Motion motion_;
  long films_ = 0;  // rows of all films
  bool followed_ = false;
  int in_, in_row_, out_, out_row_;
  std::vector<History> buffers_;
  std::vector<int> levels_;
  std::vector<Rows> now_;
  std::vector<Op> ops_;
  std::vector<float> weights_;
};

}  // namespace
}  // namespace voxnas

// Takes the shape and the weights as said above, and copies them; null if it fails.
extern "C" voxnas::Stream* voxnas_graph_stream_create(const int64_t* shape, const float* weights) {
  return voxnas::created([&] { return new voxnas::GraphStream(shape, weights); });
}
