// A vector of floats as wide as the CPU that this is compiled for: AVX-512, AVX, SSE2, NEON, or plain C++ elsewhere.
// -march=native, /arch:AVX2 and the like make a model several times as fast as a compiler's default.

#if defined(_MSC_VER) && !defined(__clang__)
#define VOXNAS_INLINE __forceinline
#else
#define VOXNAS_INLINE __attribute__((always_inline)) inline
#endif

struct Vec;
VOXNAS_INLINE Vec load(const float* p);
VOXNAS_INLINE void store(float* p, Vec v);
VOXNAS_INLINE Vec broadcast(float value);
VOXNAS_INLINE Vec operator+(Vec a, Vec b);
VOXNAS_INLINE Vec operator-(Vec a, Vec b);
VOXNAS_INLINE Vec operator*(Vec a, Vec b);
VOXNAS_INLINE Vec operator/(Vec a, Vec b);
VOXNAS_INLINE Vec multiply_add(Vec a, Vec b, Vec c);  // a b + c
// The lesser and the greater of two; NaN if x is.
VOXNAS_INLINE Vec at_most(Vec x, Vec limit);
VOXNAS_INLINE Vec at_least(Vec x, Vec limit);

#if !defined(VOXNAS_PLAIN) && (defined(__SSE2__) || defined(_M_X64))

#if defined(__AVX512F__)
#define VOXNAS_MM(operation) _mm512_##operation##_ps
constexpr int kLanes = 16, kRegisters = 32;
struct Vec {
  __m512 v;
};
// With a mask that masks nothing, because some versions of GCC warn about their own code of the others.
VOXNAS_INLINE __m512 lesser(__m512 a, __m512 b) { return _mm512_maskz_min_ps(0xffff, a, b); }
VOXNAS_INLINE __m512 greater(__m512 a, __m512 b) { return _mm512_maskz_max_ps(0xffff, a, b); }
#elif defined(__AVX__)
#define VOXNAS_MM(operation) _mm256_##operation##_ps
constexpr int kLanes = 8, kRegisters = 16;
struct Vec {
  __m256 v;
};
VOXNAS_INLINE __m256 lesser(__m256 a, __m256 b) { return _mm256_min_ps(a, b); }
VOXNAS_INLINE __m256 greater(__m256 a, __m256 b) { return _mm256_max_ps(a, b); }
#else
#define VOXNAS_MM(operation) _mm_##operation##_ps
constexpr int kLanes = 4, kRegisters = 16;
struct Vec {
  __m128 v;
};
VOXNAS_INLINE __m128 lesser(__m128 a, __m128 b) { return _mm_min_ps(a, b); }
VOXNAS_INLINE __m128 greater(__m128 a, __m128 b) { return _mm_max_ps(a, b); }
#endif

VOXNAS_INLINE Vec load(const float* p) { return {VOXNAS_MM(loadu)(p)}; }
VOXNAS_INLINE void store(float* p, Vec v) { VOXNAS_MM(storeu)(p, v.v); }
VOXNAS_INLINE Vec broadcast(float value) { return {VOXNAS_MM(set1)(value)}; }
VOXNAS_INLINE Vec operator+(Vec a, Vec b) { return {VOXNAS_MM(add)(a.v, b.v)}; }
VOXNAS_INLINE Vec operator-(Vec a, Vec b) { return {VOXNAS_MM(sub)(a.v, b.v)}; }
VOXNAS_INLINE Vec operator*(Vec a, Vec b) { return {VOXNAS_MM(mul)(a.v, b.v)}; }
VOXNAS_INLINE Vec operator/(Vec a, Vec b) { return {VOXNAS_MM(div)(a.v, b.v)}; }
// Of two of which one is NaN, these give the second.
VOXNAS_INLINE Vec at_most(Vec x, Vec limit) { return {lesser(limit.v, x.v)}; }
VOXNAS_INLINE Vec at_least(Vec x, Vec limit) { return {greater(limit.v, x.v)}; }
#if defined(__FMA__) || defined(__AVX512F__) || (defined(_MSC_VER) && !defined(__clang__) && defined(__AVX2__))
VOXNAS_INLINE Vec multiply_add(Vec a, Vec b, Vec c) { return {VOXNAS_MM(fmadd)(a.v, b.v, c.v)}; }
#else
VOXNAS_INLINE Vec multiply_add(Vec a, Vec b, Vec c) { return a * b + c; }
#endif
#undef VOXNAS_MM

#elif !defined(VOXNAS_PLAIN) && (defined(__aarch64__) || defined(_M_ARM64))

