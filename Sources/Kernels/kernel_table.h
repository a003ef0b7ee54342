#ifndef LATHE_KERNEL_TABLE_H
#define LATHE_KERNEL_TABLE_H

#include "include/lathe_kernels.h"
#include "kernel_names.h"

/* The kernels of each instruction set, as every one of them is declared. */
#define LATHE_KERNELS_OF(isa)                                                                                \
  extern const lathe_kernels lathe_kernels_##isa;                                                            \
  void lathe_gemm_f32_##isa(const lathe_gemm_f32 *, size_t begin, size_t end);                               \
  void lathe_matmul_f32_##isa(const lathe_matmul_f32 *, float *scratch, size_t begin, size_t end);           \
  void lathe_activation_f32_##isa(const lathe_map_f32 *, size_t begin, size_t end);                          \
  void lathe_exp_f32_##isa(const lathe_map_f32 *, size_t begin, size_t end);                                 \
  void lathe_erf_f32_##isa(const lathe_map_f32 *, size_t begin, size_t end);                                 \
  void lathe_binary_f32_##isa(const lathe_binary_f32 *, size_t begin, size_t end);                           \
  void lathe_softmax_f32_##isa(const lathe_softmax_f32 *, size_t begin, size_t end);                         \
  void lathe_normalization_f32_##isa(const lathe_normalization_f32 *, size_t begin, size_t end);             \
  bool lathe_embedding_f32_##isa(const lathe_embedding_f32 *, size_t begin, size_t end);                     \
  void lathe_attention_f32_##isa(const lathe_attention_f32 *, float *scratch, size_t begin, size_t end);     \
  void lathe_lstm_f32_##isa(const lathe_lstm_f32 *, size_t begin, size_t end);                               \
  void lathe_gru_reset_f32_##isa(const lathe_gru_f32 *, size_t begin, size_t end);                           \
  void lathe_gru_f32_##isa(const lathe_gru_f32 *, size_t begin, size_t end);                                 \
  void lathe_permute_f32_##isa(const lathe_permute_f32 *, size_t begin, size_t end);                         \
  void lathe_convolution_f32_##isa(const lathe_convolution_f32 *, float *scratch, size_t begin, size_t end); \
  /* In place. */                                                                                            \
  void lathe_activate_values_##isa(float *values, size_t count, lathe_activation activation);

/* The INT8 kernels that multiply, and the others. */
#define LATHE_PRODUCTS_I8_OF(isa)                                                                \
  void lathe_gemm_i8_##isa(const lathe_gemm_i8 *, void *scratch, size_t begin, size_t end);      \
  void lathe_attention_i8_##isa(const lathe_attention_i8 *, void *scratch, size_t begin, size_t end); \
  void lathe_lstm_i8_##isa(const lathe_lstm_i8 *, void *scratch, size_t begin, size_t end);           \
  void lathe_gru_reset_i8_##isa(const lathe_gru_i8 *, void *scratch, size_t begin, size_t end);       \
  void lathe_gru_i8_##isa(const lathe_gru_i8 *, void *scratch, size_t begin, size_t end);             \
  void lathe_convolution_i8_##isa(const lathe_convolution_i8 *, void *scratch, size_t begin, size_t end);
#define LATHE_ROWS_I8_OF(isa)                                                                           \
  bool lathe_quantize_i8_##isa(const lathe_quantize_i8 *, size_t begin, size_t end);                    \
  bool lathe_normalization_i8_##isa(const lathe_normalization_i8 *, void *scratch, size_t begin, size_t end); \
  bool lathe_embedding_i8_##isa(const lathe_embedding_i8 *, void *scratch, size_t begin, size_t end);

/* Of an instruction set: its float kernels, its INT8 kernels of rows, and those that multiply. Rows are gathered by memcpy, which knows the processor
 * itself, and bytes and codes are looked up one by one. */
