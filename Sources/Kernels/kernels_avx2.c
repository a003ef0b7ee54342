#include "kernels_avx2.h"

#if LATHE_HAS_AVX2
#include <math.h>

LATHE_AVX2 static void normalize(const lathe_layer_normalization_f32 *n, const float *x, float *y) {
  __m256 sum = _mm256_setzero_ps(), squares = _mm256_setzero_ps();
  for (size_t c = 0; c < n->width; c += 8) sum = _mm256_add_ps(sum, _mm256_maskload_ps(x + c, lanes(n->width - c)));
  __m256 mean = _mm256_set1_ps(sum_of(sum) / (float)n->width);
  for (size_t c = 0; c < n->width; c += 8) {
    __m256i mask = lanes(n->width - c);
    __m256 d = _mm256_and_ps(_mm256_sub_ps(_mm256_maskload_ps(x + c, mask), mean), _mm256_castsi256_ps(mask));
    squares = _mm256_fmadd_ps(d, d, squares);
  }
  __m256 factor = _mm256_set1_ps(1 / sqrtf(sum_of(squares) / (float)n->width + n->epsilon));
  for (size_t c = 0; c < n->width; c += 8) {
    __m256i mask = lanes(n->width - c);
    __m256 d = _mm256_mul_ps(_mm256_sub_ps(_mm256_maskload_ps(x + c, mask), mean), factor);
    __m256 value = _mm256_mul_ps(d, _mm256_maskload_ps(n->scale + c, mask));
    if (n->bias) value = _mm256_add_ps(value, _mm256_maskload_ps(n->bias + c, mask));
    _mm256_maskstore_ps(y + c, mask, value);
  }
}

LATHE_AVX2 static void layer_normalization(const lathe_layer_normalization_f32 *n, size_t begin, size_t end) {
  for (size_t row = begin; row < end; row++) normalize(n, n->x + row * n->width, n->y + row * n->width);
}

LATHE_AVX2 static void embedding(const lathe_embedding_f32 *e, size_t begin, size_t end) {
  const lathe_layer_normalization_f32 *n = &e->normalization;
  for (size_t item = begin; item < end; item++) {
    float *y = n->y + item * n->width;
    for (size_t c = 0; c < n->width; c += 8) {
      __m256i mask = lanes(n->width - c);
      __m256 sum = _mm256_maskload_ps(e->tables[0] + (size_t)e->rows[0][item] * n->width + c, mask);
      for (size_t table = 1; table < e->count; table++)
        sum = _mm256_add_ps(sum, _mm256_maskload_ps(e->tables[table] + (size_t)e->rows[table][item] * n->width + c, mask));
      _mm256_maskstore_ps(y + c, mask, sum);
    }
    normalize(n, y, y);
  }
}

LATHE_AVX2 static void activate(const lathe_activate_f32 *a, size_t begin, size_t end) {
  for (size_t item = begin; item < end; item += 8) {
    __m256i mask = lanes(end - item < 8 ? end - item : 8);
    _mm256_maskstore_ps(a->y + item, mask, activated_avx2(_mm256_maskload_ps(a->x + item, mask), a->activation));
  }
}

const lathe_kernels lathe_kernels_avx2 = {
    LATHE_ISA_AVX2, lathe_gemm_f32_avx2, lathe_attention_f32_avx2, layer_normalization, embedding, activate};
#endif
