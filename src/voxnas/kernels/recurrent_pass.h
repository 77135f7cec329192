// The forward and the backward pass of recurrent training, for P segments side by side, on vectors V of units.
//
// Time is cut into pieces, and each goes through all layers before the next one. Of a layer the sums of a sample wait
// for the sample before, so that several segments at once keep the arithmetic busy. The weights' gradients are summed up
// when a piece is done: they wait for nothing.
#pragma once
#include <algorithm>

#include "recurrent_cells.h"
#include "recurrent_products.h"

namespace voxnas {
namespace {

constexpr long kPiece = 64;  // samples

struct Call {
  int64_t batch, samples_in, samples_out, threads, window;
  const float *weights, *start, *x, *dy;
  float skip_gain;
  float *y, *kept, *dweights, *dx;
};

// What a layer knows of the samples of a piece, or of a whole signal: sample, then segment. The units and the cells are
// those before the first sample, too.
struct Trace {
  float *gates, *h, *cell;
};

// Common to both passes: segments `first` to `first + P` of a call.
template <class Cell, class V, int P>
class Pass {
 public:
  Pass(const RecurrentNet<Cell>& net, const Call& call, long first)
      : net_(net), call_(call), first_(first), warm_up_(call.samples_in - call.samples_out) {
    input_.resize(kPiece * P * net.inputs);
  }

 protected:
  using Layer = LayerWeights<Cell>;
  long padded() const { return net_.layers[0].padded; }
  long block() const { return net_.layers[0].block; }
  long rows() const { return net_.layers[0].rows(); }
  // The part of the traces that begins with a sample.
  Trace from(const Trace& t, long sample) const {
    const long at = sample * P;
    return {t.gates + at * rows(), t.h + at * block(), Cell::kStates == 2 ? t.cell + at * block() : t.cell};
  }
  // The traces of all layers, for so many samples, one after the other from `memory` on.
  std::vector<Trace> traces(float* memory, long samples) const {
    std::vector<Trace> found;
    for (size_t l = 0; l < net_.layers.size(); ++l) {
      const long count = (samples + 1) * P;
      Trace t{memory, memory + count * rows(), nullptr};
      memory = t.h + count * block();
      t.cell = Cell::kStates == 2 ? memory : t.h;  // a GRU has none, and looks at none
      if (Cell::kStates == 2) memory += count * block();
      found.push_back(t);
    }
    return found;
  }
  const float* x(long segment, int input) const {
    return call_.x + ((first_ + segment) * net_.inputs + input) * call_.samples_in;
  }
  void read_input(long start, long samples) {
    for (int p = 0; p < P; ++p)
      for (int j = 0; j < net_.inputs; ++j)
        for (long t = 0; t < samples; ++t) input_[(t * P + p) * net_.inputs + j] = x(p, j)[start + t];
  }
  // What goes into a layer: values and their stride.
  const float* into(int layer, const Trace& below) const { return layer ? below.h + P * block() : input_.data(); }
  long width(int layer) const { return layer ? block() : net_.inputs; }

  const RecurrentNet<Cell>& net_;
  const Call& call_;
  long first_, warm_up_;
  Floats input_;
};

template <class Cell, class V, int P>
class ForwardPass : Pass<Cell, V, P> {
  using Base = Pass<Cell, V, P>;
  using typename Base::Layer;

 public:
  ForwardPass(const RecurrentNet<Cell>& net, const Call& call, long first) : Base(net, call, first) {}

  // Keeps what the backward pass needs, unless `kept` is null.
  void run(float* kept) {
    Floats memory(kept ? 0 : size(kPiece)), warm(kept ? size(kPiece) : 0);
    const std::vector<Trace> pieces = this->traces(kept ? warm.data() : memory.data(), kPiece);
    begin(pieces);
    for (long at = 0; at < this->warm_up_; at += kPiece) piece(pieces, at, std::min<long>(kPiece, this->warm_up_ - at), false);
    const std::vector<Trace> all = kept ? this->traces(kept, this->call_.samples_out) : pieces;
    if (kept)
      for (size_t l = 0; l < all.size(); ++l) copy_state(pieces[l], all[l]);
    for (long at = 0; at < this->call_.samples_out; at += kPiece) {
      const long samples = std::min<long>(kPiece, this->call_.samples_out - at);
      std::vector<Trace> now = all;
      if (kept)
        for (Trace& t : now) t = this->from(t, at);
      piece(now, this->warm_up_ + at, samples, kept);
    }
  }

