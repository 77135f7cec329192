// Forward and backward through a whole WaveNet, for training.
//
// Time is cut into tiles, and each tile goes through all layers before the next one, so that what a layer writes is
// still in the cache when the next layer reads it. The forward pass takes the tiles from the first to the last;
// each layer's input is kept with as much of its past as the convolution looks back on. The backward pass is the
// same thing mirrored: tiles from the last to the first, each layer's gradient with as much of its future. Between
// the two only the activations are kept; the residual path is worked out again from them, which takes less time
// than writing it to memory and reading it back.
//
// Tiles end where the signal ends, so the first one may start before it, in zeros. Times before the one that a
// layer's output is needed from hold finite values that count for nothing: their gradient is exactly zero.
//
// The work is shared among threads by jobs, an item of the batch or a part of one. Each job has its own sums of the
// weights' gradients, added up in the order of the jobs, so that a result does not depend on who did what when.
#include <atomic>
#include <system_error>
#include <thread>

#include "rows.h"
#include "wavenet.h"

namespace voxnas {
namespace {

// Hands out rows from one piece of memory; with no memory, just counts.
class Arena {
 public:
  explicit Arena(float* base) : base_(base) {
    while (base_ && reinterpret_cast<uintptr_t>(base_) % 64) ++base_;
  }
  // There is room for `lead` samples before the rows.
  Rows rows(int count, long samples, long lead = 0) {
    lead = round_up(lead, 16);
    const long stride = row_room(samples + lead);
    float* start = take(stride * count);
    return {start ? start + lead : nullptr, stride};
  }
  float* take(size_t floats) {
    float* start = base_ ? base_ + used_ : nullptr;
    used_ += round_up(static_cast<long>(floats), 16);
    return start;
  }
  size_t size() const { return used_ + 16; }

 private:
  float* base_;
  size_t used_ = 0;
};

struct Call {
  int64_t batch, samples_in, samples_out, threads, tile;
  const float *weights, *x, *dy;
  float scale;
  float *y, *kept, *dweights, *dx, *scratch;
};

// How a call is cut into jobs and tiles.
struct Cut {
  long past, part, parts, jobs, tile, tiles, lead;

  explicit Cut(const Call& call) {
    past = call.samples_in - call.samples_out;
    parts = fewest_parts(call);
    part = (call.samples_out + parts - 1) / parts;
    parts = (call.samples_out + part - 1) / part;
    jobs = call.batch * parts;
    tile = std::max<long>(round_up(std::min<long>(call.tile, part + past), kStep), kStep);
    tiles = (part + past + tile - 1) / tile;
    lead = tiles * tile - (part + past);
  }
  // Items are cut into parts, each with the past worked out again, when that ends sooner.
  static long fewest_parts(const Call& call) {
    const long past = call.samples_in - call.samples_out;
    long best = 1, best_cost = 0;
    for (long parts = 1; parts <= std::min<long>(call.threads, call.samples_out); ++parts) {
      const long rounds = (call.batch * parts + call.threads - 1) / call.threads;
      const long cost = rounds * ((call.samples_out + parts - 1) / parts + past / 2);
      if (parts == 1 || cost < best_cost) best = parts, best_cost = cost;
    }
    return best;
  }
};

struct Job {
  long item, offset, samples;  // output samples, from `offset` on
  Job(const Cut& cut, const Call& call, long index)
      : item(index / cut.parts),
        offset(index % cut.parts * cut.part),
        samples(std::min(cut.part, call.samples_out - offset)) {}
};

// What training keeps of a tile: per array, the activations of each layer and the head's sum.
class Kept {
 public:
  Kept(const WaveNet& net, const Cut& cut) : room_(row_room(cut.tile)), tiles_(cut.tiles) {
    for (const LayerArray& array : net.arrays) {
      for (const Layer& layer : array.layers) add(layer.inner());
      add(array.channels());
    }
  }
  size_t per_job() const { return static_cast<size_t>(rows_) * room_ * tiles_; }
  Rows at(float* job, long tile, int index) const {
    return {job + (tile * rows_ + first_[index]) * room_, room_};
  }

