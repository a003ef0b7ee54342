/* INT8 kernels written once more from their definitions, in plain loops, and what their tests share. */
#ifndef LATHE_KERNELS_CHECK_I8_H
#define LATHE_KERNELS_CHECK_I8_H

#include "check.h"

#pragma STDC FP_CONTRACT OFF

/* Bytes; release with free. */
static inline int8_t *bytes(size_t count) {
  int8_t *p = malloc(count + 1);
  memset(p, 0x55, count + 1);
  return p;
}

typedef enum fill_kind { FILL_ANY, FILL_SYMMETRIC, FILL_LOWEST, FILL_HIGHEST, FILL_EXTREMES } fill_kind;

static inline int8_t *random_bytes(size_t count, fill_kind kind) {
  int8_t *p = bytes(count);
  for (size_t i = 0; i < count; i++) {
    int any = (int)random_below(256) - 128;
    p[i] = (int8_t)(kind == FILL_ANY        ? any
                    : kind == FILL_SYMMETRIC ? (any < -127 ? 0 : any)
                    : kind == FILL_LOWEST    ? -128
                    : kind == FILL_HIGHEST   ? 127
                    : random_below(2)        ? -128
                                             : 127);
  }
  return p;
}

/* The same bits, or neither is a number. */
static inline bool is_equal(const float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (memcmp(a + i, b + i, sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i]))) return false;
  return true;
}

static inline bool is_equal_i8(const int8_t *a, const int8_t *b, size_t count) { return count == 0 || memcmp(a, b, count) == 0; }

static inline int8_t quantized(float t) {
  if (isnan(t)) return 0;
  return (int8_t)nearbyintf(t < -127 ? -127 : t > 127 ? 127 : t);
}

static inline int32_t code_of(const lathe_rows_in *rows, size_t at) {
  return (rows->codes == LATHE_CODES_UNSIGNED ? (uint8_t)rows->i8[at] : rows->i8[at]) - rows->zero_point;
}

static inline float value_of(const lathe_rows_in *rows, size_t row, size_t column) {
  size_t at = row * rows->stride + column;
  return rows->f32 ? rows->f32[at] : (float)code_of(rows, at) * (rows->row_scale ? rows->row_scale[row] : rows->scale);
}

static inline float plus_value(float z, const lathe_rows_in *rows, size_t row, size_t column) {
  size_t at = row * rows->stride + column;
  if (rows->f32) return z + rows->f32[at];
  return rows->i8 ? fmaf((float)code_of(rows, at), rows->row_scale ? rows->row_scale[row] : rows->scale, z) : z;
}

/* A value as one of the codes that are not symmetric. */
static inline int8_t coded(const lathe_rows_out *y, float value) {
  int lowest = y->codes == LATHE_CODES_SIGNED ? -128 : 0, highest = y->codes == LATHE_CODES_SIGNED ? 127 : 255;
  double code = (isnan(value / y->scale) ? 0 : nearbyint((double)(value / y->scale))) + y->zero_point;
  return (int8_t)(code < lowest ? lowest : code > highest ? highest : (int)code);
}

/* Puts a row of values; whether it may have a scale. */
static inline bool put_values(const lathe_rows_out *y, size_t row, const float *values, size_t width) {
  float most = 0, inverse = y->inverse_scale;
  bool is_finite = true;
  for (size_t c = 0; c < width; c++) {
    is_finite = is_finite && isfinite(values[c]);
    if (fabsf(values[c]) > most) most = fabsf(values[c]);
  }
  bool is_scaled = is_finite && most >= 0x1p-100f, is_dynamic = y->i8 && y->row_scale;
  if (is_dynamic) {
    y->row_scale[row] = is_scaled ? most / 127 : 1;
    inverse = 127 / most;
  }
  for (size_t c = 0; c < width; c++) {
    if (y->f32) y->f32[row * y->f32_stride + c] = values[c];
    if (!y->i8) continue;
    float factor = y->inverse_scales && !is_dynamic ? y->inverse_scales[c] : inverse;
    y->i8[row * y->i8_stride + c] = y->codes != LATHE_CODES_SYMMETRIC  ? coded(y, values[c])
                                    : is_dynamic && !is_scaled ? 0
                                                               : quantized(values[c] * factor);
  }
  return !is_dynamic || is_finite;
}

