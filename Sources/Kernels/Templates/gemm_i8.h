/* X W by tiles, and the scales, bias, activation and residual of each tile while it is in the first cache. */
#include "activate_i8.h"
#include "packing_i8.h"
#include "rows_i8.h"

enum { MOST_SUMS = 8 * MOST_BLOCKS * LATHE_GEMM_COLUMNS };

/* What the tiles of a panel share. */
typedef struct panel_i8 {
  const lathe_gemm_i8 *g;
  size_t first, last; /* rows */
  const int8_t *x;    /* prepared, from the first row on */
  size_t x_stride;
  const int32_t *x_sums; /* of the rows' elements less the zero point; NULL where W has no zero points */
} panel_i8;

/* Rows and columns of Y that are one tile, and their sums. */
typedef struct made_i8 {
  size_t row, rows, column, columns;
  int32_t *sums;
  size_t stride;
  const int32_t *x_sums; /* of its rows, or NULL */
} made_i8;

INLINE vints vi_load_some(const int32_t *p, size_t count) {
  if (count == LANES) return vi_load(p);
  int32_t lanes[LANES] = {0};
  memcpy(lanes, p, count * sizeof *p);
  return vi_load(lanes);
}

/* Exact sums of row r. */
INLINE vints sums_at(const lathe_gemm_i8 *g, const made_i8 *m, size_t r, size_t c, size_t count) {
  vints sums = vi_load(m->sums + r * m->stride + c);
  if (!m->x_sums) return sums;
  return sums - vi_load_some(g->w_zero_point + m->column + c, count) * vi_set((uint32_t)m->x_sums[r]);
}

/* Scaled sums of row r. */
INLINE v scaled_at(const lathe_gemm_i8 *g, const made_i8 *m, size_t r, size_t c, size_t count) {
  v scale = v_load_some(g->w_scale + m->column + c, count);
  if (g->x_row_scale) scale = v_set(g->x_row_scale[m->row + r]) * scale;
  /* Adding -0 changes nothing. */
  v bias = g->bias ? v_load_some(g->bias + m->column + c, count) : v_set(-0.0f);
  return v_fma(v_from_ints(sums_at(g, m, r, c, count)), scale, bias);
}

/* Whether all codes are symmetric and results have one scale, as nearly always. */
static bool is_plain(const lathe_gemm_i8 *g) {
  return !g->w_zero_point && g->y.codes == LATHE_CODES_SYMMETRIC && !g->y.inverse_scales && g->residual.codes == LATHE_CODES_SYMMETRIC && g->residual.zero_point == 0;
}

/* `values`, or the scaled sums where that is NULL, with the residual. */
INLINE void finish_rows(const lathe_gemm_i8 *g, const made_i8 *made, const float *values, bool plain) {
  made_i8 own = *made, *m = &own;
  if (plain) own.x_sums = NULL;
  for (size_t r = 0; r < m->rows; r++) {
    row_in residual = row_in_at(&g->residual, m->row + r, m->column);
    row_out y = row_out_at(&g->y, m->row + r, m->column);
    if (plain) {
      residual.mask = 0xffffffff;
      residual.zero_point = 0;
      make_plain(&y);
    }
    FOR_WHOLE_LANES(m->columns, c, count, {
      v value = values ? v_load(values + r * m->stride + c) : scaled_at(g, m, r, c, count);
      put(&y, added_to(value, &residual, c, count), c, count);
    })
  }
}

static void finish_sums(const lathe_gemm_i8 *g, const made_i8 *m) {
  if (is_plain(g)) finish_rows(g, m, NULL, true);
  else finish_rows(g, m, NULL, false);
}

static void finish_activated(const lathe_gemm_i8 *g, const made_i8 *m) {
  float values[MOST_SUMS] __attribute__((aligned(64)));
  for (size_t r = 0; r < m->rows; r++)
    FOR_WHOLE_LANES(m->columns, c, count, v_store(values + r * m->stride + c, scaled_at(g, m, r, c, count));)
  for (size_t r = 0; r < m->rows; r++) activate(values + r * m->stride, m->stride, g->activation);
  if (is_plain(g)) finish_rows(g, m, values, true);
  else finish_rows(g, m, values, false);
}

