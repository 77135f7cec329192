// A neural model of a guitar amp, complete in this file: C++17 and the standard library are all that it takes.
//
//   static $namespace::Model model;
//   model.reset();                    // before playback starts
//   model.process(in, out, samples);  // in the audio thread
//
// At another rate than Model::sample_rate an AnyRateModel takes its place: set_host_rate(44100), reset, process.
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
$controls
$resampler
}  // namespace detail

// Plays the model. The whole state is in the object, about $state_kib KiB. Let a big one be static, a member of something on the
// heap, or made with new, since threads' stacks are small. Objects are independent of each other: take one per channel.
// A copy goes on from where the original is.
class Model {
 public:
$constants

  Model() { reset(); }

$methods};

$any_rate
}  // namespace VOXNAS_CPU
}  // namespace $unique
}  // namespace $namespace

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#undef VOXNAS_CPU
#undef VOXNAS_INLINE
#endif