 private:
  void add(int rows) {
    first_.push_back(rows_);
    rows_ += rows;
  }
  long room_, tiles_, rows_ = 0;
  std::vector<long> first_;
};

// Pointers to rows, each `taps` times, a dilation apart; a negative one leads into the future.
class Sources {
 public:
  const float* const* data() const { return list_.data(); }
  int size() const { return static_cast<int>(list_.size()); }
  Sources& clear() {
    list_.clear();
    return *this;
  }
  Sources& add(Rows rows, int count, int taps = 1, long dilation = 0) {
    for (int tap = 0; tap < taps; ++tap)
      for (int row = 0; row < count; ++row) list_.push_back(rows[row] - tap * dilation);
    return *this;
  }

 private:
  std::vector<const float*> list_;
};

template <class Act, bool gated>
void activate_rows(int channels, Rows z, Rows a, Rows head, int begin, int end) {
  for (int c = 0; c < channels; ++c)
    for (int t = begin; t < end; t += kLanes) {
      vec y = Act::value(load(z[c] + t));
      if (gated) {
        if (!Act::keeps_input) store(z[c] + t, y);
        const vec gate = sigmoid(load(z[channels + c] + t));
        store(z[channels + c] + t, gate);
        y *= gate;
      }
      store(a[c] + t, y);
      store(head[c] + t, load(head[c] + t) + y);
    }
}

// From what was kept to the activations.
void restore(const Layer& layer, Rows kept, Rows a, int begin, int end) {
  const int channels = layer.channels();
  with_activation(layer.kind, [&](auto act) {
    for (int c = 0; c < channels; ++c)
      for (int t = begin; t < end; t += kLanes) {
        vec y = act.of_kept(load(kept[c] + t));
        if (layer.gated) y *= load(kept[channels + c] + t);
        store(a[c] + t, y);
      }
  });
}

// From the gradient of the activations, in dz's first rows, to that of what went into them.
template <class Act, bool gated>
void slope_rows(int channels, Rows kept, Rows dz, int begin, int end) {
  for (int c = 0; c < channels; ++c)
    for (int t = begin; t < end; t += kLanes) {
      vec da = load(dz[c] + t);
      const vec signal = load(kept[c] + t);
      if (gated) {
        const vec gate = load(kept[channels + c] + t);
        store(dz[channels + c] + t, da * Act::of_kept(signal) * gate * (1.f - gate));
        da *= gate;
      }
      store(dz[c] + t, da * Act::slope(signal));
    }
}

// What both passes have: one thread's memory, and where a tile begins for what.
class Pass {
 public:
  Pass(const WaveNet& net, const Cut& cut, const Call& call, float* memory)
      : net_(net), cut_(cut), call_(call), kept_(net, cut), arena_(memory) {
    input_ = arena_.rows(1, cut.tiles * cut.tile);
  }
  size_t size() const { return arena_.size(); }

 protected:
  // The first time within the tile from which `start` on is covered.
  int begin(long start, long tile) const {
    const long t = start + cut_.lead - tile * cut_.tile;
    return static_cast<int>(std::clamp<long>(t < 0 ? 0 : t / kStep * kStep, 0, cut_.tile));
  }
  int tile_end() const { return static_cast<int>(cut_.tile); }
  // The job's input, behind zeros; a shorter last part is moved up to the end.
  void read_input(const Job& job) {
    const long samples = job.samples + cut_.past, lead = cut_.tiles * cut_.tile - samples;
    std::fill_n(input_[0], lead, 0.f);
    std::copy_n(call_.x + job.item * call_.samples_in + job.offset, samples, input_[0] + lead);
  }
  Rows condition(long tile) const { return {input_[0] + tile * cut_.tile, 0}; }

  const WaveNet& net_;
  const Cut& cut_;
  const Call& call_;
  Kept kept_;
  Arena arena_;
  Rows input_;
  Sources sources_;
};

class Forward : Pass {
 public:
  using Pass::size;
  Forward(const WaveNet& net, const Cut& cut, const Call& call, float* memory) : Pass(net, cut, call, memory) {
    int widest = 1;
    for (const LayerArray& array : net.arrays) {
      for (const Layer& layer : array.layers) {
        x_.push_back(ring(layer.channels(), layer.conv.past()));
        widest = std::max(widest, layer.inner());
      }
      x_.push_back(ring(array.channels(), 0));
      head_.push_back(ring(array.channels(), array.head.past()));
    }
    head_.push_back(ring(1, 0));
    z_ = arena_.rows(widest, cut.tile);
    a_ = arena_.rows(widest, cut.tile);
  }

