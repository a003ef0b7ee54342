#ifndef LATHE_MATH_AVX2_H
#define LATHE_MATH_AVX2_H

#include "kernel_table.h"

#if LATHE_HAS_AVX2
#include <immintrin.h>

#define LATHE_INLINE static inline __attribute__((always_inline)) LATHE_AVX2

/* A mask of the first `count` of 8 lanes. */
LATHE_INLINE __m256i lanes(size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* e^x, by a polynomial on [-ln 2 / 2, ln 2 / 2] (Cephes); below the smallest normal number it is 0. NaN stays. */
LATHE_INLINE __m256 exponential(__m256 x) {
  __m256 clamped = _mm256_min_ps(_mm256_set1_ps(89), _mm256_max_ps(_mm256_set1_ps(-88), x));
  __m256 n = _mm256_round_ps(_mm256_mul_ps(clamped, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), clamped);
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
  __m256 p = _mm256_set1_ps(1.9875691500e-4f);
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1f));
  p = _mm256_add_ps(_mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r), _mm256_set1_ps(1));
  /* In two steps, since 2^128 is no float but part of a product that is. */
  __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1), rest = _mm256_sub_epi32(whole, half);
  __m256 first = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, _mm256_set1_epi32(127)), 23));
  __m256 second = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, _mm256_set1_epi32(127)), 23));
  __m256 result = _mm256_mul_ps(_mm256_mul_ps(p, first), second);
  __m256 vanishes = _mm256_cmp_ps(x, _mm256_set1_ps(-87.3365448f), _CMP_LT_OQ);
  return _mm256_andnot_ps(vanishes, result);
}

LATHE_INLINE __m256 magnitude(__m256 x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }

LATHE_INLINE __m256 sigmoid_avx2(__m256 x) {
  __m256 one = _mm256_set1_ps(1);
  return _mm256_div_ps(one, _mm256_add_ps(one, exponential(_mm256_sub_ps(_mm256_setzero_ps(), x))));
}

/* By a polynomial near 0 and by e^2x elsewhere (Cephes). */
LATHE_INLINE __m256 tanh_avx2(__m256 x) {
  __m256 a = magnitude(x), one = _mm256_set1_ps(1), z = _mm256_mul_ps(x, x);
  __m256 e = exponential(_mm256_add_ps(a, a));
  __m256 far = _mm256_sub_ps(one, _mm256_div_ps(_mm256_set1_ps(2), _mm256_add_ps(e, one)));
  far = _mm256_or_ps(far, _mm256_and_ps(x, _mm256_set1_ps(-0.0f)));
  __m256 p = _mm256_set1_ps(-5.70498872745e-3f);
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(2.06390887954e-2f));
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(-5.37397155531e-2f));
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(1.33314422036e-1f));
  p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(-3.33332819422e-1f));
  __m256 near = _mm256_fmadd_ps(_mm256_mul_ps(p, z), x, x);
  return _mm256_blendv_ps(far, near, _mm256_cmp_ps(a, _mm256_set1_ps(0.625f), _CMP_LT_OQ));
}

/* x Phi(x), with erfc by Abramowitz and Stegun 7.1.26, whose error is under 1.5e-7. */
LATHE_INLINE __m256 gelu_avx2(__m256 x) {
  __m256 one = _mm256_set1_ps(1), z = _mm256_mul_ps(magnitude(x), _mm256_set1_ps(0.70710678f));
  __m256 t = _mm256_div_ps(one, _mm256_fmadd_ps(z, _mm256_set1_ps(0.3275911f), one));
  __m256 p = _mm256_set1_ps(1.061405429f);
  p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(-1.453152027f));
  p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(1.421413741f));
  p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(-0.284496736f));
  p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(0.254829592f));
  __m256 e = exponential(_mm256_sub_ps(_mm256_setzero_ps(), _mm256_mul_ps(z, z)));
  __m256 half = _mm256_mul_ps(_mm256_mul_ps(_mm256_set1_ps(0.5f), x), _mm256_mul_ps(_mm256_mul_ps(p, t), e));
  __m256 value = _mm256_blendv_ps(_mm256_sub_ps(x, half), half, x);
  /* Beyond, the tail is no number that a float can hold, and infinity times 0 would be none. */
  __m256 is_far = _mm256_cmp_ps(x, _mm256_set1_ps(14), _CMP_GT_OQ);
  return _mm256_blendv_ps(value, x, is_far);
}

