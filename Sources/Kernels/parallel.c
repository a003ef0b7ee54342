#include <stdatomic.h>

#include "kernel_table.h"

/* What each thread needs to take its part of a kernel's items. */
typedef struct job {
  const lathe_kernels *kernels;
  const void *arguments;
  void *scratch;
  size_t scratch_stride; /* bytes of one thread */
  atomic_bool failed;
} job;

static void *scratch_of(const job *j, int thread) { return (char *)j->scratch + (size_t)thread * j->scratch_stride; }

/* Items of `cost` multiplications or so each, for a part that is worth another thread's waking. */
static size_t grain(size_t cost) {
  enum { WORTH = 50000 };
  return cost >= WORTH ? 1 : lathe_quotient_up(WORTH, cost + 1);
}

/* The bodies: kernels with nothing but arguments, with scratch, with a result, and with both. */
#define PLAIN(name)                                                            \
  static void name(void *context, int thread, size_t begin, size_t end) {      \
    const job *j = context;                                                    \
    (void)thread;                                                              \
    j->kernels->name(j->arguments, begin, end);                                \
  }
#define WITH_SCRATCH(name)                                                     \
  static void name(void *context, int thread, size_t begin, size_t end) {      \
    const job *j = context;                                                    \
    j->kernels->name(j->arguments, scratch_of(j, thread), begin, end);         \
  }
#define CHECKED(name)                                                          \
  static void name(void *context, int thread, size_t begin, size_t end) {      \
    job *j = context;                                                          \
    (void)thread;                                                              \
    if (!j->kernels->name(j->arguments, begin, end)) atomic_store(&j->failed, true); \
  }

#define CHECKED_WITH_SCRATCH(name)                                             \
  static void name(void *context, int thread, size_t begin, size_t end) {      \
    job *j = context;                                                          \
    if (!j->kernels->name(j->arguments, scratch_of(j, thread), begin, end)) atomic_store(&j->failed, true); \
  }

PLAIN(gemm_f32)
WITH_SCRATCH(matmul_f32)
PLAIN(activation_f32)
PLAIN(exp_f32)
PLAIN(erf_f32)
PLAIN(binary_f32)
PLAIN(softmax_f32)
PLAIN(normalization_f32)
CHECKED(gather_f32)
CHECKED(coded_gather_f32)
CHECKED(embedding_f32)
WITH_SCRATCH(attention_f32)
PLAIN(lstm_f32)
PLAIN(gru_reset_f32)
PLAIN(gru_f32)
PLAIN(permute_f32)
WITH_SCRATCH(convolution_f32)
WITH_SCRATCH(gemm_i8)
CHECKED(quantize_i8)
CHECKED_WITH_SCRATCH(normalization_i8)
CHECKED_WITH_SCRATCH(embedding_i8)
WITH_SCRATCH(attention_i8)
WITH_SCRATCH(lstm_i8)
WITH_SCRATCH(gru_reset_i8)
WITH_SCRATCH(gru_i8)
WITH_SCRATCH(convolution_i8)
PLAIN(map_i8)

#define JOB(a) {.kernels = kernels, .arguments = a}

void lathe_parallel_gemm_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_gemm_f32 *g) {
  job j = JOB(g);
  size_t rows = lathe_smaller(g->m, lathe_gemm_panel_rows(g->m, g->k));
  lathe_pool_run(pool, lathe_gemm_items_f32(g), grain(rows * g->k * LATHE_GEMM_COLUMNS), gemm_f32, &j);
}

void lathe_parallel_matmul_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_matmul_f32 *m, float *scratch) {
  job j = {.kernels = kernels, .arguments = m, .scratch = scratch, .scratch_stride = lathe_matmul_scratch_f32(m) * sizeof(float)};
  size_t rows = lathe_smaller(m->m, lathe_gemm_panel_rows(m->m, m->k));
  lathe_pool_run(pool, lathe_matmul_items_f32(m), grain(rows * m->k * LATHE_GEMM_COLUMNS), matmul_f32, &j);
}

void lathe_parallel_activation_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_map_f32 *m, size_t count) {
  job j = JOB(m);
  lathe_pool_run(pool, count, grain(8), activation_f32, &j);
}