 private:
  size_t size(long samples) const {
    return this->net_.layers.size() * (samples + 1) * P * (this->rows() + Cell::kStates * this->block());
  }
  void copy_state(const Trace& from, const Trace& to) const {
    std::copy_n(from.h, P * this->block(), to.h);
    std::copy_n(from.cell, P * this->block(), to.cell);
  }
  // The state that silence begins with, [state][layer][unit].
  void begin(const std::vector<Trace>& traces) const {
    const int units = this->net_.units, layers = static_cast<int>(traces.size());
    for (int l = 0; l < layers; ++l)
      for (int state = 0; state < Cell::kStates; ++state)
        for (int p = 0; p < P; ++p) {
          float* to = (state ? traces[l].cell : traces[l].h) + p * this->block();
          std::fill_n(to, this->block(), 0.f);
          std::copy_n(this->call_.start + (state * layers + l) * units, units, to);
        }
  }
  // The samples of the input from `at` on; the last one's state is the first one's of the next, if that is not `kept`
  // in its place.
  void piece(const std::vector<Trace>& traces, long at, long samples, bool kept) {
    this->read_input(at, samples);
    for (int l = 0; l < static_cast<int>(traces.size()); ++l)
      layer(this->net_.layers[l], traces[l], this->into(l, traces[l ? l - 1 : 0]), this->width(l), samples);
    if (at >= this->warm_up_) put_out(traces.back(), at, samples);
    if (kept) return;
    for (const Trace& t : traces) copy_state(this->from(t, samples), t);
  }
  void layer(const Layer& l, const Trace& trace, const float* in, long width, long samples) {
    for (long t = 0; t < samples; ++t) {
      const Trace now = this->from(trace, t), next = this->from(trace, t + 1);
      const float *past[P], *inputs[P];
      for (int p = 0; p < P; ++p) past[p] = now.h + p * this->block(), inputs[p] = in + (t * P + p) * width;
      in_tiles(l.rows() / kLanes, [&](int first, auto tile) {
        tile_of_sums<decltype(tile)::value>(l, first * kLanes, past, inputs, now.gates);
      });
      for (int p = 0; p < P; ++p) {
        const long at = p * this->block();
        Cell::template forward<V>(l.block, now.gates + p * this->rows(), past[p], next.h + at, now.cell + at,
                                  next.cell + at);
      }
    }
  }
  template <int N>
  void tile_of_sums(const Layer& l, int row, const float* const (&past)[P], const float* const (&inputs)[P],
                    float* gates) const {
    vec sums[P][N];
#pragma GCC unroll 16
    for (int i = 0; i < P * N; ++i) sums[i / N][i % N] = load(l.bias.data() + row + i % N * kLanes);
    multiply<P, N>(sums, inputs, l.inputs, l.forward.data() + l.units * l.rows() + row, l.rows());
    multiply<P, N>(sums, past, l.units, l.forward.data() + row, l.rows());
#pragma GCC unroll 16
    for (int i = 0; i < P * N; ++i) {
      const int at = row + i % N * kLanes;
      vec z = sums[i / N][i % N];
      if (Cell::activated) {
        const vec s = load(l.scale.data() + at);
        z = tanh(z * s) * s + (1.f - s);
      }
      store(gates + i / N * this->rows() + at, z);
    }
  }
  void put_out(const Trace& top, long at, long samples) const {
    const long n = this->block();
    for (int p = 0; p < P; ++p) {
      float* y = this->call_.y + (this->first_ + p) * this->call_.samples_out + at - this->warm_up_;
      for (long t = 0; t < samples; ++t) {
        const float* h = top.h + ((t + 1) * P + p) * n;
        V total = {};
        for (long u = 0; u < n; u += lanes<V>) total += load_as<V>(h + u) * load_as<V>(this->net_.head.data() + u);
        float lane[lanes<V>];
        store_as(lane, total);
        y[t] = sum_lanes(lane) + this->net_.bias + this->net_.skip_gain * this->x(p, 0)[at + t];
      }
    }
  }
};

template <class Cell, class V, int P>
class BackwardPass : Pass<Cell, V, P> {
  using Base = Pass<Cell, V, P>;
  using typename Base::Layer;

 public:
  // `sums` are each segment's; see RecurrentNet.
  BackwardPass(const RecurrentNet<Cell>& net, const Call& call, long first, float* sums)
      : Base(net, call, first), sums_(sums) {
    above_.resize(kPiece * P * this->padded());
    dsums_.resize(kPiece * P * this->rows());
    dh_.resize(net.layers.size() * P * this->padded());
    dcell_.resize(dh_.size());
  }

  void run(float* kept) {
    const std::vector<Trace> all = this->traces(kept, this->call_.samples_out);
    for (long at = (this->call_.samples_out - 1) / kPiece * kPiece; at >= 0; at -= kPiece) {
      const long samples = std::min<long>(kPiece, this->call_.samples_out - at);
      this->read_input(this->warm_up_ + at, samples);
      from_output(this->from(all.back(), at), at, samples);
      size_t offset = this->net_.sums() - this->net_.head.size() - kLanes;
      for (int l = static_cast<int>(all.size()) - 1; l >= 0; --l) {
        const Layer& layer = this->net_.layers[l];
        const Trace now = this->from(all[l], at);
        const float* in = this->into(l, this->from(all[l ? l - 1 : 0], at));
        offset -= layer.columns() * layer.rows();
        back(layer, l, now, at, samples);
        correlate_layer(layer, now, in, this->width(l), samples, offset);
        if (l) below(layer, samples);
        else if (this->call_.dx) to_input(layer, at, samples);
      }
    }
  }

