#ifndef LATHE_KERNEL_NAMES_H
#define LATHE_KERNEL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define INLINE static inline __attribute__((always_inline, unused))
#define LATHE_JOIN2(name, suffix) lathe_##name##_##suffix
#define LATHE_JOIN(name, suffix) LATHE_JOIN2(name, suffix)
/* NAME(gemm_f32) is lathe_gemm_f32_avx2 where Lanes/avx2.h is included. */
#define NAME(name) LATHE_JOIN(name, LATHE_SUFFIX)

INLINE size_t lathe_smaller(size_t a, size_t b) { return a < b ? a : b; }
INLINE size_t lathe_quotient_up(size_t a, size_t b) { return a / b + (a % b != 0); }

#endif