void lathe_parallel_exp_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_map_f32 *m, size_t count) {
  job j = JOB(m);
  lathe_pool_run(pool, count, grain(8), exp_f32, &j);
}

void lathe_parallel_erf_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_map_f32 *m, size_t count) {
  job j = JOB(m);
  lathe_pool_run(pool, count, grain(8), erf_f32, &j);
}

void lathe_parallel_binary_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_binary_f32 *b, size_t rows) {
  job j = JOB(b);
  lathe_pool_run(pool, rows, grain(2 * b->width), binary_f32, &j);
}

void lathe_parallel_softmax_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_softmax_f32 *s, size_t rows) {
  job j = JOB(s);
  lathe_pool_run(pool, rows, grain(12 * s->width), softmax_f32, &j);
}

void lathe_parallel_normalization_f32(
    lathe_pool *pool, const lathe_kernels *kernels, const lathe_normalization_f32 *n, size_t rows) {
  job j = JOB(n);
  lathe_pool_run(pool, rows, grain(8 * n->width), normalization_f32, &j);
}

bool lathe_parallel_gather_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_gather_f32 *g, size_t rows) {
  job j = JOB(g);
  lathe_pool_run(pool, rows, grain(2 * g->width), gather_f32, &j);
  return !j.failed;
}

bool lathe_parallel_coded_gather_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_coded_gather_f32 *g, size_t rows) {
  job j = JOB(g);
  lathe_pool_run(pool, rows, grain(4 * g->width), coded_gather_f32, &j);
  return !j.failed;
}

bool lathe_parallel_embedding_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_embedding_f32 *e, size_t tokens) {
  job j = JOB(e);
  lathe_pool_run(pool, tokens, grain((8 + 2 * e->source_count) * e->width), embedding_f32, &j);
  return !j.failed;
}

void lathe_parallel_attention_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_attention_f32 *a, float *scratch) {
  job j = {.kernels = kernels, .arguments = a, .scratch = scratch, .scratch_stride = lathe_attention_scratch_f32(a) * sizeof(float)};
  size_t queries = lathe_smaller(a->queries, LATHE_ATTENTION_QUERIES);
  lathe_pool_run(pool, lathe_attention_items_f32(a), grain(queries * a->keys * (a->size + a->width + 12)), attention_f32, &j);
}

void lathe_parallel_lstm_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_lstm_f32 *l) {
  job j = JOB(l);
  lathe_pool_run(pool, lathe_recurrent_items_f32(l->hidden), grain(4 * l->batch * l->hidden * LATHE_GEMM_COLUMNS), lstm_f32, &j);
}

void lathe_parallel_gru_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_gru_f32 *g) {
  job j = JOB(g);
  size_t items = lathe_recurrent_items_f32(g->hidden), fewest = grain(3 * g->batch * g->hidden * LATHE_GEMM_COLUMNS);
  if (g->reset_h) lathe_pool_run(pool, items, fewest, gru_reset_f32, &j);
  lathe_pool_run(pool, items, fewest, gru_f32, &j);
}

void lathe_parallel_permute_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_permute_f32 *p) {
  job j = JOB(p);
  size_t items = lathe_permute_items_f32(p), count = 1;
  for (size_t axis = 0; axis < p->rank; axis++) count *= p->extents[axis];
  lathe_pool_run(pool, items, items == 0 ? 1 : grain(2 * count / items), permute_f32, &j);
}

void lathe_parallel_convolution_f32(
    lathe_pool *pool, const lathe_kernels *kernels, const lathe_convolution_f32 *c, float *scratch) {
  job j = {.kernels = kernels, .arguments = c, .scratch = scratch, .scratch_stride = lathe_convolution_scratch_f32(c) * sizeof(float)};
  lathe_pool_run(pool, lathe_convolution_items_f32(c), 1, convolution_f32, &j);
}

