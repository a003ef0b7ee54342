/* What kernels in INT8 compute. Include lathe_kernels.h. */
#ifndef LATHE_KERNELS_I8_H
#define LATHE_KERNELS_I8_H

#include "lathe_kernels_f32.h"

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
}
#endif

#endif
