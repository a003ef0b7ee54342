#include "rows.h"

#define EACH(expression)                                                              \
  FOR_LANES(b->width, i, count) {                                                     \
    v left = v_load_some(a + i, count), right = b->is_b_column ? v_set(*other) : v_load_some(other + i, count); \
    v_store_some(y + i, expression, count);                                           \
  }                                                                                   \
  break;

static void row(const lathe_binary_f32 *b, const float *a, const float *other, float *y) {
  switch (b->op) {
    case LATHE_BINARY_ADD: EACH(left + right)
    case LATHE_BINARY_SUB: EACH(left - right)
    case LATHE_BINARY_MUL: EACH(left * right)
    case LATHE_BINARY_DIV: EACH(left / right)
  }
}

void NAME(binary_f32)(const lathe_binary_f32 *b, size_t begin, size_t end) {
  for (size_t item = begin; item < end; item++) row(b, b->a + item * b->a_stride, b->b + item * b->b_stride, b->y + item * b->y_stride);
}
