/* Layer normalization of a row in memory, in the order that lathe_normalization_i8 defines. */
#ifndef LATHE_TEMPLATES_LAYER_NORMALIZATION_I8_H
#define LATHE_TEMPLATES_LAYER_NORMALIZATION_I8_H

#include "rows_i8.h"

/* Runs body with t, the vector of the sixteen, c, its column, and count, its lanes, for the whole sixteens of a row and then for the rest. */
#define FOR_SIXTEENS(width, t, c, count, ...)                                    \
  {                                                                              \
    size_t c_ = 0;                                                               \
    for (; c_ + 16 <= (width); c_ += 16) {                                       \
      _Pragma("clang loop unroll(full)") for (int t = 0; t < SIXTEEN; t++) {     \
        const size_t c = c_ + (size_t)(t * LANES), count = LANES;                \
        __VA_ARGS__                                                              \
      }                                                                          \
    }                                                                            \
    _Pragma("clang loop unroll(full)") for (int t = 0; t < SIXTEEN; t++) {       \
      const size_t c = c_ + (size_t)(t * LANES);                                 \
      if (c < (width)) {                                                         \
        const size_t count = lathe_smaller(LANES, (width) - c);                  \
        __VA_ARGS__                                                              \
      }                                                                          \
    }                                                                            \
  }

/* The row and what becomes of it. */
typedef struct normalized {
  size_t width;
  const float *scale, *bias;
  float epsilon;
} normalized;

static float variance_of(const float *z, size_t width, float mean) {
  v sums[SIXTEEN], center = v_set(mean);
  for (int t = 0; t < SIXTEEN; t++) sums[t] = v_set(0);
  FOR_SIXTEENS(width, t, c, count, {
    v d = v_first(v_load_some(z + c, count) - center, count);
    sums[t] = v_fma(d, d, sums[t]);
  })
  return v_sum16(sums) / (float)width;
}

/* From z to Y's row; z is overwritten. False if Y's row has a scale of its own and is not finite. */
static bool normalize(const normalized *n, float *z, float mean, const lathe_rows_out *y, size_t row) {
  float variance = variance_of(z, n->width, mean) + n->epsilon;
  v center = v_set(mean), factor = v_set(1 / sqrtf(variance));
  bool has_row_scale = y->i8 && y->row_scale;
  row_out to = row_out_at(y, row, 0);
  if (has_row_scale) to = (row_out){.f32 = z};
  FOR_WHOLE_LANES(n->width, c, count, {
    v value = (v_load_some(z + c, count) - center) * factor;
    /* Adding -0 changes nothing. */
    v bias = n->bias ? v_load_some(n->bias + c, count) : v_set(-0.0f);
    value = n->scale ? v_fma(value, v_load_some(n->scale + c, count), bias) : value + bias;
    put(&to, value, c, count);
  })
  row_in made = {.f32 = z};
  return !has_row_scale || put_row(y, row, &made, n->width);
}

#endif
