/* Lanes of AVX-512 VNNI for INT8; X as for AVX-VNNI. */
#pragma STDC FP_CONTRACT OFF
#define LATHE_SUFFIX avx512vnni
#ifndef LATHE_TARGET
#define LATHE_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma"
#endif
#include "avx512.h"

#define X_BYTES 1
#define SIGNED_OFFSET 128
#define UNSIGNED_OFFSET 0

#include "zmm_i8.h"
#include "vnni_i8.h"

/* sum + the products of four elements. */
INLINE vints vi_dot(vints sum, vints w, vints x) { return (vints)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)x, (__m512i)w); }

/* sum + four bytes. */
INLINE vints vi_sum4(vints sum, vints bytes) { return vi_dot(sum, bytes, vi_set(0x01010101)); }
