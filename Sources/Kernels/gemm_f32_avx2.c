#include "kernels_avx2.h"

#if LATHE_HAS_AVX2
#include <string.h>

/* Bias, activation and residual of one row of a block of columns. */
LATHE_AVX2 static void finish_row(const lathe_gemm_f32 *g, size_t row, size_t first, size_t columns, const float *sums) {
  float *y = g->y + row * g->y_stride + first;
  const float *residual = g->residual ? g->residual + row * g->residual_stride + first : NULL;
  for (size_t c = 0; c < columns; c += 8) {
    __m256i mask = lanes(columns - c);
    __m256 value = _mm256_loadu_ps(sums + c);
    if (g->bias) value = _mm256_add_ps(value, _mm256_maskload_ps(g->bias + first + c, mask));
    value = activated_avx2(value, g->activation);
    if (residual) value = _mm256_add_ps(value, _mm256_maskload_ps(residual + c, mask));
    _mm256_maskstore_ps(y + c, mask, value);
  }
}

LATHE_AVX2 static void gemm_block(const lathe_gemm_f32 *g, size_t block) {
  size_t first = block * LATHE_GEMM_COLUMNS;
  size_t columns = g->n - first < LATHE_GEMM_COLUMNS ? g->n - first : LATHE_GEMM_COLUMNS;
  const float *w = g->packed + first * g->k;
  float sums[LATHE_GEMM_ROWS * LATHE_GEMM_COLUMNS];
  for (size_t start = 0; start < g->m; start += LATHE_GEMM_ROWS) {
    size_t rows = g->m - start < LATHE_GEMM_ROWS ? g->m - start : LATHE_GEMM_ROWS;
    memset(sums, 0, rows * LATHE_GEMM_COLUMNS * sizeof *sums);
    for (size_t deep = 0; deep < g->k; deep += LATHE_GEMM_DEPTH) {
      size_t depth = g->k - deep < LATHE_GEMM_DEPTH ? g->k - deep : LATHE_GEMM_DEPTH;
      for (size_t row = 0; row < rows; row += 6) {
        multiply_rows(
            rows - row < 6 ? rows - row : 6, depth, g->x + (start + row) * g->x_stride + deep, g->x_stride,
            w + deep * LATHE_GEMM_COLUMNS, LATHE_GEMM_COLUMNS, sums + row * LATHE_GEMM_COLUMNS, LATHE_GEMM_COLUMNS);
      }
    }
    for (size_t row = 0; row < rows; row++) finish_row(g, start + row, first, columns, sums + row * LATHE_GEMM_COLUMNS);
  }
}

LATHE_AVX2 void lathe_gemm_f32_avx2(const lathe_gemm_f32 *g, size_t begin, size_t end) {
  for (size_t block = begin; block < end; block++) gemm_block(g, block);
}
#endif
