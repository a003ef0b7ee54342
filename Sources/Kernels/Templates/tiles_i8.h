/* Integer products of a few rows of X and a few packed blocks of columns, their sums in registers. X is prepared: each group of 4 elements is X_BYTES
 * dwords that vi_dot takes, and after the last one is what the row's sums start at. */
#ifndef LATHE_TEMPLATES_TILES_I8_H
#define LATHE_TEMPLATES_TILES_I8_H

#include <string.h>

#include "../kernel_table.h"

enum { GROUP_BYTES = 4 * LATHE_GEMM_COLUMNS, MOST_BLOCKS = 4 };

/* Vectors of a block of 16 columns. */
#define BLOCK_VECTORS (LATHE_GEMM_COLUMNS / LANES)

/* Sums start at `starts` of each column, if any, and with is_added at what is there. */
typedef struct tile_i8 {
  size_t groups;
  const int8_t *x;
  size_t x_stride;
  const int8_t *w;
  size_t w_block;
  size_t ahead; /* how far ahead W is fetched into the second cache */
  const int32_t *starts;
  int32_t *sums;
  size_t stride;
  bool is_added;
} tile_i8;

/* Rows of X stay pointers of their own, and a row's loads behind those of the row before: there is a register for each address and each sum, and no
 * more. */
#define KEEP_APART(pointer) __asm__("" : "+r"(pointer))
#define KEEP_ORDER() __asm__ volatile("" ::: "memory")

INLINE vints vi_repeat(const int8_t *dword) {
  uint32_t bits;
  memcpy(&bits, dword, sizeof bits);
  return vi_set(bits);
}

INLINE vints vi_start(const tile_i8 *t, int row, int column) {
  vints start = vi_set(0);
  if (X_BYTES > 1) start = vi_repeat(t->x + (size_t)row * t->x_stride + t->groups * 4 * X_BYTES);
  if (t->starts) start = start + vi_load(t->starts + column);
  if (t->is_added) start = start + vi_load(t->sums + (size_t)row * t->stride + column);
  return start;
}

/* Adds the products of a group to the sums. */
INLINE void tile_group_sums(const int8_t *const *x, size_t i, const int8_t *w, size_t w_block, const int rows, const int width,
                            vints sums[][MOST_BLOCKS * BLOCK_VECTORS]) {
#define COLUMNS(c) vi_load(w + (size_t)((c) / BLOCK_VECTORS) * w_block + (size_t)((c) % BLOCK_VECTORS * LANES * 4))
#if X_BYTES > 1
  const vints ones = vi_ones();
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    vints absolute = vi_repeat(x[r] + i), negative = vi_repeat(x[r] + i + 4);
#pragma clang loop unroll(full)
    for (int c = 0; c < width; c++) sums[r][c] = vi_dot(sums[r][c], COLUMNS(c), absolute, negative, ones);
    KEEP_ORDER();
  }
#else
  vints columns[MOST_BLOCKS * BLOCK_VECTORS];
#pragma clang loop unroll(full)
  for (int c = 0; c < width; c++) columns[c] = COLUMNS(c);
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    vints factor = vi_repeat(x[r] + i);
#pragma clang loop unroll(full)
    for (int c = 0; c < width; c++) sums[r][c] = vi_dot(sums[r][c], columns[c], factor);
  }
#endif
#undef COLUMNS
}

INLINE void tile_sums_i8(const tile_i8 *t, const int rows, const int blocks) {
  const int width = blocks * BLOCK_VECTORS;
  vints sums[8][MOST_BLOCKS * BLOCK_VECTORS];
  const int8_t *w = t->w, *x[8];
  const size_t end = t->groups * 4 * X_BYTES, w_block = t->w_block, ahead = t->ahead, stride = t->stride;
  int32_t *const to = t->sums;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) {
    x[r] = t->x + (size_t)r * t->x_stride;
    KEEP_APART(x[r]);
#pragma clang loop unroll(full)
    for (int c = 0; c < width; c++) sums[r][c] = vi_start(t, r, c * LANES);
  }
  for (size_t i = 0; i < end; i += 4 * X_BYTES, w += GROUP_BYTES) {
    __builtin_prefetch(w + ahead, 0, 2);
    tile_group_sums(x, i, w, w_block, rows, width, sums);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int c = 0; c < width; c++) vi_store(to + (size_t)r * stride + (size_t)(c * LANES), sums[r][c]);
}

