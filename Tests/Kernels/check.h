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
