#include <math.h>
#include <string.h>

#include "kernel_table.h"

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

float lathe_activated(float x, lathe_activation activation) {
  switch (activation) {
    case LATHE_ACTIVATION_RELU: return x < 0 ? 0 : x;
    case LATHE_ACTIVATION_GELU: return 0.5f * x * erfcf(x * -0.70710678f);
    case LATHE_ACTIVATION_GELU_TANH: return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    case LATHE_ACTIVATION_TANH: return tanhf(x);
    case LATHE_ACTIVATION_SIGMOID: return sigmoid(x);
    case LATHE_ACTIVATION_SILU: return x * sigmoid(x);
    case LATHE_ACTIVATION_QUICK_GELU: return x * sigmoid(1.702f * x);
    default: return x;
  }
}

static void gemm_block(const lathe_gemm_f32 *g, size_t block, size_t row) {
  size_t first = block * LATHE_GEMM_COLUMNS;
  size_t columns = g->n - first < LATHE_GEMM_COLUMNS ? g->n - first : LATHE_GEMM_COLUMNS;
  const float *x = g->x + row * g->x_stride, *w = g->packed + block * LATHE_GEMM_COLUMNS * g->k;
  float sums[LATHE_GEMM_COLUMNS] = {0};
  for (size_t k = 0; k < g->k; k++)
    for (size_t c = 0; c < LATHE_GEMM_COLUMNS; c++) sums[c] += x[k] * w[k * LATHE_GEMM_COLUMNS + c];
  float *y = g->y + row * g->y_stride + first;
  for (size_t c = 0; c < columns; c++) {
    float value = lathe_activated(sums[c] + (g->bias ? g->bias[first + c] : 0), g->activation);
    y[c] = g->residual ? value + g->residual[row * g->residual_stride + first + c] : value;
  }
}

static void gemm(const lathe_gemm_f32 *g, size_t begin, size_t end) {
  for (size_t block = begin; block < end; block++)
    for (size_t row = 0; row < g->m; row++) gemm_block(g, block, row);
}

size_t lathe_attention_scratch_f32(const lathe_attention_f32 *a) {
  size_t blocks = (a->keys + LATHE_GEMM_COLUMNS - 1) / LATHE_GEMM_COLUMNS;
  return blocks * LATHE_GEMM_COLUMNS * a->size + LATHE_ATTENTION_QUERIES * (LATHE_ATTENTION_KEYS + LATHE_GEMM_COLUMNS) +
         LATHE_ATTENTION_QUERIES * (a->width + 2 * LATHE_GEMM_COLUMNS);
}

/* One query, one block of keys after the other: the largest product so far rescales what was summed (Milakov and Gimelshein 2018). */
static void attend(const lathe_attention_f32 *a, size_t row, size_t head, size_t query, float *scores) {
  const float *q = a->q + (row * a->queries + query) * a->q_stride + head * a->size;
  const float *mask = a->mask ? a->mask + row * a->mask_batch_stride + head * a->mask_head_stride + query * a->mask_query_stride : NULL;
  float *y = a->y + (row * a->queries + query) * a->y_stride + head * a->width;
  float largest = -INFINITY, total = 0;
  for (size_t c = 0; c < a->width; c++) y[c] = 0;
  for (size_t start = 0; start < a->keys; start += LATHE_ATTENTION_KEYS) {
    size_t count = a->keys - start < LATHE_ATTENTION_KEYS ? a->keys - start : LATHE_ATTENTION_KEYS;
    float before = largest;
    for (size_t key = 0; key < count; key++) {
      const float *k = a->k + (row * a->keys + start + key) * a->k_stride + head * a->size;
      float sum = 0;
      for (size_t c = 0; c < a->size; c++) sum += q[c] * k[c];
      scores[key] = sum * a->scale + (mask ? mask[(start + key) * a->mask_key_stride] : 0);
      if (scores[key] > largest || isnan(scores[key])) largest = scores[key];
    }
    float shift = largest == -INFINITY ? 0 : largest;
    float factor = start == 0 ? 0 : expf(before - shift);
    total *= factor;
    for (size_t c = 0; c < a->width; c++) y[c] *= factor;
    for (size_t key = 0; key < count; key++) {
      const float *v = a->v + (row * a->keys + start + key) * a->v_stride + head * a->width;
      float weight = expf(scores[key] - shift);
      total += weight;
      for (size_t c = 0; c < a->width; c++) y[c] += weight * v[c];
    }
  }
  bool is_masked = largest == -INFINITY;
  for (size_t c = 0; c < a->width; c++) y[c] = is_masked ? (a->zeroes_masked_rows ? 0 : NAN) : y[c] / total;
}

static void attention(const lathe_attention_f32 *a, float *scratch, size_t begin, size_t end) {
  for (size_t item = begin; item < end; item++)
    for (size_t query = 0; query < a->queries; query++) attend(a, item / a->heads, item % a->heads, query, scratch);
}

static void normalize(const lathe_layer_normalization_f32 *n, const float *x, float *y) {
  float sum = 0, squares = 0;
  for (size_t c = 0; c < n->width; c++) sum += x[c];
  float mean = sum / (float)n->width;
  for (size_t c = 0; c < n->width; c++) squares += (x[c] - mean) * (x[c] - mean);
  float factor = 1 / sqrtf(squares / (float)n->width + n->epsilon);
  for (size_t c = 0; c < n->width; c++) y[c] = (x[c] - mean) * factor * n->scale[c] + (n->bias ? n->bias[c] : 0);
}

static void layer_normalization(const lathe_layer_normalization_f32 *n, size_t begin, size_t end) {
  for (size_t row = begin; row < end; row++) normalize(n, n->x + row * n->width, n->y + row * n->width);
}

static void embedding(const lathe_embedding_f32 *e, size_t begin, size_t end) {
  const lathe_layer_normalization_f32 *n = &e->normalization;
  for (size_t item = begin; item < end; item++) {
    float *y = n->y + item * n->width;
    memcpy(y, e->tables[0] + (size_t)e->rows[0][item] * n->width, n->width * sizeof *y);
    for (size_t table = 1; table < e->count; table++) {
      const float *row = e->tables[table] + (size_t)e->rows[table][item] * n->width;
      for (size_t c = 0; c < n->width; c++) y[c] += row[c];
    }
    normalize(n, y, y);
  }
}

static void activate(const lathe_activate_f32 *a, size_t begin, size_t end) {
  for (size_t item = begin; item < end; item++) a->y[item] = lathe_activated(a->x[item], a->activation);
}

const lathe_kernels lathe_kernels_scalar = {LATHE_ISA_SCALAR, gemm, attention, layer_normalization, embedding, activate};
