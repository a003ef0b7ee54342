#include "kernel_table.h"

void lathe_map_i8_scalar(const lathe_map_i8 *m, size_t begin, size_t end) {
  const int8_t *middle = m->table + 128;
  for (size_t i = begin; i < end; i++) m->y[i] = middle[m->x[i]];
}
