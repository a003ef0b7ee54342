/* Convolutions: a block of places becomes columns of a packed matrix in scratch, which the filters multiply; or, if each filter reads one channel,
 * tap by tap. */
#include <string.h>

#include "../kernel_table.h"
#include "tiles.h"

#include "rows.h"

enum { PLACES = LATHE_CONVOLUTION_PLACES };

typedef lathe_convolution_f32 convolution;
typedef float element;

/* Bias, residual, activation: `count` sums of one filter to a plane of Y, from `first` on. */
static void finish(const convolution *c, size_t filter, size_t plane, size_t first, float *sums, size_t count) {
  size_t at = plane * c->out_height * c->out_width + first;
  v bias = v_set(c->bias ? c->bias[filter] : 0);
  FOR_LANES(count, i, lanes) {
    v value = v_load(sums + i) + bias;
    v_store(sums + i, c->residual ? value + v_load_some(c->residual + at + i, lanes) : value);
  }
  if (c->activation != LATHE_ACTIVATION_NONE) NAME(activate_values)(sums, count, c->activation);
  memcpy(c->y + at, sums, count * sizeof(float));
}

INLINE float padding_of(const convolution *c) {
  (void)c;
  return 0;
}

INLINE float value_of(const convolution *c, float x) {
  (void)c;
  return x;
}

static const float *taps_of(const convolution *c, size_t filter, float *room) {
  (void)room;
  return c->w + filter * c->kernel_height * c->kernel_width;
}

#include "windows.h"

/* The columns of a block of places, in blocks of 16. */
static void gather_columns(const lathe_convolution_f32 *c, const float *x, size_t first, size_t count, float *columns) {
  size_t taps = c->kernel_height * c->kernel_width, depth = c->channels / c->groups * taps;
  size_t blocks = lathe_quotient_up(count, LATHE_GEMM_COLUMNS), oy = first / c->out_width, ox = first % c->out_width;
  for (size_t k = 0; k < depth; k++) {
    float row[PLACES];
    memset(row + count, 0, (PLACES - count) * sizeof *row);
    tap(c, x + k / taps * c->height * c->width, k % taps / c->kernel_width, k % c->kernel_width, oy, ox, count, row);
    for (size_t block = 0; block < blocks; block++)
      memcpy(columns + (block * depth + k) * LATHE_GEMM_COLUMNS, row + block * LATHE_GEMM_COLUMNS, LATHE_GEMM_COLUMNS * sizeof *row);
  }
}

static void places(const lathe_convolution_f32 *c, size_t batch, size_t group, size_t first, size_t count, float *columns) {
  size_t channels = c->channels / c->groups, filters = c->filters / c->groups;
  size_t depth = channels * c->kernel_height * c->kernel_width, blocks = lathe_quotient_up(count, LATHE_GEMM_COLUMNS);
  gather_columns(c, c->x + (batch * c->channels + group * channels) * c->height * c->width, first, count, columns);
  float sums[TILE_ROWS * PLACES] __attribute__((aligned(64)));
  FOR_TILES(0, filters, row, rows) {
    size_t filter = group * filters + row;
    tile t = {.k = depth, .x = c->w + filter * depth, .x_stride = depth, .w = columns, .w_block = depth * LATHE_GEMM_COLUMNS,
              .w_row = LATHE_GEMM_COLUMNS, .sums = sums, .stride = PLACES};
    tile_product(&t, rows, blocks);
    for (size_t r = 0; r < rows; r++)
      finish(c, filter + r, batch * c->filters + filter + r, first, sums + r * PLACES, count);
  }
}

void NAME(convolution_f32)(const lathe_convolution_f32 *c, float *scratch, size_t begin, size_t end) {
  size_t plane = c->out_height * c->out_width, blocks = lathe_quotient_up(plane, PLACES);
  for (size_t item = begin; item < end; item++) {
    if (c->channels == c->groups) {
      depthwise(c, item / c->filters, item % c->filters, scratch);
    } else {
      size_t first = item % blocks * PLACES;
      places(c, item / blocks / c->groups, item / blocks % c->groups, first, lathe_smaller(PLACES, plane - first), scratch);
    }
  }
}
