#include "packing_i8.h"
#include "rows_i8.h"

enum { KEYS = LATHE_ATTENTION_KEYS };

/* Scratch of a thread. */
typedef struct parts {
  lathe_attention_room_i8 room;
  int8_t *keys;     /* [KEYS / 16] blocks of K' */
  int8_t *values;   /* [width / 16] blocks of V */
  float *scores;    /* [queries][keys], and sums before they are scaled */
  int32_t *sums;    /* [queries][width] */
  int32_t *starts;  /* [width] and [KEYS] */
  int8_t *q, *p;    /* [queries], prepared */
  float most[LATHE_ATTENTION_QUERIES];
  uint32_t total[LATHE_ATTENTION_QUERIES];
} parts;

/* Which keys of which queries of a head. */
typedef struct span {
  size_t batch, head, query, queries, key, keys;
} span;

static parts parts_of(const lathe_attention_i8 *a, int8_t *scratch) {
  lathe_attention_room_i8 r = lathe_attention_room_of_i8(a, lathe_attention_height_i8(a));
  return (parts){.room = r, .keys = scratch + r.keys, .values = scratch + r.values,
                 .scores = (void *)(scratch + r.scores), .sums = (void *)(scratch + r.sums), .starts = (void *)(scratch + r.starts),
                 .q = scratch + r.q, .p = scratch + r.p};
}

static void pack_keys(const lathe_attention_i8 *a, const span *s, const parts *p) {
  const int8_t *k = a->k + s->batch * a->k_batch_stride + s->key * a->k_stride + s->head * a->size;
  size_t groups = lathe_quotient_up(a->size, 4), bytes = groups * GROUP_BYTES;
  for (size_t first = 0; first < s->keys; first += LATHE_GEMM_COLUMNS) {
    int8_t *block = p->keys + first / LATHE_GEMM_COLUMNS * bytes;
    pack_transposed_block_i8(k + first * a->k_stride, a->k_stride, a->size, lathe_smaller(LATHE_GEMM_COLUMNS, s->keys - first), block);
    if (SIGNED_OFFSET != 0) set_starts(block, groups, SIGNED_OFFSET, p->starts + p->room.width + first);
  }
}

