/* Kernels of the runtime, in 32-bit floats and in INT8.
 *
 * Every kernel exists for each instruction set, chosen at run time, and as a portable scalar twin. A call covers the work items begin ..< end, so
 * that threads can share it; results do not depend, to the last bit, on how the items are divided. Nothing is allocated: where a kernel needs
 * scratch, a function tells how many floats for each thread. Pointers need no more alignment than their elements. Strides are in elements.
 */
#ifndef LATHE_KERNELS_H
#define LATHE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lathe_kernels_f32.h"
#include "lathe_kernels_i8.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_isa {
  LATHE_ISA_SCALAR = 0,
  LATHE_ISA_NEON = 1,
  LATHE_ISA_NEONDOT = 2, /* with dot products of bytes */
  LATHE_ISA_AVX2 = 3,    /* with FMA */
  LATHE_ISA_AVXVNNI = 4, /* AVX2 and its dot products of bytes */
  LATHE_ISA_AVX512 = 5,  /* F, BW, DQ and VL */
  LATHE_ISA_AVX512VNNI = 6,
} lathe_isa;

/* The kernels of one instruction set. */
typedef struct lathe_kernels {
  lathe_isa isa;
  void (*gemm_f32)(const lathe_gemm_f32 *, size_t begin, size_t end);
  void (*matmul_f32)(const lathe_matmul_f32 *, float *scratch, size_t begin, size_t end);
  void (*activation_f32)(const lathe_map_f32 *, size_t begin, size_t end);
  void (*exp_f32)(const lathe_map_f32 *, size_t begin, size_t end);
  void (*erf_f32)(const lathe_map_f32 *, size_t begin, size_t end);
  void (*binary_f32)(const lathe_binary_f32 *, size_t begin, size_t end);
  void (*softmax_f32)(const lathe_softmax_f32 *, size_t begin, size_t end);
  void (*normalization_f32)(const lathe_normalization_f32 *, size_t begin, size_t end);
  bool (*gather_f32)(const lathe_gather_f32 *, size_t begin, size_t end);
  bool (*coded_gather_f32)(const lathe_coded_gather_f32 *, size_t begin, size_t end);
  bool (*embedding_f32)(const lathe_embedding_f32 *, size_t begin, size_t end);
  void (*attention_f32)(const lathe_attention_f32 *, float *scratch, size_t begin, size_t end);
  void (*lstm_f32)(const lathe_lstm_f32 *, size_t begin, size_t end);
  void (*gru_reset_f32)(const lathe_gru_f32 *, size_t begin, size_t end);
  void (*gru_f32)(const lathe_gru_f32 *, size_t begin, size_t end);
  void (*permute_f32)(const lathe_permute_f32 *, size_t begin, size_t end);
  void (*convolution_f32)(const lathe_convolution_f32 *, float *scratch, size_t begin, size_t end);
  void (*gemm_i8)(const lathe_gemm_i8 *, void *scratch, size_t begin, size_t end);
  bool (*quantize_i8)(const lathe_quantize_i8 *, size_t begin, size_t end);
  bool (*normalization_i8)(const lathe_normalization_i8 *, void *scratch, size_t begin, size_t end);
  bool (*embedding_i8)(const lathe_embedding_i8 *, void *scratch, size_t begin, size_t end);
  void (*attention_i8)(const lathe_attention_i8 *, void *scratch, size_t begin, size_t end);
  void (*lstm_i8)(const lathe_lstm_i8 *, void *scratch, size_t begin, size_t end);
  void (*gru_reset_i8)(const lathe_gru_i8 *, void *scratch, size_t begin, size_t end);
  void (*gru_i8)(const lathe_gru_i8 *, void *scratch, size_t begin, size_t end);
  void (*convolution_i8)(const lathe_convolution_i8 *, void *scratch, size_t begin, size_t end);
  void (*map_i8)(const lathe_map_i8 *, size_t begin, size_t end);
} lathe_kernels;

/* The best instruction set of this processor. */
lathe_isa lathe_isa_best(void);
/* Whether this processor has it. */
bool lathe_isa_available(lathe_isa isa);
/* "scalar", "neon", "neondot", "avx2", "avxvnni", "avx512" or "avx512vnni". */
const char *lathe_isa_name(lathe_isa isa);
/* The instruction set of that name, or -1. */
int lathe_isa_named(const char *name);

