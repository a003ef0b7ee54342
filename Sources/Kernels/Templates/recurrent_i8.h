/* Steps of LSTMs and GRUs: the gates of 16 units are blocks of a tile, one from each packed matrix. */
#include "packing_i8.h"
#include "recurrent.h"
#include "rows_i8.h"

enum { MOST_GATES = 4, GATE_COLUMNS = MOST_GATES * LATHE_GEMM_COLUMNS, SEQUENCES = 24 };

/* Sums of the gates of a block of units for some sequences, and where they start. */
typedef int32_t gate_sums[SEQUENCES * GATE_COLUMNS] __attribute__((aligned(64)));
typedef int32_t gate_starts[GATE_COLUMNS];

/* Units that are computed together: the first, and how many. */
typedef struct units_i8 {
  size_t unit, units;
} units_i8;

INLINE units_i8 units_of(size_t block, size_t hidden) {
  return (units_i8){block * LATHE_GEMM_COLUMNS, lathe_smaller(LATHE_GEMM_COLUMNS, hidden - block * LATHE_GEMM_COLUMNS)};
}

/* Products of states, whose rows are x_stride apart, with the gates first ..< first + count of some units; where the states are is told later. */
static tile_i8 gate_tile(const int8_t *recurrence, size_t hidden, units_i8 u, size_t first, size_t count, size_t x_stride, int32_t *sums,
                         int32_t *starts) {
  size_t groups = lathe_quotient_up(hidden, 4), matrix = lathe_packed_gemm_size_i8(hidden, hidden);
  const int8_t *gates = recurrence + first * matrix;
  tile_i8 t = {.groups = groups, .x_stride = x_stride, .w = gates + u.unit * groups * 4, .w_block = matrix, .ahead = 16 * GROUP_BYTES,
               .sums = sums + first * LATHE_GEMM_COLUMNS, .stride = GATE_COLUMNS};
  starts += first * LATHE_GEMM_COLUMNS;
  for (size_t gate = 0; gate < count; gate++)
    t.starts = kept_starts(gates + gate * matrix, hidden, hidden, u.unit, LATHE_GEMM_COLUMNS, SIGNED_OFFSET, starts + gate * LATHE_GEMM_COLUMNS)
                   ? starts
                   : NULL;
  return t;
}

/* Lanes `c` of a gate: the sum, its scale, and what is added. */
INLINE v gate_product(const int32_t *sums, const float *r_scale, size_t gate, size_t column, size_t c, size_t count, v addend) {
  return v_fma(v_from_ints(vi_load(sums + gate * LATHE_GEMM_COLUMNS + c)), v_load_some(r_scale + column, count), addend);
}

/* A sequence beyond its end keeps its state, as INT8 values and in floats. */
static void rest(const int8_t *h, int8_t *next_h, const float *state, float *next_state, float *y, int8_t *y_i8, size_t units) {
  memcpy(next_h, h, units);
  if (next_state != state) memcpy(next_state, state, units * sizeof(float));
  if (y) memset(y, 0, units * sizeof(float));
  if (y_i8) memset(y_i8, 0, units);
}

