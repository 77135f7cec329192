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
#include "failure.h"
#include "train_backward.h"
#include "train_forward.h"
#include "train_share.h"

namespace voxnas {
namespace {

size_t per_thread(const WaveNet& net, const Cut& cut, const Call& call, bool backward) {
  return backward ? Backward(&net, cut, call, nullptr).size() : Forward(&net, cut, call, nullptr).size();
}

struct Prepared {
  WaveNet net;
  Cut cut;
  int threads;
  Prepared(const int64_t* shape, const Call& call)
      : net(shape), cut(call), threads(static_cast<int>(std::min<long>(call.threads, cut.jobs))) {}

  // With their weights: one for all items, or one for each.
  std::vector<WaveNet> read(const Call& call) const {
    std::vector<WaveNet> nets(call.per_item ? call.batch : 1, net);
    for (size_t item = 0; item < nets.size(); ++item) nets[item].read(call.weights + item * net.weights);
    return nets;
  }
};

// The floats to bring: for what is kept, for the scratch memory of forward, and for that of backward.
Status find_sizes(const int64_t* shape, const Call* call, int64_t* sizes) {
  Prepared p(shape, *call);
  if (p.net.need_from(p.cut.past) < 0) return kTooShort;
  sizes[0] = Kept(p.net, p.cut).size(p.cut.jobs);
  sizes[1] = per_thread(p.net, p.cut, *call, false) * p.threads;
  sizes[2] = per_thread(p.net, p.cut, *call, true) * p.threads + p.cut.jobs * (p.net.weights + p.cut.part + p.cut.past);
  return kDone;
}

Status forward(const int64_t* shape, const Call* call) {
  Prepared p(shape, *call);
  if (p.net.need_from(p.cut.past) < 0) return kTooShort;
  const std::vector<WaveNet> nets = p.read(*call);
  const size_t memory = per_thread(p.net, p.cut, *call, false);
  std::vector<Forward> workers;
  for (int i = 0; i < p.threads; ++i) workers.emplace_back(nets.data(), p.cut, *call, call->scratch + i * memory);
  share(p.cut.jobs, p.threads, [&](int thread, long job) { workers[thread].run(job); });
  return kDone;
}

// What is added to an item's biases has their gradient: the item's share in it.
void add_up_biases(const Prepared& p, const Call& call, const float* sums) {
  long rows = 0;
  for (const LayerArray& array : p.net.arrays)
    for (const Layer& layer : array.layers) rows += layer.inner();
  for (long index = 0; index < p.cut.jobs; ++index) {
    float* to = call.dadded + Job(p.cut, call, index).item * rows;
    for (const LayerArray& array : p.net.arrays)
      for (const Layer& layer : array.layers) {
        const float* from = sums + index * p.net.weights + layer.conv.bias_at;
        for (int o = 0; o < layer.inner(); ++o) *to++ += from[o];
      }
  }
}

// `dx` may be null; it and `dadded` are added to.
Status backward(const int64_t* shape, const Call* call) {
  Prepared p(shape, *call);
  if (p.net.need_from(p.cut.past) < 0) return kTooShort;
  const std::vector<WaveNet> nets = p.read(*call);
  const size_t memory = per_thread(p.net, p.cut, *call, true), count = p.net.weights;
  const long inputs = p.cut.part + p.cut.past;
  std::vector<Backward> workers;
  for (int i = 0; i < p.threads; ++i) workers.emplace_back(nets.data(), p.cut, *call, call->scratch + i * memory);
  float* sums = call->scratch + p.threads * memory;
  float* dx = call->dx ? sums + p.cut.jobs * count : nullptr;
  std::fill_n(sums, p.cut.jobs * count, 0.f);
  // The last job first: the caches still hold the end of what the forward pass has kept.
  share(p.cut.jobs, p.threads, [&](int thread, long turn) {
    const long job = p.cut.jobs - 1 - turn;
    workers[thread].run(job, sums + job * count, dx ? dx + job * inputs : nullptr);
  });
  if (call->dadded) add_up_biases(p, *call, sums);
  for (long index = 0; index < p.cut.jobs; ++index) {
    const Job job(p.cut, *call, index);
    float* dweights = call->dweights + (call->per_item ? job.item * count : 0);
    for (size_t i = 0; i < count; ++i) dweights[i] += sums[index * count + i];
    if (!dx) continue;
    float* to = call->dx + job.item * call->samples_in + job.offset;
    for (long t = 0; t < job.samples + p.cut.past; ++t) to[t] += dx[index * inputs + t];
  }
  return kDone;
}

}  // namespace
}  // namespace voxnas

using voxnas::Call;

// Each takes the shape as wavenet.h says and a Call, and returns a Status.
extern "C" {

int voxnas_wavenet_sizes(const int64_t* shape, const Call* call, int64_t* sizes) {
  return voxnas::guarded([&] { return voxnas::find_sizes(shape, call, sizes); });
}

int voxnas_wavenet_forward(const int64_t* shape, const Call* call) {
  return voxnas::guarded([&] { return voxnas::forward(shape, call); });
}

int voxnas_wavenet_backward(const int64_t* shape, const Call* call) {
  return voxnas::guarded([&] { return voxnas::backward(shape, call); });
}
}
