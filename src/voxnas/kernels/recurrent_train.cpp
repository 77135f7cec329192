// Forward and backward through LSTM and GRU networks, for training.
//
// A segment begins with a warm-up from the state that silence begins with; nothing is kept of it, and no gradient goes
// into it. Behind it gradients run back through time, in windows: the state goes on from one to the next, its gradient
// does not go back (truncated back-propagation through time).
//
// Threads share the work by groups of segments. Each segment has its own sums of the weights' gradients, added up in the
// order of the segments, so that a result depends neither on the number of threads nor on who did what when.
#include "failure.h"
#include "recurrent_pass.h"
#include "train_share.h"

namespace voxnas {
namespace {

constexpr int kMostSegments = 4;  // side by side

// Calls `run` with the first of so many segments side by side and their number as a constant.
template <class Run>
void in_groups(const Call& call, Run run) {
  const long each = std::clamp<long>((call.batch + call.threads - 1) / call.threads, 1, kMostSegments);
  const long groups = (call.batch + each - 1) / each;
  share(groups, static_cast<int>(std::min<long>(call.threads, groups)), [&](int, long group) {
    const long first = group * each;
    switch (std::min<long>(each, call.batch - first)) {
      case 4: return run(first, std::integral_constant<int, 4>{});
      case 3: return run(first, std::integral_constant<int, 3>{});
      case 2: return run(first, std::integral_constant<int, 2>{});
      default: return run(first, std::integral_constant<int, 1>{});
    }
  });
}

// Calls `run` with the kind of units.
template <class Run>
Status with_cell(const Shape& shape, Run run) {
  return shape.gru ? run(GruCell{}) : run(LstmCell{});
}

// Calls `run` with the widest vector that a block of units consists of.
template <class Run>
void with_vector(const RecurrentLayout& layout, Run run) {
  if (layout.block % kLanes) return run(narrow{});
  run(vec{});
}

template <class Cell>
Status forward(const Shape& shape, const Call& call) {
  const RecurrentNet<Cell> net(shape, call.weights, call.skip_gain);
  const size_t kept = net.kept(shape, call.samples_out);
  with_vector(net.layers[0], [&](auto v) {
    in_groups(call, [&](long first, auto count) {
      using Forward = ForwardPass<Cell, decltype(v), decltype(count)::value>;
      Forward(net, call, first).run(call.kept ? call.kept + first * kept : nullptr);
    });
  });
  return kDone;
}

// `dweights` is added to; of `dx`, which may be null, what lies behind the warm-up is set.
template <class Cell>
Status backward(const Shape& shape, const Call& call) {
  const RecurrentNet<Cell> net(shape, call.weights, call.skip_gain);
  const size_t kept = net.kept(shape, call.samples_out), count = net.sums();
  Floats sums(call.batch * count);
  with_vector(net.layers[0], [&](auto v) {
    in_groups(call, [&](long first, auto size) {
      using Backward = BackwardPass<Cell, decltype(v), decltype(size)::value>;
      Backward(net, call, first, &sums[first * count]).run(call.kept + first * kept);
    });
  });
  for (long segment = 0; segment < call.batch; ++segment) {
    const float* of_segment = &sums[segment * count];
    float* to = call.dweights;
    for (const auto& layer : net.layers) {
      layer.add_gradients(of_segment, to);
      of_segment += layer.columns() * layer.rows();
    }
    for (int unit = 0; unit < net.units; ++unit) to[unit] += of_segment[unit];
    to[net.units] += of_segment[net.head.size()];
  }
  return kDone;
}

}  // namespace
}  // namespace voxnas

using voxnas::Call;
using voxnas::Shape;

// Each takes a Shape and a Call, whose `kept` begins where a line of the cache does, and
// returns a Status. Weights: each layer's as PyTorch has them, the head's, its bias.
extern "C" {

int voxnas_recurrent_kept(const Shape* shape, int64_t samples, int64_t* floats) {
  return voxnas::with_cell(*shape, [&](auto cell) {
    *floats = static_cast<int64_t>(voxnas::RecurrentNet<decltype(cell)>::kept(*shape, samples));
    return voxnas::kDone;
  });
}

int voxnas_recurrent_forward(const Shape* shape, const Call* call) {
  return voxnas::guarded([&] {
    return voxnas::with_cell(*shape, [&](auto cell) { return voxnas::forward<decltype(cell)>(*shape, *call); });
  });
}

int voxnas_recurrent_backward(const Shape* shape, const Call* call) {
  return voxnas::guarded([&] {
    return voxnas::with_cell(*shape, [&](auto cell) { return voxnas::backward<decltype(cell)>(*shape, *call); });
  });
}
}
