/* Convolutions: a block of places becomes columns of a packed matrix in scratch, which the filters multiply; or, if each filter reads one channel,
 * tap by tap. */
#include <string.h>

#include "../kernel_table.h"
#include "tiles.h"

#include "rows.h"

enum { PLACES = LATHE_CONVOLUTION_PLACES };

/* Bias, residual, activation: `count` sums of one filter to Y, both at `place`. */
static void finish(const lathe_convolution_f32 *c, size_t filter, size_t at, float *sums, size_t count) {
  v bias = v_set(c->bias ? c->bias[filter] : 0);
  FOR_LANES(count, i, lanes) {
    v value = v_load(sums + i) + bias;
    v_store(sums + i, c->residual ? value + v_load_some(c->residual + at + i, lanes) : value);
  }
  if (c->activation != LATHE_ACTIVATION_NONE) NAME(activate_values)(sums, count, c->activation);
  memcpy(c->y + at, sums, count * sizeof(float));
}

/* One tap of one channel for the places first ..< first + count: zeros where it lies outside. Places before the first wrap around to large ones. */
static void tap(const lathe_convolution_f32 *c, const float *x, size_t ky, size_t kx, size_t first, size_t count, float *row) {
  size_t oy = first / c->out_width, ox = first % c->out_width;
  size_t down = ky * c->dilation_y, right = kx * c->dilation_x;
  while (count > 0) {
    size_t run = lathe_smaller(count, c->out_width - ox), iy = oy * c->stride_y + down - c->pad_top;
    size_t ix = ox * c->stride_x + right - c->pad_left;
    if (iy >= c->height) {
      memset(row, 0, run * sizeof *row);
    } else if (c->stride_x == 1 && ix < c->width && run <= c->width - ix) {
      memcpy(row, x + iy * c->width + ix, run * sizeof *row);
    } else {
      const float *line = x + iy * c->width;
      for (size_t i = 0; i < run; i++, ix += c->stride_x) row[i] = ix < c->width ? line[ix] : 0;
    }
    row += run, count -= run, ox = 0, oy++;
  }
}

/* The columns of a block of places, in blocks of 16. */
static void gather_columns(const lathe_convolution_f32 *c, const float *x, size_t first, size_t count, float *columns) {
  size_t taps = c->kernel_height * c->kernel_width, depth = c->channels / c->groups * taps;
  size_t blocks = lathe_quotient_up(count, LATHE_GEMM_COLUMNS);
  for (size_t k = 0; k < depth; k++) {
    float row[PLACES];
    memset(row + count, 0, (PLACES - count) * sizeof *row);
    tap(c, x + k / taps * c->height * c->width, k % taps / c->kernel_width, k % c->kernel_width, first, count, row);
    for (size_t block = 0; block < blocks; block++)
      memcpy(columns + (block * depth + k) * LATHE_GEMM_COLUMNS, row + block * LATHE_GEMM_COLUMNS, LATHE_GEMM_COLUMNS * sizeof *row);
  }
}

static void places(const lathe_convolution_f32 *c, size_t batch, size_t group, size_t first, size_t count, float *columns) {
  size_t channels = c->channels / c->groups, filters = c->filters / c->groups, plane = c->out_height * c->out_width;
  size_t depth = channels * c->kernel_height * c->kernel_width, blocks = lathe_quotient_up(count, LATHE_GEMM_COLUMNS);
  gather_columns(c, c->x + (batch * c->channels + group * channels) * c->height * c->width, first, count, columns);
  float sums[TILE_ROWS * PLACES] __attribute__((aligned(64)));
  FOR_TILES(0, filters, row, rows) {
    size_t filter = group * filters + row;
    tile t = {.k = depth, .x = c->w + filter * depth, .x_stride = depth, .w = columns, .w_block = depth * LATHE_GEMM_COLUMNS,
              .w_row = LATHE_GEMM_COLUMNS, .sums = sums, .stride = PLACES};
    tile_product(&t, rows, blocks);
    for (size_t r = 0; r < rows; r++)
      finish(c, filter + r, (batch * c->filters + filter + r) * plane + first, sums + r * PLACES, count);
  }
}

/* A line of X with its padding, so that each tap is a load: `length` floats for each phase of the stride. */
static void spread_line(const lathe_convolution_f32 *c, const float *x, size_t iy, size_t length, float *line) {
  if (iy >= c->height) {
    memset(line, 0, c->stride_x * length * sizeof *line);
    return;
  }
  x += iy * c->width;
  for (size_t phase = 0; phase < c->stride_x; phase++, line += length) {
    size_t ix = phase - c->pad_left, i = 0;
    for (; i < length && ix >= c->width; i++, ix += c->stride_x) line[i] = 0;
    size_t inside = ix < c->width ? lathe_smaller(length - i, (c->width - ix - 1) / c->stride_x + 1) : 0;
    for (size_t j = 0; j < inside; j++) line[i + j] = x[ix + j * c->stride_x];
    memset(line + i + inside, 0, (length - i - inside) * sizeof *line);
  }
}

/* Sums of 16 places; `lines` begins at the first tap of the first. */
static void depthwise_sums(const lathe_convolution_f32 *c, const float *lines, const float *w, size_t length, float *to) {
  v sums[BLOCK_VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < BLOCK_VECTORS; i++) sums[i] = v_set(0);
  for (size_t ky = 0; ky < c->kernel_height; ky++, lines += c->dilation_y * c->stride_x * length) {
    for (size_t kx = 0, phase = 0, step = 0; kx < c->kernel_width; kx++) {
      const float *own = lines + phase * length + step;
      v factor = v_set(*w++);
#pragma clang loop unroll(full)
      for (int i = 0; i < BLOCK_VECTORS; i++) sums[i] = v_fma(factor, v_load(own + i * LANES), sums[i]);
      for (phase += c->dilation_x; phase >= c->stride_x; phase -= c->stride_x) step++;
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < BLOCK_VECTORS; i++) v_store(to + i * LANES, sums[i]);
}

/* One plane of a filter that reads one channel. */
static void depthwise(const lathe_convolution_f32 *c, size_t batch, size_t filter, float *lines) {
  const float *x = c->x + (batch * c->channels + filter / (c->filters / c->groups)) * c->height * c->width;
  const float *w = c->w + filter * c->kernel_height * c->kernel_width;
  size_t length = lathe_depthwise_length(c), line = length * c->stride_x, count = lathe_depthwise_lines(c);
  for (size_t i = 0; i < count; i++) spread_line(c, x, i - c->pad_top, length, lines + i * line);
  float sums[PLACES];
  for (size_t row = 0; row < c->out_height; row++) {
    size_t at = ((batch * c->filters + filter) * c->out_height + row) * c->out_width;
    for (size_t first = 0; first < c->out_width; first += PLACES) {
      size_t places = lathe_smaller(PLACES, c->out_width - first);
      for (size_t i = 0; i < places; i += LATHE_GEMM_COLUMNS)
        depthwise_sums(c, lines + row * c->stride_y * line + first + i, w, length, sums + i);
      finish(c, filter, at + first, sums, places);
    }
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
