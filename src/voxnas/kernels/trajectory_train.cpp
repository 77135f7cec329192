// Forward and backward through state trajectory networks, s ← s + layers([x, s]), for training.
//
// The lanes of a vector are segments side by side, so that every unit is a vector and no sum goes across. A segment
// begins with a warm-up from a state of zeros; nothing is kept of it, and no gradient goes into it.
#include <algorithm>
#include <vector>

#include "activations.h"
#include "failure.h"
#include "history.h"
#include "train_share.h"

namespace voxnas {
namespace {

constexpr int kMostLayers = 8;

struct Shape {
  int64_t layers, activation, widths[kMostLayers + 1];  // the input and the states; units of each layer; the states
};

struct Call {
  int64_t batch, samples_in, samples_out, threads;
  const float *weights, *x, *dstates;  // of each layer [output][input] and the biases; [batch][in]; [batch][state][out]
  float *states, *kept, *dweights;     // [batch][state][out]; see kept_rows; added to
};

// What is kept of a sample: the state before it, then of each hidden layer what its slope can be had from.
long kept_rows(const Shape& shape) {
  long rows = shape.widths[shape.layers];
  for (int layer = 1; layer < shape.layers; ++layer) rows += shape.widths[layer];
  return rows;
}
long weight_count(const Shape& shape) {
  long count = 0;
  for (int layer = 0; layer < shape.layers; ++layer) count += (shape.widths[layer] + 1) * shape.widths[layer + 1];
  return count;
}

// Of a group of segments.
template <class Act>
class Pass {
 public:
  Pass(const Shape& shape, const Call& call, long group)
      : shape_(shape), call_(call), first_(group * kLanes), count_(std::min<long>(kLanes, call.batch - first_)),
        states_(static_cast<int>(shape.widths[shape.layers])), rows_(kept_rows(shape)),
        kept_(call.kept ? call.kept + group * call.samples_out * rows_ * kLanes : nullptr) {
    const long widest = *std::max_element(shape.widths, shape.widths + shape.layers + 1);
    room_ = OwnRows(3, widest * kLanes);
  }

  void forward() {
    const long warm_up = call_.samples_in - call_.samples_out;
    float *seen = room_.rows()[0], *state = seen + kLanes;
    for (long t = 0; t < call_.samples_in; ++t) {
      gather(call_.x + t, call_.samples_in, seen);
      float* kept = t < warm_up || !kept_ ? nullptr : kept_ + (t - warm_up) * rows_ * kLanes;
      if (kept) std::copy_n(state, states_ * kLanes, kept);
      const float* change = layers(seen, kept ? kept + states_ * kLanes : nullptr);
      for (int s = 0; s < states_; ++s) store(state + s * kLanes, load(state + s * kLanes) + load(change + s * kLanes));
      if (t >= warm_up)
        for (int s = 0; s < states_; ++s)
          for (long lane = 0; lane < count_; ++lane)
            call_.states[((first_ + lane) * states_ + s) * call_.samples_out + t - warm_up] = state[s * kLanes + lane];
    }
  }

  // Sums of the weights' gradients, a vector each.
  void backward(float* sums) {
    float* dstate = room_.rows()[2];
    std::fill_n(dstate, states_ * kLanes, 0.f);
    std::vector<float> one(kLanes);
    OwnRows room(3, room_.rows().stride);
    for (long t = call_.samples_out; t-- > 0;) {
      for (int s = 0; s < states_; ++s) {
        gather(call_.dstates + s * call_.samples_out + t, states_ * call_.samples_out, one.data());
        store(dstate + s * kLanes, load(dstate + s * kLanes) + load(one.data()));
      }
      back(t, sums, room.rows(), dstate);
    }
  }

 private:
  void gather(const float* from, long stride, float* to) const {
    for (long lane = 0; lane < count_; ++lane) to[lane] = from[(first_ + lane) * stride];
  }

  // To the change of the state.
  const float* layers(const float* in, float* kept) const {
    const float* weights = call_.weights;
    const Act act(Activating{}, 0);
    for (int layer = 0; layer < shape_.layers; ++layer) {
      const long inputs = shape_.widths[layer], outputs = shape_.widths[layer + 1];
      const float* bias = weights + inputs * outputs;
      float* out = room_.rows()[1 + layer % 2];
      for (long o = 0; o < outputs; ++o, weights += inputs) {
        vec sum = broadcast(bias[o]);
        for (long i = 0; i < inputs; ++i) sum += broadcast(weights[i]) * load(in + i * kLanes);
        if (layer + 1 < shape_.layers) {
          const vec y = act.value(sum);
          if (kept) store(kept, Act::keeps_input ? sum : y), kept += kLanes;
          store(out + o * kLanes, y);
        } else {
          store(out + o * kLanes, sum);
        }
      }
      weights = bias + outputs;
      in = out;
    }
    return in;
  }

