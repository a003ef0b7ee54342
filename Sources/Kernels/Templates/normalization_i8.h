#include "layer_normalization_i8.h"

/* Writes z and returns its sum. */
static float sum_of(size_t width, const row_in *x, const row_in *residual, float *z) {
  v sums[SIXTEEN];
  for (int t = 0; t < SIXTEEN; t++) sums[t] = v_set(0);
  FOR_SIXTEENS(width, t, c, count, {
    v value = v_first(added_to(value_at(x, c, count), residual, c, count), count);
    v_store_some(z + c, value, count);
    sums[t] = sums[t] + value;
  })
  return v_sum16(sums);
}

bool NAME(normalization_i8)(const lathe_normalization_i8 *n, void *scratch, size_t begin, size_t end) {
  normalized parameters = {n->width, n->scale, n->bias, n->epsilon};
  bool is_finite = true;
  for (size_t item = begin; item < end; item++) {
    row_in x = row_in_at(&n->x, item, 0), residual = row_in_at(&n->residual, item, 0);
    float sum = sum_of(n->width, &x, &residual, scratch);
    if (n->sum) memcpy(n->sum + item * n->sum_stride, scratch, n->width * sizeof sum);
    is_finite = normalize(&parameters, scratch, n->is_rms ? 0 : sum / (float)n->width, &n->y, item) && is_finite;
  }
  return is_finite;
}
