#include "lathe_kernels.h"

size_t lathe_gemm_packed_count_f32(size_t k, size_t n) {
  return k * ((n + LATHE_GEMM_COLUMNS - 1) / LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS;
}

void lathe_gemm_pack_f32(size_t k, size_t n, const float *w, float *packed) {
  for (size_t block = 0; block < n; block += LATHE_GEMM_COLUMNS) {
    for (size_t row = 0; row < k; row++) {
      for (size_t column = 0; column < LATHE_GEMM_COLUMNS; column++) {
        *packed++ = block + column < n ? w[row * n + block + column] : 0;
      }
    }
  }
}
