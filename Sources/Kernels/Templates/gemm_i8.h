/* X W by tiles, and the scales, bias, activation and residual of each tile while it is in the first cache. */
#include "packing_i8.h"
#include "rows_i8.h"

enum { MOST_SUMS = 8 * MOST_BLOCKS * LATHE_GEMM_COLUMNS };

/* What the tiles of a panel share. */
typedef struct panel_i8 {
  const lathe_gemm_i8 *g;
  size_t first, last; /* rows */
  const int8_t *x;    /* prepared, from the first row on */
  size_t x_stride;
} panel_i8;

/* Rows and columns of Y that are one tile, and their sums. */
typedef struct made_i8 {
  size_t row, rows, column, columns;
  int32_t *sums;
  size_t stride;
} made_i8;

/* Scaled sums of row r. */
INLINE v scaled_at(const lathe_gemm_i8 *g, const made_i8 *m, size_t r, size_t c, size_t count) {
  v scale = v_load_some(g->w_scale + m->column + c, count);
  if (g->x_row_scale) scale = v_set(g->x_row_scale[m->row + r]) * scale;
  /* Adding -0 changes nothing. */
  v bias = g->bias ? v_load_some(g->bias + m->column + c, count) : v_set(-0.0f);
  return v_fma(v_from_ints(vi_load(m->sums + r * m->stride + c)), scale, bias);
}

#define EACH(function)                                                                                    \
  for (size_t i = 0; i < count; i += LATHE_GEMM_COLUMNS) {                                                \
    v results[BLOCK_VECTORS];                                                                             \
    _Pragma("clang loop unroll(full)") for (int t = 0; t < BLOCK_VECTORS; t++)                            \
        results[t] = function(v_load(values + i + t * LANES));                                            \
    _Pragma("clang loop unroll(full)") for (int t = 0; t < BLOCK_VECTORS; t++)                            \
        v_store(values + i + t * LANES, results[t]);                                                      \
  }                                                                                                       \
  return;

/* Rows of whole blocks. */
static void activate(float *values, size_t count, lathe_activation activation) {
  switch (activation) {
    case LATHE_ACTIVATION_NONE: return;
    case LATHE_ACTIVATION_RELU: EACH(v_relu)
    case LATHE_ACTIVATION_GELU: EACH(v_gelu)
    case LATHE_ACTIVATION_GELU_TANH: EACH(v_gelu_tanh)
    case LATHE_ACTIVATION_TANH: EACH(v_tanh)
    case LATHE_ACTIVATION_SIGMOID: EACH(v_sigmoid)
    case LATHE_ACTIVATION_SILU: EACH(v_silu)
    case LATHE_ACTIVATION_QUICK_GELU: EACH(v_quick_gelu)
    case LATHE_ACTIVATION_RELU6: EACH(v_relu6)
    case LATHE_ACTIVATION_HARD_SWISH: EACH(v_hard_swish)
  }
}

static void finish_plain(const lathe_gemm_i8 *g, const made_i8 *m) {
  for (size_t r = 0; r < m->rows; r++) {
    row_in residual = row_in_at(&g->residual, m->row + r, m->column);
    row_out y = row_out_at(&g->y, m->row + r, m->column);
    FOR_WHOLE_LANES(m->columns, c, count, put(&y, added_to(scaled_at(g, m, r, c, count), &residual, c, count), c, count);)
  }
}

static void finish_activated(const lathe_gemm_i8 *g, const made_i8 *m) {
  float values[MOST_SUMS] __attribute__((aligned(64)));
  for (size_t r = 0; r < m->rows; r++)
    FOR_WHOLE_LANES(m->columns, c, count, v_store(values + r * m->stride + c, scaled_at(g, m, r, c, count));)
  for (size_t r = 0; r < m->rows; r++) activate(values + r * m->stride, m->stride, g->activation);
  for (size_t r = 0; r < m->rows; r++) {
    row_in residual = row_in_at(&g->residual, m->row + r, m->column);
    row_out y = row_out_at(&g->y, m->row + r, m->column);
    FOR_WHOLE_LANES(m->columns, c, count, put(&y, added_to(v_load(values + r * m->stride + c), &residual, c, count), c, count);)
  }
}

