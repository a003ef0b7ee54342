/* Convolutions: a block of places becomes columns of a packed matrix in scratch, which the filters multiply; or, if each filter reads one channel,
 * tap by tap, in floats, whose sums of so few products are exact. */
#include "activate_i8.h"
#include "packing_i8.h"
#include "rows_i8.h"

enum { PLACES = LATHE_CONVOLUTION_PLACES, FILTERS = 24 };

typedef lathe_convolution_i8 convolution;
typedef int8_t element;

/* `count` sums of one filter to a plane of Y, from `first` on. */
static void finish(const convolution *c, size_t filter, size_t plane, size_t first, float *sums, size_t count) {
  row_in residual = row_in_at(&c->residual, plane, first);
  row_out y = row_out_at(&c->y, plane, first);
  /* Adding -0 changes nothing. */
  v scale = v_set(c->scale[filter]), bias = v_set(c->bias ? c->bias[filter] : -0.0f);
  FOR_WHOLE_LANES(count, i, lanes, v_store(sums + i, added_to(v_fma(v_load(sums + i), scale, bias), &residual, i, lanes));)
  activate(sums, count, c->activation);
  FOR_WHOLE_LANES(count, i, lanes, put(&y, v_load(sums + i), i, lanes);)
}

/* The bits of x_zero_point. */
INLINE int8_t padding_of(const convolution *c) { return (int8_t)(uint8_t)c->x_zero_point; }

INLINE float value_of(const convolution *c, int8_t x) {
  return (float)((c->x_codes == LATHE_CODES_UNSIGNED ? (uint8_t)x : x) - c->x_zero_point);
}

static const float *taps_of(const convolution *c, size_t filter, float *room) {
  size_t taps = c->kernel_height * c->kernel_width;
  int32_t zero_point = c->w_zero_point ? c->w_zero_point[filter] : 0;
  for (size_t i = 0; i < taps; i++) room[i] = (float)(c->w[filter * taps + i] - zero_point);
  return room;
}

#include "windows.h"

/* Columns are signed: codes without a sign, and their zero point, are 128 less there. */
INLINE bool is_flipped(const convolution *c) { return c->x_codes == LATHE_CODES_UNSIGNED; }

static void flip(int8_t *row) {
  for (size_t i = 0; i < PLACES; i++) row[i] ^= -128;
}

/* The columns of a block of places, in blocks of 16 and groups of 4 taps. */
static void gather_columns(const convolution *c, const int8_t *x, size_t first, size_t count, int8_t *columns) {
  size_t taps = c->kernel_height * c->kernel_width, depth = c->channels / c->groups * taps, groups = lathe_quotient_up(depth, 4);
  size_t blocks = lathe_quotient_up(count, LATHE_GEMM_COLUMNS), oy = first / c->out_width, ox = first % c->out_width;
  int8_t rows[4][PLACES] = {{0}};
  size_t k = 0, kx = 0, ky = 0;
  for (size_t group = 0; group < groups; group++) {
    for (size_t r = 0; r < 4; r++, k++) {
      if (k >= depth) {
        memset(rows[r], 0, PLACES);
        continue;
      }
      tap(c, x, ky, kx, oy, ox, count, rows[r]);
      if (is_flipped(c)) flip(rows[r]);
      if (++kx == c->kernel_width) kx = 0, ky++;
      if (ky == c->kernel_height) ky = 0, x += c->height * c->width;
    }
    for (size_t block = 0, at = 0; block < blocks; block++, at += LATHE_GEMM_COLUMNS)
      w_group(rows[0] + at, rows[1] + at, rows[2] + at, rows[3] + at, columns + (block * groups + group) * GROUP_BYTES);
  }
}

/* Filters of a group, as tiles read them, and for each the zero point of X in columns times the sum of its weights less their own; NULL where that
 * is 0 for all. */
typedef struct prepared_filters {
  size_t group;
  const int8_t *w;
  size_t stride;
  const int32_t *offsets;
} prepared_filters;

/* Sums of one filter over a block of places, less what zero points add to them. `windows` are the sums of columns; NULL where W has no zero points. */
static void exact_sums(const int32_t *sums, uint32_t offset, const int32_t *windows, uint32_t zero_point, size_t count, float *values) {
  for (size_t i = 0; i < count; i += LANES) {
    vints exact = vi_load(sums + i) - vi_set(offset);
    if (windows) exact = exact - vi_load(windows + i) * vi_set(zero_point);
    v_store(values + i, v_from_ints(exact));
  }
}

