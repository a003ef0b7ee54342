#include <string.h>

#include "kernel_table.h"

size_t lathe_index_at(lathe_indices ids, size_t place, size_t rows) {
  int64_t id;
  if (ids.is_int64) {
    memcpy(&id, (const char *)ids.values + place * sizeof id, sizeof id);
  } else {
    int32_t narrow;
    memcpy(&narrow, (const char *)ids.values + place * sizeof narrow, sizeof narrow);
    id = narrow;
  }
  if (id >= 0) return (uint64_t)id < rows ? (size_t)id : SIZE_MAX;
  uint64_t back = 0 - (uint64_t)id;
  return back <= rows ? rows - (size_t)back : SIZE_MAX;
}

bool lathe_gather_f32_scalar(const lathe_gather_f32 *g, size_t begin, size_t end) {
  bool is_within = true;
  for (size_t item = begin; item < end; item++) {
    size_t row = lathe_index_at(g->ids, item, g->rows);
    float *y = g->y + item * g->y_stride;
    if (row < g->rows) {
      memcpy(y, g->table + row * g->table_stride, g->width * sizeof *y);
    } else {
      memset(y, 0, g->width * sizeof *y);
      is_within = false;
    }
  }
  return is_within;
}
