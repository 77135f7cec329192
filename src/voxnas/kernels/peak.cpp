// The peak of one core: multiply-adds on registers alone.
#include "simd.h"

extern "C" {

// Runs `rounds` times kSums multiply-adds of a vector; returns how many single ones that is.
double voxnas_multiply_adds(int64_t rounds, float* result) {
  constexpr int kSums = voxnas::kRegisters == 32 ? 24 : 12;
  voxnas::vec sums[kSums] = {}, factor = voxnas::broadcast(*result), term = voxnas::broadcast(1.f);
  for (int64_t round = 0; round < rounds; ++round)
#pragma GCC unroll 24
    for (int i = 0; i < kSums; ++i) sums[i] = voxnas::in_register(sums[i] * factor + term);
  for (auto& sum : sums) *result += voxnas::sum(sum);
  return static_cast<double>(rounds) * kSums * voxnas::kLanes;
}
}
