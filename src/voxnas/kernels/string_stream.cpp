// Voices for Python; see string_voice.h.
#include "string_voice.h"

#include "failure.h"
#include "simd.h"

using voxnas::StringVoice;

extern "C" {

// A voice, or null where it cannot be made.
void* voxnas_voice_new(const voxnas::VoiceModel* model, double lowest_hz) {
  void* made = nullptr;
  voxnas::guarded([&] {
    made = new StringVoice(*model, lowest_hz);
    return voxnas::kDone;
  });
  return made;
}
void voxnas_voice_free(void* voice) { delete static_cast<StringVoice*>(voice); }
void voxnas_voice_reset(void* voice) { static_cast<StringVoice*>(voice)->reset(); }
void voxnas_voice_pitch(void* voice, double hz) { static_cast<StringVoice*>(voice)->set_pitch(hz); }
void voxnas_voice_damping(void* voice, double t60) { static_cast<StringVoice*>(voice)->set_damping(t60); }
void voxnas_voice_strike(void* voice, const float* exciter, int64_t count, float velocity) {
  static_cast<StringVoice*>(voice)->strike(exciter, count, velocity);
}
double voxnas_voice_energy(const void* voice) { return static_cast<const StringVoice*>(voice)->energy(); }
// Adds to `out`.
void voxnas_voice_process(void* voice, float* out, int64_t count) {
  const voxnas::FlushDenormals guard;
  static_cast<StringVoice*>(voice)->process(out, count);
}
}
