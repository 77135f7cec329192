// What a page calls beside the functions that create streams: memory, and a stream's functions for any kind of it.
// No exception is thrown in here: what would be one ends the instance, and the page reports that.
#include <cstdlib>

#include "../stream.h"

extern "C" {

void* voxnas_allocate(int bytes) { return std::malloc(bytes); }
void voxnas_free(void* memory) { std::free(memory); }

// As voxnas_stream_process, which takes a number of 64 bits.
void voxnas_stream_play(voxnas::Stream* stream, const float* in, float* out, int samples) {
  voxnas_stream_process(stream, in, out, samples);
}

[[noreturn]] void* __cxa_allocate_exception(size_t) { __builtin_trap(); }
[[noreturn]] void __cxa_throw(void*, void*, void (*)(void*)) { __builtin_trap(); }
}
