/* What the layers that keep a state share. */
#ifndef LATHE_TEMPLATES_RECURRENT_H
#define LATHE_TEMPLATES_RECURRENT_H

#include <string.h>

#include "../kernel_table.h"

/* Where a sequence is at this step; false beyond its end, where its place is the step. */
static bool place_of(const lathe_recurrent_place *place, size_t row, size_t *position) {
  size_t length = place->lengths ? (size_t)place->lengths[row] : place->steps;
  *position = place->step < length && place->is_reverse ? length - 1 - place->step : place->step;
  return place->step < length;
}

#endif
