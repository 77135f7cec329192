// One thread of the forward pass of training; see wavenet_train.cpp.
#pragma once

#include "train_pass.h"

namespace voxnas {
namespace {

// A cache line of its own, since other threads write beside it.
class alignas(64) Forward : Pass {
 public:
  using Pass::size;
  Forward(const WaveNet* nets, const Cut& cut, const Call& call, float* memory) : Pass(nets, cut, call, memory) {
    const WaveNet& net = *nets;
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
    begin(job);
    read_biases(job);
    for (Ring& ring : x_) ring.clear();
    for (Ring& ring : head_) ring.clear();
    float* kept = call_.kept ? kept_.of_job(call_.kept, index) : nullptr;
    for (long tile = 0; tile < cut_.tiles; ++tile) {
      run_tile(tile, kept);
      write(job, tile);
    }
    store_fence();
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

  // All layers', one after the other, with what is added to the item's.
  void read_biases(const Job& job) {
    biases_.clear();
    for (const LayerArray& array : net_->arrays)
      for (const Layer& layer : array.layers)
        biases_.insert(biases_.end(), layer.conv.bias.begin(), layer.conv.bias.end());
    if (!call_.added) return;
    const float* added = call_.added + job.item * biases_.size();
    for (size_t i = 0; i < biases_.size(); ++i) biases_[i] += added[i];
  }

  void run_tile(long tile, float* kept) {
    const Rows condition = this->condition(tile);
    const float* bias = biases_.data();
    const int end = tile_end();
    int x = 0, saved = 0;
    Sources& from = sources_.clear().add(condition, 1);
    for (size_t a = 0; a < net_->arrays.size(); ++a) {
      const LayerArray& array = net_->arrays[a];
      const Rows head = head_[a].rows;
      if (a == 0)
        for (int c = 0; c < array.channels(); ++c) std::fill_n(head[c], end, 0.f);
      mix(from.data(), from.size(), array.rechannel.forward.data(), nullptr, array.channels(), {}, x_[x].rows,
          begin(array.layers[0].x_start, tile), end);
      for (size_t l = 0; l < array.layers.size(); ++l, ++x, ++saved) {
        const bool last = l + 1 == array.layers.size() && a + 1 == net_->arrays.size();
        run_layer(array.layers[l], bias, tile, condition, x_[x], kept ? kept_.at(kept, tile, saved) : Rows{}, head,
                  last ? Rows{} : x_[x + 1].rows);
        bias += array.layers[l].inner();
      }
      if (kept) keep(head, array.channels(), kept_.at(kept, tile, saved));
      ++saved;
      from.clear().add(head, array.channels(), array.head);
      mix(from.data(), from.size(), array.head.forward.data(), array.head.bias.data(), array.head.out, {},
          head_[a + 1].rows, begin(array.out_start, tile), end);
      head_[a].advance();
      from.clear().add(x_[x++].rows, array.channels());
    }
  }

  void run_layer(const Layer& layer, const float* bias, long tile, Rows condition, const Ring& x, Rows kept, Rows head,
                 Rows next) {
    const int channels = layer.channels();
    Sources& taps = sources_.clear().add(x.rows, channels, layer.conv).add(condition, 1);
    activations_.clear().add(a_, channels);
    with_activation(layer.activation.kind(), [&](auto type) {
      using Act = typename decltype(type)::type;
      const auto activate = activating_rows<Act>(layer.gating);
      for (int t = begin(layer.z_start, tile); t < tile_end(); t += kStep) {
        mix(taps.data(), taps.size(), layer.conv.forward.data(), bias, layer.inner(), {}, z_, t,
            t + kStep);
        activate(layer, channels, z_, a_, head, kept, t, t + kStep);
        if (next.data)
          mix(activations_.data(), channels, layer.residual.forward.data(), layer.residual.bias.data(), channels,
              x.rows, next, t, t + kStep);
      }
    });
    x.advance();
  }

  void keep(Rows rows, int count, Rows kept) const {
    for (int i = 0; i < count; ++i)
      for (int t = 0; t < tile_end(); t += kLanes) store_nontemporal(kept[i] + t, load(rows[i] + t));
  }

  void write(const Job& job, long tile) const {
    // Counted from the end, where parts of all lengths line up.
    const long first = job.samples - (cut_.tiles - tile) * cut_.tile;
    float* y = call_.y + job.item * call_.samples_out + job.offset + first;
    for (long t = std::max<long>(0, -first); t < cut_.tile; ++t) y[t] = call_.scale * head_.back().rows[0][t];
  }

  std::vector<Ring> x_, head_;
  std::vector<float> biases_;
  Rows z_, a_;
  Sources activations_;
};

}  // namespace
}  // namespace voxnas
