#include <math.h>

#include "functions.h"
#include "recurrent.h"
#include "rows.h"
#include "tiles.h"

enum { COLUMNS = LATHE_GEMM_COLUMNS, MOST_GATES = 4 };

/* Sums of the gates of 16 units for the rows of a tile. */
typedef float gate_sums[MOST_GATES][TILE_ROWS][COLUMNS] __attribute__((aligned(64)));

static void recur(float sums[TILE_ROWS][COLUMNS], const float *h, size_t hidden, const float *recurrence, size_t block, size_t rows) {
  tile t = {.k = hidden, .x = h, .x_stride = hidden, .w = recurrence + block * hidden * COLUMNS, .w_row = COLUMNS, .sums = &sums[0][0],
            .stride = COLUMNS};
  tile_run(&t, rows, 1);
}

INLINE v clipped(v x, v bound) { return v_max(v_set(0) - bound, v_min(bound, x)); }

/* What a sequence beyond its end keeps. */
static void keep(const float *state, float *next, float *y, size_t count) {
  if (next != state) memcpy(next, state, count * sizeof *next);
  if (y) memset(y, 0, count * sizeof *y);
}

/* Lanes `c` of the units from `unit` on of one sequence. */
static void lstm_lanes(const lathe_lstm_f32 *l, const float *inputs, size_t row, size_t unit, size_t c, size_t count, gate_sums sums, size_t r,
                       float *y) {
  size_t at = row * l->hidden + unit + c;
  const float *own = inputs + unit + c, *peephole = l->peepholes ? l->peepholes + unit + c : NULL;
  v gates[MOST_GATES], bound = v_set(l->clip), previous = v_load_some(l->c + at, count);
  for (size_t gate = 0; gate < MOST_GATES; gate++) gates[gate] = v_load(&sums[gate][r][c]) + v_load_some(own + gate * l->hidden, count);
  if (peephole) {
    gates[0] = v_fma(v_load_some(peephole, count), previous, gates[0]);
    gates[2] = v_fma(v_load_some(peephole + 2 * l->hidden, count), previous, gates[2]);
  }
  v in = v_sigmoid(clipped(gates[0], bound));
  v forget = l->couples_gates ? v_set(1) - in : v_sigmoid(clipped(gates[2], bound));
  v next = v_fma(forget, previous, in * v_tanh(clipped(gates[3], bound)));
  if (peephole) gates[1] = v_fma(v_load_some(peephole + l->hidden, count), next, gates[1]);
  v out = v_sigmoid(clipped(gates[1], bound)) * v_tanh(next);
  v_store_some(l->next_c + at, next, count);
  v_store_some(l->next_h + at, out, count);
  if (y) v_store_some(y + unit + c, out, count);
}

void NAME(lstm_f32)(const lathe_lstm_f32 *l, size_t begin, size_t end) {
  size_t matrix = lathe_packed_gemm_count_f32(l->hidden, l->hidden);
  gate_sums sums;
  for (size_t block = begin; block < end; block++) {
    size_t unit = block * COLUMNS, units = lathe_smaller(COLUMNS, l->hidden - unit);
    FOR_TILES(0, l->batch, row, rows) {
      for (size_t gate = 0; gate < 4; gate++) recur(sums[gate], l->h + row * l->hidden, l->hidden, l->recurrence + gate * matrix, block, rows);
      for (size_t r = 0; r < rows; r++) {
        size_t position, at = (row + r) * l->hidden + unit;
        bool is_active = place_of(&l->place, row + r, &position);
        const float *inputs = l->inputs + (row + r) * l->place.inputs_batch_stride + position * l->place.inputs_step_stride;
        float *y = l->y ? l->y + (row + r) * l->place.y_batch_stride + position * l->place.y_step_stride : NULL;
        if (!is_active) {
          keep(l->h + at, l->next_h + at, y ? y + unit : NULL, units);
          keep(l->c + at, l->next_c + at, NULL, units);
          continue;
        }
        FOR_LANES(units, c, count) lstm_lanes(l, inputs, row + r, unit, c, count, sums, r, y);
      }
    }
  }
}

