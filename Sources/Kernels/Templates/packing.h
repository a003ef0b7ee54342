/* Blocks of 16 columns, made on the way as lathe_pack_gemm_f32 makes them of weights. */
#ifndef LATHE_TEMPLATES_PACKING_H
#define LATHE_TEMPLATES_PACKING_H

#include <string.h>

#include "../include/lathe_kernels.h"

/* One block of B [k, columns], of at most 16 columns. */
static __attribute__((unused)) void pack_block(const float *b, size_t stride, size_t k, size_t columns, float *packed) {
  if (columns < LATHE_GEMM_COLUMNS) memset(packed, 0, k * LATHE_GEMM_COLUMNS * sizeof *packed);
  for (size_t i = 0; i < k; i++) {
    if (columns == LATHE_GEMM_COLUMNS) {
      for (size_t c = 0; c < LATHE_GEMM_COLUMNS; c += LANES) v_store(packed + c, v_load(b + c));
    } else {
      memcpy(packed, b, columns * sizeof *packed);
    }
    b += stride, packed += LATHE_GEMM_COLUMNS;
  }
}

/* One block of the transpose of B [columns, k]. */
static __attribute__((unused)) void pack_transposed_block(const float *b, size_t stride, size_t k, size_t columns, float *packed) {
  if (columns < LATHE_GEMM_COLUMNS) memset(packed, 0, k * LATHE_GEMM_COLUMNS * sizeof *packed);
  size_t squares = columns / TRANSPOSE_SIDE * TRANSPOSE_SIDE, depth = k / TRANSPOSE_SIDE * TRANSPOSE_SIDE;
  for (size_t c = 0; c < squares; c += TRANSPOSE_SIDE)
    for (size_t i = 0; i < depth; i += TRANSPOSE_SIDE)
      v_transpose(b + c * stride + i, stride, packed + i * LATHE_GEMM_COLUMNS + c, LATHE_GEMM_COLUMNS);
  for (size_t c = 0; c < columns; c++)
    for (size_t i = c < squares ? depth : 0; i < k; i++) packed[i * LATHE_GEMM_COLUMNS + c] = b[c * stride + i];
}

#endif
