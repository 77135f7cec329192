// Conversion between sample rates while playing: a handle, and functions that take it.
#include <cstdint>
#include <memory>

#include "failure.h"
#include "resampler.h"
#include "simd.h"

extern "C" {

// Null where the rates cannot be.
voxnas::Resampler* voxnas_resampler_create(const float* prototype, int numbers, int density, int from, int to) {
  voxnas::Resampler* made = nullptr;
  voxnas::guarded([&] {
    if (!voxnas::Resampler::converts(from, to)) throw std::invalid_argument("no such rates");
    auto resampler = std::make_unique<voxnas::Resampler>();
    resampler->prepare(prototype, numbers, density, from, to);
    made = resampler.release();
    return voxnas::kDone;
  });
  return made;
}

void voxnas_resampler_destroy(voxnas::Resampler* resampler) { delete resampler; }
void voxnas_resampler_reset(voxnas::Resampler* resampler) { resampler->reset(); }

// Outputs up to the input's end, at most `most` of them; returns how many.
int64_t voxnas_resampler_convert(voxnas::Resampler* resampler, const float* in, int64_t samples, float* out, int64_t most) {
  const voxnas::FlushDenormals guard;
  constexpr int kPush = voxnas::Resampler::kPush;
  int64_t done = 0;
  do {
    const int size = static_cast<int>(samples < kPush ? samples : kPush);
    resampler->push(in, size);
    in += size;
    samples -= size;
    const int ready = resampler->ready(), room = static_cast<int>(most - done < ready ? most - done : ready);
    resampler->pull(out + done, room);
    done += room;
  } while (samples > 0);
  return done;
}
}