static void places(const convolution *c, size_t batch, const prepared_filters *f, size_t first, size_t count, int8_t *columns) {
  size_t channels = c->channels / c->groups, filters = c->filters / c->groups;
  size_t groups = lathe_quotient_up(channels * c->kernel_height * c->kernel_width, 4), blocks = lathe_quotient_up(count, LATHE_GEMM_COLUMNS);
  gather_columns(c, c->x + (batch * c->channels + f->group * channels) * c->height * c->width, first, count, columns);
  int32_t sums[FILTERS * PLACES] __attribute__((aligned(64))), starts[PLACES], windows[PLACES];
  for (size_t block = 0; block < blocks; block++) {
    const int8_t *own = columns + block * groups * GROUP_BYTES;
    if (SIGNED_OFFSET != 0) set_starts(own, groups, SIGNED_OFFSET, starts + block * LATHE_GEMM_COLUMNS);
    if (c->w_zero_point) set_starts(own, groups, -1, windows + block * LATHE_GEMM_COLUMNS);
  }
  tile_i8 t = {.groups = groups, .x_stride = f->stride, .w = columns, .w_block = groups * GROUP_BYTES, .ahead = 16 * GROUP_BYTES,
               .starts = SIGNED_OFFSET != 0 ? starts : NULL, .sums = sums, .stride = PLACES};
  for (size_t row = 0, rows; row < filters; row += rows) {
    rows = lathe_smaller(FILTERS, filters - row);
    t.x = f->w + row * f->stride;
    tile_product_i8(&t, rows, blocks);
    for (size_t r = 0; r < rows; r++) {
      float values[PLACES] __attribute__((aligned(64)));
      size_t filter = f->group * filters + row + r;
      exact_sums(sums + r * PLACES, f->offsets ? (uint32_t)f->offsets[row + r] : 0, c->w_zero_point ? windows : NULL,
                 c->w_zero_point ? (uint32_t)c->w_zero_point[filter] : 0, blocks * LATHE_GEMM_COLUMNS, values);
      finish(c, filter, batch * c->filters + filter, first, values, count);
    }
  }
}

/* Of the filters of a group. */
static void set_offsets(const convolution *c, size_t group, size_t depth, int32_t zero_point, int32_t *offsets) {
  size_t filters = c->filters / c->groups;
  const int8_t *w = c->w + group * filters * depth;
  for (size_t row = 0; row < filters; row++, w += depth) {
    int32_t sum = c->w_zero_point ? -c->w_zero_point[group * filters + row] * (int32_t)depth : 0;
    for (size_t i = 0; i < depth; i++) sum += w[i];
    offsets[row] = (int32_t)((uint32_t)sum * (uint32_t)zero_point);
  }
}

static prepared_filters filters_of(const convolution *c, size_t group, int8_t *scratch) {
  size_t depth = c->channels / c->groups * c->kernel_height * c->kernel_width, filters = c->filters / c->groups;
  int32_t zero_point = c->x_zero_point - (is_flipped(c) ? 128 : 0);
  int32_t *offsets = (int32_t *)(void *)(scratch + filters * lathe_prepared_stride_i8(depth));
  prepared_filters f = {.group = group, .stride = depth, .offsets = zero_point != 0 ? offsets : NULL};
  if (f.offsets) set_offsets(c, group, depth, zero_point, offsets);
  f.w = prepared_rows(c->w + group * filters * depth, &f.stride, filters, depth, false, scratch);
  return f;
}

void NAME(convolution_i8)(const lathe_convolution_i8 *c, void *scratch, size_t begin, size_t end) {
  size_t plane = c->out_height * c->out_width, blocks = lathe_quotient_up(plane, PLACES);
  int8_t *columns = lathe_aligned(scratch), *rows = columns + lathe_convolution_columns_i8(c);
  if (lathe_is_depthwise_i8(c)) {
    for (size_t item = begin; item < end; item++) depthwise(c, item / c->filters, item % c->filters, (float *)(void *)columns);
    return;
  }
  prepared_filters f = {.group = c->groups};
  for (size_t item = begin; item < end; item++) {
    size_t first = item % blocks * PLACES, group = item / blocks % c->groups;
    if (group != f.group) f = filters_of(c, group, rows);
    places(c, item / blocks / c->groups, &f, first, lathe_smaller(PLACES, plane - first), columns);
  }
}