constexpr int kLanes = 4, kRegisters = 32;
struct Vec {
  float32x4_t v;
};
VOXNAS_INLINE Vec load(const float* p) { return {vld1q_f32(p)}; }
VOXNAS_INLINE void store(float* p, Vec v) { vst1q_f32(p, v.v); }
VOXNAS_INLINE Vec broadcast(float value) { return {vdupq_n_f32(value)}; }
VOXNAS_INLINE Vec operator+(Vec a, Vec b) { return {vaddq_f32(a.v, b.v)}; }
VOXNAS_INLINE Vec operator-(Vec a, Vec b) { return {vsubq_f32(a.v, b.v)}; }
VOXNAS_INLINE Vec operator*(Vec a, Vec b) { return {vmulq_f32(a.v, b.v)}; }
VOXNAS_INLINE Vec operator/(Vec a, Vec b) { return {vdivq_f32(a.v, b.v)}; }
VOXNAS_INLINE Vec at_most(Vec x, Vec limit) { return {vminq_f32(x.v, limit.v)}; }
VOXNAS_INLINE Vec at_least(Vec x, Vec limit) { return {vmaxq_f32(x.v, limit.v)}; }
VOXNAS_INLINE Vec multiply_add(Vec a, Vec b, Vec c) { return {vfmaq_f32(c.v, a.v, b.v)}; }

#else

constexpr int kLanes = 4, kRegisters = 16;
struct Vec {
  float v[kLanes];
};
template <class Of>
VOXNAS_INLINE Vec lane_by_lane(Of of) {
  Vec result;
  for (int i = 0; i < kLanes; ++i) result.v[i] = of(i);
  return result;
}
VOXNAS_INLINE Vec load(const float* p) {
  return lane_by_lane([&](int i) { return p[i]; });
}
VOXNAS_INLINE void store(float* p, Vec v) { std::memcpy(p, v.v, sizeof v.v); }
VOXNAS_INLINE Vec broadcast(float value) {
  return lane_by_lane([&](int) { return value; });
}
VOXNAS_INLINE Vec operator+(Vec a, Vec b) {
  return lane_by_lane([&](int i) { return a.v[i] + b.v[i]; });
}
VOXNAS_INLINE Vec operator-(Vec a, Vec b) {
  return lane_by_lane([&](int i) { return a.v[i] - b.v[i]; });
}
VOXNAS_INLINE Vec operator*(Vec a, Vec b) {
  return lane_by_lane([&](int i) { return a.v[i] * b.v[i]; });
}
VOXNAS_INLINE Vec operator/(Vec a, Vec b) {
  return lane_by_lane([&](int i) { return a.v[i] / b.v[i]; });
}
VOXNAS_INLINE Vec at_most(Vec x, Vec limit) {
  return lane_by_lane([&](int i) { return limit.v[i] < x.v[i] ? limit.v[i] : x.v[i]; });
}
VOXNAS_INLINE Vec at_least(Vec x, Vec limit) {
  return lane_by_lane([&](int i) { return limit.v[i] > x.v[i] ? limit.v[i] : x.v[i]; });
}
VOXNAS_INLINE Vec multiply_add(Vec a, Vec b, Vec c) { return a * b + c; }

#endif

VOXNAS_INLINE Vec multiply_add(Vec a, Vec b, float c) { return multiply_add(a, b, broadcast(c)); }
VOXNAS_INLINE Vec multiply_add(Vec a, float b, float c) { return multiply_add(a, broadcast(b), broadcast(c)); }

// Has the compiler load a value that is used several times once, rather than in every instruction that takes it:
// the loads are what is scarce.
VOXNAS_INLINE Vec in_register(Vec x) {
#if defined(VOXNAS_PLAIN) || !defined(__GNUC__)
#elif defined(__AVX512F__)
  asm("" : "+v"(x.v));
#elif defined(__SSE2__)
  asm("" : "+x"(x.v));
#elif defined(__aarch64__)
  asm("" : "+w"(x.v));
#endif
  return x;
}

inline float sum(Vec x) {
  float lane[kLanes];
  store(lane, x);
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) lane[i] += lane[i + half];
  return lane[0];
}

// Calls `run` with 0, 1, … as constants: a loop that is unrolled for certain, so that what it counts stays in registers.
template <class Run, int... I>
VOXNAS_INLINE void each_of(std::integer_sequence<int, I...>, [[maybe_unused]] Run run) {
  (run(std::integral_constant<int, I>{}), ...);
}
template <int count, class Run>
VOXNAS_INLINE void each(Run run) {
  each_of(std::make_integer_sequence<int, count>{}, run);
}

VOXNAS_INLINE void copy(float* to, const float* from, int count) {
  std::memmove(to, from, static_cast<std::size_t>(count) * sizeof(float));
}
VOXNAS_INLINE void clear(float* at, int count) { std::memset(at, 0, static_cast<std::size_t>(count) * sizeof(float)); }

constexpr int round_up(int n, int unit) { return (n + unit - 1) / unit * unit; }

// Numbers too small to hear cost some CPUs a hundred times the normal: zero, for as long as this lives.
class FlushDenormals {
 public:
#if defined(__SSE2__) || defined(_M_X64)
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" ::"r"(before_ | (std::uint64_t{1} << 24)));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

 private:
  std::uint64_t before_;
#else
  FlushDenormals() {}
  ~FlushDenormals() {}
#endif
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
};