/* Sum of f(0), ..., f(count - 1) in the order of sum16; with is_square, of squares by fma. */
static inline float sum16(const float *f, size_t count, bool is_square) {
  float p[16] = {0};
  for (size_t i = 0; i < count; i++) p[i % 16] = is_square ? fmaf(f[i], f[i], p[i % 16]) : p[i % 16] + f[i];
  for (int half = 8; half > 0; half /= 2)
    for (int l = 0; l < half; l++) p[l] = p[l] + p[l + half];
  return p[0];
}

/* Layer normalization of z, in place. */
static inline void normalize_values(float *z, size_t width, const float *scale, const float *bias, float epsilon, bool is_rms) {
  float mean = is_rms ? 0 : sum16(z, width, false) / (float)width;
  for (size_t c = 0; c < width; c++) z[c] = z[c] - mean;
  float factor = 1 / sqrtf(sum16(z, width, true) / (float)width + epsilon);
  for (size_t c = 0; c < width; c++) {
    float v = z[c] * factor;
    if (scale && bias) v = fmaf(v, scale[c], bias[c]);
    else if (scale) v = v * scale[c];
    else if (bias) v = v + bias[c];
    z[c] = v;
  }
}

static inline uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline float of_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline float least(float a, float b) { return a < b ? a : b; }
static inline float most_of(float a, float b) { return a > b ? a : b; }

static inline float horner(float x, const float *coefficients, int count) {
  float p = coefficients[0];
  for (int i = 1; i < count; i++) p = fmaf(p, x, coefficients[i]);
  return p;
}

static inline float exact_exp_of_negative(float x) {
  static const float c[] = {1.535336191e-04f, 1.339887441e-03f, 9.618437358e-03f, 5.550332471e-02f, 2.402264791e-01f, 6.931472029e-01f, 1};
  float y = most_of(-88.2f, x), n = fmaf(y, 1.44269504f, 12583039.0f), f = fmaf(y, 1.44269504f, 12583039.0f - n);
  return horner(f, c, 7) * of_bits(bits_of(n) << 23);
}

static inline float exact_sigmoid(float x) {
  static const float c[] = {1.381458090e-03f, 8.368725384e-03f, 4.166838887e-02f, 1.666652056e-01f, 4.999999344e-01f};
  float y = most_of(-88.2f, least(88.8f, 0 - x)), rounded = fmaf(y, 1.44269504f, 12583039.0f), n = rounded - 12583039.0f;
  float r = fmaf(n, 2.12194440e-4f, fmaf(n, -0.693359375f, y)), p = horner(r, c, 5);
  p = fmaf(p * r, r, r) + 1;
  return 1 / (1 + p * of_bits(bits_of(rounded) << 23));
}

static inline float exact_erf(float x) {
  static const float p[] = {2.046022777e-06f, 2.848448622e-04f, 3.772597286e-03f, 5.276944446e-02f, 1.905948198e-01f, 1.128379146e+00f};
  static const float q[] = {3.804779623e-05f, 1.163869713e-03f, 1.498329208e-02f, 1.141831666e-01f, 5.022429914e-01f, 1};
  float y = most_of(-3.925f, least(3.925f, x)), z = y * y;
  return fabsf(x) > 3.92f ? copysignf(1, x) : y * horner(z, p, 6) / horner(z, q, 6);
}

static inline float exact_tanh(float x) {
  static const float p[] = {1.331909326e-08f, 2.058349765e-05f, 3.494035594e-03f, 1.337971882e-01f, 9.999999790e-01f};
  static const float q[] = {7.762028473e-07f, 3.283094505e-04f, 2.587107717e-02f, 4.671303406e-01f, 1};
  float y = most_of(-9.02f, least(9.02f, x)), z = y * y;
  return fabsf(x) > 9.01f ? copysignf(1, x) : y * horner(z, p, 5) / horner(z, q, 5);
}

