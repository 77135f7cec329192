// The gradient of what an activation learns: of one number per channel, or of several that all channels share.
#pragma once

#include "activations.h"

namespace voxnas {
namespace {

template <class Act, bool learns = Act::learns>
struct Learnt {
  void add(const Act&, vec, vec) {}
  void total(float*, int) const {}
};
template <class Act>
struct Learnt<Act, true> {
  vec sums[Act::terms] = {};
  void add(const Act& act, vec signal, vec da) { act.by_learnt(signal, da, sums); }
  void total(float* to, int channel) const {
    for (int i = 0; i < Act::terms; ++i) to[Act::terms == 1 ? channel : i] += sum(sums[i]);
  }
};

}  // namespace
}  // namespace voxnas
