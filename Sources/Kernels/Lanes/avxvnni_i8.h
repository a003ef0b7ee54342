/* Lanes of AVX-VNNI for INT8. vpdpbusd takes one side without a sign, so that a signed X is prepared as X + 128. */
#pragma STDC FP_CONTRACT OFF
#define LATHE_SUFFIX avxvnni
#ifndef LATHE_TARGET
#define LATHE_TARGET "avx2,fma,avxvnni"
#endif
#include "avx2.h"

#define X_BYTES 1
#define SIGNED_OFFSET 128
#define UNSIGNED_OFFSET 0

#include "ymm_i8.h"
#include "vnni_i8.h"

/* sum + the products of four elements. */
INLINE vints vi_dot(vints sum, vints w, vints x) { return (vints)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)x, (__m256i)w); }

/* sum + four bytes. */
INLINE vints vi_sum4(vints sum, vints bytes) { return vi_dot(sum, bytes, vi_set(0x01010101)); }