/* What preparing X adds to its elements. */
INLINE int offset_of(const lathe_gemm_i8 *g) { return g->x_is_unsigned ? UNSIGNED_OFFSET : SIGNED_OFFSET; }

static void tile_at(const panel_i8 *p, size_t row, size_t rows, size_t block, size_t blocks, tile_i8 *t) {
  int32_t sums[MOST_SUMS] __attribute__((aligned(64)));
  const lathe_gemm_i8 *g = p->g;
  size_t column = block * LATHE_GEMM_COLUMNS, stride = blocks * LATHE_GEMM_COLUMNS;
  t->x = p->x + (row - p->first) * p->x_stride;
  t->sums = sums;
  t->stride = stride;
  tile_run_i8(t, rows, blocks);
  made_i8 made = {row, rows, column, lathe_smaller(stride, g->n - column), sums, stride, p->x_sums ? p->x_sums + (row - p->first) : NULL};
  if (g->activation == LATHE_ACTIVATION_NONE) finish_sums(g, &made);
  else finish_activated(g, &made);
}

/* Blocks begin ..< end of a panel. */
static void panel(const panel_i8 *p, size_t begin, size_t end) {
  size_t groups = lathe_quotient_up(p->g->k, 4), size = groups * GROUP_BYTES, height = p->last - p->first;
  int32_t starts[MOST_BLOCKS * LATHE_GEMM_COLUMNS];
  for (size_t block = begin, blocks; block < end; block += blocks) {
    blocks = tile_blocks_i8(height, end - block);
    tile_i8 t = {.groups = groups, .x_stride = p->x_stride, .w = p->g->packed + block * size, .w_block = size};
    t.starts = kept_starts(p->g->packed, p->g->k, p->g->n, block * LATHE_GEMM_COLUMNS, blocks * LATHE_GEMM_COLUMNS,
                           (uint32_t)(offset_of(p->g) + p->g->x_zero_point), starts);
    size_t most = tile_rows_i8(blocks);
    /* Tiles that share a block fetch the next one; a tile that is alone, what it reads soon. */
    t.ahead = height <= most ? 16 * GROUP_BYTES : blocks * size;
    FOR_TILES_I8(p->first, p->last, most, row, rows) tile_at(p, row, rows, block, blocks, &t);
  }
}

static int32_t row_sum(const lathe_gemm_i8 *g, const int8_t *x) {
  int32_t sum = 0;
  if (g->x_is_unsigned)
    for (size_t i = 0; i < g->k; i++) sum += (uint8_t)x[i];
  else
    for (size_t i = 0; i < g->k; i++) sum += x[i];
  return sum - (int32_t)g->k * g->x_zero_point;
}

/* X of the panel as tiles read it, and the sums of its rows. */
static void prepare(panel_i8 *p, int8_t *prepared, int32_t *sums) {
  const lathe_gemm_i8 *g = p->g;
  const int8_t *x = g->x + p->first * g->x_stride;
  p->x_sums = g->w_zero_point ? sums : NULL;
  if (p->x_sums)
    for (size_t row = p->first; row < p->last; row++) sums[row - p->first] = row_sum(g, x + (row - p->first) * g->x_stride);
  p->x_stride = g->x_stride;
  p->x = prepared_rows(x, &p->x_stride, p->last - p->first, g->k, g->x_is_unsigned, prepared);
}

void NAME(gemm_i8)(const lathe_gemm_i8 *g, void *scratch, size_t begin, size_t end) {
  if (begin >= end) return;
  size_t height = lathe_gemm_panel_rows_i8(g->m, g->k), blocks = lathe_quotient_up(g->n, LATHE_GEMM_COLUMNS);
  size_t items = lathe_quotient_up(blocks, LATHE_GEMM_BLOCKS_I8);
  while (begin < end) {
    size_t first = begin / items * height, item = begin % items, count = lathe_smaller(end - begin, items - item);
    panel_i8 p = {.g = g, .first = first, .last = lathe_smaller(g->m, first + height)};
    int8_t *prepared = lathe_aligned(scratch);
    prepare(&p, prepared, (int32_t *)(void *)(prepared + height * lathe_prepared_stride_i8(g->k)));
    panel(&p, item * LATHE_GEMM_BLOCKS_I8, lathe_smaller(blocks, (item + count) * LATHE_GEMM_BLOCKS_I8));
    begin += count;
  }
}
