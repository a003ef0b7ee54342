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

/* INT8.
 *
 * Results of these kernels are the same bits on every instruction set, because each is defined as exact integer sums and IEEE operations on floats, each
 * rounded once to nearest-even, in the order written below: a + b, a * b, a / b, sqrt, fma(a, b, c) = a * b + c rounded once, and float(i) of an
 * integer. Nothing else is fused. Subnormal numbers are kept. Only the bits of a float that is not a number may differ.
 *
 *   quantized(t)     0 if t is not a number, else t held to -127 ... 127 and rounded to the nearest integer, ties to even.
 *   sum16(f, width)  16 partial sums, p[l] = f(l), f(l + 16), f(l + 32), ... added in this order to 0; then p[l] += p[l + 8] for l < 8,
 *                    p[l] += p[l + 4] for l < 4, p[l] += p[l + 2] for l < 2, and p[0] + p[1] is the sum.
 *   activation       as in Templates/functions.h, v_fma being fma.
 *
 * Weights and activations are -127 ... 127 by intent; -128 is computed with as exactly. Scratch is in bytes for each thread, best aligned to 64. */

/* Which integers of 8 bits INT8 values are. */
typedef enum lathe_codes {
  LATHE_CODES_SYMMETRIC = 0, /* -127 ... 127 */
  LATHE_CODES_SIGNED = 1,    /* -128 ... 127 */
  LATHE_CODES_UNSIGNED = 2,  /* 0 ... 255 */
} lathe_codes;

/* Rows of floats, or, where f32 is NULL, of INT8 values q that mean float(q - zero_point) * scale; nothing where both are NULL. Added to z, a value
 * is z + f32[c], or fma(float(i8[c] - zero_point), scale, z). */
typedef struct lathe_rows_in {
  const float *f32;
  const int8_t *i8;
  size_t stride;
  float scale;
  const float *row_scale; /* of each row, in place of `scale`; or NULL */
  lathe_codes codes;
  int32_t zero_point; /* one of the codes */
} lathe_rows_in;

/* Where rows of results v go: as they are, as INT8 values, or both; a NULL takes none. INT8 values are quantized(v * inverse_scale) or, with
 * inverse_scales, quantized(v * inverse_scales[c]) or, with row_scale, quantized(v * (127 / most)) for the largest magnitude `most` of the row, whose
 * scale is most / 127. A row whose `most` is below 2^-100 has the scale 1 and zeros; so has one with a value that is infinite or not a number, and the
 * kernel's result is false. Codes that are not symmetric are zero_point + v / scale, where the quotient, 0 if it is not a number, is rounded as in
 * `quantized` and the sum is held to the codes; they have one scale. */
typedef struct lathe_rows_out {
  float *f32;
  size_t f32_stride;
  int8_t *i8;
  size_t i8_stride;
  float inverse_scale;
  const float *inverse_scales; /* [columns], or NULL */
  float *row_scale; /* takes the scale of each row; or NULL */
  lathe_codes codes;
  int32_t zero_point; /* one of the codes */
  float scale;
} lathe_rows_out;

/* Bytes that lathe_pack_gemm_i8 writes. */
size_t lathe_packed_gemm_size_i8(size_t k, size_t n);

/* Packs W [k, n], whose rows are w_stride apart, into blocks of 16 columns and groups of 4 rows: W[i, j] is at
 * ((j / 16 * k4 + i / 4) * 16 + j % 16) * 4 + i % 4, where k4 = k / 4 rounded up. Rows and columns beyond W are zero. Then comes the sum of each column
 * of the blocks, a 32-bit integer in the processor's byte order. This layout is stored in .lathe files and is the same for every instruction set. */
void lathe_pack_gemm_i8(size_t k, size_t n, const int8_t *w, size_t w_stride, int8_t *packed);

/* k at most, so that no sum leaves 32 bits: without zero points, with that of X alone, and with those of W. */
enum { LATHE_GEMM_MOST_K_I8 = 131071, LATHE_GEMM_MOST_K_X_ZERO_I8 = 65792, LATHE_GEMM_MOST_K_W_ZERO_I8 = 33025 };

