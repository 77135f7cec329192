// A vector of floats as wide as the CPU that this is compiled for, written once for AVX-512, AVX, SSE2 and NEON
// with the vector extensions of GCC and Clang.
#pragma once
#include <cstdint>
#include <cstring>
#include <utility>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define VOXNAS_INLINE __attribute__((always_inline)) inline

namespace voxnas {

#if defined(__AVX512F__)
constexpr int kLanes = 16, kRegisters = 32;
#elif defined(__AVX__)
constexpr int kLanes = 8, kRegisters = 16;
#elif defined(__aarch64__)
constexpr int kLanes = 4, kRegisters = 32;
#else
constexpr int kLanes = 4, kRegisters = 16;
#endif

typedef float vec __attribute__((vector_size(kLanes * sizeof(float))));

inline vec load(const float* p) {
  vec v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, vec v) { std::memcpy(p, &v, sizeof v); }

// Half as wide where that leaves eight lanes: for what there is too little of to fill a vector.
#if defined(__AVX512F__)
typedef float narrow __attribute__((vector_size(32)));
#else
typedef vec narrow;
#endif
template <class V>
constexpr int lanes = sizeof(V) / sizeof(float);
template <class V>
inline V load_as(const float* p) {
  V v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <class V>
inline void store_as(float* p, V v) {
  std::memcpy(p, &v, sizeof v);
}

// To memory that nobody reads for long: without fetching it into the caches first, where the CPU can do that. The
// address is a multiple of a vector's size, and `store_fence` comes before another thread reads it.
#if defined(__AVX512F__)
inline void store_nontemporal(float* p, vec v) { _mm512_stream_ps(p, (__m512)v); }
#elif defined(__AVX__)
inline void store_nontemporal(float* p, vec v) { _mm256_stream_ps(p, (__m256)v); }
#elif defined(__SSE2__)
inline void store_nontemporal(float* p, vec v) { _mm_stream_ps(p, (__m128)v); }
#else
inline void store_nontemporal(float* p, vec v) { store(p, v); }
#endif
inline void store_fence() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}
inline vec broadcast(float value) { return vec{} + value; }

// Has the compiler load a value that is used several times once, rather than in every instruction that takes it:
// the loads are what is scarce.
inline vec in_register(vec v) {
#if defined(__AVX512F__)
  asm("" : "+v"(v));
#elif defined(__SSE2__)
  asm("" : "+x"(v));
#elif defined(__aarch64__)
  asm("" : "+w"(v));
#endif
  return v;
}

// The lesser and the greater of two, and NaN if x is.
#if defined(__AVX512F__)
inline vec at_most(vec x, vec limit) { return (vec)_mm512_min_ps((__m512)limit, (__m512)x); }
inline vec at_least(vec x, vec limit) { return (vec)_mm512_max_ps((__m512)limit, (__m512)x); }
#elif defined(__AVX__)
inline vec at_most(vec x, vec limit) { return (vec)_mm256_min_ps((__m256)limit, (__m256)x); }
inline vec at_least(vec x, vec limit) { return (vec)_mm256_max_ps((__m256)limit, (__m256)x); }
#elif defined(__SSE2__)
inline vec at_most(vec x, vec limit) { return (vec)_mm_min_ps((__m128)limit, (__m128)x); }
inline vec at_least(vec x, vec limit) { return (vec)_mm_max_ps((__m128)limit, (__m128)x); }
#else
inline vec at_most(vec x, vec limit) { return x > limit ? limit : x; }
inline vec at_least(vec x, vec limit) { return x < limit ? limit : x; }
#endif
inline vec at_most(vec x, float limit) { return at_most(x, broadcast(limit)); }
inline vec at_least(vec x, float limit) { return at_least(x, broadcast(limit)); }
#if defined(__AVX512F__)
inline narrow at_most(narrow x, float limit) { return (narrow)_mm256_min_ps((__m256)(narrow{} + limit), (__m256)x); }
inline narrow at_least(narrow x, float limit) { return (narrow)_mm256_max_ps((__m256)(narrow{} + limit), (__m256)x); }
#endif
// By the names that sources shared with headers call them.
using Vec = vec;
inline vec multiply_add(vec a, vec b, vec c) { return a * b + c; }
// The greater of two, and NaN if either is.
inline vec greater(vec x, vec y) { return x != x ? x : x > y ? x : y; }

// The lanes of two vectors, one after the other, that the numbers say.
template <int... lane>
inline vec shuffle(vec x, vec y, std::integer_sequence<int, lane...>) {
#if defined(__clang__)
  return __builtin_shufflevector(x, y, lane...);
#else
  typedef int numbers __attribute__((vector_size(sizeof(vec))));
  return __builtin_shuffle(x, y, numbers{lane...});
#endif
}
template <class Numbers>
struct Lanes;
template <int... i>
struct Lanes<std::integer_sequence<int, i...>> {
  using Even = std::integer_sequence<int, 2 * i...>;
  using Low = std::integer_sequence<int, (i / 2 + i % 2 * kLanes)...>;
  using High = std::integer_sequence<int, (i / 2 + i % 2 * kLanes + kLanes / 2)...>;
};
using EachLane = Lanes<std::make_integer_sequence<int, kLanes>>;
// Every other lane of two vectors in a row.
inline vec even_lanes(vec x, vec next) { return shuffle(x, next, EachLane::Even{}); }
// A lane of x and one of y by turns, of their first and of their second halves.
inline vec interleave_low(vec x, vec y) { return shuffle(x, y, EachLane::Low{}); }
inline vec interleave_high(vec x, vec y) { return shuffle(x, y, EachLane::High{}); }

// The sum over the lanes, always added in the same order.
template <int N>
inline float sum_lanes(const float (&lane)[N]) {
  if constexpr (N == 1) {
    return lane[0];
  } else {
    typedef float half __attribute__((vector_size(N / 2 * sizeof(float))));
    half low, high;
    std::memcpy(&low, lane, sizeof low);
    std::memcpy(&high, lane + N / 2, sizeof high);
    low += high;
    float rest[N / 2];
    std::memcpy(rest, &low, sizeof low);
    return sum_lanes(rest);
  }
}
inline float sum(vec v) {
  float lane[kLanes];
  store(lane, v);
  return sum_lanes(lane);
}

// Numbers too small to hear cost some CPUs a hundred times the normal: zero, for as long as this lives.
class FlushDenormals {
 public:
#if defined(__SSE2__)
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" ::"r"(before_ | (uint64_t{1} << 24)));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

 private:
  uint64_t before_;
#endif
};

}  // namespace voxnas
