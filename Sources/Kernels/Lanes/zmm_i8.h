/* Integers in 16 lanes. */
INLINE vints vi_load(const void *p) { return (vints)_mm512_loadu_si512(p); }
INLINE void vi_store(void *p, vints x) { _mm512_storeu_si512(p, (__m512i)x); }
INLINE vints vi_set(uint32_t x) { return (vints)_mm512_set1_epi32((int)x); }
INLINE vints vi_max(vints a, vints b) { return (vints)_mm512_max_epi32((__m512i)a, (__m512i)b); }
INLINE v v_from_ints(vints x) { return _mm512_cvtepi32_ps((__m512i)x); }
INLINE v v_number(v x) { return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, x, _CMP_ORD_Q), x); }
INLINE vints vi_load_i8(const int8_t *p) { return (vints)_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)); }
INLINE void vi_store_i8(int8_t *p, vints x) { _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8((__m512i)x)); }
INLINE void vi_store16_i8(int8_t *p, const vints *x) {
  for (int i = 0; i < 16; i += LANES) vi_store_i8(p + i, x[i / LANES]);
}

INLINE float v_sum16(const v *p) {
  __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(p[0]), _mm512_extractf32x8_ps(p[0], 1));
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

#include "interleave_x86.h"