  void run(long index) {
    const Job job(cut_, call_, index);
    read_input(job);
    for (Ring& ring : x_) ring.clear();
    for (Ring& ring : head_) ring.clear();
    float* kept = call_.kept ? call_.kept + index * kept_.per_job() : nullptr;
    for (long tile = 0; tile < cut_.tiles; ++tile) {
      run_tile(tile, kept);
      write(job, tile);
    }
  }

 private:
  // Rows with the past that a convolution needs before them.
  struct Ring {
    Rows rows;
    int count;
    long past, tile;
    void clear() const {
      for (int i = 0; i < count; ++i) std::fill_n(rows[i] - past, past + tile, 0.f);
    }
    void advance() const {
      for (int i = 0; i < count && past; ++i)
        std::memmove(rows[i] - past, rows[i] - past + tile, past * sizeof(float));
    }
  };
  Ring ring(int count, long past) { return {arena_.rows(count, cut_.tile, past), count, past, cut_.tile}; }

  void run_tile(long tile, float* kept) {
    const Rows condition = this->condition(tile);
    const int end = tile_end();
    int x = 0, saved = 0;
    Sources& from = sources_.clear().add(condition, 1);
    for (size_t a = 0; a < net_.arrays.size(); ++a) {
      const LayerArray& array = net_.arrays[a];
      const Rows head = head_[a].rows;
      if (a == 0)
        for (int c = 0; c < array.channels(); ++c) std::fill_n(head[c], end, 0.f);
      mix(from.data(), from.size(), array.rechannel.forward.data(), nullptr, array.channels(), {}, x_[x].rows,
          begin(array.layers[0].x_start, tile), end);
      for (size_t l = 0; l < array.layers.size(); ++l, ++x, ++saved) {
        const bool last = l + 1 == array.layers.size() && a + 1 == net_.arrays.size();
        run_layer(array.layers[l], tile, condition, x_[x], kept ? kept_.at(kept, tile, saved) : z_, head,
                  last ? Rows{} : x_[x + 1].rows);
      }
      if (kept)
        for (int c = 0; c < array.channels(); ++c)
          std::copy_n(head[c], end, kept_.at(kept, tile, saved)[c]);
      ++saved;
      from.clear().add(head, array.channels(), array.head.kernel, 1);
      mix(from.data(), from.size(), array.head.forward.data(), array.head.bias.data(), array.head.out, {},
          head_[a + 1].rows, begin(array.out_start, tile), end);
      head_[a].advance();
      from.clear().add(x_[x++].rows, array.channels());
    }
  }

  void run_layer(const Layer& layer, long tile, Rows condition, const Ring& x, Rows z, Rows head, Rows next) {
    const int channels = layer.channels();
    const Rows a = layer.derived() ? a_ : z;
    Sources& taps = sources_.clear().add(x.rows, channels, layer.conv.kernel, layer.conv.dilation).add(condition, 1);
    activations_.clear().add(a, channels);
    with_activation(layer.kind, [&](auto act) {
      const auto activate = layer.gated ? activate_rows<decltype(act), true> : activate_rows<decltype(act), false>;
      for (int t = begin(layer.z_start, tile); t < tile_end(); t += kStep) {
        mix(taps.data(), taps.size(), layer.conv.forward.data(), layer.conv.bias.data(), layer.inner(), {}, z, t,
            t + kStep);
        activate(channels, z, a, head, t, t + kStep);
        if (next.data)
          mix(activations_.data(), channels, layer.residual.forward.data(), layer.residual.bias.data(), channels,
              x.rows, next, t, t + kStep);
      }
    });
    x.advance();
  }

  void write(const Job& job, long tile) const {
    // Counted from the end, where parts of all lengths line up.
    const long first = job.samples - (cut_.tiles - tile) * cut_.tile;
    float* y = call_.y + job.item * call_.samples_out + job.offset + first;
    for (long t = std::max<long>(0, -first); t < cut_.tile; ++t) y[t] = call_.scale * head_.back().rows[0][t];
  }

