/* Steps of LSTMs and GRUs on INT8 values are their definition's bits, on every instruction set and however the items are divided. */
#include "check_i8.h"

enum { STEPS = 4 };

/* What a step writes. */
typedef struct step_target {
  int8_t *next_h, *y_i8;
  float *next_c, *last_h, *y;
} step_target;

/* Bit 0 asks for the last state in floats, bit 1 for Y, bit 2 for its INT8 values. */
static step_target new_step(size_t count, int kinds) {
  return (step_target){.next_h = bytes(count), .next_c = buffer(count), .last_h = kinds & 1 ? buffer(count) : NULL,
                       .y = kinds & 2 ? buffer(count * STEPS) : NULL, .y_i8 = kinds & 4 ? bytes(count * STEPS) : NULL};
}

static void aim_lstm(lathe_lstm_i8 *l, const step_target *t) {
  l->next_h = t->next_h, l->next_c = t->next_c, l->last_h = t->last_h, l->y = t->y, l->y_i8 = t->y_i8;
}

static bool is_same_step(const step_target *a, const step_target *b, size_t count) {
  return is_equal_i8(a->next_h, b->next_h, count) && is_equal(a->next_c, b->next_c, count) && (!a->last_h || is_equal(a->last_h, b->last_h, count)) &&
         (!a->y || is_equal(a->y, b->y, count * STEPS)) && (!a->y_i8 || is_equal_i8(a->y_i8, b->y_i8, count * STEPS));
}

static void release_step(step_target *t) {
  free(t->next_h), free(t->y_i8), released(t->next_c), released(t->last_h), released(t->y);
}

/* R is [gate, inner, unit]. */
static void expect_lstm(const lathe_lstm_i8 *l, const int8_t *r) {
  for (size_t b = 0; b < l->batch; b++) {
    size_t length = l->place.lengths ? (size_t)l->place.lengths[b] : l->place.steps;
    bool is_active = l->place.step < length;
    size_t position = is_active && l->place.is_reverse ? length - 1 - l->place.step : l->place.step;
    for (size_t u = 0; u < l->hidden; u++) {
      size_t at = b * l->hidden + u, place = b * l->place.y_batch_stride + position * l->place.y_step_stride + u;
      const float *own = l->inputs + b * l->place.inputs_batch_stride + position * l->place.inputs_step_stride;
      float gates[4], value = 0, next = l->c[at];
      int8_t code = l->h[at];
      for (size_t gate = 0; gate < 4; gate++) {
        int32_t sum = 0;
        for (size_t c = 0; c < l->hidden; c++) sum += l->h[b * l->hidden + c] * r[(gate * l->hidden + c) * l->hidden + u];
        gates[gate] = fmaf((float)sum, l->r_scale[gate * l->hidden + u], own[gate * l->hidden + u]);
      }
      if (is_active) {
        next = fmaf(exact_sigmoid(gates[2]), next, exact_sigmoid(gates[0]) * exact_tanh(gates[3]));
        value = exact_sigmoid(gates[1]) * exact_tanh(next);
        code = quantized(value * 127);
      }
      l->next_h[at] = code, l->next_c[at] = next;
      if (l->last_h && is_active) l->last_h[at] = value;
      if (l->y) l->y[place] = value;
      if (l->y_i8) l->y_i8[place] = is_active ? code : 0;
    }
  }
}

typedef struct lstm_run {
  lathe_lstm_i8 *l;
  void *scratch;
} lstm_run;

static void run_lstm(void *context, size_t begin, size_t end) {
  lstm_run *r = context;
  kernels->lstm_i8(r->l, r->scratch, begin, end);
}