/* Y [m, n] of X [m, k] and W [k, n]:
 *   s = w_scale[j], or x_row_scale[i] * w_scale[j]
 *   v = fma(float(sum over k of (X[i, k] - x_zero_point) * (W[k, j] - w_zero_point[j])), s, bias[j]); without bias, float(sum) * s
 *   v = activation(v), plus the residual as lathe_rows_in says
 * Y may be the residual, and must not be X; it has no row scales. Scratch: lathe_gemm_scratch_i8. */
typedef struct lathe_gemm_i8 {
  size_t m, n, k;
  const int8_t *x;
  size_t x_stride;
  bool x_is_unsigned;
  int32_t x_zero_point;     /* an element that X can have */
  const float *x_row_scale; /* [m], or NULL */
  const int8_t *packed;     /* W, by lathe_pack_gemm_i8 */
  const float *w_scale;     /* [n] */
  const int32_t *w_zero_point; /* [n], of -128 ... 127, or NULL */
  const float *bias;        /* [n], or NULL */
  lathe_activation activation;
  lathe_rows_in residual; /* [m, n] */
  lathe_rows_out y;
} lathe_gemm_i8;

/* One item is 32 columns of a panel of rows; the columns of a panel are neighbours and share X, which each call prepares once for them. */
size_t lathe_gemm_items_i8(const lathe_gemm_i8 *gemm);
size_t lathe_gemm_scratch_i8(const lathe_gemm_i8 *gemm);

/* Y [rows, width] = X, or X[c] * factors[c]; one item is a row. INT8 values of X are as lathe_rows_in says. */
typedef struct lathe_quantize_i8 {
  size_t width;
  const float *factors; /* [width], or NULL */
  lathe_rows_in x;
  lathe_rows_out y;
} lathe_quantize_i8;

/* Layer normalization of rows of z, where z is X's value, to which the residual is added as lathe_rows_in says:
 *   mean = sum16(z[c]) / width, or 0 with is_rms
 *   d[c] = z[c] - mean
 *   variance = sum16(d[c], each added as p = fma(d, d, p)) / width
 *   factor = 1 / sqrt(variance + epsilon)
 *   v = fma(d[c] * factor, scale[c], bias[c]); without scale, d[c] * factor + bias[c]; without bias, that product alone
 * One item is a row. Y may be X or the residual; `sum`, if any, takes z. Scratch: lathe_row_scratch_i8(width). */
typedef struct lathe_normalization_i8 {
  size_t width;
  lathe_rows_in x, residual;
  const float *scale; /* [width], or NULL */
  const float *bias;  /* [width], or NULL */
  float epsilon;
  bool is_rms;
  float *sum; /* or NULL */
  size_t sum_stride;
  lathe_rows_out y;
} lathe_normalization_i8;

size_t lathe_row_scratch_i8(size_t width);

/* A table [rows, width] of an embedding, and where its row numbers come from as in lathe_embedding_source. */
typedef struct lathe_embedding_source_i8 {
  lathe_rows_in table; /* its row scales are those of the table's rows; nothing where it is coded */
  size_t rows;
  lathe_indices ids;
  size_t batch_stride, position_stride;
  size_t offset;
  lathe_coded_table coded; /* to z, a value is added as a float */
} lathe_embedding_source_i8;

/* Y [batch * sequence, width]: the layer normalization, as in lathe_normalization_i8, of z, which is 0 to which the rows of the sources are added in
 * order, as lathe_rows_in says. Rows out of bounds are left out, and the result is false. One item is a token. Scratch: lathe_row_scratch_i8(width). */
typedef struct lathe_embedding_i8 {
  size_t sequence, width;
  const lathe_embedding_source_i8 *sources;
  size_t source_count;
  const float *scale; /* [width], or NULL */
  const float *bias;  /* [width], or NULL */
  float epsilon;
  lathe_rows_out y;
} lathe_embedding_i8;