/* Keys of a block of V, rounded up. */
INLINE size_t padded_keys(const span *s) { return lathe_quotient_up(s->keys, LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS; }

static void pack_values(const lathe_attention_i8 *a, const span *s, const parts *p) {
  const int8_t *value = a->v + s->batch * a->v_batch_stride + s->key * a->v_stride + s->head * a->width;
  size_t groups = padded_keys(s) / 4, filled = lathe_quotient_up(s->keys, 4);
  for (size_t first = 0; first < a->width; first += LATHE_GEMM_COLUMNS) {
    int8_t *block = p->values + first / LATHE_GEMM_COLUMNS * groups * GROUP_BYTES;
    pack_block_i8(value + first, a->v_stride, s->keys, lathe_smaller(LATHE_GEMM_COLUMNS, a->width - first), block);
    memset(block + filled * GROUP_BYTES, 0, (groups - filled) * GROUP_BYTES);
    if (UNSIGNED_OFFSET != 0) set_starts(block, groups, UNSIGNED_OFFSET, p->starts + first);
  }
}

/* The place of a query's first key of the span in the mask. */
static size_t mask_offset(const lathe_attention_i8 *a, const span *s, size_t query) {
  return s->batch * a->mask_strides[0] + s->head * a->mask_strides[1] + (s->query + query) * a->mask_strides[2] + s->key * a->mask_strides[3];
}

/* The mask of a span's keys, one after another; NULL if there is none. */
static const float *mask_row(const lathe_attention_i8 *a, const span *s, size_t offset, float *row) {
  if (!a->mask || a->mask_strides[3] == 1) return a->mask ? a->mask + offset : NULL;
  for (size_t i = 0; i < s->keys; i++) row[i] = a->mask[offset + i * a->mask_strides[3]];
  return row;
}

/* Scales products with a span's keys and adds the mask. Returns the largest of whole lanes. */
INLINE v scale_products(size_t keys, float scale, const float *k_row, float q_row, const float *mask, float *scores) {
  v most = v_set(-INFINITY);
  FOR_WHOLE_LANES(keys, i, count, {
    v own = k_row ? v_set(q_row) * v_load_some(k_row + i, count) * v_set(scale) : v_set(scale);
    /* Adding -0 changes nothing. */
    v value = v_fma(v_from_ints(vi_load(scores + i)), own, mask ? v_load_some(mask + i, count) : v_set(-0.0f));
    v_store(scores + i, value);
    if (count == LANES) most = v_max(value, most);
  })
  return most;
}

/* Scales and masks a row of products. Returns the largest; keys up to the end of a block of 16 become minus infinity. */
static float scaled_row(const lathe_attention_i8 *a, const span *s, size_t query, float *scores) {
  float gathered[KEYS], q_row = a->q_row_scale ? a->q_row_scale[s->batch * a->queries + s->query + query] : 1;
  size_t offset = mask_offset(a, s, query), padded = padded_keys(s), whole = s->keys / LANES * LANES;
  const float *mask = mask_row(a, s, offset, gathered), *k_row = a->k_row_scale ? a->k_row_scale + s->batch * a->keys + s->key : NULL;
  float scale = k_row ? a->scale : q_row * a->scale;
  v most = mask ? scale_products(s->keys, scale, k_row, q_row, mask, scores) : scale_products(s->keys, scale, k_row, q_row, NULL, scores);
  for (size_t i = s->keys; i < padded; i++) scores[i] = -INFINITY;
  if (a->keep) {
    for (size_t i = 0; i < s->keys; i++)
      if (!a->keep[offset + i * a->mask_strides[3]]) scores[i] = a->masked_value;
    most = v_set(-INFINITY);
    whole = 0;
  }
  for (size_t i = whole; i < padded; i += LANES) most = v_max(v_load(scores + i), most);
  return v_highest(most);
}

/* A float whose bits are those of ROUNDING and the weight of a score, which is 0 if it is not a number. */
INLINE vints weight_of(v score, v most) {
  v weight = v_exp_of_bounded(v_max(score - most, v_set(-88.2f)));
  return v_bits(v_fma(weight, v_set(255), v_set(ROUNDING)));
}

/* Prepared weights of a row of scores; their sum is added to the total. */
static void weigh(const span *s, parts *p, size_t query) {
  int8_t bytes[KEYS];
  const float *scores = p->scores + query * p->room.score_stride + s->key;
  size_t padded = padded_keys(s);
  v most = v_set(p->most[query]);
  vints sums = vi_set(0);
  for (size_t i = 0; i < padded; i += 16) {
    vints weights[SIXTEEN];
#pragma clang loop unroll(full)
    for (int t = 0; t < SIXTEEN; t++) {
      weights[t] = weight_of(v_load(scores + i + t * LANES), most);
      sums = sums + weights[t];
    }
    vi_store16_i8(bytes + i, weights);
  }
  prepare_row(bytes, padded, p->p + query * p->room.p_stride, true);
  uint32_t lanes[LANES], rounding = 0x4b400000, total = p->total[query] - (uint32_t)padded * rounding;
  vi_store(lanes, sums);
  for (size_t l = 0; l < LANES; l++) total += lanes[l];
  p->total[query] = total;
}

/* The scores of a span, and the largest so far of each query. */
static void score(const lathe_attention_i8 *a, const span *s, parts *p) {
  size_t groups = lathe_quotient_up(a->size, 4);
  pack_keys(a, s, p);
  tile_i8 t = {.groups = groups, .x = p->q, .x_stride = p->room.q_stride, .w = p->keys, .w_block = groups * GROUP_BYTES,
               .starts = SIGNED_OFFSET != 0 ? p->starts + p->room.width : NULL, .sums = (int32_t *)p->scores + s->key,
               .stride = p->room.score_stride};
  tile_product_i8(&t, s->queries, padded_keys(s) / LATHE_GEMM_COLUMNS);
  for (size_t query = 0; query < s->queries; query++) {
    float most = scaled_row(a, s, query, p->scores + query * p->room.score_stride + s->key);
    if (most > p->most[query]) p->most[query] = most;
  }
}

/* Adds the weighted values of a span. */
static void attend(const lathe_attention_i8 *a, const span *s, parts *p) {
  size_t groups = padded_keys(s) / 4;
  pack_values(a, s, p);
  for (size_t query = 0; query < s->queries; query++) weigh(s, p, query);
  tile_i8 t = {.groups = groups, .x = p->p, .x_stride = p->room.p_stride, .w = p->values, .w_block = groups * GROUP_BYTES,
               .starts = UNSIGNED_OFFSET != 0 ? p->starts : NULL, .sums = p->sums, .stride = p->room.width,
               .is_added = s->key > 0};
  tile_product_i8(&t, s->queries, p->room.width / LATHE_GEMM_COLUMNS);
}

static void finish(const lathe_attention_i8 *a, const span *s, const parts *p) {
  for (size_t query = 0; query < s->queries; query++) {
    size_t row = s->query + query;
    row_out y = row_out_at(&a->y, row, s->head * a->width);
    if (y.f32) y.f32 += s->batch * a->y_batch_stride;
    if (y.i8) y.i8 += s->batch * a->y_i8_batch_stride;
    const int32_t *sums = p->sums + query * p->room.width;
    uint32_t total = p->total[query];
    v share = v_set(a->v_scale / (float)total);
    v empty = a->keys == 0 || a->zero_masked_rows ? v_set(0) : v_from_bits(vi_set(0x7fc00000));
    FOR_WHOLE_LANES(a->width, c, count, put(&y, total == 0 ? empty : v_from_ints(vi_load(sums + c)) * share, c, count);)
  }
}

/* All keys of a block of queries. */
static void attend_all(const lathe_attention_i8 *a, span s, parts *p) {
  const int8_t *q = a->q + s.batch * a->q_batch_stride + s.query * a->q_stride + s.head * a->size;
  for (size_t query = 0; query < s.queries; query++) {
    p->most[query] = -INFINITY;
    p->total[query] = 0;
    prepare_row(q + query * a->q_stride, a->size, p->q + query * p->room.q_stride, false);
  }
  for (s.key = 0; s.key < a->keys; s.key += KEYS) {
    s.keys = lathe_smaller(KEYS, a->keys - s.key);
    score(a, &s, p);
  }
  for (size_t query = 0; query < s.queries; query++)
    if (p->most[query] == -INFINITY) p->most[query] = 0;
  for (s.key = 0; s.key < a->keys; s.key += KEYS) {
    s.keys = lathe_smaller(KEYS, a->keys - s.key);
    attend(a, &s, p);
  }
  finish(a, &s, p);
}

void NAME(attention_i8)(const lathe_attention_i8 *a, void *scratch, size_t begin, size_t end) {
  if (begin >= end) return;
  parts p = parts_of(a, lathe_aligned(scratch));
  size_t height = lathe_attention_height_i8(a), blocks = lathe_quotient_up(a->queries, height);
  for (size_t item = begin; item < end; item++) {
    span s = {.batch = item / blocks / a->heads, .head = item / blocks % a->heads, .query = item % blocks * height};
    s.queries = s.query < a->queries ? lathe_smaller(height, a->queries - s.query) : 0;
    attend_all(a, s, &p);
  }
}
