#include "rows.h"

static void add_row(float *y, const float *row, size_t width) {
  FOR_LANES(width, i, count) v_store_some(y + i, v_load_some(y + i, count) + v_load_some(row + i, count), count);
}

/* The row of a source for a token; NULL if it is out of bounds. */
static const float *source_row(const lathe_embedding_source *source, size_t batch, size_t position, size_t width) {
  size_t row;
  if (source->ids.values == NULL) row = source->offset + position;
  else row = lathe_index_at(source->ids, batch * source->batch_stride + position * source->position_stride, source->rows);
  return row < source->rows ? source->table + row * width : NULL;
}

bool NAME(embedding_f32)(const lathe_embedding_f32 *e, size_t begin, size_t end) {
  bool is_within = true;
  for (size_t item = begin; item < end; item++) {
    float *y = e->y + item * e->width;
    size_t batch = item / e->sequence, position = item % e->sequence;
    for (size_t s = 0; s < e->source_count; s++) {
      const float *row = source_row(&e->sources[s], batch, position, e->width);
      is_within = is_within && row != NULL;
      if (s > 0 && row) add_row(y, row, e->width);
      else if (s == 0 && row) memcpy(y, row, e->width * sizeof *y);
      else if (s == 0) memset(y, 0, e->width * sizeof *y);
    }
    lathe_normalization_f32 n = {.width = e->width, .x = y, .scale = e->scale, .bias = e->bias, .epsilon = e->epsilon, .y = y};
    NAME(normalization_f32)(&n, 0, 1);
  }
  return is_within;
}
