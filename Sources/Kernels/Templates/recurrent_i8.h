/* Steps of an LSTM: the four gates of 16 units are four blocks of a tile, one from each packed matrix. */
#include "packing_i8.h"
#include "recurrent.h"
#include "rows_i8.h"

enum { GATES = 4, GATE_COLUMNS = GATES * LATHE_GEMM_COLUMNS, SEQUENCES = 24 };

/* What a block of units shares. */
typedef struct units_i8 {
  const lathe_lstm_i8 *l;
  size_t unit, units; /* the first, and how many */
} units_i8;

/* Lanes `c` of the units of one sequence, whose inputs are `own`; the results are at `at` in the state and at `place` in Y. */
INLINE void lstm_lanes(const units_i8 *u, const int32_t *sums, const float *own, size_t at, size_t place, size_t c, size_t count) {
  const lathe_lstm_i8 *l = u->l;
  v gates[GATES];
#pragma clang loop unroll(full)
  for (int gate = 0; gate < GATES; gate++) {
    size_t column = (size_t)gate * l->hidden + u->unit + c;
    v sum = v_from_ints(vi_load(sums + gate * LATHE_GEMM_COLUMNS + c));
    gates[gate] = v_fma(sum, v_load_some(l->r_scale + column, count), v_load_some(own + column, count));
  }
  v next = v_fma(v_sigmoid(gates[2]), v_load_some(l->c + at + c, count), v_sigmoid(gates[0]) * v_tanh(gates[3]));
  v out = v_sigmoid(gates[1]) * v_tanh(next);
  vints code = v_quantized(out * v_set(127));
  v_store_some(l->next_c + at + c, next, count);
  vi_store_i8_some(l->next_h + at + c, code, count);
  if (l->last_h) v_store_some(l->last_h + at + c, out, count);
  if (l->y) v_store_some(l->y + place + c, out, count);
  if (l->y_i8) vi_store_i8_some(l->y_i8 + place + c, code, count);
}

/* A sequence beyond its end keeps its state. */
static void rest(const units_i8 *u, size_t at, size_t place) {
  const lathe_lstm_i8 *l = u->l;
  memcpy(l->next_h + at, l->h + at, u->units);
  if (l->next_c != l->c) memcpy(l->next_c + at, l->c + at, u->units * sizeof(float));
  if (l->y) memset(l->y + place, 0, u->units * sizeof(float));
  if (l->y_i8) memset(l->y_i8 + place, 0, u->units);
}

static void lstm_row(const units_i8 *u, size_t row, const int32_t *sums) {
  const lathe_lstm_i8 *l = u->l;
  size_t position, at = row * l->hidden + u->unit;
  bool is_active = place_of(&l->place, row, &position);
  size_t place = row * l->place.y_batch_stride + position * l->place.y_step_stride + u->unit;
  if (!is_active) {
    rest(u, at, place);
    return;
  }
  const float *own = l->inputs + row * l->place.inputs_batch_stride + position * l->place.inputs_step_stride;
  FOR_WHOLE_LANES(u->units, c, count, lstm_lanes(u, sums, own, at, place, c, count);)
}

void NAME(lstm_i8)(const lathe_lstm_i8 *l, void *scratch, size_t begin, size_t end) {
  if (begin >= end) return;
  size_t groups = lathe_quotient_up(l->hidden, 4), matrix = lathe_packed_gemm_size_i8(l->hidden, l->hidden), stride = l->hidden;
  const int8_t *h = prepared_rows(l->h, &stride, l->batch, l->hidden, false, lathe_aligned(scratch));
  int32_t sums[SEQUENCES * GATE_COLUMNS] __attribute__((aligned(64))), starts[GATE_COLUMNS];
  for (size_t block = begin; block < end; block++) {
    units_i8 u = {l, block * LATHE_GEMM_COLUMNS, lathe_smaller(LATHE_GEMM_COLUMNS, l->hidden - block * LATHE_GEMM_COLUMNS)};
    tile_i8 t = {.groups = groups, .x_stride = stride, .w = l->recurrence + block * groups * GROUP_BYTES, .w_block = matrix,
                 .ahead = 16 * GROUP_BYTES, .sums = sums, .stride = GATE_COLUMNS};
    for (size_t gate = 0; gate < GATES; gate++)
      t.starts = kept_starts(l->recurrence + gate * matrix, l->hidden, l->hidden, u.unit, LATHE_GEMM_COLUMNS, SIGNED_OFFSET,
                             starts + gate * LATHE_GEMM_COLUMNS)
                     ? starts
                     : NULL;
    for (size_t row = 0, rows; row < l->batch; row += rows) {
      rows = lathe_smaller(SEQUENCES, l->batch - row);
      t.x = h + row * stride;
      tile_product_i8(&t, rows, GATES);
      for (size_t r = 0; r < rows; r++) lstm_row(&u, row + r, sums + r * GATE_COLUMNS);
    }
  }
}