#define LATHE_TABLE(ISA, isa, rows, products)                                                                                  \
  {LATHE_ISA_##ISA, lathe_gemm_f32_##isa, lathe_matmul_f32_##isa, lathe_activation_f32_##isa, lathe_exp_f32_##isa,             \
   lathe_erf_f32_##isa, lathe_binary_f32_##isa, lathe_softmax_f32_##isa, lathe_normalization_f32_##isa, lathe_gather_f32_scalar, \
   lathe_coded_gather_f32_scalar,                                                                                               \
   lathe_embedding_f32_##isa, lathe_attention_f32_##isa, lathe_lstm_f32_##isa, lathe_gru_reset_f32_##isa, lathe_gru_f32_##isa,  \
   lathe_permute_f32_##isa, lathe_convolution_f32_##isa, lathe_gemm_i8_##products, lathe_quantize_i8_##rows,                    \
   lathe_normalization_i8_##rows, lathe_embedding_i8_##rows, lathe_attention_i8_##products, lathe_lstm_i8_##products,      \
   lathe_gru_reset_i8_##products, lathe_gru_i8_##products, lathe_convolution_i8_##products, lathe_map_i8_scalar}

LATHE_KERNELS_OF(scalar)
LATHE_PRODUCTS_I8_OF(scalar)
LATHE_ROWS_I8_OF(scalar)
bool lathe_gather_f32_scalar(const lathe_gather_f32 *, size_t begin, size_t end);
bool lathe_coded_gather_f32_scalar(const lathe_coded_gather_f32 *, size_t begin, size_t end);
void lathe_map_i8_scalar(const lathe_map_i8 *, size_t begin, size_t end);
#if defined(__x86_64__)
LATHE_KERNELS_OF(avx2)
LATHE_PRODUCTS_I8_OF(avx2)
LATHE_ROWS_I8_OF(avx2)
extern const lathe_kernels lathe_kernels_avxvnni;
LATHE_PRODUCTS_I8_OF(avxvnni)
LATHE_KERNELS_OF(avx512)
LATHE_ROWS_I8_OF(avx512)
extern const lathe_kernels lathe_kernels_avx512vnni;
LATHE_PRODUCTS_I8_OF(avx512vnni)
#elif defined(__aarch64__)
LATHE_KERNELS_OF(neon)
LATHE_PRODUCTS_I8_OF(neon)
LATHE_ROWS_I8_OF(neon)
extern const lathe_kernels lathe_kernels_neondot;
LATHE_PRODUCTS_I8_OF(neondot)
#endif

/* Rows of a panel: as many as let their part of X stay in the second cache. A multiple of 12: whole tiles of 4 and of 6 rows. */
size_t lathe_gemm_panel_rows(size_t m, size_t k);

/* The row that the entry at `place` means, or SIZE_MAX. */
size_t lathe_index_at(lathe_indices ids, size_t place, size_t rows);

/* Columns of a coded row that are floats at a time; a multiple of 8. */
enum { LATHE_DECODED_COLUMNS = 64 };

/* Y [count] = the columns of a row from `column` on, which is a multiple of 8. */
void lathe_decode_row(const lathe_coded_table *table, size_t row, size_t column, size_t count, float *y);

/* Queries of an item at most, and keys whose products are in memory at a time. Rows of products are no power of two apart, so that they do not share
 * cache sets. */
enum { LATHE_ATTENTION_QUERIES = 96, LATHE_ATTENTION_KEYS = 192 };

/* Places of an item of a convolution. */
enum { LATHE_CONVOLUTION_PLACES = 64 };

/* Lines of X under all rows of a filter that reads one channel, and the floats of a line for each phase of the stride. */
size_t lathe_depthwise_lines(size_t out_height, size_t stride, size_t kernel_height, size_t dilation);
size_t lathe_depthwise_length(size_t out_width, size_t stride, size_t kernel_width, size_t dilation);

/* A permutation without axes of one entry, and with axes that stay neighbours taken together. */
typedef struct lathe_permutation {
  size_t rank, extents[LATHE_PERMUTE_MOST_AXES], strides[LATHE_PERMUTE_MOST_AXES];
  size_t plane; /* the axis along which X is contiguous, if that is not the last; else rank */
} lathe_permutation;

lathe_permutation lathe_permutation_of(const lathe_permute_f32 *permute);

/* Rows of a transposed plane that are one item. */
enum { LATHE_PERMUTE_ROWS = 32 };

/* Bytes of an INT8 element as prepared for a product, at most, and blocks of columns of an item. */
enum { LATHE_PREPARED_BYTES = 2, LATHE_GEMM_BLOCKS_I8 = 2 };

/* From one prepared row of X to the next. */
size_t lathe_prepared_stride_i8(size_t count);

size_t lathe_gemm_panel_rows_i8(size_t m, size_t k);

/* Whether each filter reads one channel, and few enough taps of it that sums in floats are exact. */
bool lathe_is_depthwise_i8(const lathe_convolution_i8 *c);

/* Bytes of a block of places in columns. */
size_t lathe_convolution_columns_i8(const lathe_convolution_i8 *c);

/* Queries of an item: fewer where there are more keys. */
size_t lathe_attention_height_i8(const lathe_attention_i8 *attention);

/* Offsets of the parts of a thread's scratch in bytes, the width rounded up to blocks, and strides. */
typedef struct lathe_attention_room_i8 {
  size_t keys, values, scores, sums, starts, q, p, size;
  size_t width, score_stride, q_stride, p_stride;
} lathe_attention_room_i8;

lathe_attention_room_i8 lathe_attention_room_of_i8(const lathe_attention_i8 *attention, size_t height);

INLINE int8_t *lathe_aligned(void *scratch) { return (int8_t *)(((uintptr_t)scratch + 63) / 64 * 64); }

#endif
