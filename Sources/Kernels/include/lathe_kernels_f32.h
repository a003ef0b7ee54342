/* What kernels in 32-bit floats compute. Include lathe_kernels.h. */
#ifndef LATHE_KERNELS_F32_H
#define LATHE_KERNELS_F32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lathe_activation {
  LATHE_ACTIVATION_NONE = 0,
  LATHE_ACTIVATION_RELU = 1,
  LATHE_ACTIVATION_GELU = 2,      /* by erf */
  LATHE_ACTIVATION_GELU_TANH = 3, /* by tanh */
  LATHE_ACTIVATION_TANH = 4,
  LATHE_ACTIVATION_SIGMOID = 5,
  LATHE_ACTIVATION_SILU = 6,       /* x sigmoid(x) */
  LATHE_ACTIVATION_QUICK_GELU = 7, /* x sigmoid(1.702 x) */
  LATHE_ACTIVATION_RELU6 = 8,      /* min(max(x, 0), 6) */
  LATHE_ACTIVATION_HARD_SWISH = 9, /* x max(0, min(1, x / 6 + 1/2)) */
} lathe_activation;

/* Columns of a packed block. */
enum { LATHE_GEMM_COLUMNS = 16 };

/* Floats that lathe_pack_gemm_f32 writes: k times the columns, rounded up to whole blocks. */
size_t lathe_packed_gemm_count_f32(size_t k, size_t n);

/* Packs W [k, n], whose rows are w_stride apart, into blocks of 16 columns. Block b holds columns 16 b ..< 16 b + 16: first those of row 0,
 * then those of row 1, and so on, so that W[i, j] is at (j / 16 * k + i) * 16 + j % 16. Columns beyond n are zero. This layout is stored in
 * .lathe files and is the same for every instruction set; `packed` should be aligned to 64 bytes, which makes each row of a block a cache line. */
void lathe_pack_gemm_f32(size_t k, size_t n, const float *w, size_t w_stride, float *packed);

/* Y [m, n] = activation(X [m, k] W [k, n] + bias) + residual. Items: lathe_gemm_items_f32. Each element of Y is one sum over k in order,
 * whatever the tiles. Y may be the residual, and must not be X. */
typedef struct lathe_gemm_f32 {
  size_t m, n, k;
  const float *x;
  size_t x_stride;
  const float *packed; /* W, by lathe_pack_gemm_f32 */
  const float *bias;     /* [n], or NULL */
  const float *residual; /* [m, n], or NULL */
  size_t residual_stride;
  float *y;
  size_t y_stride;
  lathe_activation activation;
} lathe_gemm_f32;

/* One item is 16 columns of a panel of rows: item = panel * blocks + block. Neighbours share X. */
size_t lathe_gemm_items_f32(const lathe_gemm_f32 *gemm);

/* Y[i] [m, n] = alpha A[i] [m, k] B[i], where B[i] is [k, n], or [n, k] if it is transposed; i counts the batch. A batch stride of 0 repeats a
 * matrix. Y must not be A or B. Items: lathe_matmul_items_f32; scratch: lathe_matmul_scratch_f32. */
typedef struct lathe_matmul_f32 {
  size_t batch, m, n, k;
  const float *a;
  size_t a_stride, a_batch_stride;
  const float *b;
  size_t b_stride, b_batch_stride;
  bool is_b_transposed;
  float alpha;
  float *y;
  size_t y_stride, y_batch_stride;
} lathe_matmul_f32;

size_t lathe_matmul_items_f32(const lathe_matmul_f32 *matmul);
size_t lathe_matmul_scratch_f32(const lathe_matmul_f32 *matmul);

/* Y = f(X), element by element; one item is one element. Y may be X. */
typedef struct lathe_map_f32 {
  const float *x;
  float *y;
  lathe_activation activation; /* of activation_f32 */
} lathe_map_f32;

typedef enum lathe_binary { LATHE_BINARY_ADD = 0, LATHE_BINARY_SUB = 1, LATHE_BINARY_MUL = 2, LATHE_BINARY_DIV = 3 } lathe_binary;

/* Y [rows, width] = A op B; one item is a row. A row stride of 0 repeats a row of B; `is_b_column` takes one element of B for each row. Y may be A or
 * B. */
typedef struct lathe_binary_f32 {
  size_t width;
  const float *a;
  size_t a_stride;
  const float *b;
  size_t b_stride;
  bool is_b_column;
  float *y;
  size_t y_stride;
  lathe_binary op;
} lathe_binary_f32;

