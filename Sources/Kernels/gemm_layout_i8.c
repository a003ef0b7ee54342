#include <string.h>

#include "kernel_table.h"

size_t lathe_packed_gemm_size_i8(size_t k, size_t n) {
  size_t columns = lathe_quotient_up(n, LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS;
  return lathe_quotient_up(k, 4) * 4 * columns + columns * sizeof(int32_t);
}

/* Four rows of a block, or what there is of them. */
static void pack_group(const int8_t *w, size_t w_stride, size_t rows, size_t columns, int8_t *packed, int32_t *sums) {
  for (size_t column = 0; column < LATHE_GEMM_COLUMNS; column++)
    for (size_t row = 0; row < 4; row++) {
      int8_t value = row < rows && column < columns ? w[row * w_stride + column] : 0;
      packed[column * 4 + row] = value;
      sums[column] += value;
    }
}

void lathe_pack_gemm_i8(size_t k, size_t n, const int8_t *w, size_t w_stride, int8_t *packed) {
  size_t groups = lathe_quotient_up(k, 4), blocks = lathe_quotient_up(n, LATHE_GEMM_COLUMNS), group_bytes = 4 * LATHE_GEMM_COLUMNS;
  for (size_t block = 0; block < blocks; block++) {
    int32_t sums[LATHE_GEMM_COLUMNS] = {0};
    size_t column = block * LATHE_GEMM_COLUMNS;
    for (size_t group = 0; group < groups; group++)
      pack_group(w + 4 * group * w_stride + column, w_stride, lathe_smaller(4, k - 4 * group), lathe_smaller(LATHE_GEMM_COLUMNS, n - column),
                 packed + (block * groups + group) * group_bytes, sums);
    memcpy(packed + blocks * groups * group_bytes + block * sizeof sums, sums, sizeof sums);
  }
}
