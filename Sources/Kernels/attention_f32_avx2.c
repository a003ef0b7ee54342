#include "kernels_avx2.h"

#if LATHE_HAS_AVX2
#include <math.h>
#include <string.h>

/* Where the parts of a thread's scratch lie. */
typedef struct work {
  const lathe_attention_f32 *a;
  float *keys;    /* the head's keys in packed blocks */
  float *scores;  /* [queries, 256 + 16] */
  float *results; /* [queries, width rounded up] */
  size_t width;   /* rounded up to 16 */
  float largest[LATHE_ATTENTION_QUERIES], total[LATHE_ATTENTION_QUERIES];
} work;

enum { SCORE_STRIDE = LATHE_ATTENTION_KEYS + LATHE_GEMM_COLUMNS };

LATHE_AVX2 static void pack_keys(const lathe_attention_f32 *a, const float *k, float *packed) {
  for (size_t block = 0; block < a->keys; block += LATHE_GEMM_COLUMNS) {
    size_t count = a->keys - block < LATHE_GEMM_COLUMNS ? a->keys - block : LATHE_GEMM_COLUMNS;
    if (count < LATHE_GEMM_COLUMNS) memset(packed, 0, a->size * LATHE_GEMM_COLUMNS * sizeof *packed);
    for (size_t key = 0; key < count; key++)
      for (size_t c = 0; c < a->size; c++) packed[c * LATHE_GEMM_COLUMNS + key] = k[(block + key) * a->k_stride + c];
    packed += a->size * LATHE_GEMM_COLUMNS;
  }
}

/* scores [rows, count] = Q K' for the keys from `start` on. */
LATHE_AVX2 static void score(const work *w, const float *q, size_t rows, size_t start, size_t count) {
  const lathe_attention_f32 *a = w->a;
  for (size_t column = 0; column < count; column += LATHE_GEMM_COLUMNS) {
    const float *keys = w->keys + (start + column) * a->size;
    for (size_t row = 0; row < rows; row++) memset(w->scores + row * SCORE_STRIDE + column, 0, LATHE_GEMM_COLUMNS * sizeof(float));
    for (size_t row = 0; row < rows; row += 6)
      multiply_rows(
          rows - row < 6 ? rows - row : 6, a->size, q + row * a->q_stride, a->q_stride, keys, LATHE_GEMM_COLUMNS,
          w->scores + row * SCORE_STRIDE + column, SCORE_STRIDE);
  }
}

/* Scales and masks a row of products, and gives the largest. */
LATHE_AVX2 static float mask_row(const lathe_attention_f32 *a, float *scores, const float *mask, size_t count) {
  __m256 most = _mm256_set1_ps(-INFINITY), scale = _mm256_set1_ps(a->scale);
  for (size_t key = 0; key < count; key += 8) {
    __m256 value = _mm256_mul_ps(_mm256_loadu_ps(scores + key), scale);
    if (mask != NULL && a->mask_key_stride == 1) value = _mm256_add_ps(value, _mm256_maskload_ps(mask + key, lanes(count - key)));
    if (mask != NULL && a->mask_key_stride == 0) value = _mm256_add_ps(value, _mm256_broadcast_ss(mask));
    if (count - key < 8) value = _mm256_blendv_ps(_mm256_set1_ps(-INFINITY), value, _mm256_castsi256_ps(lanes(count - key)));
    _mm256_storeu_ps(scores + key, value);
    most = _mm256_max_ps(most, value);
  }
  float parts[8], largest = -INFINITY;
  _mm256_storeu_ps(parts, most);
  for (size_t i = 0; i < 8; i++) largest = parts[i] > largest || isnan(parts[i]) ? parts[i] : largest;
  return largest;
}

/* e^(score - shift) in place, and their sum. */
LATHE_AVX2 static float weigh_row(float *scores, float shift, size_t count) {
  __m256 sum = _mm256_setzero_ps(), shifts = _mm256_set1_ps(shift);
  for (size_t key = 0; key < count; key += 8) {
    __m256 value = exponential(_mm256_sub_ps(_mm256_loadu_ps(scores + key), shifts));
    _mm256_storeu_ps(scores + key, value);
    sum = _mm256_add_ps(sum, value);
  }
  return sum_of(sum);
}