void NAME(gru_reset_f32)(const lathe_gru_f32 *g, size_t begin, size_t end) {
  size_t matrix = lathe_packed_gemm_count_f32(g->hidden, g->hidden);
  float sums[TILE_ROWS][COLUMNS] __attribute__((aligned(64)));
  v bound = v_set(g->clip);
  for (size_t block = begin; block < end; block++) {
    size_t unit = block * COLUMNS, units = lathe_smaller(COLUMNS, g->hidden - unit);
    FOR_TILES(0, g->batch, row, rows) {
      recur(sums, g->h + row * g->hidden, g->hidden, g->recurrence + matrix, block, rows);
      for (size_t r = 0; r < rows; r++) {
        size_t position, at = (row + r) * g->hidden + unit;
        if (!place_of(&g->place, row + r, &position)) {
          memset(g->reset_h + at, 0, units * sizeof(float));
          continue;
        }
        const float *own = g->inputs + (row + r) * g->place.inputs_batch_stride + position * g->place.inputs_step_stride + g->hidden + unit;
        FOR_LANES(units, c, count) {
          v reset = v_sigmoid(clipped(v_load(&sums[r][c]) + v_load_some(own + c, count), bound));
          v_store_some(g->reset_h + at + c, reset * v_load_some(g->h + at + c, count), count);
        }
      }
    }
  }
}

static void gru_lanes(const lathe_gru_f32 *g, const float *inputs, size_t row, size_t unit, size_t c, size_t count, gate_sums sums, size_t r,
                      float *y) {
  size_t at = row * g->hidden + unit + c;
  const float *own = inputs + unit + c;
  v bound = v_set(g->clip), previous = v_load_some(g->h + at, count), recurrent = v_load(&sums[2][r][c]);
  v update = v_sigmoid(clipped(v_load(&sums[0][r][c]) + v_load_some(own, count), bound));
  if (g->reset_h == NULL) {
    v reset = v_sigmoid(clipped(v_load(&sums[1][r][c]) + v_load_some(own + g->hidden, count), bound));
    if (g->bias_h) recurrent = recurrent + v_load_some(g->bias_h + unit + c, count);
    recurrent = recurrent * reset;
  }
  v candidate = v_tanh(clipped(recurrent + v_load_some(own + 2 * g->hidden, count), bound));
  v out = v_fma(update, previous, (v_set(1) - update) * candidate);
  v_store_some(g->next_h + at, out, count);
  if (y) v_store_some(y + unit + c, out, count);
}

void NAME(gru_f32)(const lathe_gru_f32 *g, size_t begin, size_t end) {
  size_t matrix = lathe_packed_gemm_count_f32(g->hidden, g->hidden);
  gate_sums sums;
  for (size_t block = begin; block < end; block++) {
    size_t unit = block * COLUMNS, units = lathe_smaller(COLUMNS, g->hidden - unit);
    FOR_TILES(0, g->batch, row, rows) {
      const float *h = g->h + row * g->hidden, *last = g->reset_h ? g->reset_h + row * g->hidden : h;
      recur(sums[0], h, g->hidden, g->recurrence, block, rows);
      if (g->reset_h == NULL) recur(sums[1], h, g->hidden, g->recurrence + matrix, block, rows);
      recur(sums[2], last, g->hidden, g->recurrence + 2 * matrix, block, rows);
      for (size_t r = 0; r < rows; r++) {
        size_t position, at = (row + r) * g->hidden + unit;
        bool is_active = place_of(&g->place, row + r, &position);
        const float *inputs = g->inputs + (row + r) * g->place.inputs_batch_stride + position * g->place.inputs_step_stride;
        float *y = g->y ? g->y + (row + r) * g->place.y_batch_stride + position * g->place.y_step_stride : NULL;
        if (!is_active) {
          keep(g->h + at, g->next_h + at, y ? y + unit : NULL, units);
          continue;
        }
        FOR_LANES(units, c, count) gru_lanes(g, inputs, row + r, unit, c, count, sums, r, y);
      }
    }
  }
}
