/* Rows of X prepared for vi_dot, and blocks of W made on the way as lathe_pack_gemm_i8 makes them of weights. */
#ifndef LATHE_TEMPLATES_PACKING_I8_H
#define LATHE_TEMPLATES_PACKING_I8_H

#include "tiles_i8.h"

/* `count` elements, zeros up to a whole group, and what the row's sums start at. */
static void prepare_row(const int8_t *x, size_t count, int8_t *to, const bool is_unsigned) {
  size_t whole = count / 16 * 16, rest = lathe_quotient_up(count - whole, 4) * 4 * X_BYTES;
  uint32_t start = x_prepare(x, whole, to, is_unsigned);
  to += whole * X_BYTES;
  if (whole < count) {
    int8_t last[16], prepared[16 * X_BYTES];
    /* What is prepared as 0 where preparing tells signs. */
    memset(last, is_unsigned ? -128 : 0, sizeof last);
    memcpy(last, x + whole, count - whole);
    start += x_prepare(last, 16, prepared, is_unsigned);
    memcpy(to, prepared, rest);
  }
  memcpy(to + rest, &start, sizeof start);
}

/* Rows of X as tiles read them, in place if they are, and the stride that becomes theirs. */
static __attribute__((unused)) const int8_t *prepared_rows(const int8_t *x, size_t *stride, size_t rows, size_t k, bool is_unsigned, int8_t *prepared) {
  if (X_BYTES == 1 && (is_unsigned ? UNSIGNED_OFFSET : SIGNED_OFFSET) == 0 && k % 4 == 0) return x;
  size_t from = *stride, to = lathe_prepared_stride_i8(k);
  for (size_t row = 0; row < rows; row++) prepare_row(x + row * from, k, prepared + row * to, is_unsigned);
  *stride = to;
  return prepared;
}

/* Where sums of columns start for X that is prepared with an offset, from the sums of columns that packing W [k, n] keeps; NULL for 0. */
static __attribute__((unused)) const int32_t *kept_starts(const int8_t *packed, size_t k, size_t n, size_t column, size_t columns, uint32_t offset,
                                                          int32_t *starts) {
  if (offset == 0) return NULL;
  const int8_t *sums = packed + lathe_quotient_up(k, 4) * 4 * lathe_quotient_up(n, LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS;
  for (size_t c = 0; c < columns; c += LANES) vi_store(starts + c, vi_set(0) - vi_load(sums + (column + c) * 4) * vi_set(offset));
  return starts;
}

/* Where sums of a block's columns start, for X that is prepared with this offset. */
static __attribute__((unused)) void set_starts(const int8_t *packed, size_t groups, int offset, int32_t *starts) {
  for (int c = 0; c < LATHE_GEMM_COLUMNS; c += LANES) {
    vints sums = vi_set(0);
    for (size_t i = 0; i < groups; i++) sums = vi_sum4(sums, vi_load(packed + i * GROUP_BYTES + (size_t)c * 4));
    vi_store(starts + c, vi_set(0) - sums * vi_set((uint32_t)offset));
  }
}

/* One block of B [k, columns], of at most 16 columns. */
static __attribute__((unused)) void pack_block_i8(const int8_t *b, size_t stride, size_t k, size_t columns, int8_t *packed) {
  for (size_t i = 0; i < k; i += 4, b += 4 * stride, packed += GROUP_BYTES) {
    if (columns == LATHE_GEMM_COLUMNS && i + 4 <= k) {
      w_group(b, b + stride, b + 2 * stride, b + 3 * stride, packed);
      continue;
    }
    int8_t rows[4][LATHE_GEMM_COLUMNS] = {{0}};
    for (size_t r = 0; r < lathe_smaller(4, k - i); r++) memcpy(rows[r], b + r * stride, columns);
    w_group(rows[0], rows[1], rows[2], rows[3], packed);
  }
}

/* Squares of dwords of the transpose of B; the number of rows, and of groups of them, that they cover. */
static size_t transpose_squares(const int8_t *b, size_t stride, size_t groups, int8_t *packed) {
#if TRANSPOSE_SIDE > 1
  if (stride % 4 != 0) return 0;
  size_t depth = groups / TRANSPOSE_SIDE * TRANSPOSE_SIDE;
  for (size_t c = 0; c < LATHE_GEMM_COLUMNS; c += TRANSPOSE_SIDE)
    for (size_t i = 0; i < depth; i += TRANSPOSE_SIDE)
      v_transpose((const float *)(const void *)(b + c * stride + 4 * i), stride / 4, (float *)(void *)(packed + i * GROUP_BYTES + c * 4),
                  LATHE_GEMM_COLUMNS);
  return depth;
#else
  (void)b, (void)stride, (void)groups, (void)packed;
  return 0;
#endif
}

/* One block of the transpose of B [columns, k]. */
static __attribute__((unused)) void pack_transposed_block_i8(const int8_t *b, size_t stride, size_t k, size_t columns, int8_t *packed) {
  size_t groups = k / 4, done = columns == LATHE_GEMM_COLUMNS ? transpose_squares(b, stride, groups, packed) : 0;
  if (columns < LATHE_GEMM_COLUMNS || k % 4 != 0) memset(packed + done * GROUP_BYTES, 0, (lathe_quotient_up(k, 4) - done) * GROUP_BYTES);
  for (size_t c = 0; c < columns; c++, b += stride, packed += 4) {
    for (size_t i = done; i < groups; i++) memcpy(packed + i * GROUP_BYTES, b + 4 * i, 4);
    memcpy(packed + groups * GROUP_BYTES, b + 4 * groups, k % 4);
  }
}

#endif