/* Rows of a tile, at most, and blocks that tiles of several rows take together. */
#if X_BYTES > 1
enum { GROUP_ROWS = 3, GROUP_BLOCKS = 2 };
#else
enum { GROUP_ROWS = TILE_ROWS, GROUP_BLOCKS = TILE_BLOCKS };
#endif

#define TILE(rows, blocks) \
  static __attribute__((noinline, unused)) void tile_i8_##rows##x##blocks(const tile_i8 *t) { tile_sums_i8(t, rows, blocks); }
TILE(1, 1) TILE(2, 1) TILE(3, 1) TILE(4, 1) TILE(5, 1) TILE(6, 1) TILE(7, 1) TILE(8, 1)
TILE(1, 2) TILE(2, 2) TILE(3, 2)
TILE(1, 3) TILE(2, 3) TILE(3, 3) TILE(4, 3) TILE(5, 3) TILE(6, 3) TILE(7, 3) TILE(8, 3)
TILE(1, 4)
#undef TILE

/* Blocks to take together where `row_count` rows remain to be cut into tiles and `blocks` blocks: few rows need more of them to keep the multipliers
 * busy. */
static size_t tile_blocks_i8(size_t row_count, size_t blocks) {
  size_t group = row_count == 1 ? MOST_BLOCKS : row_count == 2 && GROUP_BLOCKS == 1 ? 2 : GROUP_BLOCKS;
  return group <= blocks ? group : 1;
}

/* Rows of a tile of so many blocks, at most. */
static size_t tile_rows_i8(size_t blocks) { return blocks == GROUP_BLOCKS ? GROUP_ROWS : blocks == 1 ? TILE_ROWS : blocks == 2 ? 2 : 1; }

static void tile_run_i8(const tile_i8 *t, size_t rows, size_t blocks) {
  static void (*const tiles[9][MOST_BLOCKS + 1])(const tile_i8 *) = {
      [1] = {NULL, tile_i8_1x1, tile_i8_1x2, GROUP_BLOCKS == 3 ? tile_i8_1x3 : NULL, tile_i8_1x4},
      [2] = {NULL, tile_i8_2x1, tile_i8_2x2, GROUP_BLOCKS == 3 ? tile_i8_2x3 : NULL},
      [3] = {NULL, tile_i8_3x1, GROUP_BLOCKS == 2 ? tile_i8_3x2 : NULL, GROUP_BLOCKS == 3 ? tile_i8_3x3 : NULL},
      [4] = {NULL, tile_i8_4x1, NULL, GROUP_BLOCKS == 3 ? tile_i8_4x3 : NULL},
      [5] = {NULL, TILE_ROWS > 4 ? tile_i8_5x1 : NULL, NULL, GROUP_BLOCKS == 3 ? tile_i8_5x3 : NULL},
      [6] = {NULL, TILE_ROWS > 4 ? tile_i8_6x1 : NULL, NULL, GROUP_BLOCKS == 3 ? tile_i8_6x3 : NULL},
      [7] = {NULL, TILE_ROWS > 6 ? tile_i8_7x1 : NULL, NULL, GROUP_BLOCKS == 3 ? tile_i8_7x3 : NULL},
      [8] = {NULL, TILE_ROWS > 6 ? tile_i8_8x1 : NULL, NULL, GROUP_BLOCKS == 3 ? tile_i8_8x3 : NULL},
  };
  tiles[rows][blocks](t);
}

/* Calls body(first row, rows of a tile) on tiles of about equal height, at most `most`, that cover the rows begin ..< end. */
#define FOR_TILES_I8(begin, end, most, row, rows)                                                                                \
  for (size_t row = (begin), tiles_left = lathe_quotient_up((end) - row, most), rows; tiles_left > 0; row += rows, tiles_left--) \
    if ((rows = lathe_quotient_up((end) - row, tiles_left)), true)

/* The product of all rows of t->x and `blocks` blocks, into t->sums. */
static __attribute__((unused)) void tile_product_i8(const tile_i8 *t, size_t row_count, size_t blocks) {
  tile_i8 part = *t;
  for (size_t block = 0, group; block < blocks; block += group) {
    group = tile_blocks_i8(row_count, blocks - block);
    part.w = t->w + block * t->w_block;
    part.starts = t->starts ? t->starts + block * LATHE_GEMM_COLUMNS : NULL;
    FOR_TILES_I8(0, row_count, tile_rows_i8(group), row, rows) {
      part.x = t->x + row * t->x_stride;
      part.sums = t->sums + row * t->stride + block * LATHE_GEMM_COLUMNS;
      tile_run_i8(&part, rows, group);
    }
  }
}

#endif