/* Magnitudes of the inputs may be such that gates are all but open or shut. */
static void check_lstm(size_t batch, size_t hidden, fill_kind fill, float magnitude, bool is_reverse, bool has_lengths, int kinds) {
  size_t count = batch * hidden, matrix = lathe_packed_gemm_size_i8(hidden, hidden), items = lathe_recurrent_items_f32(hidden);
  int8_t *r = random_bytes(4 * hidden * hidden, FILL_ANY), *packed = bytes(4 * matrix), *h = random_bytes(count, fill);
  float *inputs = randoms(batch * STEPS * 4 * hidden, magnitude), *scales = randoms(4 * hidden, 0.0005f), *c = randoms(count, 2);
  int32_t *lengths = malloc((batch + 1) * sizeof *lengths);
  for (size_t b = 0; b < batch; b++) lengths[b] = (int32_t)random_below(STEPS + 1);
  for (size_t gate = 0; gate < 4; gate++) lathe_pack_gemm_i8(hidden, hidden, r + gate * hidden * hidden, hidden, packed + gate * matrix);
  lathe_lstm_i8 l = {.batch = batch, .hidden = hidden,
                     .place = {random_below(STEPS), STEPS, is_reverse, has_lengths ? lengths : NULL, STEPS * 4 * hidden, 4 * hidden, STEPS * hidden, hidden},
                     .inputs = inputs, .recurrence = packed, .r_scale = scales, .h = h, .c = c};
  step_target right = new_step(count, kinds), whole = new_step(count, kinds), split = new_step(count, kinds);
  aim_lstm(&l, &right), expect_lstm(&l, r);
  int8_t *scratch = bytes(lathe_lstm_scratch_i8(&l));
  aim_lstm(&l, &whole), kernels->lstm_i8(&l, scratch, 0, items);
  CHECK(is_same_step(&right, &whole, count), "lstm_i8 of %zu x %zu is not its definition", batch, hidden);
  lstm_run run = {&l, scratch};
  aim_lstm(&l, &split);
  if (count > 0) memcpy(split.next_c, c, count * sizeof *c);
  l.c = split.next_c;
  in_pieces(items, run_lstm, &run);
  CHECK(is_same_step(&right, &split, count), "lstm_i8 of %zu x %zu depends on the split", batch, hidden);
  release_step(&right), release_step(&whole), release_step(&split);
  free(r), free(packed), free(h), free(lengths), free(scratch), released(inputs), released(scales), released(c);
}

static void aim_gru(lathe_gru_i8 *g, const step_target *t) {
  g->next_h_i8 = t->next_h, g->next_h = t->next_c, g->y = t->y, g->y_i8 = t->y_i8;
}

static float gru_sum(const lathe_gru_i8 *g, const int8_t *r, const int8_t *codes, size_t batch, size_t gate, size_t unit) {
  int32_t sum = 0;
  for (size_t c = 0; c < g->hidden; c++) sum += codes[batch * g->hidden + c] * r[(gate * g->hidden + c) * g->hidden + unit];
  return (float)sum;
}

static float gru_gate(const lathe_gru_i8 *g, const int8_t *r, const int8_t *codes, const float *own, size_t batch, size_t gate, size_t unit) {
  return fmaf(gru_sum(g, r, codes, batch, gate, unit), g->r_scale[gate * g->hidden + unit], own[gate * g->hidden + unit]);
}

/* R is [gate, inner, unit]; `resets` takes what gru_reset_i8 gives. */
static void expect_gru(const lathe_gru_i8 *g, const int8_t *r, int8_t *resets) {
  for (size_t b = 0; b < g->batch; b++) {
    size_t length = g->place.lengths ? (size_t)g->place.lengths[b] : g->place.steps;
    bool is_active = g->place.step < length;
    size_t position = is_active && g->place.is_reverse ? length - 1 - g->place.step : g->place.step;
    const float *own = g->inputs + b * g->place.inputs_batch_stride + position * g->place.inputs_step_stride;
    for (size_t u = 0; u < g->hidden; u++) {
      size_t at = b * g->hidden + u;
      resets[at] = is_active ? quantized(exact_sigmoid(gru_gate(g, r, g->h_i8, own, b, 1, u)) * g->h[at] * 127) : 0;
    }
    for (size_t u = 0; u < g->hidden; u++) {
      size_t at = b * g->hidden + u, place = b * g->place.y_batch_stride + position * g->place.y_step_stride + u, last = 2 * g->hidden + u;
      float update = exact_sigmoid(gru_gate(g, r, g->h_i8, own, b, 0, u)), reset = exact_sigmoid(gru_gate(g, r, g->h_i8, own, b, 1, u));
      float product = gru_sum(g, r, g->h_i8, b, 2, u), sum = gru_gate(g, r, resets, own, b, 2, u);
      product = g->bias_h ? fmaf(product, g->r_scale[last], g->bias_h[u]) : product * g->r_scale[last];
      float candidate = exact_tanh(g->reset_i8 ? sum : fmaf(reset, product, own[last]));
      float next = is_active ? fmaf(update, g->h[at], (1 - update) * candidate) : g->h[at];
      g->next_h[at] = next, g->next_h_i8[at] = is_active ? quantized(next * 127) : g->h_i8[at];
      if (g->y) g->y[place] = is_active ? next : 0;
      if (g->y_i8) g->y_i8[place] = is_active ? quantized(next * 127) : 0;
    }
  }
}

typedef struct gru_run {
  lathe_gru_i8 *g;
  void *scratch;
} gru_run;

