#include "check.h"

typedef enum mask_kind { NO_MASK, PADDING, FULL, KEEP, COLUMNS } mask_kind;

typedef struct attention_run {
  lathe_attention_f32 *a;
  float *scratch;
} attention_run;

static void run_attention(void *context, size_t begin, size_t end) {
  attention_run *r = context;
  kernels->attention_f32(r->a, r->scratch, begin, end);
}

/* Row of the result by plain loops. */
static void expected_row(const lathe_attention_f32 *a, size_t batch, size_t head, size_t query, double *y) {
  double *scores = malloc((a->keys + 1) * sizeof *scores), most = -INFINITY, total = 0;
  const float *q = a->q + batch * a->q_batch_stride + query * a->q_stride + head * a->size;
  for (size_t key = 0; key < a->keys; key++) {
    const float *k = a->k + batch * a->k_batch_stride + key * a->k_stride + head * a->size;
    size_t at = batch * a->mask_strides[0] + head * a->mask_strides[1] + query * a->mask_strides[2] + key * a->mask_strides[3];
    double sum = 0;
    for (size_t c = 0; c < a->size; c++) sum += (double)q[c] * k[c];
    scores[key] = sum * a->scale;
    if (a->mask) scores[key] = (double)(float)(scores[key] + a->mask[at]);
    if (a->keep && !a->keep[at]) scores[key] = a->masked_value;
    if (scores[key] > most) most = scores[key];
  }
  for (size_t key = 0; key < a->keys; key++) total += scores[key] = exp(scores[key] - most);
  for (size_t c = 0; c < a->width; c++) {
    y[c] = 0;
    for (size_t key = 0; key < a->keys; key++)
      y[c] += scores[key] / total * a->v[batch * a->v_batch_stride + key * a->v_stride + head * a->width + c];
    if (a->zero_masked_rows && !(total > 0)) y[c] = 0;
  }
  free(scores);
}

static void compare(const lathe_attention_f32 *a) {
  double *row = malloc((a->width + 1) * sizeof *row);
  for (size_t b = 0; b < a->batch; b++)
    for (size_t h = 0; h < a->heads; h++)
      for (size_t q = 0; q < a->queries; q++) {
        expected_row(a, b, h, q, row);
        const float *y = a->y + b * a->y_batch_stride + q * a->y_stride + h * a->width;
        for (size_t c = 0; c < a->width; c++)
          CHECK(is_near(y[c], row[c], 2e-5), "attention %zu x %zu x %zu at %zu %zu %zu %zu: %g, not %g", a->queries, a->keys, a->size, b, h, q, c,
                (double)y[c], row[c]);
      }
  free(row);
}

/* Mask of a kind; `hidden` is what it does to a hidden key. */
static void set_mask(lathe_attention_f32 *a, mask_kind kind, float hidden, bool hides_rows, float **floats, uint8_t **flags) {
  size_t strides[][4] = {{0}, {a->keys, 0, 0, 1}, {a->heads * a->queries * a->keys, a->queries * a->keys, a->keys, 1},
                         {a->queries * a->keys, 0, a->keys, 1}, {a->queries, 0, 1, 0}};
  size_t counts[] = {0, a->batch * a->keys, a->batch * a->heads * a->queries * a->keys, a->batch * a->queries * a->keys, a->batch * a->queries};
  size_t count = counts[kind];
  memcpy(a->mask_strides, strides[kind], sizeof a->mask_strides);
  if (kind == KEEP) {
    *flags = malloc(count + 1);
    for (size_t i = 0; i < count; i++) (*flags)[i] = (uint8_t)(random_below(3) > 0);
    if (hides_rows) memset(*flags, 0, count < a->keys ? count : a->keys);
    a->keep = *flags;
  } else if (kind != NO_MASK) {
    *floats = randoms(count, 1);
    for (size_t i = 0; i < count; i++)
      if (random_below(3) == 0 || (hides_rows && i < a->keys)) (*floats)[i] = hidden;
    a->mask = *floats;
  }
}

