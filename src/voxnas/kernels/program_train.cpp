// Forward and backward through a network that is a program of steps, for training.
//
// As in wavenet_train.cpp time is cut into tiles, which go through all operations before the next one does, and jobs are
// shared among threads. An operation is a step, or several in one: a convolution with what it adds to and the activation
// behind it. What convolutions with a past, activations, recurrences and selections make, and what attentions and
// selections read, is kept between the two passes; the rest is worked out again from it. Where that is more than memory
// should hold, nothing is kept, and the backward pass of a job begins with its forward pass.
#include "failure.h"
#include "train_program_backward.h"
#include "train_program_forward.h"
#include "train_share.h"

namespace voxnas {
namespace {

struct Prepared {
  Program program;
  Cut cut;
  int threads;
  bool fits;
  Prepared(const int64_t* shape, const Call& call)
      : program(shape), cut(call, program.recurrent), threads(static_cast<int>(std::min<long>(call.threads, cut.jobs))) {
    fits = program.need_from(cut.past) >= 0;
    if (call.weights) program.read(call.weights);
  }
  size_t forward(const Call& call) const { return ProgramForward(program, cut, call, nullptr).size(); }
  size_t backward(const Call& call) const { return ProgramBackward(program, cut, call, nullptr).size(); }
  // Of a job: of weights, of turns, and of its input.
  size_t sums() const { return program.weights + program.turns + cut.part + cut.past; }
};

// The floats to bring: for what is kept; for the scratch memory of forward; for that of backward, and where nothing has
// been kept.
Status find_sizes(const int64_t* shape, const Call* call, int64_t* sizes) {
  const Prepared p(shape, *call);
  if (!p.fits) return kTooShort;
  const KeptRows kept(p.program, p.cut);
  sizes[0] = kept.size(p.cut.jobs);
  sizes[1] = p.forward(*call) * p.threads;
  sizes[2] = p.backward(*call) * p.threads + p.cut.jobs * p.sums();
  sizes[3] = sizes[2] + p.threads * (p.forward(*call) + kept.size(1));
  return kDone;
}

std::vector<ProgramForward> forward_workers(const Prepared& p, const Call& call, float* memory) {
  const size_t each = p.forward(call);
  std::vector<ProgramForward> workers;
  for (int i = 0; i < p.threads; ++i) workers.emplace_back(p.program, p.cut, call, memory + i * each);
  return workers;
}

Status forward(const int64_t* shape, const Call* call) {
  const Prepared p(shape, *call);
  if (!p.fits) return kTooShort;
  std::vector<ProgramForward> workers = forward_workers(p, *call, call->scratch);
  const KeptRows kept(p.program, p.cut);
  share(p.cut.jobs, p.threads, [&](int thread, long job) {
    workers[thread].run(job, call->kept ? kept.of_job(call->kept, job) : nullptr);
  });
  return kDone;
}

void add_up(const Prepared& p, const Call& call, const float* sums) {
  const size_t weights = p.program.weights, turns = p.program.turns;
  for (long index = 0; index < p.cut.jobs; ++index, sums += p.sums()) {
    const Job job(p.cut, call, index);
    for (size_t i = 0; i < weights; ++i) call.dweights[i] += sums[i];
    for (size_t i = 0; i < turns; ++i) call.dadded[job.item * turns + i] += sums[weights + i];
    if (!call.dx) continue;
    float* to = call.dx + job.item * call.samples_in + job.offset;
    for (long t = 0; t < job.samples + p.cut.past; ++t) to[t] += sums[weights + turns + t];
  }
}

// Adds to `dweights`, to `dadded`, which is the turns', and to `dx` unless that is null.
Status backward(const int64_t* shape, const Call* call) {
  const Prepared p(shape, *call);
  if (!p.fits) return kTooShort;
  float *sums = call->scratch, *memory = sums + p.cut.jobs * p.sums();
  std::fill_n(sums, p.cut.jobs * p.sums(), 0.f);
  const KeptRows kept(p.program, p.cut);
  const size_t each = p.backward(*call);
  std::vector<ProgramBackward> workers;
  for (int i = 0; i < p.threads; ++i, memory += each) workers.emplace_back(p.program, p.cut, *call, memory);
  std::vector<ProgramForward> again;
  if (!call->kept) again = forward_workers(p, *call, memory);
  float* own = memory + p.forward(*call) * p.threads;
  // The last job first: the caches still hold the end of what the forward pass has kept.
  share(p.cut.jobs, p.threads, [&](int thread, long turn) {
    const long job = p.cut.jobs - 1 - turn;
    float* values = call->kept ? kept.of_job(call->kept, job) : aligned(own + thread * kept.size(1));
    if (!call->kept) again[thread].run(job, values);
    float* to = sums + job * p.sums();
    float* turns = to + p.program.weights;
    workers[thread].run(job, values, to, turns, call->dx ? turns + p.program.turns : nullptr);
  });
  add_up(p, *call, sums);
  return kDone;
}

}  // namespace
}  // namespace voxnas

using voxnas::Call;

// Each takes the shape as train_program.h says and a Call, and returns a Status.
extern "C" {

int voxnas_program_sizes(const int64_t* shape, const Call* call, int64_t* sizes) {
  return voxnas::guarded([&] { return voxnas::find_sizes(shape, call, sizes); });
}

int voxnas_program_forward(const int64_t* shape, const Call* call) {
  return voxnas::guarded([&] { return voxnas::forward(shape, call); });
}

int voxnas_program_backward(const int64_t* shape, const Call* call) {
  return voxnas::guarded([&] { return voxnas::backward(shape, call); });
}
}
