#include "rows_i8.h"

bool NAME(quantize_i8)(const lathe_quantize_i8 *q, size_t begin, size_t end) {
  bool is_finite = true;
  for (size_t item = begin; item < end; item++) {
    row_in x = row_in_at(&q->x, item, 0);
    x.factors = q->factors;
    is_finite = put_row(&q->y, item, &x, q->width) && is_finite;
  }
  return is_finite;
}
