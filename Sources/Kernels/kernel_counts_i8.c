/* How many items a call of an INT8 kernel has, and how much scratch a thread needs: the same for every instruction set. */
#include "kernel_table.h"

/* Room to align scratch. */
enum { SLACK = 63 };

size_t lathe_prepared_stride_i8(size_t count) { return lathe_quotient_up(count, 4) * 4 * LATHE_PREPARED_BYTES + 64; }

/* Bytes of a packed block. */
static size_t block_size(size_t k) { return lathe_quotient_up(k, 4) * 4 * LATHE_GEMM_COLUMNS; }

size_t lathe_gemm_panel_rows_i8(size_t m, size_t k) {
  enum { CACHED = 131072, FEWEST = 24, MOST = 192, STEP = 12 };
  size_t rows = CACHED / (k + 1);
  rows = rows < FEWEST ? FEWEST : rows > MOST ? MOST : rows;
  size_t even = lathe_quotient_up(m, lathe_quotient_up(m, rows));
  return lathe_quotient_up(even, STEP) * STEP;
}

size_t lathe_gemm_items_i8(const lathe_gemm_i8 *g) {
  if (g->m == 0) return 0;
  return lathe_quotient_up(g->m, lathe_gemm_panel_rows_i8(g->m, g->k)) * lathe_quotient_up(g->n, LATHE_GEMM_COLUMNS * LATHE_GEMM_BLOCKS_I8);
}

size_t lathe_gemm_scratch_i8(const lathe_gemm_i8 *g) {
  if (g->m == 0) return 0;
  size_t rows = lathe_smaller(g->m, lathe_gemm_panel_rows_i8(g->m, g->k));
  return SLACK + rows * lathe_prepared_stride_i8(g->k);
}

size_t lathe_row_scratch_i8(size_t width) { return width * sizeof(float); }

size_t lathe_attention_height_i8(const lathe_attention_i8 *a) {
  enum { CACHED = 65536, FEWEST = 24, MOST = 96 };
  size_t rows = CACHED / (a->keys + 1);
  rows = rows < FEWEST ? FEWEST : rows > MOST ? MOST : rows;
  return lathe_quotient_up(a->queries, lathe_quotient_up(a->queries, rows));
}

size_t lathe_attention_items_i8(const lathe_attention_i8 *a) {
  if (a->queries == 0) return 0;
  return a->batch * a->heads * lathe_quotient_up(a->queries, lathe_attention_height_i8(a));
}

lathe_attention_room_i8 lathe_attention_room_of_i8(const lathe_attention_i8 *a, size_t height) {
  lathe_attention_room_i8 r = {.width = lathe_quotient_up(a->width, LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS};
  size_t keys = lathe_quotient_up(a->keys, LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS, at = 0;
  r.score_stride = keys + LATHE_GEMM_COLUMNS;
  r.q_stride = lathe_prepared_stride_i8(a->size);
  r.p_stride = lathe_prepared_stride_i8(LATHE_ATTENTION_KEYS);
  r.keys = at, at += LATHE_ATTENTION_KEYS / LATHE_GEMM_COLUMNS * block_size(a->size);
  r.values = at, at += r.width / LATHE_GEMM_COLUMNS * block_size(LATHE_ATTENTION_KEYS);
  r.scores = at, at += height * r.score_stride * sizeof(float);
  r.sums = at, at += height * r.width * sizeof(int32_t);
  r.starts = at, at += (r.width + LATHE_ATTENTION_KEYS) * sizeof(int32_t);
  r.q = at, at += height * r.q_stride;
  r.p = at, at += height * r.p_stride;
  r.size = at;
  return r;
}

size_t lathe_attention_scratch_i8(const lathe_attention_i8 *a) {
  return a->queries == 0 ? 0 : SLACK + lathe_attention_room_of_i8(a, lathe_attention_height_i8(a)).size;
}
