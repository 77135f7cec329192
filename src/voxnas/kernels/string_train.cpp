// Strings in feedback for training and for long free runs; see string_cell.h.
//
// Threads share the work by groups of strings. Each group has its own sums of the weights' gradients, added up in the
// order of the groups, so that a result depends neither on the number of threads nor on who did what when.
#include "failure.h"
#include "string_cell.h"
#include "train_share.h"

namespace voxnas {
namespace {

constexpr long kFew = 3;  // strings of which each goes alone

// Calls `run` with the first string of each group, its number and a value of the group's type.
template <class T, class Run>
void in_string_groups(const StringCall<T>& call, Run run) {
  constexpr bool wide = sizeof(T) == sizeof(float);
  const long whole = wide ? (call.batch + kLanes - kFew) / kLanes : 0, single = std::min<long>(whole * kLanes, call.batch);
  const long groups = whole + call.batch - single;
  share(groups, static_cast<int>(std::min<long>(std::max<long>(call.threads, 1), groups)), [&](int, long group) {
    if constexpr (wide) {
      if (group < whole) return run(group * kLanes, group, vec{});
    }
    run(single + group - whole, group, T{});
  });
}

template <class T>
long string_groups(const StringCall<T>& call) {
  const long whole = sizeof(T) == sizeof(float) ? (call.batch + kLanes - kFew) / kLanes : 0;
  return whole + call.batch - std::min<long>(whole * kLanes, call.batch);
}

template <class T>
Status string_forward(const StringShape& shape, const StringCall<T>& call) {
  if (shape.outputs() > StringRun<T, T>::kMost) return fail(kFailed, "a string has at most 32 lines and states");
  const StringWeights<T> weights(shape, call.weights);
  in_string_groups(call, [&](long first, long, auto like) {
    StringRun<decltype(like), T>(shape, call, weights, first).forward(false);
  });
  return kDone;
}

template <class T>
Status string_backward(const StringShape& shape, const StringCall<T>& call) {
  if (shape.outputs() > StringRun<T, T>::kMost) return fail(kFailed, "a string has at most 32 lines and states");
  const StringWeights<T> weights(shape, call.weights);
  const long count = shape.weights(), groups = string_groups(call);
  std::vector<double> sums(call.dweights ? groups * count : 0);
  in_string_groups(call, [&](long first, long group, auto like) {
    using V = decltype(like);
    StringRun<V, T> run(shape, call, weights, first);
    run.forward(true);
    if (!call.dweights) return run.back(nullptr);
    std::vector<V> own(count, V{});
    run.back(own.data());
    for (long i = 0; i < count; ++i)
      for (size_t lane = 0; lane < sizeof(V) / sizeof(T); ++lane)
        sums[group * count + i] += reinterpret_cast<const T*>(&own[i])[lane];
  });
  for (long group = 0; call.dweights && group < groups; ++group)
    for (long i = 0; i < count; ++i) call.dweights[i] += static_cast<T>(sums[group * count + i]);
  return kDone;
}

}  // namespace
}  // namespace voxnas

using voxnas::StringCall;
using voxnas::StringShape;

// Each takes a StringShape and a StringCall, and returns a Status.
extern "C" {

int voxnas_string_forward(const StringShape* shape, const StringCall<float>* call) {
  return voxnas::guarded([&] { return voxnas::string_forward(*shape, *call); });
}
int voxnas_string_backward(const StringShape* shape, const StringCall<float>* call) {
  return voxnas::guarded([&] { return voxnas::string_backward(*shape, *call); });
}
int voxnas_string_forward64(const StringShape* shape, const StringCall<double>* call) {
  return voxnas::guarded([&] { return voxnas::string_forward(*shape, *call); });
}
int voxnas_string_backward64(const StringShape* shape, const StringCall<double>* call) {
  return voxnas::guarded([&] { return voxnas::string_backward(*shape, *call); });
}
}
