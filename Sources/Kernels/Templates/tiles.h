/* Products of a few rows of X and a few packed blocks of columns, their sums in registers. A sum is one chain over k in order, so that an element does
 * not depend on the tile it is in. */
#ifndef LATHE_TEMPLATES_TILES_H
#define LATHE_TEMPLATES_TILES_H

#include "../include/lathe_kernels.h"

/* Vectors of a block of 16 columns. */
#define BLOCK_VECTORS (LATHE_GEMM_COLUMNS / LANES)

/* Where a tile's sums go: rows `stride` apart. `is_added` goes on from what is there. */
typedef struct tile {
  size_t k;
  const float *x;
  size_t x_stride;
  const float *w;
  size_t w_block; /* from one block of W to the next */
  size_t w_row;   /* from one row of a block to the next: 16 if packed */
  size_t ahead;   /* how far ahead W is fetched into the second cache */
  float *sums;
  size_t stride;
  bool is_added;
} tile;

INLINE void tile_sums(const tile *t, const int rows, const int blocks) {
  const int width = blocks * BLOCK_VECTORS;
  v sums[TILE_ROWS][4 * BLOCK_VECTORS];
  const float *w = t->w;
  /* Three rows share a pointer: an address may have once and twice the stride in it. */
  const float *x[3] = {t->x, t->x + 3 * t->x_stride, t->x + 6 * t->x_stride};
  const size_t k = t->k, x_stride = t->x_stride, w_block = t->w_block, w_row = t->w_row, ahead = t->ahead, stride = t->stride;
  float *const to = t->sums;
  const bool is_added = t->is_added;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < width; c++) sums[r][c] = is_added ? v_load(to + (size_t)r * stride + (size_t)(c * LANES)) : v_set(0);
#pragma clang loop unroll_count(TILE_UNROLL)
  for (size_t i = 0; i < k; i++) {
    v columns[4 * BLOCK_VECTORS];
    __builtin_prefetch(w + ahead, 0, 2);
#pragma clang loop unroll(full)
    for (int c = 0; c < width; c++)
      columns[c] = v_load(w + (size_t)(c / BLOCK_VECTORS) * w_block + (size_t)(c % BLOCK_VECTORS * LANES));
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      v factor = v_set(x[r / 3][(size_t)(r % 3) * x_stride + i]);
#pragma clang loop unroll(full)
      for (int c = 0; c < width; c++) {
        sums[r][c] = v_fma(factor, columns[c], sums[r][c]);
        v_hold(&sums[r][c]);
      }
    }
    w += w_row;
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < width; c++) v_store(to + (size_t)r * stride + (size_t)(c * LANES), sums[r][c]);
}

#define TILE(rows, blocks) \
  static __attribute__((noinline, unused)) void tile_##rows##x##blocks(const tile *t) { tile_sums(t, rows, blocks); }

TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1)
#if TILE_ROWS > 4
TILE(5, 1) TILE(6, 1)
#endif
#if TILE_ROWS > 6
TILE(7, 1) TILE(8, 1)
#endif
#if TILE_BLOCKS > 1
TILE(4, 3) TILE(5, 3) TILE(6, 3) TILE(7, 3) TILE(8, 3)
#endif
/* Few rows need more blocks to keep the multipliers busy. */
TILE(1, 4) TILE(2, 2)
#undef TILE

/* Blocks to take together where `row_count` rows remain to be cut into tiles and `blocks` blocks. Rows that need more than one tile make tiles of 4 rows
 * or more, or else TILE_BLOCKS is 1. */
static size_t tile_group(size_t row_count, size_t blocks) {
  size_t group = row_count == 1 ? 4 : row_count == 2 ? 2 : row_count == 3 ? 1 : TILE_BLOCKS;
  return group <= blocks ? group : 1;
}

static void tile_run(const tile *t, size_t rows, size_t blocks) {
  switch (rows * 16 + blocks) {
    case 1 * 16 + 1: return tile_1x1(t);
    case 2 * 16 + 1: return tile_2x1(t);
    case 3 * 16 + 1: return tile_3x1(t);
    case 4 * 16 + 1: return tile_4x1(t);
#if TILE_ROWS > 4
    case 5 * 16 + 1: return tile_5x1(t);
    case 6 * 16 + 1: return tile_6x1(t);
#endif
#if TILE_ROWS > 6
    case 7 * 16 + 1: return tile_7x1(t);
    case 8 * 16 + 1: return tile_8x1(t);
#endif
#if TILE_BLOCKS > 1
    case 4 * 16 + 3: return tile_4x3(t);
    case 5 * 16 + 3: return tile_5x3(t);
    case 6 * 16 + 3: return tile_6x3(t);
    case 7 * 16 + 3: return tile_7x3(t);
    case 8 * 16 + 3: return tile_8x3(t);
#endif
    case 1 * 16 + 4: return tile_1x4(t);
    case 2 * 16 + 2: return tile_2x2(t);
    default: __builtin_unreachable();
  }
}

/* Calls body(first row, rows of a tile) on tiles of about equal height that cover the rows begin ..< end. */
#define FOR_TILES(begin, end, row, rows)                                                                                     \
  for (size_t row = (begin), tiles_left = lathe_quotient_up((end) - row, TILE_ROWS), rows; tiles_left > 0; row += rows, tiles_left--) \
    if ((rows = lathe_quotient_up((end) - row, tiles_left)), true)

/* The product of all rows of t->x and `blocks` blocks, into t->sums. */
static __attribute__((unused)) void tile_product(const tile *t, size_t row_count, size_t blocks) {
  tile part = *t;
  for (size_t block = 0, group; block < blocks; block += group) {
    group = tile_group(row_count, blocks - block);
    FOR_TILES(0, row_count, row, rows) {
      part.x = t->x + row * t->x_stride;
      part.w = t->w + block * t->w_block;
      part.sums = t->sums + row * t->stride + block * LATHE_GEMM_COLUMNS;
      tile_run(&part, rows, group);
    }
  }
}

#endif
