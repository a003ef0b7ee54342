/* X W by tiles, and the bias, activation and residual of each tile while it is in the first cache. */
#include <string.h>

#include "../kernel_table.h"
#include "tiles.h"

enum { MOST_BLOCKS = 4 };

/* Lanes of a row of sums, with bias and residual; `count` of them are wanted. */
INLINE void finish_lanes(const float *sums, const float *bias, const float *added, float *y, size_t count) {
  v value = v_load(sums);
  bool is_whole = count == LANES;
  if (bias) value = value + (is_whole ? v_load(bias) : v_load_part(bias, count));
  if (added) value = value + (is_whole ? v_load(added) : v_load_part(added, count));
  if (is_whole) v_store(y, value);
  else v_store_part(y, value, count);
}

/* From a tile's sums, `stride` apart, to Y, with bias and residual where there are any. */
static void finish(const lathe_gemm_f32 *g, size_t row, size_t rows, size_t column, size_t columns, const float *sums, size_t stride,
                   const float *bias) {
  size_t whole = columns / LANES * LANES;
  for (size_t r = 0; r < rows; r++) {
    const float *own = sums + r * stride, *added = g->residual ? g->residual + (row + r) * g->residual_stride + column : NULL;
    float *y = g->y + (row + r) * g->y_stride + column;
    for (size_t c = 0; c < whole; c += LANES) finish_lanes(own + c, bias ? bias + c : NULL, added ? added + c : NULL, y + c, LANES);
    if (whole < columns)
      finish_lanes(own + whole, bias ? bias + whole : NULL, added ? added + whole : NULL, y + whole, columns - whole);
  }
}

/* activation(sums + bias), in place. */
static void activate_tile(const lathe_gemm_f32 *g, size_t rows, size_t columns, float *sums, size_t stride, const float *bias) {
  size_t whole = columns / LANES * LANES;
  for (size_t r = 0; r < rows && bias; r++) {
    float *own = sums + r * stride;
    for (size_t c = 0; c < whole; c += LANES) v_store(own + c, v_load(own + c) + v_load(bias + c));
    if (whole < columns) v_store(own + whole, v_load(own + whole) + v_load_part(bias + whole, columns - whole));
  }
  NAME(activate_values)(sums, rows * stride, g->activation);
}

static void tile_at(const lathe_gemm_f32 *g, size_t row, size_t rows, size_t block, size_t blocks, size_t ahead) {
  float sums[TILE_ROWS * MOST_BLOCKS * LATHE_GEMM_COLUMNS] __attribute__((aligned(64)));
  size_t column = block * LATHE_GEMM_COLUMNS, stride = blocks * LATHE_GEMM_COLUMNS, size = g->k * LATHE_GEMM_COLUMNS;
  tile t = {.k = g->k, .x = g->x + row * g->x_stride, .x_stride = g->x_stride, .w = g->packed + block * size, .w_block = size,
            .w_row = LATHE_GEMM_COLUMNS, .ahead = ahead, .sums = sums, .stride = stride};
  tile_run(&t, rows, blocks);
  const float *bias = g->bias ? g->bias + column : NULL;
  size_t columns = lathe_smaller(stride, g->n - column);
  if (g->activation != LATHE_ACTIVATION_NONE) {
    activate_tile(g, rows, columns, sums, stride, bias);
    bias = NULL;
  }
  finish(g, row, rows, column, columns, sums, stride, bias);
}

/* Rows first ..< last of the blocks begin ..< end. */
static void panel(const lathe_gemm_f32 *g, size_t first, size_t last, size_t begin, size_t end) {
  size_t size = g->k * LATHE_GEMM_COLUMNS;
  for (size_t block = begin, blocks; block < end; block += blocks) {
    blocks = tile_group(last - first, end - block);
    /* Tiles that share a block fetch the next one; a tile that is alone, what it reads soon. */
    size_t next = last - first <= TILE_ROWS ? 16 * LATHE_GEMM_COLUMNS : blocks * size;
    FOR_TILES(first, last, row, rows) tile_at(g, row, rows, block, blocks, next);
  }
}

void NAME(gemm_f32)(const lathe_gemm_f32 *g, size_t begin, size_t end) {
  if (begin >= end) return;
  size_t height = lathe_gemm_panel_rows(g->m, g->k), blocks = lathe_quotient_up(g->n, LATHE_GEMM_COLUMNS);
  while (begin < end) {
    size_t first = begin / blocks * height, block = begin % blocks, count = lathe_smaller(end - begin, blocks - block);
    panel(g, first, lathe_smaller(g->m, first + height), block, block + count);
    begin += count;
  }
}
