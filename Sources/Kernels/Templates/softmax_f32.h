#include "functions.h"
#include "rows.h"

/* Lanes `i` of X + mask; lanes beyond the row are minus infinity. */
INLINE v at(const float *x, const float *mask, size_t i, size_t count) {
  v value = count == LANES ? v_load(x + i) : v_load_filled(x + i, count, -INFINITY);
  return mask ? value + v_load_some(mask + i, count) : value;
}

static void row(const float *x, const float *mask, float *y, size_t width) {
  size_t whole = width / LANES * LANES, rest = width - whole;
  v highest = v_set(-INFINITY), last = highest;
  for (size_t i = 0; i < whole; i += LANES) {
    v value = at(x, mask, i, LANES);
    v_store(y + i, value);
    highest = v_max(value, highest);
  }
  if (rest > 0) highest = v_max(last = at(x, mask, whole, rest), highest);
  v shift = v_set(v_highest(highest)), sum = v_set(0);
  for (size_t i = 0; i < whole; i += LANES) {
    v value = v_exp_of_negative(v_load(y + i) - shift);
    v_store(y + i, value);
    sum = sum + value;
  }
  if (rest > 0) sum = sum + (last = v_exp_of_negative(last - shift));
  v share = v_set(1 / v_sum(sum));
  for (size_t i = 0; i < whole; i += LANES) v_store(y + i, v_load(y + i) * share);
  if (rest > 0) v_store_part(y + whole, last * share, rest);
}

void NAME(softmax_f32)(const lathe_softmax_f32 *s, size_t begin, size_t end) {
  for (size_t item = begin; item < end; item++)
    row(s->x + item * s->x_stride, s->mask ? s->mask + item * s->mask_stride : NULL, s->y + item * s->y_stride, s->width);
}