/* Keys at most, so that no sum leaves 32 bits. */
enum { LATHE_ATTENTION_MOST_KEYS_I8 = 65535 };

/* Attention of heads as in lathe_attention_f32, of INT8 values. For a query i of a head:
 *   s = scale, or (q_row_scale[i] * k_row_scale[j]) * scale; the product lacks what is NULL
 *   x[j] = fma(float(sum of Q[i, c] * K[j, c]), s, mask[j]); without mask, float(sum) * s; masked_value where keep[j] is 0
 *   most = the largest x[j] that is a number, or 0 if that is minus infinity
 *   p[j] = v_exp_of_negative(x[j] - most) * 255, rounded once, to the nearest integer, ties to even; 0 if x[j] - most is not a number
 *   v = float(sum of p[j] * V[j, c]) * (v_scale / float(sum of p[j]))
 * Where every p[j] is 0, which takes a row of nothing but minus infinity or what is not a number, v is 0 with zero_masked_rows and else not a number
 * (0x7fc00000; 0 in INT8). Without keys v is 0. V has one scale; Y has no row scales. `scale` is to hold the scales of Q and of K where these have no
 * row scales, which are [batch, queries] and [batch, keys]. One item is a block of queries of a head. Scratch grows with the keys, for one such
 * block. */
typedef struct lathe_attention_i8 {
  size_t batch, heads, queries, keys;
  size_t size, width;
  const int8_t *q, *k, *v;
  size_t q_stride, k_stride, v_stride;                   /* from token to token */
  size_t q_batch_stride, k_batch_stride, v_batch_stride; /* from sequence to sequence */
  float scale, v_scale;
  const float *q_row_scale, *k_row_scale; /* or NULL */
  const float *mask;
  const uint8_t *keep;
  size_t mask_strides[4];
  float masked_value;
  bool zero_masked_rows;
  lathe_rows_out y;                      /* strides from token to token */
  size_t y_batch_stride, y_i8_batch_stride; /* from sequence to sequence */
} lathe_attention_i8;

size_t lathe_attention_items_i8(const lathe_attention_i8 *attention);
size_t lathe_attention_scratch_i8(const lathe_attention_i8 *attention);

/* One step of an LSTM with sigmoid and tanh, whose gates come in the order i, o, f, c and whose state h, within -1 ... 1, has the scale 1/127:
 *   gate = fma(float(sum over k of h[k] * R'[k, unit]), r_scale[unit], inputs[unit])
 *   i, o, f = sigmoid of their gates; next_c = fma(f, c, i * tanh(gate of c)); v = o * tanh(next_c)
 *   next_h = quantized(v * 127)
 * The state [batch, hidden] is read from h and c and written to next_h and next_c; next_h must not be h, next_c may be c. One item is 16 units of the
 * state: lathe_recurrent_items_f32; scratch: lathe_lstm_scratch_i8. Units are LATHE_GEMM_MOST_K_I8 at most. */
typedef struct lathe_lstm_i8 {
  size_t batch, hidden;
  lathe_recurrent_place place;
  const float *inputs;      /* X W' + both biases: 4 hidden floats for each place */
  const int8_t *recurrence; /* R' [hidden, hidden] of each gate, packed one by one: 4 lathe_packed_gemm_size_i8(hidden, hidden) bytes */
  const float *r_scale;     /* [4 hidden], each with the scale of h */
  const int8_t *h;
  const float *c;
  int8_t *next_h;
  float *next_c;
  float *last_h; /* takes v, [batch, hidden], of sequences that have this step; or NULL */
  float *y;      /* v: hidden floats for each place, or NULL */
  int8_t *y_i8;  /* next_h: as many bytes, or NULL */
} lathe_lstm_i8;

size_t lathe_lstm_scratch_i8(const lathe_lstm_i8 *lstm);

