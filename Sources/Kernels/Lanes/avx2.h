/* Lanes of AVX2 with FMA: 8 floats. */
#include <immintrin.h>
#include <stdint.h>

#include "../kernel_names.h"

#ifndef LATHE_SUFFIX
#define LATHE_SUFFIX avx2
#define LATHE_TARGET "avx2,fma"
#endif
#define LANES 8
#define TILE_ROWS 6
#define TILE_BLOCKS 1
#define TILE_UNROLL 2

#pragma clang attribute push(__attribute__((target(LATHE_TARGET))), apply_to = function)
#define LATHE_TARGETED 1

typedef __m256 v;
typedef uint32_t vints __attribute__((vector_size(32)));
typedef __m256 vm;

/* Loads behind it stay there: ahead, they would take registers from what is being summed. */
INLINE void v_hold(v *x) { __asm__ volatile("" : "+x"(*x) : : "memory"); }
INLINE v v_load(const float *p) { return _mm256_loadu_ps(p); }
INLINE void v_store(float *p, v x) { _mm256_storeu_ps(p, x); }
INLINE v v_set(float x) { return _mm256_set1_ps(x); }
INLINE v v_fma(v a, v b, v c) { return _mm256_fmadd_ps(a, b, c); }
INLINE v v_max(v a, v b) { return _mm256_max_ps(a, b); }
INLINE v v_min(v a, v b) { return _mm256_min_ps(a, b); }
INLINE v v_sqrt(v x) { return _mm256_sqrt_ps(x); }
INLINE vm v_less(v a, v b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
INLINE v v_select(vm m, v a, v b) { return _mm256_blendv_ps(b, a, m); }
INLINE vints v_bits(v x) { return (vints)x; }
INLINE v v_from_bits(vints x) { return (v)x; }
INLINE v v_abs(v x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
INLINE v v_with_sign(v x, v sign) { return _mm256_or_ps(x, _mm256_and_ps(_mm256_set1_ps(-0.0f), sign)); }

INLINE __m256i v_part(size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE v v_load_part(const float *p, size_t count) { return _mm256_maskload_ps(p, v_part(count)); }
INLINE void v_store_part(float *p, v x, size_t count) { _mm256_maskstore_ps(p, v_part(count), x); }

INLINE float v_sum(v x) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

INLINE float v_highest(v x) {
  __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  half = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

#include "transpose_x86.h"
