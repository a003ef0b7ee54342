#include "lathe_kernels.h"

/* What each thread needs to take its part of a kernel's items. */
typedef struct job {
  const lathe_kernels *kernels;
  const void *arguments;
  float *scratch;
  size_t scratch_stride, grain, count;
} job;

static void gemm(void *context, int thread, size_t begin, size_t end) {
  const job *j = context;
  (void)thread;
  j->kernels->gemm_f32(j->arguments, begin, end);
}

static void attention(void *context, int thread, size_t begin, size_t end) {
  const job *j = context;
  j->kernels->attention_f32(j->arguments, j->scratch + (size_t)thread * j->scratch_stride, begin, end);
}

static void layer_normalization(void *context, int thread, size_t begin, size_t end) {
  const job *j = context;
  (void)thread;
  j->kernels->layer_normalization_f32(j->arguments, begin, end);
}

static void embedding(void *context, int thread, size_t begin, size_t end) {
  const job *j = context;
  (void)thread;
  j->kernels->embedding_f32(j->arguments, begin, end);
}

static void activate(void *context, int thread, size_t begin, size_t end) {
  const job *j = context;
  (void)thread;
  size_t last = end * j->grain < j->count ? end * j->grain : j->count;
  j->kernels->activate_f32(j->arguments, begin * j->grain, last);
}

void lathe_parallel_gemm_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_gemm_f32 *g) {
  job j = {.kernels = kernels, .arguments = g};
  lathe_pool_run(pool, (g->n + LATHE_GEMM_COLUMNS - 1) / LATHE_GEMM_COLUMNS, gemm, &j);
}

void lathe_parallel_attention_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_attention_f32 *a, float *scratch) {
  job j = {.kernels = kernels, .arguments = a, .scratch = scratch, .scratch_stride = lathe_attention_scratch_f32(a)};
  lathe_pool_run(pool, a->batch * a->heads, attention, &j);
}

void lathe_parallel_layer_normalization_f32(
    lathe_pool *pool, const lathe_kernels *kernels, const lathe_layer_normalization_f32 *n, size_t rows) {
  job j = {.kernels = kernels, .arguments = n};
  lathe_pool_run(pool, rows, layer_normalization, &j);
}

void lathe_parallel_embedding_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_embedding_f32 *e, size_t tokens) {
  job j = {.kernels = kernels, .arguments = e};
  lathe_pool_run(pool, tokens, embedding, &j);
}

void lathe_parallel_activate_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_activate_f32 *a, size_t count) {
  /* Whole vectors to each thread, so that every element is computed alike. */
  job j = {.kernels = kernels, .arguments = a, .grain = 1024, .count = count};
  lathe_pool_run(pool, (count + 1023) / 1024, activate, &j);
}
