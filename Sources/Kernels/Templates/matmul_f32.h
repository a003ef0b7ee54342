/* Products of matrices that are not packed: a block of B is packed in scratch, unless so few rows need it that it is read where it lies. */
#include "../kernel_table.h"
#include "tiles.h"

#include "packing.h"

/* Rows first ..< first + rows of one block of columns of one product of the batch. */
static void block_product(const lathe_matmul_f32 *m, size_t batch, size_t first, size_t rows, size_t column, float *packed) {
  float sums[TILE_ROWS * LATHE_GEMM_COLUMNS] __attribute__((aligned(64)));
  size_t columns = lathe_smaller(LATHE_GEMM_COLUMNS, m->n - column);
  const float *b = m->b + batch * m->b_batch_stride + (m->is_b_transposed ? column * m->b_stride : column);
  bool is_direct = !m->is_b_transposed && columns == LATHE_GEMM_COLUMNS && rows <= 2 * TILE_ROWS;
  if (m->is_b_transposed) pack_transposed_block(b, m->b_stride, m->k, columns, packed);
  else if (!is_direct) pack_block(b, m->b_stride, m->k, columns, packed);
  const float *a = m->a + batch * m->a_batch_stride;
  float *y = m->y + batch * m->y_batch_stride + column;
  FOR_TILES(first, first + rows, row, count) {
    tile t = {.k = m->k, .x = a + row * m->a_stride, .x_stride = m->a_stride, .w = is_direct ? b : packed,
              .w_row = is_direct ? m->b_stride : LATHE_GEMM_COLUMNS, .sums = sums, .stride = LATHE_GEMM_COLUMNS};
    tile_run(&t, count, 1);
    for (size_t r = 0; r < count; r++) {
      float *to = y + (row + r) * m->y_stride;
      for (size_t c = 0; c < columns; c += LANES) {
        v values = v_load(sums + r * LATHE_GEMM_COLUMNS + c) * v_set(m->alpha);
        if (columns - c >= LANES) v_store(to + c, values);
        else v_store_part(to + c, values, columns - c);
      }
    }
  }
}

void NAME(matmul_f32)(const lathe_matmul_f32 *m, float *scratch, size_t begin, size_t end) {
  if (begin >= end) return;
  size_t blocks = lathe_quotient_up(m->n, LATHE_GEMM_COLUMNS), height = lathe_gemm_panel_rows(m->m, m->k);
  size_t panels = lathe_quotient_up(m->m, height);
  for (size_t item = begin; item < end; item++) {
    size_t first = item / blocks % panels * height;
    block_product(m, item / blocks / panels, first, lathe_smaller(height, m->m - first), item % blocks * LATHE_GEMM_COLUMNS, scratch);
  }
}
