/* What the tests of the kernels share. Buffers are as long as what they hold, so that AddressSanitizer sees every step beyond, and one float off any
 * alignment. */
#ifndef LATHE_KERNELS_CHECK_H
#define LATHE_KERNELS_CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lathe_kernels.h"

extern const lathe_kernels *kernels; /* under test */
extern int failures;

#define CHECK(condition, ...)                                                        \
  do {                                                                               \
    if (!(condition) && ++failures <= 20) {                                          \
      printf("%s:%d: %s: ", __FILE__, __LINE__, lathe_isa_name(kernels->isa));       \
      printf(__VA_ARGS__);                                                           \
      printf("\n");                                                                  \
    }                                                                                \
  } while (0)

static inline uint32_t random_bits(void) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return (uint32_t)(state >> 16);
}

static inline size_t random_below(size_t bound) { return random_bits() % bound; }
static inline float random_float(void) { return (float)(int32_t)random_bits() * 0x1p-31f; }

/* Uninitialized but for a pattern that is not a number; release with `released`. */
static inline float *buffer(size_t count) {
  float *p = malloc((count + 1) * sizeof *p);
  memset(p, 0xff, (count + 1) * sizeof *p);
  return p + 1;
}

static inline float *randoms(size_t count, float magnitude) {
  float *p = buffer(count);
  for (size_t i = 0; i < count; i++) p[i] = magnitude * random_float();
  return p;
}

static inline float *copied(const float *from, size_t count) {
  float *p = buffer(count);
  if (count > 0) memcpy(p, from, count * sizeof *p);
  return p;
}

static inline void released(const float *p) {
  if (p) free((void *)(p - 1));
}

/* Calls run(context, begin, end) on 0 ..< count in random pieces, from the last to the first. */
static inline void in_pieces(size_t count, void (*run)(void *, size_t, size_t), void *context) {
  while (count > 0) {
    size_t piece = 1 + random_below(count < 5 ? count : 5);
    if (random_below(4) == 0) piece = 1 + random_below(count);
    run(context, count - piece, count);
    count -= piece;
  }
}

static inline bool is_same(const float *a, const float *b, size_t count) { return count == 0 || memcmp(a, b, count * sizeof *a) == 0; }

/* A table of random codes, each row in as many bytes as it needs and one or two more; release with `release_coded`. */
static inline lathe_coded_table random_coded(size_t rows, size_t width, int bits, bool is_scaled) {
  lathe_coded_table table = {.stride = (width * (size_t)bits + 7) / 8 + random_below(2), .bits = bits};
  uint8_t *codes = malloc(rows * table.stride + 1);
  for (size_t i = 0; i < rows * table.stride; i++) codes[i] = (uint8_t)random_bits();
  table.codes = codes;
  table.codebook = randoms((size_t)1 << bits, 1);
  if (is_scaled) table.row_scale = randoms(rows, 2);
  return table;
}

static inline void release_coded(lathe_coded_table *table) {
  free((void *)table->codes);
  released(table->codebook), released(table->row_scale);
}

/* One value, bit by bit. */
static inline float coded_value(const lathe_coded_table *table, size_t row, size_t column) {
  size_t code = 0, bits = (size_t)table->bits;
  for (size_t i = 0; i < bits; i++) {
    size_t at = column * bits + i;
    code |= (size_t)(table->codes[row * table->stride + at / 8] >> at % 8 & 1) << i;
  }
  return table->row_scale ? table->codebook[code] * table->row_scale[row] : table->codebook[code];
}

/* 4, 5, 6 or 8. */
static inline int random_code_bits(void) {
  static const int all[] = {4, 5, 6, 8};
  return all[random_below(4)];
}

/* Whether a value is what doubles gave, to within `bound`; infinities and what is not a number count as themselves. */
static inline bool is_near(float value, double expected, double bound) {
  if (isnan(expected)) return isnan(value);
  if (isinf(expected) || isinf((float)expected)) return value == (float)expected;
  return fabs((double)value - expected) <= bound;
}

static inline double activated(double x, lathe_activation activation) {
  switch (activation) {
    case LATHE_ACTIVATION_NONE: return x;
    case LATHE_ACTIVATION_RELU: return x < 0 ? 0 : x;
    case LATHE_ACTIVATION_GELU: return 0.5 * x * (1 + erf(x * 0.70710678118654752));
    case LATHE_ACTIVATION_GELU_TANH: return 0.5 * x * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)));
    case LATHE_ACTIVATION_TANH: return tanh(x);
    case LATHE_ACTIVATION_SIGMOID: return 1 / (1 + exp(-x));
    case LATHE_ACTIVATION_SILU: return x / (1 + exp(-x));
    case LATHE_ACTIVATION_QUICK_GELU: return x / (1 + exp(-1.702 * x));
    case LATHE_ACTIVATION_RELU6: return fmin(fmax(x, 0), 6);
    case LATHE_ACTIVATION_HARD_SWISH: return x * fmax(0, fmin(1, x / 6 + 0.5));
  }
  return NAN;
}

void test_functions(void);
void test_gemm(void);
void test_matmul(void);
void test_rows(void);
void test_attention(void);
void test_recurrent(void);
void test_permute(void);
void test_convolution(void);
void test_gemm_i8(void);
void test_rows_i8(void);
void test_attention_i8(void);
void test_recurrent_i8(void);
void test_convolution_i8(void);

#endif
