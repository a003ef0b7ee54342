/* What kernels of rows share. */
#ifndef LATHE_TEMPLATES_ROWS_H
#define LATHE_TEMPLATES_ROWS_H

#include <math.h>
#include <string.h>

#include "../kernel_table.h"

/* `count` floats, fewer than lanes, and `fill` in the other lanes. */
INLINE v v_load_filled(const float *p, size_t count, float fill) {
  float lanes[LANES];
  for (size_t i = 0; i < LANES; i++) lanes[i] = fill;
  memcpy(lanes, p, count * sizeof *p);
  return v_load(lanes);
}

/* Runs body with i at each group of lanes, and count = LANES but at the end of the row. */
#define FOR_LANES(width, i, count) for (size_t i = 0, count; count = lathe_smaller(LANES, (width) - i), i < (width); i += LANES)

INLINE v v_load_some(const float *p, size_t count) { return count == LANES ? v_load(p) : v_load_part(p, count); }
INLINE void v_store_some(float *p, v x, size_t count) {
  if (count == LANES) v_store(p, x);
  else v_store_part(p, x, count);
}

#endif