static inline float exactly_activated(float x, lathe_activation activation) {
  switch (activation) {
    case LATHE_ACTIVATION_NONE: return x;
    case LATHE_ACTIVATION_RELU: return most_of(0, x);
    case LATHE_ACTIVATION_GELU: return x * fmaf(0.5f, exact_erf(x * 0.707106781f), 0.5f);
    case LATHE_ACTIVATION_GELU_TANH: return x * fmaf(0.5f, exact_tanh(0.797884561f * fmaf(0.044715f, x * x * x, x)), 0.5f);
    case LATHE_ACTIVATION_TANH: return exact_tanh(x);
    case LATHE_ACTIVATION_SIGMOID: return exact_sigmoid(x);
    case LATHE_ACTIVATION_SILU: return x * exact_sigmoid(x);
    case LATHE_ACTIVATION_QUICK_GELU: return x * exact_sigmoid(1.702f * x);
    case LATHE_ACTIVATION_RELU6: return least(6, most_of(0, x));
    case LATHE_ACTIVATION_HARD_SWISH: return x * most_of(0, least(1, x * (1.0f / 6) + 0.5f));
  }
  return NAN;
}

/* One of the codes; often 0 or the last. */
static inline int32_t random_zero_point(lathe_codes codes) {
  int32_t lowest = codes == LATHE_CODES_UNSIGNED ? 0 : -128, any = lowest + (int32_t)random_below(256);
  return codes == LATHE_CODES_SYMMETRIC ? 0 : random_below(4) == 0 ? 0 : random_below(4) == 0 ? lowest : random_below(4) == 0 ? lowest + 255 : any;
}

/* Random rows to read: floats, or bytes with a scale or with row scales. */
typedef struct rows_source {
  lathe_rows_in in;
  float *f32, *row_scale;
  int8_t *i8;
} rows_source;

static inline rows_source random_rows(size_t rows, size_t width, int kind) {
  rows_source s = {.in.stride = width + random_below(3), .in.scale = 0.013f};
  if (kind == 0) s.in.f32 = s.f32 = randoms(rows * s.in.stride, 3);
  if (kind > 0) s.in.i8 = s.i8 = random_bytes(rows * s.in.stride, FILL_ANY);
  if (kind == 2) s.in.row_scale = s.row_scale = randoms(rows, 0.1f);
  s.in.codes = (lathe_codes)random_below(3);
  s.in.zero_point = random_zero_point(s.in.codes);
  return s;
}

static inline void release_rows(rows_source *s) { released(s->f32), released(s->row_scale), free(s->i8); }

/* Rows to write, all of which compares equal or not. */
typedef struct rows_target {
  lathe_rows_out out;
  size_t rows;
} rows_target;

/* A scale for each of so many columns at most. */
static inline const float *column_scales(void) {
  static float scales[4096];
  for (size_t c = 0; c < 4096 && scales[4095] == 0; c++) scales[c] = 3 + (float)(c * 37 % 101) / 3;
  return scales;
}

/* Bit 0 asks for floats, bit 1 for bytes, bit 2 for row scales; every other size has a scale for each column. */
static inline rows_target new_target(size_t rows, size_t width, int kinds) {
  rows_target t = {.rows = rows, .out = {.f32_stride = width + 1, .i8_stride = width + 3, .inverse_scale = 23.7f}};
  if (kinds & 1) t.out.f32 = buffer(rows * t.out.f32_stride);
  if (kinds & 2) t.out.i8 = bytes(rows * t.out.i8_stride);
  if (kinds & 4) t.out.row_scale = buffer(rows);
  if ((rows + width) % 2 == 0 && width <= 4096) t.out.inverse_scales = column_scales();
  return t;
}

/* Gives two targets the same codes, any of the kinds that they may have. */
static inline void randomize_codes(rows_target *a, rows_target *b) {
  if (a->out.row_scale) return;
  a->out.codes = b->out.codes = (lathe_codes)random_below(3);
  a->out.zero_point = b->out.zero_point = random_zero_point(a->out.codes);
  a->out.scale = b->out.scale = random_below(2) ? 0.037f : 1 / a->out.inverse_scale;
}

static inline bool is_same_target(const rows_target *a, const rows_target *b) {
  return (!a->out.f32 || is_equal(a->out.f32, b->out.f32, a->rows * a->out.f32_stride)) &&
         (!a->out.i8 || is_equal_i8(a->out.i8, b->out.i8, a->rows * a->out.i8_stride)) &&
         (!a->out.row_scale || is_equal(a->out.row_scale, b->out.row_scale, a->rows));
}

static inline void release_target(rows_target *t) { released(t->out.f32), released(t->out.row_scale), free(t->out.i8); }

#endif
