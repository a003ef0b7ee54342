#include "layer_normalization_i8.h"

/* The row of a source's table for a token; SIZE_MAX if it is out of bounds. */
static size_t source_row(const lathe_embedding_source_i8 *source, size_t batch, size_t position) {
  size_t row = source->offset + position;
  if (source->ids.values) row = lathe_index_at(source->ids, batch * source->batch_stride + position * source->position_stride, source->rows);
  return row < source->rows ? row : SIZE_MAX;
}

/* z + the row, in place. */
static void add_row(float *z, const row_in *row, size_t width) {
  FOR_WHOLE_LANES(width, c, count, v_store_some(z + c, added_to(v_load_some(z + c, count), row, c, count), count);)
}

/* z + the row of codes, in place. */
static void add_coded_row(float *z, const lathe_coded_table *table, size_t row, size_t width) {
  float floats[LATHE_DECODED_COLUMNS];
  const row_in values = {.f32 = floats};
  for (size_t c = 0; c < width; c += LATHE_DECODED_COLUMNS) {
    size_t count = lathe_smaller(LATHE_DECODED_COLUMNS, width - c);
    lathe_decode_row(table, row, c, count, floats);
    add_row(z + c, &values, count);
  }
}

/* Writes z for a token; false if a row is out of bounds. */
static bool gather(const lathe_embedding_i8 *e, size_t token, float *z) {
  bool is_within = true;
  memset(z, 0, e->width * sizeof *z);
  for (size_t s = 0; s < e->source_count; s++) {
    const lathe_embedding_source_i8 *source = &e->sources[s];
    size_t row = source_row(source, token / e->sequence, token % e->sequence);
    if (row == SIZE_MAX) {
      is_within = false;
      continue;
    }
    if (source->coded.codes) {
      add_coded_row(z, &source->coded, row, e->width);
      continue;
    }
    row_in values = row_in_at(&source->table, row, 0);
    add_row(z, &values, e->width);
  }
  return is_within;
}

static float sum_of(const float *z, size_t width) {
  v sums[SIXTEEN];
  for (int t = 0; t < SIXTEEN; t++) sums[t] = v_set(0);
  FOR_SIXTEENS(width, t, c, count, { sums[t] = sums[t] + v_load_some(z + c, count); })
  return v_sum16(sums);
}

bool NAME(embedding_i8)(const lathe_embedding_i8 *e, void *scratch, size_t begin, size_t end) {
  normalized parameters = {e->width, e->scale, e->bias, e->epsilon};
  bool is_good = true;
  for (size_t item = begin; item < end; item++) {
    is_good = gather(e, item, scratch) && is_good;
    is_good = normalize(&parameters, scratch, sum_of(scratch, e->width) / (float)e->width, &e->y, item) && is_good;
  }
  return is_good;
}
