/* Attention of INT8 values is its definition's bits. */
#include "check_i8.h"

typedef enum mask_kind { NO_MASK, PADDING, FULL, KEEP, COLUMNS } mask_kind;

typedef struct attention_run {
  lathe_attention_i8 *a;
  void *scratch;
} attention_run;

static void run_attention(void *context, size_t begin, size_t end) {
  attention_run *r = context;
  kernels->attention_i8(r->a, r->scratch, begin, end);
}

static float score_of(const lathe_attention_i8 *a, size_t batch, size_t head, size_t query, size_t key) {
  const int8_t *q = a->q + batch * a->q_batch_stride + query * a->q_stride + head * a->size;
  const int8_t *k = a->k + batch * a->k_batch_stride + key * a->k_stride + head * a->size;
  size_t at = batch * a->mask_strides[0] + head * a->mask_strides[1] + query * a->mask_strides[2] + key * a->mask_strides[3];
  int32_t dot = 0;
  for (size_t c = 0; c < a->size; c++) dot += q[c] * k[c];
  float s = a->scale;
  if (a->q_row_scale && a->k_row_scale) s = (a->q_row_scale[batch * a->queries + query] * a->k_row_scale[batch * a->keys + key]) * a->scale;
  else if (a->q_row_scale) s = a->q_row_scale[batch * a->queries + query] * a->scale;
  else if (a->k_row_scale) s = a->k_row_scale[batch * a->keys + key] * a->scale;
  if (a->keep && !a->keep[at]) return a->masked_value;
  return a->mask ? fmaf((float)dot, s, a->mask[at]) : (float)dot * s;
}

static void expect_row(const lathe_attention_i8 *a, size_t batch, size_t head, size_t query, float *y) {
  float *scores = buffer(a->keys), most = -INFINITY;
  uint32_t total = 0;
  for (size_t key = 0; key < a->keys; key++) {
    scores[key] = score_of(a, batch, head, query, key);
    if (scores[key] > most) most = scores[key];
  }
  if (most == -INFINITY) most = 0;
  for (size_t key = 0; key < a->keys; key++) {
    double weight = (double)exact_exp_of_negative(scores[key] - most) * 255;
    scores[key] = isnan(weight) ? 0 : (float)nearbyint(weight);
    total += (uint32_t)scores[key];
  }
  for (size_t c = 0; c < a->width; c++) {
    int32_t sum = 0;
    for (size_t key = 0; key < a->keys; key++)
      sum += (int32_t)scores[key] * a->v[batch * a->v_batch_stride + key * a->v_stride + head * a->width + c];
    y[c] = total > 0 ? (float)sum * (a->v_scale / (float)total) : a->zero_masked_rows || a->keys == 0 ? 0 : NAN;
  }
  released(scores);
}

static void expect_attention(const lathe_attention_i8 *a) {
  float *row = buffer(a->width);
  for (size_t b = 0; b < a->batch; b++)
    for (size_t h = 0; h < a->heads; h++)
      for (size_t q = 0; q < a->queries; q++) {
        expect_row(a, b, h, q, row);
        lathe_rows_out y = a->y;
        if (y.f32) y.f32 += b * a->y_batch_stride + h * a->width;
        if (y.i8) y.i8 += b * a->y_i8_batch_stride + h * a->width;
        if (y.inverse_scales) y.inverse_scales += h * a->width;
        put_values(&y, q, row, a->width);
      }
  released(row);
}

/* Mask of a kind; `hidden` is what it does to a hidden key. */
static void set_mask(lathe_attention_i8 *a, mask_kind kind, float hidden, bool hides_rows, float **floats, uint8_t **flags) {
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
                            bool hides_rows, bool zeroes, fill_kind fill) {
  size_t q_stride = heads * size + random_below(5), k_stride = heads * size + random_below(5), v_stride = heads * width + random_below(3);
  int8_t *q = random_bytes(batch * queries * q_stride, fill), *k = random_bytes(batch * keys * k_stride, fill);
  int8_t *v = random_bytes(batch * keys * v_stride, fill);
  float *q_scale = random_below(2) ? randoms(batch * queries, 2) : NULL, *k_scale = random_below(2) ? randoms(batch * keys, 2) : NULL;
  float *floats = NULL;
  uint8_t *flags = NULL;
  int outputs = 1 + (int)random_below(3);
  rows_target right = new_target(batch * queries, heads * width, outputs), y = new_target(batch * queries, heads * width, outputs);
  lathe_attention_i8 a = {.batch = batch, .heads = heads, .queries = queries, .keys = keys, .size = size, .width = width, .q = q, .k = k, .v = v,
                          .q_stride = q_stride, .k_stride = k_stride, .v_stride = v_stride, .q_batch_stride = queries * q_stride,
                          .k_batch_stride = keys * k_stride, .v_batch_stride = keys * v_stride, .scale = 1e-4f, .v_scale = 0.02f,
                          .q_row_scale = q_scale, .k_row_scale = k_scale, .masked_value = hidden, .zero_masked_rows = zeroes, .y = right.out,
                          .y_batch_stride = queries * right.out.f32_stride, .y_i8_batch_stride = queries * right.out.i8_stride};
  set_mask(&a, kind, hidden, hides_rows, &floats, &flags);
  expect_attention(&a);
  int8_t *scratch = bytes(lathe_attention_scratch_i8(&a));
  a.y = y.out;
  attention_run r = {&a, scratch};
  in_pieces(lathe_attention_items_i8(&a), run_attention, &r);
  CHECK(is_same_target(&right, &y), "attention_i8 %zu x %zu x %zu x %zu, mask %d, is not its definition", queries, keys, size, width, (int)kind);
  free(q), free(k), free(v), free(flags), free(scratch);
  released(q_scale), released(k_scale), released(floats), release_target(&right), release_target(&y);
}

void test_attention_i8(void) {
  static const size_t lengths[] = {1, 2, 5, 15, 16, 17, 31, 33, 64, 100, 193}, sizes[] = {1, 3, 4, 8, 16, 20, 32, 40, 64};
  static const float hiddens[] = {-INFINITY, -3.4e38f, -10000};
  for (int round = 0; round < 160; round++)
    check_attention(1 + random_below(2), 1 + random_below(3), lengths[random_below(11)], lengths[random_below(11)], sizes[random_below(9)],
                    sizes[random_below(9)], (mask_kind)random_below(5), hiddens[random_below(3)], random_below(3) == 0, random_below(2),
                    (fill_kind)random_below(5));
  check_attention(1, 2, 5, 0, 8, 8, NO_MASK, 0, false, false, FILL_ANY);
  check_attention(1, 1, 0, 7, 8, 8, NO_MASK, 0, false, false, FILL_ANY);
  check_attention(1, 2, 130, 700, 16, 24, PADDING, -3.4e38f, false, true, FILL_EXTREMES);
  check_attention(1, 1, 30, 3000, 8, 8, KEEP, -INFINITY, true, true, FILL_LOWEST);
}
