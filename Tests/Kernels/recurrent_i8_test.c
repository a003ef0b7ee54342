/* Steps of LSTMs on INT8 values are their definition's bits, on every instruction set and however the items are divided. */
#include "check_i8.h"

enum { STEPS = 4 };

/* What a step writes. */
typedef struct lstm_target {
  int8_t *next_h, *y_i8;
  float *next_c, *last_h, *y;
} lstm_target;

/* Bit 0 asks for the last state in floats, bit 1 for Y, bit 2 for its INT8 values. */
static lstm_target new_lstm_target(size_t count, int kinds) {
  return (lstm_target){.next_h = bytes(count), .next_c = buffer(count), .last_h = kinds & 1 ? buffer(count) : NULL,
                       .y = kinds & 2 ? buffer(count * STEPS) : NULL, .y_i8 = kinds & 4 ? bytes(count * STEPS) : NULL};
}

static void aim(lathe_lstm_i8 *l, const lstm_target *t) {
  l->next_h = t->next_h, l->next_c = t->next_c, l->last_h = t->last_h, l->y = t->y, l->y_i8 = t->y_i8;
}

static bool is_same_lstm(const lstm_target *a, const lstm_target *b, size_t count) {
  return is_equal_i8(a->next_h, b->next_h, count) && is_equal(a->next_c, b->next_c, count) && (!a->last_h || is_equal(a->last_h, b->last_h, count)) &&
         (!a->y || is_equal(a->y, b->y, count * STEPS)) && (!a->y_i8 || is_equal_i8(a->y_i8, b->y_i8, count * STEPS));
}

static void release_lstm(lstm_target *t) {
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
  lstm_target right = new_lstm_target(count, kinds), whole = new_lstm_target(count, kinds), split = new_lstm_target(count, kinds);
  aim(&l, &right), expect_lstm(&l, r);
  int8_t *scratch = bytes(lathe_lstm_scratch_i8(&l));
  aim(&l, &whole), kernels->lstm_i8(&l, scratch, 0, items);
  CHECK(is_same_lstm(&right, &whole, count), "lstm_i8 of %zu x %zu is not its definition", batch, hidden);
  lstm_run run = {&l, scratch};
  aim(&l, &split);
  if (count > 0) memcpy(split.next_c, c, count * sizeof *c);
  l.c = split.next_c;
  in_pieces(items, run_lstm, &run);
  CHECK(is_same_lstm(&right, &split, count), "lstm_i8 of %zu x %zu depends on the split", batch, hidden);
  release_lstm(&right), release_lstm(&whole), release_lstm(&split);
  free(r), free(packed), free(h), free(lengths), free(scratch), released(inputs), released(scales), released(c);
}

void test_recurrent_i8(void) {
  static const size_t sizes[] = {1, 2, 3, 4, 5, 15, 16, 17, 20, 31, 33, 48, 67};
  for (int round = 0; round < 120; round++)
    check_lstm(random_below(12), sizes[random_below(13)], (fill_kind)random_below(5), random_below(3) == 0 ? 60 : 3, random_below(2), random_below(2),
               (int)random_below(8));
  check_lstm(1, 128, FILL_SYMMETRIC, 3, false, false, 7);
  check_lstm(53, 36, FILL_LOWEST, 3, true, true, 7);
  check_lstm(2, 256, FILL_HIGHEST, 3, false, false, 7);
}