static void check_attention(size_t batch, size_t heads, size_t queries, size_t keys, size_t size, size_t width, mask_kind kind, float hidden,
                            bool hides_rows, bool zeroes) {
  size_t q_stride = heads * size + random_below(3), k_stride = heads * size + random_below(3), v_stride = heads * width + random_below(3);
  size_t y_stride = heads * width + random_below(3), count = batch * queries * y_stride;
  float *q = randoms(batch * queries * q_stride, 2), *k = randoms(batch * keys * k_stride, 2), *v = randoms(batch * keys * v_stride, 2);
  float *y = buffer(count), *split = buffer(count), *floats = NULL;
  uint8_t *flags = NULL;
  lathe_attention_f32 a = {.batch = batch, .heads = heads, .queries = queries, .keys = keys, .size = size, .width = width, .q = q, .k = k, .v = v,
                           .q_stride = q_stride, .k_stride = k_stride, .v_stride = v_stride, .q_batch_stride = queries * q_stride,
                           .k_batch_stride = keys * k_stride, .v_batch_stride = keys * v_stride, .scale = 0.3f, .masked_value = hidden,
                           .zero_masked_rows = zeroes, .y = y, .y_stride = y_stride, .y_batch_stride = queries * y_stride};
  set_mask(&a, kind, hidden, hides_rows, &floats, &flags);
  float *scratch = buffer(lathe_attention_scratch_f32(&a));
  size_t items = lathe_attention_items_f32(&a);
  kernels->attention_f32(&a, scratch, 0, items);
  compare(&a);
  a.y = split;
  attention_run r = {&a, scratch};
  in_pieces(items, run_attention, &r);
  CHECK(is_same(y, split, count), "attention depends on the split");
  released(q), released(k), released(v), released(y), released(split), released(floats), released(scratch);
  free(flags);
}

/* Q, K and V side by side in one matrix. */
static void check_packed(void) {
  enum { BATCH = 2, LENGTH = 37, HEADS = 3, SIZE = 8, HIDDEN = HEADS * SIZE };
  float *all = randoms(BATCH * LENGTH * 3 * HIDDEN, 1), *y = buffer(BATCH * LENGTH * HIDDEN);
  size_t stride = 3 * HIDDEN, batch_stride = LENGTH * stride;
  lathe_attention_f32 a = {.batch = BATCH, .heads = HEADS, .queries = LENGTH, .keys = LENGTH, .size = SIZE, .width = SIZE, .q = all,
                           .k = all + HIDDEN, .v = all + 2 * HIDDEN, .q_stride = stride, .k_stride = stride, .v_stride = stride,
                           .q_batch_stride = batch_stride, .k_batch_stride = batch_stride, .v_batch_stride = batch_stride, .scale = 0.35f, .y = y,
                           .y_stride = HIDDEN, .y_batch_stride = LENGTH * HIDDEN};
  float *scratch = buffer(lathe_attention_scratch_f32(&a));
  kernels->attention_f32(&a, scratch, 0, lathe_attention_items_f32(&a));
  compare(&a);
  released(all), released(y), released(scratch);
}

void test_attention(void) {
  static const size_t lengths[] = {0, 1, 2, 5, 7, 16, 17, 31, 63, 64, 65, 127, 128, 129, 200, 257};
  static const size_t sizes[] = {1, 2, 8, 13, 16, 31, 32, 40, 64};
  for (int round = 0; round < 150; round++) {
    size_t queries = lengths[random_below(16)], keys = lengths[random_below(16)];
    float hidden = random_below(2) ? -INFINITY : -3.4e38f;
    check_attention(1 + random_below(2), 1 + random_below(3), queries, keys, sizes[random_below(9)], sizes[random_below(9)],
                    (mask_kind)random_below(5), hidden, random_below(2), random_below(2));
  }
  check_attention(1, 2, 3, 700, 24, 24, PADDING, -INFINITY, false, false);
  check_attention(1, 2, 70, 300, 32, 32, KEEP, -10000, true, false);
  check_packed();
}
