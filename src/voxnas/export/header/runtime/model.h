// A neural model of a guitar amp, complete in this file: C++17 and the standard library are all that it takes.
//
//   static $namespace::Model model;
//   model.reset();                    // before playback starts
//   model.process(in, out, samples);  // in the audio thread
//
// The numbers belong to whoever trained the model. The code is under the MIT licence:
//
$licence
#ifndef VOXNAS_${namespace}_${unique}_H
#define VOXNAS_${namespace}_${unique}_H

$includes
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // sizes of arrays that are of type int
#endif

namespace $namespace {
// So that two plug-ins' models of one name stay apart when a host loads both, and so does in one program what is
// compiled for several CPUs.
inline namespace $unique {
inline namespace VOXNAS_CPU {
namespace detail {

$runtime
using Network =
    $type;

alignas(64) inline constexpr float kWeights[$weight_count] = {
$weights};
// The state that silence leaves behind.
alignas(64) inline constexpr float kSilence[$silence_count] = {
$silence};
static_assert(Network::kWeights == $weight_count, "the weights do not fit the network");

}  // namespace detail

// Plays the model. The whole state is in the object, about $state_kib KiB. Let a big one be static, a member of something on the
// heap, or made with new, since threads' stacks are small. Objects are independent of each other: take one per channel.
// A copy goes on from where the original is.
class Model {
 public:
$constants

  Model() { reset(); }

  // To the state that endless silence leaves behind, as that of a new object. Neither this nor `process` allocates,
  // locks or calls the system.
  void reset() noexcept { network_.reset(detail::kSilence); }

  // The next samples, mono at `sample_rate`, any number of them. `out` may be `in`.
  void process(const float* in, float* out, int samples) noexcept {
    const detail::FlushDenormals guard;
    for (int start = 0; start < samples; start += detail::kPiece) {
      const int rest = samples - start, size = rest < detail::kPiece ? rest : detail::kPiece;
      network_.process(in + start, out + start, detail::kWeights, size);
    }
  }

 private:
  detail::Network network_;
};

}  // namespace VOXNAS_CPU
}  // namespace $unique
}  // namespace $namespace

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#undef VOXNAS_CPU
#undef VOXNAS_INLINE
#endif
