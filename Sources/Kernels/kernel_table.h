#ifndef LATHE_KERNEL_TABLE_H
#define LATHE_KERNEL_TABLE_H

#include "lathe_kernels.h"

#if defined(__x86_64__)
#define LATHE_HAS_AVX2 1
#define LATHE_AVX2 __attribute__((target("avx2,fma")))
#else
#define LATHE_HAS_AVX2 0
#endif

/* Rows that share a block of partial sums, and rows of W between which the sums rest in memory: a block of W stays in the first cache. The
 * order of a sum depends on nothing else. */
enum { LATHE_GEMM_ROWS = 96, LATHE_GEMM_DEPTH = 384 };

/* Keys whose products are in memory at a time. */
enum { LATHE_ATTENTION_KEYS = 256, LATHE_ATTENTION_QUERIES = 24 };

extern const lathe_kernels lathe_kernels_scalar;
#if LATHE_HAS_AVX2
extern const lathe_kernels lathe_kernels_avx2;
#endif

/* Functions of one float, the same in every twin to within rounding. */
float lathe_activated(float x, lathe_activation activation);

#endif
