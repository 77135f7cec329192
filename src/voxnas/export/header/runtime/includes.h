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
