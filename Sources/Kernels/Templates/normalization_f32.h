#include "rows.h"

/* Lanes `i` of X + residual. */
INLINE v at(const float *x, const float *residual, size_t i, size_t count) {
  v value = v_load_some(x + i, count);
  return residual ? value + v_load_some(residual + i, count) : value;
}

/* Sums of two groups of lanes at a time, so that an error grows with width / (2 lanes) at most. */
static float mean_of(const float *x, const float *residual, size_t width) {
  v even = v_set(0), odd = v_set(0);
  size_t i = 0;
  for (; i + 2 * LANES <= width; i += 2 * LANES) {
    even = even + at(x, residual, i, LANES);
    odd = odd + at(x, residual, i + LANES, LANES);
  }
  for (; i < width; i += LANES) even = even + at(x, residual, i, lathe_smaller(LANES, width - i));
  return v_sum(even + odd) / (float)width;
}

static float variance_of(const float *x, const float *residual, size_t width, float mean) {
  v even = v_set(0), odd = v_set(0), center = v_set(mean);
  size_t i = 0;
  for (; i + 2 * LANES <= width; i += 2 * LANES) {
    v low = at(x, residual, i, LANES) - center, high = at(x, residual, i + LANES, LANES) - center;
    even = v_fma(low, low, even);
    odd = v_fma(high, high, odd);
  }
  for (; i < width; i += LANES) {
    size_t count = lathe_smaller(LANES, width - i);
    float values[LANES] = {0};
    v_store(values, at(x, residual, i, count) - center);
    v rest = v_load_part(values, count);
    even = v_fma(rest, rest, even);
  }
  return v_sum(even + odd) / (float)width;
}

static void row(const lathe_normalization_f32 *n, const float *x, const float *residual, float *sum, float *y) {
  float mean = n->is_rms ? 0 : mean_of(x, residual, n->width);
  v center = v_set(mean), factor = v_set(1 / sqrtf(variance_of(x, residual, n->width, mean) + n->epsilon));
  FOR_LANES(n->width, i, count) {
    v value = at(x, residual, i, count);
    if (sum) v_store_some(sum + i, value, count);
    v scaled = (value - center) * factor;
    if (n->scale) scaled = scaled * v_load_some(n->scale + i, count);
    v_store_some(y + i, n->bias ? scaled + v_load_some(n->bias + i, count) : scaled, count);
  }
}

void NAME(normalization_f32)(const lathe_normalization_f32 *n, size_t begin, size_t end) {
  for (size_t item = begin; item < end; item++)
    row(n, n->x + item * n->x_stride, n->residual ? n->residual + item * n->residual_stride : NULL,
        n->sum ? n->sum + item * n->sum_stride : NULL, n->y + item * n->y_stride);
}