LATHE_INLINE __m256 activated_avx2(__m256 x, lathe_activation activation) {
  switch (activation) {
    case LATHE_ACTIVATION_RELU: return _mm256_max_ps(_mm256_setzero_ps(), x);
    case LATHE_ACTIVATION_GELU: return gelu_avx2(x);
    case LATHE_ACTIVATION_GELU_TANH: {
      __m256 cube = _mm256_mul_ps(_mm256_mul_ps(x, x), x);
      __m256 inner = _mm256_mul_ps(_mm256_set1_ps(0.79788456f), _mm256_fmadd_ps(_mm256_set1_ps(0.044715f), cube, x));
      __m256 half = _mm256_mul_ps(_mm256_set1_ps(0.5f), x);
      return _mm256_fmadd_ps(half, tanh_avx2(inner), half);
    }
    case LATHE_ACTIVATION_TANH: return tanh_avx2(x);
    case LATHE_ACTIVATION_SIGMOID: return sigmoid_avx2(x);
    case LATHE_ACTIVATION_SILU: return _mm256_mul_ps(x, sigmoid_avx2(x));
    case LATHE_ACTIVATION_QUICK_GELU: return _mm256_mul_ps(x, sigmoid_avx2(_mm256_mul_ps(x, _mm256_set1_ps(1.702f))));
    default: return x;
  }
}

LATHE_INLINE float sum_of(__m256 x) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

/* sums [rows, 16] += x [rows, depth] b [depth, 16], the sums in registers: for rows of up to 6. */
LATHE_INLINE void multiply_tile(
    size_t rows, size_t depth, const float *x, size_t x_stride, const float *b, size_t b_stride, float *sums, size_t s_stride) {
  __m256 acc[6][2];
  for (size_t r = 0; r < rows; r++) {
    acc[r][0] = _mm256_loadu_ps(sums + r * s_stride);
    acc[r][1] = _mm256_loadu_ps(sums + r * s_stride + 8);
  }
  for (size_t d = 0; d < depth; d++) {
    __m256 low = _mm256_loadu_ps(b + d * b_stride), high = _mm256_loadu_ps(b + d * b_stride + 8);
    for (size_t r = 0; r < rows; r++) {
      __m256 value = _mm256_broadcast_ss(x + r * x_stride + d);
      acc[r][0] = _mm256_fmadd_ps(value, low, acc[r][0]);
      acc[r][1] = _mm256_fmadd_ps(value, high, acc[r][1]);
    }
  }
  for (size_t r = 0; r < rows; r++) {
    _mm256_storeu_ps(sums + r * s_stride, acc[r][0]);
    _mm256_storeu_ps(sums + r * s_stride + 8, acc[r][1]);
  }
}

#define LATHE_UNROLLED_ROWS(ROWS) \
  case ROWS: multiply_tile(ROWS, depth, x, x_stride, b, b_stride, sums, s_stride); return;

/* As multiply_tile, for any number of rows up to 6, each unrolled. */
static LATHE_AVX2 void multiply_rows(
    size_t rows, size_t depth, const float *x, size_t x_stride, const float *b, size_t b_stride, float *sums, size_t s_stride) {
  switch (rows) {
    LATHE_UNROLLED_ROWS(1)
    LATHE_UNROLLED_ROWS(2)
    LATHE_UNROLLED_ROWS(3)
    LATHE_UNROLLED_ROWS(4)
    LATHE_UNROLLED_ROWS(5)
    LATHE_UNROLLED_ROWS(6)
  }
}

#endif
#endif
