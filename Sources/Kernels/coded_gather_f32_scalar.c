#include <string.h>

#include "kernel_table.h"

INLINE uint64_t word_at(const uint8_t *bytes, size_t count) {
  uint64_t word = 0;
  for (size_t i = 0; i < count; i++) word |= (uint64_t)bytes[i] << (8 * i);
  return word;
}

/* Eight codes are `bits` bytes. */
INLINE void decode(const uint8_t *codes, size_t count, const size_t bits, const float *codebook, float *y) {
  const uint64_t mask = (1u << bits) - 1;
  size_t c = 0;
  for (; c + 8 <= count; c += 8, codes += bits) {
    uint64_t word = word_at(codes, bits);
    for (size_t i = 0; i < 8; i++) y[c + i] = codebook[word >> (i * bits) & mask];
  }
  if (c == count) return;
  uint64_t word = word_at(codes, ((count - c) * bits + 7) / 8);
  for (; c < count; c++, word >>= bits) y[c] = codebook[word & mask];
}

void lathe_decode_row(const lathe_coded_table *table, size_t row, size_t column, size_t count, float *y) {
  const uint8_t *codes = table->codes + row * table->stride + column / 8 * (size_t)table->bits;
  switch (table->bits) {
    case 4: decode(codes, count, 4, table->codebook, y); break;
    case 5: decode(codes, count, 5, table->codebook, y); break;
    case 6: decode(codes, count, 6, table->codebook, y); break;
    default: decode(codes, count, 8, table->codebook, y); break;
  }
  if (!table->row_scale) return;
  const float scale = table->row_scale[row];
  for (size_t c = 0; c < count; c++) y[c] = y[c] * scale;
}

bool lathe_coded_gather_f32_scalar(const lathe_coded_gather_f32 *g, size_t begin, size_t end) {
  bool is_within = true;
  for (size_t item = begin; item < end; item++) {
    size_t row = lathe_index_at(g->ids, item, g->rows);
    float *y = g->y + item * g->y_stride;
    if (row < g->rows) {
      lathe_decode_row(&g->table, row, 0, g->width, y);
    } else {
      memset(y, 0, g->width * sizeof *y);
      is_within = false;
    }
  }
  return is_within;
}