 private:
  const float* dy(int p) const { return this->call_.dy + (this->first_ + p) * this->call_.samples_out; }
  // The gradients of the head, and of the units that it reads.
  void from_output(const Trace& top, long at, long samples) {
    const long n = this->padded(), block = this->block();
    for (int p = 0; p < P; ++p) {
      float* head = sums_ + (p + 1) * this->net_.sums() - n - kLanes;
      for (long t = 0; t < samples; ++t) {
        const float d = dy(p)[at + t], *h = top.h + ((t + 1) * P + p) * block;
        for (long u = 0; u < block; u += lanes<V>) {
          store_as(above_.data() + (t * P + p) * n + u, load_as<V>(this->net_.head.data() + u) * d);
          store_as(head + u, load_as<V>(head + u) + load_as<V>(h + u) * d);
        }
        head[n] += d;
      }
    }
  }
  // From the gradients of a layer's units to those of its sums, from the last sample to the first.
  void back(const Layer& l, int index, const Trace& trace, long at, long samples) {
    const long n = this->padded();
    float *dh = dh_.data() + index * P * n, *dcell = dcell_.data() + index * P * n;
    for (long t = samples - 1; t >= 0; --t) {
      if ((at + t + 1) % this->call_.window == 0) {
        std::fill_n(dh, P * n, 0.f);
        std::fill_n(dcell, P * n, 0.f);
      }
      const Trace now = this->from(trace, t), next = this->from(trace, t + 1);
      const float* values[P];
      for (int p = 0; p < P; ++p) {
        float *d = dh + p * n, *to = dsums_.data() + (t * P + p) * this->rows();
        const float* from_above = above_.data() + (t * P + p) * n;
        const long at_p = p * this->block();
        for (long u = 0; u < l.block; u += lanes<V>) store_as(d + u, load_as<V>(d + u) + load_as<V>(from_above + u));
        Cell::template backward<V>(l.block, now.gates + p * this->rows(), now.h + at_p, now.cell + at_p,
                                   next.cell + at_p, d, dcell + p * n, to);
        values[p] = to;
      }
      products(l.of_past, n, Cell::kPastBlocks * l.block, values, dh, true);
    }
  }
  // Adds, or else sets, the products of P values with weights of so many rows, each as long as the units are padded.
  void products(const Floats& weights, long n, int rows, const float* const (&values)[P], float* to,
                bool adds) const {
    in_tiles(static_cast<int>(n / kLanes), [&](int first, auto tile) {
      constexpr int N = decltype(tile)::value;
      vec sums[P][N] = {};
      multiply<P, N>(sums, values, rows, weights.data() + first * kLanes, n);
#pragma GCC unroll 16
      for (int i = 0; i < P * N; ++i) {
        float* at = to + i / N * n + (first + i % N) * kLanes;
        store(at, adds ? load(at) + sums[i / N][i % N] : sums[i / N][i % N]);
      }
    });
  }
  // The gradients of what the layer below put out.
  void below(const Layer& l, long samples) {
    for (long t = 0; t < samples; ++t) {
      const float* values[P];
      for (int p = 0; p < P; ++p) values[p] = dsums_.data() + (t * P + p) * this->rows();
      products(l.of_input, this->padded(), l.rows(), values, above_.data() + t * P * this->padded(), false);
    }
  }
  void to_input(const Layer& l, long at, long samples) const {
    const long width = round_up(l.inputs, kLanes);
    for (int p = 0; p < P; ++p)
      for (int j = 0; j < l.inputs; ++j) {
        float* dx = this->call_.dx + ((this->first_ + p) * l.inputs + j) * this->call_.samples_in + this->warm_up_ + at;
        for (long t = 0; t < samples; ++t) {
          const float* dsums = dsums_.data() + (t * P + p) * this->rows();
          float total = j ? 0.f : this->net_.skip_gain * dy(p)[at + t];
          for (int row = 0; row < l.rows(); ++row) total += dsums[row] * l.of_input[row * width + j];
          dx[t] = total;
        }
      }
  }
  void correlate_layer(const Layer& l, const Trace& trace, const float* in, long width, long samples, size_t offset) {
    const long step = P * this->rows();
    for (int p = 0; p < P; ++p) {
      const float* dsums = dsums_.data() + p * this->rows();
      float* to = sums_ + p * this->net_.sums() + offset;
      in_tiles(l.rows() / kLanes, [&](int first, auto tile) {
        constexpr int N = decltype(tile)::value;
        const long row = first * kLanes, n = this->block();
        float* of_input = to + l.units * l.rows() + row;
        const float one = 1.f;
        correlate_all<N>(dsums + row, step, trace.h + p * n, P * n, l.units, samples, to + row, l.rows());
        correlate_all<N>(dsums + row, step, in + p * width, P * width, l.inputs, samples, of_input, l.rows());
        correlate<N, 1>(dsums + row, step, &one, 0, samples, of_input + l.inputs * l.rows(), l.rows());
      });
    }
  }

  float* sums_;
  Floats above_, dsums_, dh_, dcell_;
};

}  // namespace
}  // namespace voxnas