/* Where sums of columns start, from the sums of columns that packing keeps. */
static const int32_t *starts_of(const lathe_gemm_i8 *g, size_t column, size_t columns, int32_t *starts) {
#if SIGNED_OFFSET != 0
  const int8_t *sums = g->packed + lathe_quotient_up(g->k, 4) * 4 * lathe_quotient_up(g->n, LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS;
  for (size_t c = 0; c < columns; c += LANES) vi_store(starts + c, vi_set(0) - vi_load(sums + (column + c) * 4) * vi_set(SIGNED_OFFSET));
  return starts;
#else
  (void)g, (void)column, (void)columns, (void)starts;
  return NULL;
#endif
}

static void tile_at(const panel_i8 *p, size_t row, size_t rows, size_t block, size_t blocks, tile_i8 *t) {
  int32_t sums[MOST_SUMS] __attribute__((aligned(64)));
  const lathe_gemm_i8 *g = p->g;
  size_t column = block * LATHE_GEMM_COLUMNS, stride = blocks * LATHE_GEMM_COLUMNS;
  t->x = p->x + (row - p->first) * p->x_stride;
  t->sums = sums;
  t->stride = stride;
  tile_run_i8(t, rows, blocks);
  made_i8 made = {row, rows, column, lathe_smaller(stride, g->n - column), sums, stride};
  if (g->activation == LATHE_ACTIVATION_NONE) finish_plain(g, &made);
  else finish_activated(g, &made);
}

/* Blocks begin ..< end of a panel. */
static void panel(const panel_i8 *p, size_t begin, size_t end) {
  size_t groups = lathe_quotient_up(p->g->k, 4), size = groups * GROUP_BYTES, height = p->last - p->first;
  int32_t starts[MOST_BLOCKS * LATHE_GEMM_COLUMNS];
  for (size_t block = begin, blocks; block < end; block += blocks) {
    blocks = tile_blocks_i8(height, end - block);
    tile_i8 t = {.groups = groups, .x_stride = p->x_stride, .w = p->g->packed + block * size, .w_block = size};
    t.starts = starts_of(p->g, block * LATHE_GEMM_COLUMNS, blocks * LATHE_GEMM_COLUMNS, starts);
    size_t most = tile_rows_i8(blocks);
    /* Tiles that share a block fetch the next one; a tile that is alone, what it reads soon. */
    t.ahead = height <= most ? 16 * GROUP_BYTES : blocks * size;
    FOR_TILES_I8(p->first, p->last, most, row, rows) tile_at(p, row, rows, block, blocks, &t);
  }
}

/* X of the panel as tiles read it. */
static void prepare(panel_i8 *p, int8_t *prepared) {
  const lathe_gemm_i8 *g = p->g;
  const int8_t *x = g->x + p->first * g->x_stride;
  p->x = x;
  p->x_stride = g->x_stride;
  if (X_BYTES == 1 && SIGNED_OFFSET == 0 && g->k % 4 == 0) return;
  p->x = prepared;
  p->x_stride = lathe_prepared_stride_i8(g->k);
  for (size_t row = p->first; row < p->last; row++, x += g->x_stride, prepared += p->x_stride) prepare_row(x, g->k, prepared, false);
}

void NAME(gemm_i8)(const lathe_gemm_i8 *g, void *scratch, size_t begin, size_t end) {
  if (begin >= end) return;
  size_t height = lathe_gemm_panel_rows_i8(g->m, g->k), blocks = lathe_quotient_up(g->n, LATHE_GEMM_COLUMNS);
  size_t items = lathe_quotient_up(blocks, LATHE_GEMM_BLOCKS_I8);
  while (begin < end) {
    size_t first = begin / items * height, item = begin % items, count = lathe_smaller(end - begin, items - item);
    panel_i8 p = {.g = g, .first = first, .last = lathe_smaller(g->m, first + height)};
    prepare(&p, lathe_aligned(scratch));
    panel(&p, item * LATHE_GEMM_BLOCKS_I8, lathe_smaller(blocks, (item + count) * LATHE_GEMM_BLOCKS_I8));
    begin += count;
  }
}
