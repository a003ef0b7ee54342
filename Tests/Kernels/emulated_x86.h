/* The AVX-512 and VNNI intrinsics that INT8 kernels use, lane by lane, for processors that have AVX2. Included before a kernel's file, whose target is
 * then AVX2 with FMA. */
#ifndef LATHE_EMULATED_X86_H
#define LATHE_EMULATED_X86_H

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LATHE_EMULATED 1
#define LATHE_TARGET "avx2,fma"
#pragma clang attribute push(__attribute__((target("avx2,fma"), always_inline)), apply_to = function)

typedef int32_t e_ints __attribute__((vector_size(64)));

#define E_EACH(i, ...) for (int i = 0; i < 16; i++) { __VA_ARGS__ }
static inline __m512 e_load(const void *p) { __m512 x; memcpy(&x, p, sizeof x); return x; }
static inline void e_store(void *p, __m512 x) { memcpy(p, &x, sizeof x); }
static inline __m512 e_set(float a) { __m512 x; E_EACH(i, x[i] = a;) return x; }
static inline __m512 e_fma(__m512 a, __m512 b, __m512 c) { __m512 x; E_EACH(i, x[i] = fmaf(a[i], b[i], c[i]);) return x; }
static inline __m512 e_max(__m512 a, __m512 b) { __m512 x; E_EACH(i, x[i] = a[i] > b[i] ? a[i] : b[i];) return x; }
static inline __m512 e_min(__m512 a, __m512 b) { __m512 x; E_EACH(i, x[i] = a[i] < b[i] ? a[i] : b[i];) return x; }
static inline __m512 e_sqrt(__m512 a) { __m512 x; E_EACH(i, x[i] = sqrtf(a[i]);) return x; }
static inline __mmask16 e_compare(__m512 a, __m512 b, int how) {
  int mask = 0;
  E_EACH(i, mask |= (how == _CMP_LT_OQ ? a[i] < b[i] : !isunordered(a[i], b[i])) << i;)
  return (__mmask16)mask;
}
static inline __m512 e_blend(__mmask16 m, __m512 a, __m512 b) { __m512 x; E_EACH(i, x[i] = m >> i & 1 ? b[i] : a[i];) return x; }
static inline __m512 e_abs(__m512 a) { return (__m512)((e_ints)a & 0x7fffffff); }
static inline __m512 e_or(__m512 a, __m512 b) { return (__m512)((e_ints)a | (e_ints)b); }
static inline __m512 e_and(__m512 a, __m512 b) { return (__m512)((e_ints)a & (e_ints)b); }
static inline __m512 e_load_part(__mmask16 m, const float *p) { __m512 x; E_EACH(i, x[i] = m >> i & 1 ? p[i] : 0;) return x; }
static inline void e_store_part(float *p, __mmask16 m, __m512 x) { E_EACH(i, if (m >> i & 1) p[i] = x[i];) }
static inline float e_highest(__m512 x) { float most = x[0]; E_EACH(i, most = x[i] > most ? x[i] : most;) return most; }
static inline float e_sum(__m512 x) { float sum = 0; E_EACH(i, sum += x[i];) return sum; }
static inline __m512i e_set_ints(int a) { e_ints x; E_EACH(i, x[i] = a;) return (__m512i)x; }
static inline __m512i e_max_ints(__m512i a, __m512i b) {
  e_ints l = (e_ints)a, r = (e_ints)b, x;
  E_EACH(i, x[i] = l[i] > r[i] ? l[i] : r[i];)
  return (__m512i)x;
}
static inline __m512 e_floats(__m512i a) { __m512 x; E_EACH(i, x[i] = (float)((e_ints)a)[i];) return x; }
static inline __m512i e_widen(__m128i a) {
  int8_t bytes[16];
  e_ints x;
  memcpy(bytes, &a, sizeof bytes);
  E_EACH(i, x[i] = bytes[i];)
  return (__m512i)x;
}
static inline __m128i e_narrow(__m512i a) {
  uint8_t bytes[16];
  __m128i x;
  E_EACH(i, bytes[i] = (uint8_t)((e_ints)a)[i];)
  memcpy(&x, bytes, sizeof x);
  return x;
}
static inline __m256 e_half(__m512 a, int half) {
  float all[16];
  memcpy(all, &a, sizeof all);
  return _mm256_loadu_ps(all + 8 * half);
}
/* As the manuals have it: bytes without a sign of the second, bytes with one of the third. */
static inline void e_dot(int32_t *sums, const void *plain, const void *with_sign, int count) {
  const uint8_t *a = plain;
  const int8_t *b = with_sign;
  for (int i = 0; i < 4 * count; i++) sums[i / 4] = (int32_t)((uint32_t)sums[i / 4] + (uint32_t)(a[i] * b[i]));
}
static inline __m512i e_dpbusd512(__m512i sum, __m512i a, __m512i b) {
  int32_t sums[16], plain[16], with_sign[16];
  memcpy(sums, &sum, 64), memcpy(plain, &a, 64), memcpy(with_sign, &b, 64);
  e_dot(sums, plain, with_sign, 16);
  memcpy(&sum, sums, 64);
  return sum;
}
static inline __m256i e_dpbusd256(__m256i sum, __m256i a, __m256i b) {
  int32_t sums[8], plain[8], with_sign[8];
  memcpy(sums, &sum, 32), memcpy(plain, &a, 32), memcpy(with_sign, &b, 32);
  e_dot(sums, plain, with_sign, 8);
  memcpy(&sum, sums, 32);
  return sum;
}
#pragma clang attribute pop

#undef _mm512_cmp_ps_mask
#undef _mm512_extractf32x8_ps
#define _mm512_loadu_ps e_load
#define _mm512_storeu_ps e_store
#define _mm512_set1_ps e_set
#define _mm512_fmadd_ps e_fma
#define _mm512_max_ps e_max
#define _mm512_min_ps e_min
#define _mm512_sqrt_ps e_sqrt
#define _mm512_cmp_ps_mask e_compare
#define _mm512_mask_blend_ps e_blend
#define _mm512_abs_ps e_abs
#define _mm512_or_ps e_or
#define _mm512_and_ps e_and
#define _mm512_maskz_loadu_ps e_load_part
#define _mm512_mask_storeu_ps e_store_part
#define _mm512_reduce_add_ps e_sum
#define _mm512_reduce_max_ps e_highest
#define _mm512_loadu_si512(p) ((__m512i)e_load(p))
#define _mm512_storeu_si512(p, x) e_store(p, (__m512)(x))
#define _mm512_set1_epi32 e_set_ints
#define _mm512_max_epi32 e_max_ints
#define _mm512_cvtepi32_ps e_floats
#define _mm512_maskz_mov_ps(m, x) e_blend(m, e_set(0), x)
#define _mm512_cvtepi8_epi32 e_widen
#define _mm512_cvtepi32_epi8 e_narrow
#define _mm512_castps512_ps256(x) e_half(x, 0)
#define _mm512_extractf32x8_ps e_half
#define _mm512_dpbusd_epi32 e_dpbusd512
#define _mm256_dpbusd_avx_epi32 e_dpbusd256

#endif
