#include "functions.h"
#include "packing.h"
#include "rows.h"
#include "tiles.h"

enum { QUERIES = LATHE_ATTENTION_QUERIES, KEYS = LATHE_ATTENTION_KEYS };

/* Scratch of a thread. */
typedef struct parts {
  float *keys;   /* [KEYS / 16][size][16] */
  float *values; /* [width / 16][KEYS][16] */
  float *scores; /* [QUERIES][KEYS] */
  float *sums;   /* [QUERIES][width, rounded up] */
  float most[QUERIES], total[QUERIES];
  size_t width; /* rounded up to whole blocks */
} parts;

/* Which keys of which queries of a head. */
typedef struct span {
  size_t batch, head, query, queries, key, keys;
} span;

static void pack(const lathe_attention_f32 *a, const span *s, const parts *p) {
  const float *k = a->k + s->batch * a->k_batch_stride + s->key * a->k_stride + s->head * a->size;
  for (size_t first = 0; first < s->keys; first += LATHE_GEMM_COLUMNS)
    pack_transposed_block(k + first * a->k_stride, a->k_stride, a->size, lathe_smaller(LATHE_GEMM_COLUMNS, s->keys - first),
                          p->keys + first * a->size);
  const float *value = a->v + s->batch * a->v_batch_stride + s->key * a->v_stride + s->head * a->width;
  for (size_t first = 0; first < a->width; first += LATHE_GEMM_COLUMNS)
    pack_block(value + first, a->v_stride, s->keys, lathe_smaller(LATHE_GEMM_COLUMNS, a->width - first), p->values + first * KEYS);
}

/* Masks a row of scaled products key by key: flags, or a mask whose keys do not follow one another. */
static void mask_row(const lathe_attention_f32 *a, const span *s, size_t offset, float *scores) {
  size_t step = a->mask_strides[3];
  if (a->mask)
    for (size_t i = 0; i < s->keys; i++) scores[i] += a->mask[offset + i * step];
  if (a->keep)
    for (size_t i = 0; i < s->keys; i++) scores[i] = a->keep[offset + i * step] ? scores[i] : a->masked_value;
}

