#include "kernel_table.h"

size_t lathe_packed_gemm_count_f32(size_t k, size_t n) { return k * lathe_quotient_up(n, LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS; }

void lathe_pack_gemm_f32(size_t k, size_t n, const float *w, size_t w_stride, float *packed) {
  for (size_t block = 0; block < n; block += LATHE_GEMM_COLUMNS) {
    size_t columns = lathe_smaller(n - block, LATHE_GEMM_COLUMNS);
    for (size_t row = 0; row < k; row++, packed += LATHE_GEMM_COLUMNS)
      for (size_t column = 0; column < LATHE_GEMM_COLUMNS; column++)
        packed[column] = column < columns ? w[row * w_stride + block + column] : 0;
  }
}

size_t lathe_gemm_panel_rows(size_t m, size_t k) {
  enum { CACHED = 65536, FEWEST = 24, MOST = 192, STEP = 12 };
  if (m == 0) return STEP;
  size_t rows = CACHED / (k + 1);
  rows = rows < FEWEST ? FEWEST : rows > MOST ? MOST : rows;
  size_t even = lathe_quotient_up(m, lathe_quotient_up(m, rows));
  return lathe_quotient_up(even, STEP) * STEP;
}

size_t lathe_gemm_items_f32(const lathe_gemm_f32 *gemm) {
  if (gemm->m == 0) return 0;
  return lathe_quotient_up(gemm->m, lathe_gemm_panel_rows(gemm->m, gemm->k)) * lathe_quotient_up(gemm->n, LATHE_GEMM_COLUMNS);
}
