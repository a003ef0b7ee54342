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
  size_t rows = lathe_gemm_panel_rows_i8(g->m, g->k);
  if (g->w_zero_point) return SLACK + rows * (lathe_prepared_stride_i8(g->k) + sizeof(int32_t));
  return SLACK + lathe_smaller(g->m, rows) * lathe_prepared_stride_i8(g->k);
}

size_t lathe_lstm_scratch_i8(const lathe_lstm_i8 *l) { return SLACK + l->batch * lathe_prepared_stride_i8(l->hidden); }

/* For the state and what the reset gate leaves of it. */
size_t lathe_gru_scratch_i8(const lathe_gru_i8 *g) { return SLACK + 2 * g->batch * lathe_prepared_stride_i8(g->hidden); }

bool lathe_is_depthwise_i8(const lathe_convolution_i8 *c) {
  size_t most_x = c->x_codes == LATHE_CODES_SYMMETRIC ? 128 : 255, most_w = c->w_zero_point ? 255 : 128;
  return c->channels == c->groups && c->kernel_height * c->kernel_width < (1 << 24) / (most_x * most_w);
}

size_t lathe_convolution_items_i8(const lathe_convolution_i8 *c) {
  size_t plane = c->out_height * c->out_width;
  if (lathe_is_depthwise_i8(c)) return plane > 0 ? c->batch * c->filters : 0;
  return c->batch * c->groups * lathe_quotient_up(plane, LATHE_CONVOLUTION_PLACES);
}

size_t lathe_convolution_columns_i8(const lathe_convolution_i8 *c) {
  return LATHE_CONVOLUTION_PLACES / LATHE_GEMM_COLUMNS * block_size(c->channels / c->groups * c->kernel_height * c->kernel_width);
}

size_t lathe_convolution_scratch_i8(const lathe_convolution_i8 *c) {
  if (lathe_is_depthwise_i8(c)) {
    size_t lines = lathe_depthwise_lines(c->out_height, c->stride_y, c->kernel_height, c->dilation_y);
    size_t line = lathe_depthwise_length(c->out_width, c->stride_x, c->kernel_width, c->dilation_x) * c->stride_x;
    return SLACK + (lines * line + c->kernel_height * c->kernel_width) * sizeof(float);
  }
  size_t depth = c->channels / c->groups * c->kernel_height * c->kernel_width;
  return SLACK + lathe_convolution_columns_i8(c) + c->filters / c->groups * (lathe_prepared_stride_i8(depth) + sizeof(int32_t));
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
