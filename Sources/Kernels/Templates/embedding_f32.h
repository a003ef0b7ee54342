#include "rows.h"

static void add_row(float *y, const float *row, size_t width) {
  FOR_LANES(width, i, count) v_store_some(y + i, v_load_some(y + i, count) + v_load_some(row + i, count), count);
}

/* The row of a source for a token; SIZE_MAX or beyond the last one if it is out of bounds. */
static size_t source_row(const lathe_embedding_source *source, size_t batch, size_t position) {
  if (source->ids.values == NULL) return source->offset + position;
  return lathe_index_at(source->ids, batch * source->batch_stride + position * source->position_stride, source->rows);
}

/* Y = the row, if it is the first one, or Y + the row. */
static void take_row(const lathe_embedding_source *source, size_t row, bool is_first, float *y, size_t width) {
  if (source->table) {
    if (is_first) memcpy(y, source->table + row * width, width * sizeof *y);
    else add_row(y, source->table + row * width, width);
    return;
  }
  float values[LATHE_DECODED_COLUMNS];
  for (size_t c = 0; c < width; c += LATHE_DECODED_COLUMNS) {
    size_t count = lathe_smaller(LATHE_DECODED_COLUMNS, width - c);
    lathe_decode_row(&source->coded, row, c, count, is_first ? y + c : values);
    if (!is_first) add_row(y + c, values, count);
  }
}

bool NAME(embedding_f32)(const lathe_embedding_f32 *e, size_t begin, size_t end) {
  bool is_within = true;
  for (size_t item = begin; item < end; item++) {
    float *y = e->y + item * e->width;
    size_t batch = item / e->sequence, position = item % e->sequence;
    for (size_t s = 0; s < e->source_count; s++) {
      size_t row = source_row(&e->sources[s], batch, position);
      bool is_there = row < e->sources[s].rows;
      is_within = is_within && is_there;
      if (is_there) take_row(&e->sources[s], row, s == 0, y, e->width);
      else if (s == 0) memset(y, 0, e->width * sizeof *y);
    }
    lathe_normalization_f32 n = {.width = e->width, .x = y, .scale = e->scale, .bias = e->bias, .epsilon = e->epsilon, .y = y};
    NAME(normalization_f32)(&n, 0, 1);
  }
  return is_within;
}
