#include <string.h>

#include "../kernel_table.h"

/* rows x columns of Y from X, whose rows are 1 apart and whose columns `step` apart. */
static void transpose(const float *x, size_t step, float *y, size_t y_stride, size_t rows, size_t columns) {
  size_t whole_rows = rows / TRANSPOSE_SIDE * TRANSPOSE_SIDE, whole_columns = columns / TRANSPOSE_SIDE * TRANSPOSE_SIDE;
  for (size_t r = 0; r < whole_rows; r += TRANSPOSE_SIDE)
    for (size_t c = 0; c < whole_columns; c += TRANSPOSE_SIDE) v_transpose(x + c * step + r, step, y + r * y_stride + c, y_stride);
  for (size_t r = 0; r < rows; r++)
    for (size_t c = r < whole_rows ? whole_columns : 0; c < columns; c++) y[r * y_stride + c] = x[c * step + r];
}

/* Where an item's part of X and Y begins: `item` counts the axes but the last and, if there is a plane, its axis by blocks. */
static void locate(const lathe_permutation *p, size_t item, size_t *x, size_t *y, size_t *first) {
  size_t place = 1, at = 0;
  *x = 0;
  for (size_t axis = p->rank - 1; axis-- > 0;) {
    size_t extent = p->extents[axis], size = place * p->extents[p->rank - 1];
    bool is_plane = axis == p->plane;
    size_t count = is_plane ? lathe_quotient_up(extent, LATHE_PERMUTE_ROWS) : extent, index = item % count;
    item /= count;
    if (is_plane) *first = index *= LATHE_PERMUTE_ROWS;
    at += index * size;
    *x += index * p->strides[axis];
    place *= extent;
  }
  *y = at;
}

void NAME(permute_f32)(const lathe_permute_f32 *permute, size_t begin, size_t end) {
  lathe_permutation p = lathe_permutation_of(permute);
  size_t columns = p.extents[p.rank - 1], step = p.strides[p.rank - 1];
  for (size_t item = begin; item < end; item++) {
    size_t x, y, first = 0;
    locate(&p, item, &x, &y, &first);
    if (p.plane < p.rank) {
      size_t y_stride = 1;
      for (size_t axis = p.plane + 1; axis < p.rank; axis++) y_stride *= p.extents[axis];
      transpose(permute->x + x, step, permute->y + y, y_stride, lathe_smaller(LATHE_PERMUTE_ROWS, p.extents[p.plane] - first), columns);
    } else if (step == 1) {
      memcpy(permute->y + y, permute->x + x, columns * sizeof(float));
    } else {
      for (size_t c = 0; c < columns; c++) permute->y[y + c] = permute->x[x + c * step];
    }
  }
}