  std::vector<Ring> x_, head_;
  Rows z_, a_;
  Sources activations_;
};

class Backward : Pass {
 public:
  using Pass::size;
  Backward(const WaveNet& net, const Cut& cut, const Call& call, float* memory) : Pass(net, cut, call, memory) {
    int widest = 1;
    for (const LayerArray& array : net.arrays) {
      for (const Layer& layer : array.layers) {
        x_.push_back(arena_.rows(layer.channels(), cut.tile));
        dz_.push_back(ring(layer.inner(), layer.conv.past()));
      }
      x_.push_back(arena_.rows(array.channels(), cut.tile));
      dhead_.push_back(ring(array.head.out, array.head.past()));
      widest = std::max(widest, array.channels());
    }
    dhead0_ = arena_.rows(net.arrays[0].channels(), cut.tile);
    a_ = arena_.rows(widest, cut.tile);
    for (Rows& g : gradient_) g = arena_.rows(widest, cut.tile);
    dy_ = arena_.rows(1, cut.tiles * cut.tile);
    dx_ = arena_.rows(1, cut.tiles * cut.tile);
  }

  // Adds to the job's own `sums`; the gradient of its input goes to `dx` unless that is null.
  void run(long index, float* sums, float* dx) {
    const Job job(cut_, call_, index);
    read_input(job);
    const long padded = cut_.tiles * cut_.tile, lead = padded - job.samples;
    const float* dy = call_.dy + job.item * call_.samples_out + job.offset;
    std::fill_n(dy_[0], lead, 0.f);
    for (long t = 0; t < job.samples; ++t) dy_[0][lead + t] = call_.scale * dy[t];
    std::fill_n(dx_[0], padded, 0.f);
    for (Ring& ring : dz_) ring.clear();
    for (Ring& ring : dhead_) ring.clear();
    sums_ = sums;
    with_dx_ = dx != nullptr;
    float* kept = call_.kept + index * kept_.per_job();
    for (long tile = cut_.tiles; tile-- > 0;) {
      restore_path(tile, kept);
      run_tile(tile, kept);
    }
    if (dx) std::copy_n(dx_[0] + padded - (job.samples + cut_.past), job.samples + cut_.past, dx);
  }

 private:
  // Rows with the future that a convolution's gradient needs behind them.
  struct Ring {
    Rows rows;
    int count;
    long future, tile;
    void clear() const {
      for (int i = 0; i < count; ++i) std::fill_n(rows[i], tile + future, 0.f);
    }
    void advance() const {
      for (int i = 0; i < count && future; ++i) std::memmove(rows[i] + tile, rows[i], future * sizeof(float));
    }
  };
  Ring ring(int count, long future) {
    return {arena_.rows(count, cut_.tile + round_up(future, kLanes)), count, future, cut_.tile};
  }

  // Upwards through the layers: each one's input.
  void restore_path(long tile, float* kept) {
    int x = 0, saved = 0;
    Sources& from = sources_.clear().add(condition(tile), 1);
    for (size_t a = 0; a < net_.arrays.size(); ++a) {
      const LayerArray& array = net_.arrays[a];
      mix(from.data(), from.size(), array.rechannel.forward.data(), nullptr, array.channels(), {}, x_[x],
          begin(array.layers[0].x_start, tile), tile_end());
      for (size_t l = 0; l < array.layers.size(); ++l, ++x, ++saved) {
        if (l + 1 == array.layers.size() && a + 1 == net_.arrays.size()) return;
        const Layer& layer = array.layers[l];
        const Rows values = activations(layer, tile, kept_.at(kept, tile, saved));
        from.clear().add(values, layer.channels());
        mix(from.data(), from.size(), layer.residual.forward.data(), layer.residual.bias.data(), layer.channels(),
            x_[x], x_[x + 1], begin(layer.z_start, tile), tile_end());
      }
      from.clear().add(x_[x++], array.channels());
      ++saved;
    }
  }

  Rows activations(const Layer& layer, long tile, Rows kept) {
    if (!layer.derived()) return kept;
    restore(layer, kept, a_, begin(layer.z_start, tile), tile_end());
    return a_;
  }