/* Lanes `c` of the units of one sequence, whose inputs are `own`; the results are at `at` in the state and at `place` in Y. */
INLINE void lstm_lanes(const lathe_lstm_i8 *l, units_i8 u, const int32_t *sums, const float *own, size_t at, size_t place, size_t c, size_t count) {
  v gates[4];
#pragma clang loop unroll(full)
  for (int gate = 0; gate < 4; gate++) {
    size_t column = (size_t)gate * l->hidden + u.unit + c;
    gates[gate] = gate_product(sums, l->r_scale, (size_t)gate, column, c, count, v_load_some(own + column, count));
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

static void lstm_row(const lathe_lstm_i8 *l, units_i8 u, size_t row, const int32_t *sums) {
  size_t position, at = row * l->hidden + u.unit;
  bool is_active = place_of(&l->place, row, &position);
  size_t place = row * l->place.y_batch_stride + position * l->place.y_step_stride + u.unit;
  if (!is_active) {
    rest(l->h + at, l->next_h + at, l->c + at, l->next_c + at, l->y ? l->y + place : NULL, l->y_i8 ? l->y_i8 + place : NULL, u.units);
    return;
  }
  const float *own = l->inputs + row * l->place.inputs_batch_stride + position * l->place.inputs_step_stride;
  FOR_WHOLE_LANES(u.units, c, count, lstm_lanes(l, u, sums, own, at, place, c, count);)
}

void NAME(lstm_i8)(const lathe_lstm_i8 *l, void *scratch, size_t begin, size_t end) {
  if (begin >= end) return;
  size_t stride = l->hidden;
  const int8_t *h = prepared_rows(l->h, &stride, l->batch, l->hidden, false, lathe_aligned(scratch));
  gate_sums sums;
  gate_starts starts;
  for (size_t block = begin; block < end; block++) {
    units_i8 u = units_of(block, l->hidden);
    tile_i8 t = gate_tile(l->recurrence, l->hidden, u, 0, 4, stride, sums, starts);
    for (size_t row = 0, rows; row < l->batch; row += rows) {
      rows = lathe_smaller(SEQUENCES, l->batch - row);
      t.x = h + row * stride;
      tile_product_i8(&t, rows, 4);
      for (size_t r = 0; r < rows; r++) lstm_row(l, u, row + r, sums + r * GATE_COLUMNS);
    }
  }
}

/* The reset gate and what it leaves of the state. */
static void gru_reset_row(const lathe_gru_i8 *g, units_i8 u, size_t row, const int32_t *sums) {
  size_t position, at = row * g->hidden + u.unit;
  if (!place_of(&g->place, row, &position)) {
    memset(g->reset_i8 + at, 0, u.units);
    return;
  }
  const float *own = g->inputs + row * g->place.inputs_batch_stride + position * g->place.inputs_step_stride;
  FOR_WHOLE_LANES(u.units, c, count, {
    size_t column = g->hidden + u.unit + c;
    v reset = v_sigmoid(gate_product(sums, g->r_scale, 1, column, c, count, v_load_some(own + column, count)));
    vi_store_i8_some(g->reset_i8 + at + c, v_quantized(reset * v_load_some(g->h + at + c, count) * v_set(127)), count);
  })
}

void NAME(gru_reset_i8)(const lathe_gru_i8 *g, void *scratch, size_t begin, size_t end) {
  if (begin >= end) return;
  size_t stride = g->hidden;
  const int8_t *h = prepared_rows(g->h_i8, &stride, g->batch, g->hidden, false, lathe_aligned(scratch));
  gate_sums sums;
  gate_starts starts;
  for (size_t block = begin; block < end; block++) {
    units_i8 u = units_of(block, g->hidden);
    tile_i8 t = gate_tile(g->recurrence, g->hidden, u, 1, 1, stride, sums, starts);
    for (size_t row = 0, rows; row < g->batch; row += rows) {
      rows = lathe_smaller(SEQUENCES, g->batch - row);
      t.x = h + row * stride;
      tile_product_i8(&t, rows, 1);
      for (size_t r = 0; r < rows; r++) gru_reset_row(g, u, row + r, sums + r * GATE_COLUMNS);
    }
  }
}

/* Lanes `c` of the candidate for the next state, where the reset gate weights the product. */
INLINE v gru_candidate(const lathe_gru_i8 *g, units_i8 u, const int32_t *sums, const float *own, size_t c, size_t count) {
  size_t reset = g->hidden + u.unit + c, column = reset + g->hidden;
  v scale = v_load_some(g->r_scale + column, count), product = v_from_ints(vi_load(sums + 2 * LATHE_GEMM_COLUMNS + c));
  product = g->bias_h ? v_fma(product, scale, v_load_some(g->bias_h + u.unit + c, count)) : product * scale;
  v opening = v_sigmoid(gate_product(sums, g->r_scale, 1, reset, c, count, v_load_some(own + reset, count)));
  return v_tanh(v_fma(opening, product, v_load_some(own + column, count)));
}

INLINE void gru_lanes(const lathe_gru_i8 *g, units_i8 u, const int32_t *sums, const float *own, size_t at, size_t place, size_t c, size_t count) {
  size_t column = u.unit + c, last = 2 * g->hidden + column;
  v update = v_sigmoid(gate_product(sums, g->r_scale, 0, column, c, count, v_load_some(own + column, count)));
  v candidate = g->reset_i8 ? v_tanh(gate_product(sums, g->r_scale, 2, last, c, count, v_load_some(own + last, count)))
                            : gru_candidate(g, u, sums, own, c, count);
  v next = v_fma(update, v_load_some(g->h + at + c, count), (v_set(1) - update) * candidate);
  vints code = v_quantized(next * v_set(127));
  v_store_some(g->next_h + at + c, next, count);
  vi_store_i8_some(g->next_h_i8 + at + c, code, count);
  if (g->y) v_store_some(g->y + place + c, next, count);
  if (g->y_i8) vi_store_i8_some(g->y_i8 + place + c, code, count);
}

static void gru_row(const lathe_gru_i8 *g, units_i8 u, size_t row, const int32_t *sums) {
  size_t position, at = row * g->hidden + u.unit;
  bool is_active = place_of(&g->place, row, &position);
  size_t place = row * g->place.y_batch_stride + position * g->place.y_step_stride + u.unit;
  if (!is_active) {
    rest(g->h_i8 + at, g->next_h_i8 + at, g->h + at, g->next_h + at, g->y ? g->y + place : NULL, g->y_i8 ? g->y_i8 + place : NULL, u.units);
    return;
  }
  const float *own = g->inputs + row * g->place.inputs_batch_stride + position * g->place.inputs_step_stride;
  FOR_WHOLE_LANES(u.units, c, count, gru_lanes(g, u, sums, own, at, place, c, count);)
}

void NAME(gru_i8)(const lathe_gru_i8 *g, void *scratch, size_t begin, size_t end) {
  if (begin >= end) return;
  size_t stride = g->hidden, last_stride = g->hidden, gates = g->reset_i8 ? 1 : 3;
  int8_t *room = lathe_aligned(scratch), *last_room = room + g->batch * lathe_prepared_stride_i8(g->hidden);
  const int8_t *h = prepared_rows(g->h_i8, &stride, g->batch, g->hidden, false, room);
  const int8_t *last = g->reset_i8 ? prepared_rows(g->reset_i8, &last_stride, g->batch, g->hidden, false, last_room) : NULL;
  gate_sums sums;
  gate_starts starts;
  for (size_t block = begin; block < end; block++) {
    units_i8 u = units_of(block, g->hidden);
    tile_i8 of_h = gate_tile(g->recurrence, g->hidden, u, 0, gates, stride, sums, starts);
    tile_i8 of_last = last ? gate_tile(g->recurrence, g->hidden, u, 2, 1, last_stride, sums, starts) : of_h;
    for (size_t row = 0, rows; row < g->batch; row += rows) {
      rows = lathe_smaller(SEQUENCES, g->batch - row);
      of_h.x = h + row * stride;
      tile_product_i8(&of_h, rows, gates);
      if (last) {
        of_last.x = last + row * last_stride;
        tile_product_i8(&of_last, rows, 1);
      }
      for (size_t r = 0; r < rows; r++) gru_row(g, u, row + r, sums + r * GATE_COLUMNS);
    }
  }
}
