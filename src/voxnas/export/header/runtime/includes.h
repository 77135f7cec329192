#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <utility>
#if defined(__SSE2__) || defined(_M_X64)
#include <immintrin.h>
#elif defined(__aarch64__) || defined(_M_ARM64)
#include <arm_neon.h>
#endif

#if defined(VOXNAS_PLAIN)
#define VOXNAS_CPU plain
#elif defined(__AVX512F__)
#define VOXNAS_CPU avx512
#elif defined(__AVX__) && (defined(__FMA__) || (defined(_MSC_VER) && !defined(__clang__) && defined(__AVX2__)))
#define VOXNAS_CPU avx_fma
#elif defined(__AVX__)
#define VOXNAS_CPU avx
#elif defined(__SSE2__) || defined(_M_X64)
#define VOXNAS_CPU sse2
#elif defined(__aarch64__) || defined(_M_ARM64)
#define VOXNAS_CPU neon
#else
#define VOXNAS_CPU plain
#endif
