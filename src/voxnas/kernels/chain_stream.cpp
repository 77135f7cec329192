// Convolutions in a row, each with an activation or none, that play block by block: each one's input is kept with as
// much of its past as it looks back on. The list of integers that says what they are: convolutions; for each the
// inputs, outputs, kernel, dilation, bias (0 or 1), activation (-1 for none) and its parameters as the bits of floats.
// The weights are one flat list: per convolution its weights, its bias, the slopes of the activation if it learns any.
#include <algorithm>
#include <cstring>
#include <vector>

#include "history.h"
#include "stream.h"
#include "stream_activations.h"
#include "stream_conv.h"
#include "wavenet.h"

namespace voxnas {
namespace {

constexpr long kPiece = 128;  // samples

using Activate = void (*)(const Activating& activation, int channels, Rows rows, long samples);

template <class Act>
void activate(const Activating& activation, int channels, Rows rows, long samples) {
  for (int c = 0; c < channels; ++c) {
    const Act act(activation, c);
    for (long t = 0; t < samples; t += kLanes) store(rows[c] + t, act.value(load(rows[c] + t)));
  }
}

struct Link {
  Conv conv;
  Activating activation;
  Activate activate = nullptr;
  History x;
};

class ChainStream : public Stream {
 public:
  ChainStream(const int64_t* shape, const float* weights) {
    const int count = next(shape);
    size_t used = 0;
    std::vector<size_t> slopes_at;
    links_.reserve(count);
    for (int l = 0; l < count; ++l) {
      Link link = read(shape);
      link.conv.place(used);
      slopes_at.push_back(used);
      if (link.activate && link.activation.learns()) used += link.conv.out;
      links_.push_back(std::move(link));
    }
    weights_.assign(weights, weights + used);
    for (int l = 0; l < count; ++l) {
      links_[l].conv.read(weights_.data());
      links_[l].activation.slopes = weights_.data() + slopes_at[l];
    }
    reset();
  }

  void reset() override {
    std::fill_n(links_[0].x.next(kLanes)[0], kLanes, 0.f);
    run<true>(kLanes);  // a whole vector, so that blocks of whole vectors start where vectors do
  }

  void process(const float* in, float* out, int64_t samples) override {
    for (int64_t start = 0; start < samples; start += kPiece) {
      const long size = std::min<int64_t>(kPiece, samples - start);
      std::copy_n(in + start, size, links_[0].x.next(size)[0]);
      run<false>(size);
      std::copy_n(out_.rows()[0], size, out + start);
    }
  }

 private:
  static int next(const int64_t*& shape) { return static_cast<int>(*shape++); }

  static Link read(const int64_t*& shape) {
    const int in = next(shape), out = next(shape), kernel = next(shape), dilation = next(shape);
    const bool biased = next(shape);
    Link link{{in, out, kernel, dilation, biased}, {}, nullptr, {in, (kernel - 1L) * dilation, kPiece}};
    link.activation.number = next(shape);
    for (float& parameter : link.activation.parameters) {
      const int32_t bits = next(shape);
      std::memcpy(&parameter, &bits, sizeof parameter);
    }
    if (link.activation.number >= 0)
      with_value(link.activation.number,
                 [&](auto type) { link.activate = activate<typename decltype(type)::type>; });
    return link;
  }

  // The first one's samples through all. Settling does so as if the first of them had been there for ever.
  template <bool settling>
  void run(long samples) {
    const long covered = round_up(samples, kLanes);
    for (Link& link : links_) {
      const bool top = &link == &links_.back();
      const Rows x = link.x.next(samples), out = top ? out_.rows() : (&link)[1].x.next(samples);
      if (settling) link.x.settle();
      convolve(product(link.conv, x, out), covered);
      if (link.activate) link.activate(link.activation, link.conv.out, out, covered);
      link.x.advance(samples);
    }
  }

  static Product product(const Conv& conv, Rows x, Rows out) {
    Product p{};
    p.x = x;
    p.channels = conv.in;
    p.kernel = conv.kernel;
    p.taps = conv.taps.data();
    p.weights = conv.forward.data();
    p.bias = conv.bias.data();
    p.out = out;
    p.outputs = conv.out;
    return p;
  }

  std::vector<Link> links_;
  std::vector<float> weights_;
  OwnRows out_{1, kPiece};
};

}  // namespace
}  // namespace voxnas

// Takes the shape and the weights as said above, and copies them; null if it fails.
extern "C" voxnas::Stream* voxnas_chain_stream_create(const int64_t* shape, const float* weights) {
  return voxnas::created([&] { return new voxnas::ChainStream(shape, weights); });
}