static void run_gru(void *context, size_t begin, size_t end) {
  gru_run *r = context;
  kernels->gru_i8(r->g, r->scratch, begin, end);
}

static void run_gru_reset(void *context, size_t begin, size_t end) {
  gru_run *r = context;
  kernels->gru_reset_i8(r->g, r->scratch, begin, end);
}

static void check_gru(size_t batch, size_t hidden, fill_kind fill, float magnitude, bool is_linear, bool is_reverse, bool has_lengths, int kinds) {
  size_t count = batch * hidden, matrix = lathe_packed_gemm_size_i8(hidden, hidden), items = lathe_recurrent_items_f32(hidden);
  int8_t *r = random_bytes(3 * hidden * hidden, FILL_ANY), *packed = bytes(3 * matrix), *h_i8 = random_bytes(count, fill);
  int8_t *resets = bytes(count), *given = is_linear ? NULL : bytes(count);
  float *inputs = randoms(batch * STEPS * 3 * hidden, magnitude), *scales = randoms(3 * hidden, 0.0005f), *h = randoms(count, 1);
  float *bias = is_linear && random_below(2) ? randoms(hidden, 1) : NULL;
  int32_t *lengths = malloc((batch + 1) * sizeof *lengths);
  for (size_t b = 0; b < batch; b++) lengths[b] = (int32_t)random_below(STEPS + 1);
  for (size_t gate = 0; gate < 3; gate++) lathe_pack_gemm_i8(hidden, hidden, r + gate * hidden * hidden, hidden, packed + gate * matrix);
  lathe_gru_i8 g = {.batch = batch, .hidden = hidden,
                    .place = {random_below(STEPS), STEPS, is_reverse, has_lengths ? lengths : NULL, STEPS * 3 * hidden, 3 * hidden, STEPS * hidden, hidden},
                    .inputs = inputs, .recurrence = packed, .r_scale = scales, .bias_h = bias, .h = h, .h_i8 = h_i8, .reset_i8 = given};
  step_target right = new_step(count, kinds & 6), whole = new_step(count, kinds & 6), split = new_step(count, kinds & 6);
  aim_gru(&g, &right), expect_gru(&g, r, resets);
  int8_t *scratch = bytes(lathe_gru_scratch_i8(&g));
  aim_gru(&g, &whole);
  if (given) kernels->gru_reset_i8(&g, scratch, 0, items);
  CHECK(!given || is_equal_i8(given, resets, count), "gru_reset_i8 of %zu x %zu is not its definition", batch, hidden);
  kernels->gru_i8(&g, scratch, 0, items);
  CHECK(is_same_step(&right, &whole, count), "gru_i8 of %zu x %zu is not its definition", batch, hidden);
  gru_run run = {&g, scratch};
  aim_gru(&g, &split);
  if (count > 0) memcpy(split.next_c, h, count * sizeof *h);
  g.h = split.next_c;
  if (given) memset(given, 0x55, count), in_pieces(items, run_gru_reset, &run);
  in_pieces(items, run_gru, &run);
  CHECK(is_same_step(&right, &split, count), "gru_i8 of %zu x %zu depends on the split", batch, hidden);
  release_step(&right), release_step(&whole), release_step(&split);
  free(r), free(packed), free(h_i8), free(resets), free(given), free(lengths), free(scratch), released(inputs), released(scales), released(h);
  released(bias);
}

void test_recurrent_i8(void) {
  static const size_t sizes[] = {1, 2, 3, 4, 5, 15, 16, 17, 20, 31, 33, 48, 67};
  for (int round = 0; round < 120; round++)
    check_lstm(random_below(12), sizes[random_below(13)], (fill_kind)random_below(5), random_below(3) == 0 ? 60 : 3, random_below(2), random_below(2),
               (int)random_below(8));
  check_lstm(1, 128, FILL_SYMMETRIC, 3, false, false, 7);
  check_lstm(53, 36, FILL_LOWEST, 3, true, true, 7);
  check_lstm(2, 256, FILL_HIGHEST, 3, false, false, 7);
  for (int round = 0; round < 160; round++)
    check_gru(random_below(12), sizes[random_below(13)], (fill_kind)random_below(5), random_below(3) == 0 ? 60 : 3, random_below(2), random_below(2),
              random_below(2), (int)random_below(8));
  for (int is_linear = 0; is_linear < 2; is_linear++) {
    check_gru(1, 128, FILL_SYMMETRIC, 3, is_linear, false, false, 7);
    check_gru(53, 36, FILL_LOWEST, 3, is_linear, true, true, 7);
    check_gru(2, 256, FILL_HIGHEST, 3, is_linear, false, false, 7);
  }
}
