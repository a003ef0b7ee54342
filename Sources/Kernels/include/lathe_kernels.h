/* Kernels of the runtime, in 32-bit floats.
 *
 * Every kernel exists for each instruction set, chosen at run time, and as a portable scalar twin. A call covers a range of work items, so that
 * threads can share it; results do not depend, to the last bit, on how the items are divided. Nothing is allocated, and inputs need no more
 * alignment than their elements.
 */
#ifndef LATHE_KERNELS_H
#define LATHE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum lathe_isa {
  LATHE_ISA_SCALAR = 0,
  LATHE_ISA_AVX2 = 1, /* with FMA */
} lathe_isa;

typedef enum lathe_activation {
  LATHE_ACTIVATION_NONE = 0,
  LATHE_ACTIVATION_RELU = 1,
  LATHE_ACTIVATION_GELU = 2,      /* by erf */
  LATHE_ACTIVATION_GELU_TANH = 3, /* by tanh */
  LATHE_ACTIVATION_TANH = 4,
  LATHE_ACTIVATION_SIGMOID = 5,
  LATHE_ACTIVATION_SILU = 6,       /* x sigmoid(x) */
  LATHE_ACTIVATION_QUICK_GELU = 7, /* x sigmoid(1.702 x) */
} lathe_activation;

/* Columns of a packed block. */
enum { LATHE_GEMM_COLUMNS = 16 };

/* Floats that lathe_gemm_pack_f32 writes: columns rounded up to whole blocks. */
size_t lathe_gemm_packed_count_f32(size_t k, size_t n);

/* Packs W [k, n] (row-major) into blocks of 16 columns; within a block, 16 columns of row 0, then of row 1, and so on. Columns beyond n are
 * zero. `packed` is best aligned to 64 bytes. */
void lathe_gemm_pack_f32(size_t k, size_t n, const float *w, float *packed);

/* Y [m, n] = activation(X [m, k] W + bias) + residual. One item is a block of 16 columns. Y may be the residual, and must not be X. */
typedef struct lathe_gemm_f32 {
  size_t m, n, k;
  const float *x;
  size_t x_stride;
  const float *packed;
  const float *bias;     /* [n], or NULL */
  const float *residual; /* [m, n], or NULL */
  size_t residual_stride;
  float *y;
  size_t y_stride;
  lathe_activation activation;
} lathe_gemm_f32;

/* Attention of each head: softmax(scale Q K' + mask) V. One item is a head of a batch row: item = batch row * heads + head.
 * Scratch of `lathe_attention_scratch_f32` floats is needed for each thread. */
typedef struct lathe_attention_f32 {
  size_t batch, heads, queries, keys;
  size_t size, width;  /* columns of a head in Q and K, and in V */
  const float *q, *k, *v;
  size_t q_stride, k_stride, v_stride; /* between tokens; batch rows follow one another */
  float scale;
  const float *mask; /* added, or NULL; strides of 0 repeat */
  size_t mask_batch_stride, mask_head_stride, mask_query_stride, mask_key_stride;
  bool zeroes_masked_rows; /* a query of which every product is minus infinity gives zeros, not NaN */
  float *y;
  size_t y_stride;
} lathe_attention_f32;

size_t lathe_attention_scratch_f32(const lathe_attention_f32 *attention);

/* Y = (x - mean) / sqrt(variance + epsilon) * scale + bias over the last axis. One item is a row. Y may be X. */
typedef struct lathe_layer_normalization_f32 {
  size_t width;
  const float *x;
  const float *scale;
  const float *bias; /* or NULL */
  float epsilon;
  float *y;
} lathe_layer_normalization_f32;

/* The normalized sum of rows of tables; see lathe::EmbeddingNormalization. One item is a token. */
typedef struct lathe_embedding_f32 {
  size_t count; /* of tables */
  const float *const *tables;
  const int64_t *const *rows; /* for each table a row for each item */
  lathe_layer_normalization_f32 normalization; /* x is not used */
} lathe_embedding_f32;

/* Y = activation(X), element by element; one item is one element. Y may be X. */
typedef struct lathe_activate_f32 {
  const float *x;
  float *y;
  lathe_activation activation;
} lathe_activate_f32;

typedef struct lathe_kernels {
  lathe_isa isa;
  void (*gemm_f32)(const lathe_gemm_f32 *, size_t begin, size_t end);
  void (*attention_f32)(const lathe_attention_f32 *, float *scratch, size_t begin, size_t end);
  void (*layer_normalization_f32)(const lathe_layer_normalization_f32 *, size_t begin, size_t end);
  void (*embedding_f32)(const lathe_embedding_f32 *, size_t begin, size_t end);
  void (*activate_f32)(const lathe_activate_f32 *, size_t begin, size_t end);
} lathe_kernels;

/* The best instruction set of this processor, or the one that the environment's LATHE_ISA names if the processor has it. */
lathe_isa lathe_isa_best(void);
bool lathe_isa_available(lathe_isa isa);
const char *lathe_isa_name(lathe_isa isa);

/* The kernels for an instruction set that is available. */
const lathe_kernels *lathe_kernels_for(lathe_isa isa);

/* Threads that spin for work for a while and then sleep. */
typedef struct lathe_pool lathe_pool;

/* A pool in which `threads` work, the caller's among them; NULL where the system gives none. */
lathe_pool *lathe_pool_create(int threads);
void lathe_pool_destroy(lathe_pool *pool);
int lathe_pool_threads(const lathe_pool *pool);

/* Calls body(context, thread, begin, end) on parts of 0 ..< count, on all threads, and returns when all are done. Several callers take turns. */
void lathe_pool_run(lathe_pool *pool, size_t count, void (*body)(void *context, int thread, size_t begin, size_t end), void *context);

/* All items of a kernel, on the threads of a pool. Attention's scratch is for every thread of the pool. */
void lathe_parallel_gemm_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_gemm_f32 *gemm);
void lathe_parallel_attention_f32(
    lathe_pool *pool, const lathe_kernels *kernels, const lathe_attention_f32 *attention, float *scratch);
void lathe_parallel_layer_normalization_f32(
    lathe_pool *pool, const lathe_kernels *kernels, const lathe_layer_normalization_f32 *normalization, size_t rows);
void lathe_parallel_embedding_f32(
    lathe_pool *pool, const lathe_kernels *kernels, const lathe_embedding_f32 *embedding, size_t tokens);
void lathe_parallel_activate_f32(lathe_pool *pool, const lathe_kernels *kernels, const lathe_activate_f32 *activate, size_t count);

#endif