  // Downwards: each layer's gradients.
  void run_tile(long tile, float* kept) {
    int x = static_cast<int>(x_.size()), dz = static_cast<int>(dz_.size()), saved = x;
    Rows g = gradient_[0];
    bool has_gradient = false;
    for (size_t a = net_.arrays.size(); a-- > 0;) {
      const LayerArray& array = net_.arrays[a];
      const int channels = array.channels();
      --x, --saved;  // the array's last output, and its head
      const Rows dsum = a == 0 ? dhead0_ : dhead_[a - 1].rows;
      if (a + 1 == net_.arrays.size()) {
        g = clear(gradient_[a % 2], channels);
        std::copy_n(dy_[0] + tile * cut_.tile, cut_.tile, dhead_[a].rows[0]);
      }
      run_head(array, tile, kept_.at(kept, tile, saved), dhead_[a], dsum);
      for (size_t l = array.layers.size(); l-- > 0; has_gradient = true) {
        --x, --dz, --saved;
        run_layer(array.layers[l], tile, kept_.at(kept, tile, saved), x_[x], dsum, g, has_gradient, dz_[dz]);
      }
      const int start = begin(array.layers[0].x_start, tile);
      const Rows below = a == 0 ? Rows{dx_[0] + tile * cut_.tile, 0} : clear(gradient_[(a - 1) % 2], array.rechannel.in);
      correlate_conv(array.rechannel, a == 0 ? condition(tile) : x_[x - 1], g, start);
      if (a > 0 || with_dx_) mix_back(array.rechannel, g, below, below, start);
      g = below;
    }
  }

  void run_head(const LayerArray& array, long tile, Rows sum, const Ring& dout, Rows dsum) {
    const int start = begin(array.head_start, tile);
    correlate_conv(array.head, sum, dout.rows, start);
    for (int c = 0; c < array.channels(); ++c) std::fill_n(dsum[c], start, 0.f);
    mix_back(array.head, dout.rows, {}, dsum, start);
    dout.advance();
  }

  void run_layer(const Layer& layer, long tile, Rows kept, Rows x, Rows dsum, Rows g, bool has_gradient,
                 const Ring& dz) {
    const int start = begin(layer.z_start, tile), x_start = begin(layer.x_start, tile), end = tile_end();
    const int channels = layer.channels(), inner = layer.inner();
    for (int m = 0; m < inner; ++m) std::fill_n(dz.rows[m], start, 0.f);
    if (has_gradient) correlate_conv(layer.residual, activations(layer, tile, kept), g, start);
    sources_.clear().add(g, has_gradient ? channels : 0);
    with_activation(layer.kind, [&](auto act) {
      const auto slopes = layer.gated ? slope_rows<decltype(act), true> : slope_rows<decltype(act), false>;
      for (int t = start; t < end; t += kStep) {
        mix(sources_.data(), sources_.size(), layer.residual.backward.data(), nullptr, channels, dsum, dz.rows, t,
            t + kStep);
        slopes(channels, kept, dz.rows, t, t + kStep);
      }
    });
    correlate_conv(layer.conv, x, dz.rows, x_start);
    correlate_conv(layer.mixin, condition(tile), dz.rows, start);
    mix_back(layer.conv, dz.rows, g, g, x_start);
    const Rows dx{dx_[0] + tile * cut_.tile, 0};
    if (with_dx_) mix_back(layer.mixin, dz.rows, dx, dx, start);
    dz.advance();
  }

  // The gradient of a convolution's weights, from its input and the gradient of its output.
  void correlate_conv(const Conv& conv, Rows x, Rows dout, int start) {
    left_.clear().add(x, conv.in);
    // All taps of a few rows at a time, which then stay in the nearest cache.
    in_parts(conv.out, kRowsRight, [&](int first, int size) {
      targets_.clear();
      for (int tap = 0; tap < conv.kernel; ++tap)
        for (int o = first; o < first + size; ++o)
          targets_.push_back({dout[o] + static_cast<long>(tap) * conv.dilation, sums_ + conv.at(o, 0, tap)});
      correlate(left_.data(), conv.in, targets_.data(), conv.kernel * size, conv.kernel, start, tile_end());
    });
    if (conv.biased)
      for (int o = 0; o < conv.out; ++o) sums_[conv.bias_at + o] += total(dout[o], start, tile_end());
  }

  // The gradient of a convolution's input, added to `start_rows`.
  void mix_back(const Conv& conv, Rows dout, Rows start_rows, Rows out, int start) {
    sources_.clear().add(dout, conv.out, conv.kernel, -conv.dilation);
    mix(sources_.data(), sources_.size(), conv.backward.data(), nullptr, conv.in, start_rows, out, start, tile_end());
  }

  Rows clear(Rows rows, int count) const {
    for (int i = 0; i < count; ++i) std::fill_n(rows[i], cut_.tile, 0.f);
    return rows;
  }