/* results [rows, width] += weights [rows, count] V. */
LATHE_AVX2 static void gather_values(const work *w, const float *v, size_t rows, size_t count) {
  const lathe_attention_f32 *a = w->a;
  for (size_t column = 0; column < w->width; column += LATHE_GEMM_COLUMNS) {
    bool is_whole = a->width - column >= LATHE_GEMM_COLUMNS;
    for (size_t key = 0; key < count; key += is_whole ? count : 1) {
      float tail[LATHE_GEMM_COLUMNS] = {0};
      const float *b = v + key * a->v_stride + column;
      if (!is_whole) {
        memcpy(tail, b, (a->width - column) * sizeof(float));
        b = tail;
      }
      for (size_t row = 0; row < rows; row += 6)
        multiply_rows(
            rows - row < 6 ? rows - row : 6, is_whole ? count : 1, w->scores + row * SCORE_STRIDE + key, SCORE_STRIDE, b, a->v_stride,
            w->results + row * w->width + column, w->width);
    }
  }
}

LATHE_AVX2 static void rescale(float *row, size_t width, float factor) {
  for (size_t c = 0; c < width; c += 8) _mm256_storeu_ps(row + c, _mm256_mul_ps(_mm256_loadu_ps(row + c), _mm256_set1_ps(factor)));
}

/* One block of keys: what was summed before is rescaled where the largest product grew (Milakov and Gimelshein 2018). */
LATHE_AVX2 static void attend_block(work *w, size_t batch, size_t head, size_t query, size_t rows, size_t start, size_t count) {
  const lathe_attention_f32 *a = w->a;
  score(w, a->q + (batch * a->queries + query) * a->q_stride + head * a->size, rows, start, count);
  for (size_t row = 0; row < rows; row++) {
    float *scores = w->scores + row * SCORE_STRIDE, before = w->largest[row];
    const float *mask = a->mask ? a->mask + batch * a->mask_batch_stride + head * a->mask_head_stride +
                                      (query + row) * a->mask_query_stride + start * a->mask_key_stride
                                : NULL;
    float here = mask_row(a, scores, mask, count);
    w->largest[row] = here > before || isnan(here) ? here : before;
    float shift = w->largest[row] == -INFINITY ? 0 : w->largest[row];
    if (start > 0) {
      float factor = expf(before - shift);
      w->total[row] *= factor;
      rescale(w->results + row * w->width, w->width, factor);
    }
    w->total[row] += weigh_row(scores, shift, count);
  }
  gather_values(w, a->v + (batch * a->keys + start) * a->v_stride + head * a->width, rows, count);
}

LATHE_AVX2 static void attend(work *w, size_t batch, size_t head, size_t query, size_t rows) {
  const lathe_attention_f32 *a = w->a;
  memset(w->results, 0, rows * w->width * sizeof(float));
  for (size_t row = 0; row < rows; row++) {
    w->largest[row] = -INFINITY;
    w->total[row] = 0;
  }
  for (size_t start = 0; start < a->keys; start += LATHE_ATTENTION_KEYS)
    attend_block(w, batch, head, query, rows, start, a->keys - start < LATHE_ATTENTION_KEYS ? a->keys - start : LATHE_ATTENTION_KEYS);
  for (size_t row = 0; row < rows; row++) {
    float *y = a->y + (batch * a->queries + query + row) * a->y_stride + head * a->width;
    bool is_masked = w->largest[row] == -INFINITY;
    for (size_t c = 0; c < a->width; c++)
      y[c] = is_masked ? (a->zeroes_masked_rows ? 0 : NAN) : w->results[row * w->width + c] / w->total[row];
  }
}

LATHE_AVX2 void lathe_attention_f32_avx2(const lathe_attention_f32 *a, float *scratch, size_t begin, size_t end) {
  size_t blocks = (a->keys + LATHE_GEMM_COLUMNS - 1) / LATHE_GEMM_COLUMNS;
  work w = {.a = a, .keys = scratch, .width = (a->width + LATHE_GEMM_COLUMNS - 1) / LATHE_GEMM_COLUMNS * LATHE_GEMM_COLUMNS};
  w.scores = w.keys + blocks * LATHE_GEMM_COLUMNS * a->size;
  w.results = w.scores + LATHE_ATTENTION_QUERIES * SCORE_STRIDE;
  for (size_t item = begin; item < end; item++) {
    size_t batch = item / a->heads, head = item % a->heads;
    pack_keys(a, a->k + batch * a->keys * a->k_stride + head * a->size, w.keys);
    for (size_t query = 0; query < a->queries; query += LATHE_ATTENTION_QUERIES)
      attend(&w, batch, head, query, a->queries - query < LATHE_ATTENTION_QUERIES ? a->queries - query : LATHE_ATTENTION_QUERIES);
  }
}
#endif
