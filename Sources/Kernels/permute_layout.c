#include "kernel_table.h"

lathe_permutation lathe_permutation_of(const lathe_permute_f32 *permute) {
  lathe_permutation p = {.rank = 0};
  for (size_t axis = 0; axis < permute->rank; axis++) {
    size_t extent = permute->extents[axis], stride = permute->strides[axis];
    if (extent == 1) continue;
    if (p.rank > 0 && p.strides[p.rank - 1] == stride * extent) {
      p.extents[p.rank - 1] *= extent;
      p.strides[p.rank - 1] = stride;
    } else {
      p.extents[p.rank] = extent;
      p.strides[p.rank++] = stride;
    }
  }
  if (p.rank == 0) p = (lathe_permutation){.rank = 1, .extents = {1}, .strides = {1}};
  p.plane = p.rank;
  if (p.strides[p.rank - 1] != 1)
    for (size_t axis = 0; axis + 1 < p.rank; axis++)
      if (p.strides[axis] == 1) p.plane = axis;
  return p;
}

size_t lathe_permute_items_f32(const lathe_permute_f32 *permute) {
  lathe_permutation p = lathe_permutation_of(permute);
  size_t items = p.extents[p.rank - 1] > 0;
  for (size_t axis = 0; axis + 1 < p.rank; axis++)
    items *= axis == p.plane ? lathe_quotient_up(p.extents[axis], LATHE_PERMUTE_ROWS) : p.extents[axis];
  return items;
}