  std::vector<Rows> x_;
  std::vector<Ring> dz_, dhead_;
  Rows dhead0_, a_, gradient_[2], dy_, dx_;
  std::vector<Target> targets_;
  Sources left_;
  float* sums_ = nullptr;
  bool with_dx_ = false;
};

// Runs `work(thread, job)` for every job on so many threads.
template <class Work>
void share(long jobs, int threads, Work work) {
  std::atomic<long> next{0};
  const auto loop = [&](int thread) {
    const FlushDenormals guard;
    for (long job; (job = next.fetch_add(1)) < jobs;) work(thread, job);
  };
#if defined(_OPENMP)
  // PyTorch's own threads where it uses the same library: they are awake, and would be in the way of others.
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int i = 0; i < threads; ++i) loop(i);
#else
  std::vector<std::thread> others;
  try {
    for (int i = 1; i < threads; ++i) others.emplace_back(loop, i);
  } catch (const std::system_error&) {
    // The system grants no more threads: those there are do the work.
  }
  loop(0);
  for (std::thread& other : others) other.join();
#endif
}

size_t per_thread(const WaveNet& net, const Cut& cut, const Call& call, bool backward) {
  return backward ? Backward(net, cut, call, nullptr).size() : Forward(net, cut, call, nullptr).size();
}

struct Prepared {
  WaveNet net;
  Cut cut;
  int threads;
  Prepared(const int64_t* shape, const Call& call)
      : net(shape), cut(call), threads(static_cast<int>(std::min<long>(call.threads, cut.jobs))) {}
};

}  // namespace
}  // namespace voxnas

using voxnas::Call;

// Each takes the shape as wavenet.h says and a Call, and returns 0, or 1 if the input is too short for the output.
extern "C" {

// The floats to bring: for what is kept, for the scratch memory of forward, and for that of backward.
int voxnas_wavenet_sizes(const int64_t* shape, const Call* call, int64_t* sizes) {
  voxnas::Prepared p(shape, *call);
  if (p.net.need_from(p.cut.past) < 0) return 1;
  sizes[0] = voxnas::Kept(p.net, p.cut).per_job() * p.cut.jobs;
  sizes[1] = per_thread(p.net, p.cut, *call, false) * p.threads;
  sizes[2] = per_thread(p.net, p.cut, *call, true) * p.threads + p.cut.jobs * (p.net.weights + p.cut.part + p.cut.past);
  return 0;
}

int voxnas_wavenet_forward(const int64_t* shape, const Call* call) {
  voxnas::Prepared p(shape, *call);
  if (p.net.need_from(p.cut.past) < 0) return 1;
  p.net.read(call->weights);
  const size_t memory = per_thread(p.net, p.cut, *call, false);
  std::vector<voxnas::Forward> workers;
  for (int i = 0; i < p.threads; ++i) workers.emplace_back(p.net, p.cut, *call, call->scratch + i * memory);
  voxnas::share(p.cut.jobs, p.threads, [&](int thread, long job) { workers[thread].run(job); });
  return 0;
}

// `dx` may be null; it is added to.
int voxnas_wavenet_backward(const int64_t* shape, const Call* call) {
  voxnas::Prepared p(shape, *call);
  if (p.net.need_from(p.cut.past) < 0) return 1;
  p.net.read(call->weights);
  const size_t memory = per_thread(p.net, p.cut, *call, true), count = p.net.weights;
  const long inputs = p.cut.part + p.cut.past;
  std::vector<voxnas::Backward> workers;
  for (int i = 0; i < p.threads; ++i) workers.emplace_back(p.net, p.cut, *call, call->scratch + i * memory);
  float* sums = call->scratch + p.threads * memory;
  float* dx = call->dx ? sums + p.cut.jobs * count : nullptr;
  std::fill_n(sums, p.cut.jobs * count, 0.f);
  voxnas::share(p.cut.jobs, p.threads, [&](int thread, long job) {
    workers[thread].run(job, sums + job * count, dx ? dx + job * inputs : nullptr);
  });
  for (long index = 0; index < p.cut.jobs; ++index) {
    for (size_t i = 0; i < count; ++i) call->dweights[i] += sums[index * count + i];
    if (!dx) continue;
    const voxnas::Job job(p.cut, *call, index);
    float* to = call->dx + job.item * call->samples_in + job.offset;
    for (long t = 0; t < job.samples + p.cut.past; ++t) to[t] += dx[index * inputs + t];
  }
  return 0;
}
}
