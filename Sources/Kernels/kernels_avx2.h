#ifndef LATHE_KERNELS_AVX2_H
#define LATHE_KERNELS_AVX2_H

#include "math_avx2.h"

#if LATHE_HAS_AVX2
void lathe_gemm_f32_avx2(const lathe_gemm_f32 *, size_t begin, size_t end);
void lathe_attention_f32_avx2(const lathe_attention_f32 *, float *scratch, size_t begin, size_t end);
#endif
#endif