/* Y = softmax(X + mask) over rows; one item is a row. A row of nothing but minus infinity gives NaN. A mask stride of 0 repeats a row. Y may be X. */
typedef struct lathe_softmax_f32 {
  size_t width;
  const float *x;
  size_t x_stride;
  const float *mask; /* added, or NULL */
  size_t mask_stride;
  float *y;
  size_t y_stride;
} lathe_softmax_f32;

/* Y = (z - mean) / sqrt(variance + epsilon) * scale + bias over rows of z = X + residual; one item is a row. Mean and variance are taken in two
 * passes. With is_rms, Y = z / sqrt(mean of squares + epsilon) * scale + bias. Y may be X or the residual, and `sum`, if any, takes z. */
typedef struct lathe_normalization_f32 {
  size_t width;
  const float *x;
  size_t x_stride;
  const float *residual; /* or NULL */
  size_t residual_stride;
  const float *scale; /* [width], or NULL for 1 */
  const float *bias;  /* [width], or NULL */
  float epsilon;
  bool is_rms;
  float *sum; /* or NULL */
  size_t sum_stride;
  float *y;
  size_t y_stride;
} lathe_normalization_f32;

/* Row numbers: 32-bit or 64-bit integers. Negative ones count from the end. */
typedef struct lathe_indices {
  const void *values;
  bool is_int64;
} lathe_indices;

/* Y [count, width] = rows of the table [rows, width]; one item is a row of Y. Where an index is out of bounds, the row is zeros and the result is
 * false. */
typedef struct lathe_gather_f32 {
  size_t rows, width;
  const float *table;
  size_t table_stride;
  lathe_indices ids;
  float *y;
  size_t y_stride;
} lathe_gather_f32;

/* A table of codes of 4, 5, 6 or 8 bits. Those of a row are packed, least significant bits first, and rows begin `stride` bytes apart. A value is
 * codebook[code], or codebook[code] * row_scale[row]. */
typedef struct lathe_coded_table {
  const uint8_t *codes;
  size_t stride;
  int bits;
  const float *codebook;  /* [2^bits] */
  const float *row_scale; /* [rows], or NULL */
} lathe_coded_table;

/* Y [count, width] = rows of a table of codes [rows, width], as in lathe_gather_f32. */
typedef struct lathe_coded_gather_f32 {
  size_t rows, width;
  lathe_coded_table table;
  lathe_indices ids;
  float *y;
  size_t y_stride;
} lathe_coded_gather_f32;

/* A table [rows, width] of an embedding and where its row numbers come from. */
typedef struct lathe_embedding_source {
  const float *table; /* NULL where it is coded */
  size_t rows;
  lathe_indices ids; /* without values, rows offset, offset + 1, ... along the sequence */
  size_t batch_stride, position_stride; /* of the ids; 0 repeats */
  size_t offset;
  lathe_coded_table coded;
} lathe_embedding_source;

/* lathe::EmbeddingNormalization: Y [batch, sequence, width] is the layer normalization of the sum of rows, in the order of the sources. One item is
 * a token. Rows out of bounds count as zeros, and the result is false. */
typedef struct lathe_embedding_f32 {
  size_t sequence, width;
  const lathe_embedding_source *sources; /* one or more */
  size_t source_count;
  const float *scale; /* [width] */
  const float *bias;  /* [width], or NULL */
  float epsilon;
  float *y;
} lathe_embedding_f32;

/* lathe::FusedAttention: softmax(scale Q K' + mask) V of each head. Head h has columns h size ..< (h + 1) size of the rows of Q and K, and
 * h width ..< (h + 1) width of those of V and Y; packed Q, K and V are three pointers into one matrix. One item is a block of queries of a head
 * (lathe_attention_items_f32); each thread needs lathe_attention_scratch_f32 floats.
 *
 * Keys are taken in blocks, and sums are rescaled as larger products appear (Milakov and Gimelshein 2018; Dao et al. 2022), so that scratch does
 * not grow with the sequence. */
typedef struct lathe_attention_f32 {
  size_t batch, heads, queries, keys;
  size_t size, width;
  const float *q, *k, *v;
  size_t q_stride, k_stride, v_stride;                   /* from token to token */
  size_t q_batch_stride, k_batch_stride, v_batch_stride; /* from sequence to sequence */
  float scale;
  const float *mask;        /* added to the scaled products, or NULL */
  const uint8_t *keep;      /* where 0, the product becomes masked_value; or NULL */
  size_t mask_strides[4];   /* of either, along batch, heads, queries, keys; 0 repeats */
  float masked_value;
  bool zero_masked_rows; /* a query whose products are all minus infinity, or not numbers, gives zeros rather than NaN */
  float *y;
  size_t y_stride, y_batch_stride;
} lathe_attention_f32;