/* The kernels for an instruction set, or for the next lower one that this processor has. */
const lathe_kernels *lathe_kernels_for(lathe_isa isa);

/* Threads that spin for work for a while and then sleep. */
typedef struct lathe_pool lathe_pool;

/* A pool in which `threads` work, the caller's among them; NULL where the system gives none. */
lathe_pool *lathe_pool_create(int threads);
void lathe_pool_destroy(lathe_pool *pool);
int lathe_pool_threads(const lathe_pool *pool);

/* Calls body(context, thread, begin, end) on parts of 0 ..< count, none but the last smaller than `grain`, on all threads, and returns when all are
 * done. Several callers take turns. */
void lathe_pool_run(
    lathe_pool *pool, size_t count, size_t grain, void (*body)(void *context, int thread, size_t begin, size_t end), void *context);

/* All items of a kernel, on the threads of a pool. Scratch is that of one thread for every thread of the pool. `false` where an index is out of
 * bounds. */
void lathe_parallel_gemm_f32(lathe_pool *, const lathe_kernels *, const lathe_gemm_f32 *);
void lathe_parallel_matmul_f32(lathe_pool *, const lathe_kernels *, const lathe_matmul_f32 *, float *scratch);
void lathe_parallel_activation_f32(lathe_pool *, const lathe_kernels *, const lathe_map_f32 *, size_t count);
void lathe_parallel_exp_f32(lathe_pool *, const lathe_kernels *, const lathe_map_f32 *, size_t count);
void lathe_parallel_erf_f32(lathe_pool *, const lathe_kernels *, const lathe_map_f32 *, size_t count);
void lathe_parallel_binary_f32(lathe_pool *, const lathe_kernels *, const lathe_binary_f32 *, size_t rows);
void lathe_parallel_softmax_f32(lathe_pool *, const lathe_kernels *, const lathe_softmax_f32 *, size_t rows);
void lathe_parallel_normalization_f32(lathe_pool *, const lathe_kernels *, const lathe_normalization_f32 *, size_t rows);
bool lathe_parallel_gather_f32(lathe_pool *, const lathe_kernels *, const lathe_gather_f32 *, size_t rows);
bool lathe_parallel_coded_gather_f32(lathe_pool *, const lathe_kernels *, const lathe_coded_gather_f32 *, size_t rows);
bool lathe_parallel_embedding_f32(lathe_pool *, const lathe_kernels *, const lathe_embedding_f32 *, size_t tokens);
void lathe_parallel_attention_f32(lathe_pool *, const lathe_kernels *, const lathe_attention_f32 *, float *scratch);
void lathe_parallel_lstm_f32(lathe_pool *, const lathe_kernels *, const lathe_lstm_f32 *);
void lathe_parallel_gru_f32(lathe_pool *, const lathe_kernels *, const lathe_gru_f32 *);
void lathe_parallel_permute_f32(lathe_pool *, const lathe_kernels *, const lathe_permute_f32 *);
void lathe_parallel_convolution_f32(lathe_pool *, const lathe_kernels *, const lathe_convolution_f32 *, float *scratch);
void lathe_parallel_gemm_i8(lathe_pool *, const lathe_kernels *, const lathe_gemm_i8 *, void *scratch);
bool lathe_parallel_quantize_i8(lathe_pool *, const lathe_kernels *, const lathe_quantize_i8 *, size_t rows);
bool lathe_parallel_normalization_i8(lathe_pool *, const lathe_kernels *, const lathe_normalization_i8 *, void *scratch, size_t rows);
bool lathe_parallel_embedding_i8(lathe_pool *, const lathe_kernels *, const lathe_embedding_i8 *, void *scratch, size_t tokens);
void lathe_parallel_attention_i8(lathe_pool *, const lathe_kernels *, const lathe_attention_i8 *, void *scratch);
void lathe_parallel_lstm_i8(lathe_pool *, const lathe_kernels *, const lathe_lstm_i8 *, void *scratch);
void lathe_parallel_gru_i8(lathe_pool *, const lathe_kernels *, const lathe_gru_i8 *, void *scratch);
void lathe_parallel_convolution_i8(lathe_pool *, const lathe_kernels *, const lathe_convolution_i8 *, void *scratch);
void lathe_parallel_map_i8(lathe_pool *, const lathe_kernels *, const lathe_map_i8 *, size_t count);

#ifdef __cplusplus
}
#endif

#endif