void lathe_parallel_gemm_i8(lathe_pool *pool, const lathe_kernels *kernels, const lathe_gemm_i8 *g, void *scratch) {
  job j = {.kernels = kernels, .arguments = g, .scratch = scratch, .scratch_stride = lathe_gemm_scratch_i8(g)};
  size_t items = lathe_gemm_items_i8(g);
  lathe_pool_run(pool, items, items == 0 ? 1 : grain(g->m * g->n / items * g->k / 2), gemm_i8, &j);
}

bool lathe_parallel_quantize_i8(lathe_pool *pool, const lathe_kernels *kernels, const lathe_quantize_i8 *q, size_t rows) {
  job j = JOB(q);
  lathe_pool_run(pool, rows, grain(4 * q->width), quantize_i8, &j);
  return !j.failed;
}

bool lathe_parallel_normalization_i8(
    lathe_pool *pool, const lathe_kernels *kernels, const lathe_normalization_i8 *n, void *scratch, size_t rows) {
  job j = {.kernels = kernels, .arguments = n, .scratch = scratch, .scratch_stride = lathe_row_scratch_i8(n->width)};
  lathe_pool_run(pool, rows, grain(8 * n->width), normalization_i8, &j);
  return !j.failed;
}

bool lathe_parallel_embedding_i8(
    lathe_pool *pool, const lathe_kernels *kernels, const lathe_embedding_i8 *e, void *scratch, size_t tokens) {
  job j = {.kernels = kernels, .arguments = e, .scratch = scratch, .scratch_stride = lathe_row_scratch_i8(e->width)};
  lathe_pool_run(pool, tokens, grain((8 + 2 * e->source_count) * e->width), embedding_i8, &j);
  return !j.failed;
}

void lathe_parallel_attention_i8(lathe_pool *pool, const lathe_kernels *kernels, const lathe_attention_i8 *a, void *scratch) {
  job j = {.kernels = kernels, .arguments = a, .scratch = scratch, .scratch_stride = lathe_attention_scratch_i8(a)};
  size_t items = lathe_attention_items_i8(a);
  size_t products = a->batch * a->heads * a->queries * a->keys;
  lathe_pool_run(pool, items, items == 0 ? 1 : grain(products / items * (a->size + a->width + 24) / 2), attention_i8, &j);
}

void lathe_parallel_lstm_i8(lathe_pool *pool, const lathe_kernels *kernels, const lathe_lstm_i8 *l, void *scratch) {
  job j = {.kernels = kernels, .arguments = l, .scratch = scratch, .scratch_stride = lathe_lstm_scratch_i8(l)};
  lathe_pool_run(pool, lathe_recurrent_items_f32(l->hidden), grain(2 * l->batch * l->hidden * LATHE_GEMM_COLUMNS), lstm_i8, &j);
}

void lathe_parallel_gru_i8(lathe_pool *pool, const lathe_kernels *kernels, const lathe_gru_i8 *g, void *scratch) {
  job j = {.kernels = kernels, .arguments = g, .scratch = scratch, .scratch_stride = lathe_gru_scratch_i8(g)};
  size_t items = lathe_recurrent_items_f32(g->hidden), fewest = grain(3 * g->batch * g->hidden * LATHE_GEMM_COLUMNS / 2);
  if (g->reset_i8) lathe_pool_run(pool, items, fewest, gru_reset_i8, &j);
  lathe_pool_run(pool, items, fewest, gru_i8, &j);
}

void lathe_parallel_convolution_i8(lathe_pool *pool, const lathe_kernels *kernels, const lathe_convolution_i8 *c, void *scratch) {
  job j = {.kernels = kernels, .arguments = c, .scratch = scratch, .scratch_stride = lathe_convolution_scratch_i8(c)};
  size_t items = lathe_convolution_items_i8(c), plane = c->out_height * c->out_width;
  size_t products = c->batch * c->filters * plane * (c->channels / c->groups) * c->kernel_height * c->kernel_width;
  lathe_pool_run(pool, items, items == 0 ? 1 : grain(products / items / 2), convolution_i8, &j);
}

void lathe_parallel_map_i8(lathe_pool *pool, const lathe_kernels *kernels, const lathe_map_i8 *m, size_t count) {
  job j = JOB(m);
  lathe_pool_run(pool, count, grain(2), map_i8, &j);
}