size_t lathe_attention_items_f32(const lathe_attention_f32 *attention);
size_t lathe_attention_scratch_f32(const lathe_attention_f32 *attention);

/* Where a step of a recurrent layer finds each sequence's inputs and puts its outputs. In reverse, a sequence starts at its own end. From a sequence's
 * length on, states stay as they are and outputs are zeros. */
typedef struct lathe_recurrent_place {
  size_t step, steps; /* step 0 ..< steps */
  bool is_reverse;
  const int32_t *lengths; /* of each sequence, 0 ... steps; NULL if all have every step */
  size_t inputs_batch_stride, inputs_step_stride;
  size_t y_batch_stride, y_step_stride;
} lathe_recurrent_place;

/* One step of ONNX's LSTM with sigmoid and tanh. Gates come in the order i, o, f, c. The state [batch, hidden] is read from h and c and written to
 * next_h and next_c; next_h must not be h, next_c may be c. One item is 16 units of the state: lathe_recurrent_items_f32. */
typedef struct lathe_lstm_f32 {
  size_t batch, hidden;
  lathe_recurrent_place place;
  const float *inputs; /* X W' + both biases: 4 hidden floats for each place */
  const float *recurrence; /* R' [hidden, hidden] of each gate, packed one by one: 4 lathe_packed_gemm_count_f32(hidden, hidden) floats */
  const float *peepholes;  /* [3 hidden], in the order i, o, f; or NULL */
  float clip;              /* bounds the gates' sums; infinity for none */
  bool couples_gates;      /* f = 1 - i */
  const float *h, *c;
  float *next_h, *next_c;
  float *y; /* hidden floats for each place, or NULL */
} lathe_lstm_f32;

/* One step of ONNX's GRU with sigmoid and tanh. Gates come in the order z, r, h. Where the reset gate applies before the recurrence (`linear_before_reset` of
 * 0), gru_reset_f32 computes r * h into reset_h for all items first; otherwise reset_h is NULL and gru_f32 is all. */
typedef struct lathe_gru_f32 {
  size_t batch, hidden;
  lathe_recurrent_place place;
  const float *inputs; /* X W' + both biases of z, r and, with reset_h, h; else the input bias of h: 3 hidden floats for each place */
  const float *recurrence; /* R' of each gate, packed as for LSTM: 3 matrices */
  const float *bias_h;     /* the recurrent bias of h, [hidden], without reset_h; or NULL */
  float clip;
  const float *h;
  float *reset_h; /* [batch, hidden], or NULL */
  float *next_h;
  float *y; /* hidden floats for each place, or NULL */
} lathe_gru_f32;

size_t lathe_recurrent_items_f32(size_t hidden);

enum { LATHE_PERMUTE_MOST_AXES = 8 };

/* Y, of these extents and contiguous, from X, whose strides along Y's axes are given; the same for every instruction set but for speed. Items:
 * lathe_permute_items_f32. Y must not be X. */
typedef struct lathe_permute_f32 {
  size_t rank;
  size_t extents[LATHE_PERMUTE_MOST_AXES];
  size_t strides[LATHE_PERMUTE_MOST_AXES];
  const float *x;
  float *y;
} lathe_permute_f32;

size_t lathe_permute_items_f32(const lathe_permute_f32 *permute);

/* Y [batch, filters, out_height, out_width] = activation(X * W + bias + residual), as ONNX's Conv has it; X [batch, channels, height, width],
 * W [filters, channels / groups, kernel_height, kernel_width]. One dimension is a height of 1. Items: lathe_convolution_items_f32; scratch:
 * lathe_convolution_scratch_f32. Y may be the residual. */
typedef struct lathe_convolution_f32 {
  size_t batch, channels, height, width;
  size_t filters, groups, kernel_height, kernel_width;
  size_t stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
  size_t out_height, out_width;
  const float *x;
  const float *w;
  const float *bias;     /* [filters], or NULL */
  const float *residual; /* like Y, or NULL */
  lathe_activation activation;
  float *y;
} lathe_convolution_f32;

size_t lathe_convolution_items_f32(const lathe_convolution_f32 *convolution);
size_t lathe_convolution_scratch_f32(const lathe_convolution_f32 *convolution);

#ifdef __cplusplus
}
#endif

#endif