/* One step of a GRU with sigmoid and tanh, whose gates come in the order z, r, h and whose state h, within -1 ... 1, is multiplied as INT8 values of the
 * scale 1/127:
 *   sum[gate] = float(sum over k of h_i8[k] * R'[k, unit]); gate = fma(sum, r_scale[unit], inputs[unit])
 *   z, r = sigmoid of their gates
 * Where the reset gate applies before the recurrence, gru_reset_i8 computes reset_i8 = quantized(r * h * 127) for all items first, sum[h] is of reset_i8,
 * and n = tanh(gate of h). Otherwise reset_i8 is NULL, gru_i8 is all, and
 *   n = tanh(fma(r, fma(sum[h], r_scale[unit], bias_h[unit]), inputs[unit])); without bias_h, sum[h] * r_scale[unit] is what r weights
 *   next_h = fma(z, h, (1 - z) * n); next_h_i8 = quantized(next_h * 127)
 * next_h_i8 must not be h_i8, next_h may be h. Items: lathe_recurrent_items_f32; scratch: lathe_gru_scratch_i8. Units are LATHE_GEMM_MOST_K_I8 at most. */
typedef struct lathe_gru_i8 {
  size_t batch, hidden;
  lathe_recurrent_place place;
  const float *inputs; /* X W' + both biases of z, r and, with reset_i8, h; else the input bias of h: 3 hidden floats for each place */
  const int8_t *recurrence; /* R' of each gate, packed as for LSTM: 3 matrices */
  const float *r_scale;     /* [3 hidden], each with the scale of h */
  const float *bias_h;      /* the recurrent bias of h, [hidden], without reset_i8; or NULL */
  const float *h;
  const int8_t *h_i8;
  int8_t *reset_i8; /* [batch, hidden], or NULL */
  float *next_h;
  int8_t *next_h_i8;
  float *y;     /* next_h: hidden floats for each place, or NULL */
  int8_t *y_i8; /* next_h_i8: as many bytes, or NULL */
} lathe_gru_i8;

size_t lathe_gru_scratch_i8(const lathe_gru_i8 *gru);

/* Convolution of X and W, INT8 values laid out as in lathe_convolution_f32; padding has the code x_zero_point, which means 0:
 *   v = fma(float(sum of (X - x_zero_point) * (W - w_zero_point[filter])), scale[filter], bias[filter]); without bias, float(sum) * scale[filter]
 *   v, to which the residual is added as lathe_rows_in says, and then activation(v)
 * Rows of the residual and of Y are planes [out_height * out_width], of each filter of each batch entry; neither has row scales. Y may be the residual,
 * and must not be X. channels / groups * kernel_height * kernel_width are what k of lathe_gemm_i8 is at most. Items: lathe_convolution_items_i8;
 * scratch: lathe_convolution_scratch_i8; both may be asked for before the addresses and x_zero_point are known, but for whether W has zero points. */
typedef struct lathe_convolution_i8 {
  size_t batch, channels, height, width;
  size_t filters, groups, kernel_height, kernel_width;
  size_t stride_y, stride_x, dilation_y, dilation_x, pad_top, pad_left;
  size_t out_height, out_width;
  const int8_t *x;
  lathe_codes x_codes;
  int32_t x_zero_point; /* one of the codes; 0 for symmetric ones */
  const int8_t *w;
  const float *scale;          /* [filters], each with that of X */
  const int32_t *w_zero_point; /* [filters], of -128 ... 127, or NULL */
  const float *bias;  /* [filters], or NULL */
  lathe_rows_in residual;
  lathe_activation activation;
  lathe_rows_out y;
} lathe_convolution_i8;

size_t lathe_convolution_items_i8(const lathe_convolution_i8 *convolution);
size_t lathe_convolution_scratch_i8(const lathe_convolution_i8 *convolution);

/* Y[i] = table[X[i] + 128]; one item is one element. Y may be X. */
typedef struct lathe_map_i8 {
  const int8_t *x;
  int8_t *y;
  const int8_t *table; /* [256] */
} lathe_map_i8;

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