/* Scales and masks a row of products, and returns the largest; keys up to the end of a block of 16 become minus infinity. */
static float scaled_row(const lathe_attention_f32 *a, const span *s, size_t query, float *scores) {
  size_t offset = s->batch * a->mask_strides[0] + s->head * a->mask_strides[1] + (s->query + query) * a->mask_strides[2] +
                  s->key * a->mask_strides[3];
  bool is_plain = a->keep == NULL && (a->mask == NULL || a->mask_strides[3] == 1);
  const float *mask = is_plain && a->mask ? a->mask + offset : NULL;
  size_t whole = s->keys / LANES * LANES, padded = lathe_quotient_up(s->keys, LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS;
  v scale = v_set(a->scale), most = v_set(-INFINITY);
  for (size_t i = 0; i < whole; i += LANES) {
    v value = mask ? v_fma(v_load(scores + i), scale, v_load(mask + i)) : v_load(scores + i) * scale;
    v_store(scores + i, value);
    most = v_max(value, most);
  }
  for (size_t i = whole; i < s->keys; i++) scores[i] = scores[i] * a->scale + (mask ? mask[i] : 0);
  for (size_t i = s->keys; i < padded; i++) scores[i] = -INFINITY;
  if (!is_plain) {
    mask_row(a, s, offset, scores);
    most = v_set(-INFINITY);
    whole = 0;
  }
  for (size_t i = whole; i < padded; i += LANES) most = v_max(v_load(scores + i), most);
  return v_highest(most);
}

/* Makes weights of a row of products, and rescales what was summed with a smaller maximum. */
static void weigh(const lathe_attention_f32 *a, const span *s, parts *p, size_t query) {
  float *scores = p->scores + query * KEYS, before = p->most[query], most = scaled_row(a, s, query, scores);
  if (before > most) most = before;
  p->most[query] = most;
  v shift = v_set(most == -INFINITY ? 0 : most), even = v_set(0), odd = v_set(0);
  size_t padded = lathe_quotient_up(s->keys, LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS, i = 0;
  for (; i + 2 * LANES <= padded; i += 2 * LANES) {
    v low = v_exp_of_negative(v_load(scores + i) - shift), high = v_exp_of_negative(v_load(scores + i + LANES) - shift);
    v_store(scores + i, low);
    v_store(scores + i + LANES, high);
    even = even + low;
    odd = odd + high;
  }
  for (; i < padded; i += LANES) {
    v weight = v_exp_of_negative(v_load(scores + i) - shift);
    v_store(scores + i, weight);
    even = even + weight;
  }
  float total = v_sum(even + odd);
  if (s->key == 0) {
    p->total[query] = total;
    return;
  }
  v factor = v_exp_of_negative(v_set(before) - shift);
  float factors[LANES];
  v_store(factors, factor);
  p->total[query] = p->total[query] * factors[0] + total;
  float *sums = p->sums + query * p->width;
  if (before != most)
    for (size_t c = 0; c < p->width; c += LANES) v_store(sums + c, v_load(sums + c) * factor);
}

static void attend(const lathe_attention_f32 *a, const span *s, parts *p) {
  const float *q = a->q + s->batch * a->q_batch_stride + s->query * a->q_stride + s->head * a->size;
  tile products = {.k = a->size, .x = q, .x_stride = a->q_stride, .w = p->keys, .w_block = a->size * LATHE_GEMM_COLUMNS,
                   .w_row = LATHE_GEMM_COLUMNS, .sums = p->scores, .stride = KEYS};
  tile_product(&products, s->queries, lathe_quotient_up(s->keys, LATHE_GEMM_COLUMNS));
  for (size_t query = 0; query < s->queries; query++) weigh(a, s, p, query);
  tile weighted = {.k = s->keys, .x = p->scores, .x_stride = KEYS, .w = p->values, .w_block = KEYS * LATHE_GEMM_COLUMNS,
                   .w_row = LATHE_GEMM_COLUMNS, .sums = p->sums, .stride = p->width, .is_added = s->key > 0};
  tile_product(&weighted, s->queries, p->width / LATHE_GEMM_COLUMNS);
}

static void finish(const lathe_attention_f32 *a, const span *s, const parts *p) {
  for (size_t query = 0; query < s->queries; query++) {
    float *y = a->y + s->batch * a->y_batch_stride + (s->query + query) * a->y_stride + s->head * a->width;
    const float *sums = p->sums + query * p->width;
    if (a->keys == 0 || (a->zero_masked_rows && !(p->total[query] > 0))) {
      memset(y, 0, a->width * sizeof *y);
      continue;
    }
    v share = v_set(1 / p->total[query]);
    FOR_LANES(a->width, c, count) v_store_some(y + c, v_load(sums + c) * share, count);
  }
}

void NAME(attention_f32)(const lathe_attention_f32 *a, float *scratch, size_t begin, size_t end) {
  parts p = {.width = lathe_quotient_up(a->width, LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS};
  p.keys = scratch;
  p.values = p.keys + KEYS * a->size;
  p.scores = p.values + KEYS * p.width;
  p.sums = p.scores + QUERIES * KEYS;
  size_t blocks = lathe_quotient_up(a->queries, QUERIES);
  if (begin >= end) return;
  size_t height = lathe_quotient_up(a->queries, blocks);
  for (size_t item = begin; item < end; item++) {
    span s = {.batch = item / blocks / a->heads, .head = item / blocks % a->heads, .query = item % blocks * height};
    s.queries = s.query < a->queries ? lathe_smaller(height, a->queries - s.query) : 0;
    for (size_t query = 0; query < s.queries; query++) p.most[query] = -INFINITY;
    for (; s.key < a->keys; s.key += KEYS) {
      s.keys = lathe_smaller(KEYS, a->keys - s.key);
      pack(a, &s, &p);
      attend(a, &s, &p);
    }
    finish(a, &s, &p);
  }
}
