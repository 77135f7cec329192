// One thread of the backward pass of training; see wavenet_train.cpp.
#pragma once

#include "train_pass.h"

namespace voxnas {
namespace {

class alignas(64) Backward : Pass {
 public:
  using Pass::size;
  Backward(const WaveNet* nets, const Cut& cut, const Call& call, float* memory) : Pass(nets, cut, call, memory) {
    const WaveNet& net = *nets;
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
    begin(job);
    const long padded = cut_.tiles * cut_.tile, lead = padded - job.samples;
    const float* dy = call_.dy + job.item * call_.samples_out + job.offset;
    std::fill_n(dy_[0], lead, 0.f);
    for (long t = 0; t < job.samples; ++t) dy_[0][lead + t] = call_.scale * dy[t];
    std::fill_n(dx_[0], padded, 0.f);
    for (Ring& ring : dz_) ring.clear();
    for (Ring& ring : dhead_) ring.clear();
    sums_ = sums;
    with_dx_ = dx != nullptr;
    float* kept = kept_.of_job(call_.kept, index);
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
    for (size_t a = 0; a < net_->arrays.size(); ++a) {
      const LayerArray& array = net_->arrays[a];
      mix(from.data(), from.size(), array.rechannel.forward.data(), nullptr, array.channels(), {}, x_[x],
          begin(array.layers[0].x_start, tile), tile_end());
      for (size_t l = 0; l < array.layers.size(); ++l, ++x, ++saved) {
        if (l + 1 == array.layers.size() && a + 1 == net_->arrays.size()) return;
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
    for (size_t a = net_->arrays.size(); a-- > 0;) {
      const LayerArray& array = net_->arrays[a];
      const int channels = array.channels();
      --x, --saved;  // the array's last output, and its head
      const Rows dsum = a == 0 ? dhead0_ : dhead_[a - 1].rows;
      if (a + 1 == net_->arrays.size()) {
        g = clear(gradient_[a % 2], channels);
        std::copy_n(dy_[0] + tile * cut_.tile, cut_.tile, dhead_[a].rows[0]);
      }
      run_head(array, tile, kept_.at(kept, tile, saved), dhead_[a], dsum);
      for (size_t l = array.layers.size(); l-- > 0; has_gradient = true) {
        --x, --dz, --saved;
        coming_ = kept_.at(kept, std::max(0l, tile - 1), saved);
        run_layer(array.layers[l], tile, kept_.at(kept, tile, saved), x_[x], dsum, g, has_gradient, dz_[dz]);
      }
      const int start = begin(array.layers[0].x_start, tile);
      const Rows below = a == 0 ? Rows{dx_[0] + tile * cut_.tile, 0} : clear(gradient_[(a - 1) % 2], array.rechannel.in);
      correlate_conv(array.rechannel, a == 0 ? condition(tile) : x_[x - 1], g, start);
      if (a > 0 || with_dx_) mix_back(array.rechannel, g, below, below, start);
      g = below;
    }
  }

  // So that the next tile finds in the cache what memory would be late with; a little at a time.
  void prefetch(int count, int begin) const {
    for (int i = 0; i < count; ++i)
      for (int t = begin; t < begin + kStep; t += kLanes) __builtin_prefetch(coming_[i] + t, 0, 2);
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
    with_activation(layer.activation.kind(), [&](auto type) {
      using Act = typename decltype(type)::type;
      const auto slopes = sloping_rows<Act>(layer.gating);
      for (int t = start; t < end; t += kStep) {
        mix(sources_.data(), sources_.size(), layer.residual.backward.data(), nullptr, channels, dsum, dz.rows, t,
            t + kStep);
        slopes(layer, channels, kept, dz.rows, sums_, t, t + kStep);
        prefetch(inner, t);
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
          targets_.push_back({dout[o] + conv.reach(tap), sums_ + conv.at(o, 0, tap)});
      correlate(left_.data(), conv.in, targets_.data(), conv.kernel * size, conv.kernel, start, tile_end());
    });
    if (conv.biased)
      for (int o = 0; o < conv.out; ++o) sums_[conv.bias_at + o] += total(dout[o], start, tile_end());
  }

  // The gradient of a convolution's input, added to `start_rows`.
  void mix_back(const Conv& conv, Rows dout, Rows start_rows, Rows out, int start) {
    sources_.clear().add(dout, conv.out, conv, -1);
    mix(sources_.data(), sources_.size(), conv.backward.data(), nullptr, conv.in, start_rows, out, start, tile_end());
  }

  Rows clear(Rows rows, int count) const {
    for (int i = 0; i < count; ++i) std::fill_n(rows[i], cut_.tile, 0.f);
    return rows;
  }

  std::vector<Rows> x_;
  std::vector<Ring> dz_, dhead_;
  Rows dhead0_, a_, gradient_[2], dy_, dx_, coming_;
  std::vector<Target> targets_;
  Sources left_;
  float* sums_ = nullptr;
  bool with_dx_ = false;
};

}  // namespace
}  // namespace voxnas
