/* Integers in 8 lanes. */
INLINE vints vi_load(const void *p) { return (vints)_mm256_loadu_si256((const __m256i *)p); }
INLINE void vi_store(void *p, vints x) { _mm256_storeu_si256((__m256i *)p, (__m256i)x); }
INLINE vints vi_set(uint32_t x) { return (vints)_mm256_set1_epi32((int)x); }
INLINE vints vi_max(vints a, vints b) { return (vints)_mm256_max_epi32((__m256i)a, (__m256i)b); }
INLINE v v_from_ints(vints x) { return _mm256_cvtepi32_ps((__m256i)x); }
INLINE v v_number(v x) { return _mm256_and_ps(x, _mm256_cmp_ps(x, x, _CMP_ORD_Q)); }
INLINE vints vi_load_i8(const int8_t *p) { return (vints)_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p)); }
INLINE void vi_store_i8(int8_t *p, vints x) {
  const __m256i lowest = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                          -1, -1, -1);
  __m256i bytes = _mm256_shuffle_epi8((__m256i)x, lowest);
  _mm_storel_epi64((__m128i *)p, _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)));
}
INLINE void vi_store16_i8(int8_t *p, const vints *x) {
  const __m256i low = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                       -1, -1);
  const __m256i high = _mm256_setr_epi8(-1, -1, -1, -1, 0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1, -1, -1, -1, -1, -1,
                                        -1, -1);
  __m256i pairs = _mm256_or_si256(_mm256_shuffle_epi8((__m256i)x[0], low), _mm256_shuffle_epi8((__m256i)x[1], high));
  pairs = _mm256_permutevar8x32_epi32(pairs, _mm256_setr_epi32(0, 4, 1, 5, 0, 4, 1, 5));
  _mm_storeu_si128((__m128i *)p, _mm256_castsi256_si128(pairs));
}

INLINE float v_sum16(const v *p) { return v_sum(_mm256_add_ps(p[0], p[1])); }

#include "interleave_x86.h"