  // Through the layers at t, from the gradient of the state after it to that before.
  void back(long t, float* sums, Rows room, float* dstate) const {
    const Act act(Activating{}, 0);
    const float* kept = kept_ + t * rows_ * kLanes;
    const float* units = kept + rows_ * kLanes;  // the next layer's begin here
    long at = weight_count(shape_);
    const float* dout = dstate;
    for (int layer = static_cast<int>(shape_.layers) - 1; layer >= 0; --layer) {
      const long inputs = shape_.widths[layer], outputs = shape_.widths[layer + 1];
      at -= (inputs + 1) * outputs;
      float *din = room[layer % 2], *seen = room[2];
      if (layer) {
        units -= inputs * kLanes;
        for (long i = 0; i < inputs; ++i) store(seen + i * kLanes, act.of_kept(load(units + i * kLanes)));
      } else {
        gather(call_.x + call_.samples_in - call_.samples_out + t, call_.samples_in, seen);
        std::copy_n(kept, states_ * kLanes, seen + kLanes);
      }
      std::fill_n(din, inputs * kLanes, 0.f);
      const float* weights = call_.weights + at;
      float *dweights = sums + at * kLanes, *dbias = dweights + inputs * outputs * kLanes;
      for (long o = 0; o < outputs; ++o, weights += inputs, dweights += inputs * kLanes) {
        const vec d = load(dout + o * kLanes);
        store(dbias + o * kLanes, load(dbias + o * kLanes) + d);
        for (long i = 0; i < inputs; ++i) {
          float *sum = dweights + i * kLanes, *to = din + i * kLanes;
          store(sum, load(sum) + d * load(seen + i * kLanes));
          store(to, load(to) + d * broadcast(weights[i]));
        }
      }
      if (layer)
        for (long i = 0; i < inputs; ++i)
          store(din + i * kLanes, load(din + i * kLanes) * act.slope(load(units + i * kLanes)));
      else
        for (int s = 0; s < states_; ++s)
          store(dstate + s * kLanes, load(dstate + s * kLanes) + load(din + (1 + s) * kLanes));
      dout = din;
    }
  }

  const Shape& shape_;
  const Call& call_;
  long first_, count_;
  int states_;
  long rows_;
  float* kept_;
  OwnRows room_{1, 1};
};

// Calls `run` with the Type of an activation that keeps no constants.
template <class Run>
void with_plain(int64_t number, Run run) {
  with_activation(static_cast<Kind>(number), [&](auto type) {
    using Act = typename decltype(type)::type;
    if constexpr (!Act::learns && !std::is_same_v<Act, Activation<Kind::LeakyReLU>>) run(type);
  });
}

long groups(const Call& call) { return (call.batch + kLanes - 1) / kLanes; }

}  // namespace
}  // namespace voxnas

using voxnas::Call;
using voxnas::Shape;

extern "C" {

// Floats that are kept between the passes.
int64_t voxnas_trajectory_kept(const Shape* shape, const Call* call) {
  return voxnas::groups(*call) * call->samples_out * voxnas::kept_rows(*shape) * voxnas::kLanes;
}

// Both return a Status.
int voxnas_trajectory_forward(const Shape* shape, const Call* call) {
  return voxnas::guarded([&] {
    voxnas::with_plain(shape->activation, [&](auto type) {
      voxnas::share(voxnas::groups(*call), static_cast<int>(call->threads), [&](int, long group) {
        voxnas::Pass<typename decltype(type)::type>(*shape, *call, group).forward();
      });
    });
    return voxnas::kDone;
  });
}

int voxnas_trajectory_backward(const Shape* shape, const Call* call) {
  return voxnas::guarded([&] {
    const long count = voxnas::weight_count(*shape), groups = voxnas::groups(*call);
    voxnas::OwnRows sums(static_cast<int>(groups), count * voxnas::kLanes);
    voxnas::with_plain(shape->activation, [&](auto type) {
      voxnas::share(groups, static_cast<int>(call->threads), [&](int, long group) {
        voxnas::Pass<typename decltype(type)::type>(*shape, *call, group).backward(sums.rows()[group]);
      });
    });
    for (long group = 0; group < groups; ++group)
      for (long i = 0; i < count; ++i) call->dweights[i] += voxnas::sum(voxnas::load(sums.rows()[group] + i * voxnas::kLanes));
    return voxnas::kDone;
  });
}
}
