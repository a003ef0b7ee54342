/* Convolutions of INT8 values are their definition's bits, on every instruction set and however the items are divided. */
#include "check_i8.h"

static int32_t convolved(const lathe_convolution_i8 *c, size_t batch, size_t filter, size_t oy, size_t ox) {
  size_t channels = c->channels / c->groups, group = filter / (c->filters / c->groups);
  int32_t sum = 0, zero_point = c->w_zero_point ? c->w_zero_point[filter] : 0;
  for (size_t i = 0; i < channels; i++)
    for (size_t ky = 0; ky < c->kernel_height; ky++)
      for (size_t kx = 0; kx < c->kernel_width; kx++) {
        long iy = (long)(oy * c->stride_y + ky * c->dilation_y) - (long)c->pad_top;
        long ix = (long)(ox * c->stride_x + kx * c->dilation_x) - (long)c->pad_left;
        if (iy < 0 || ix < 0 || iy >= (long)c->height || ix >= (long)c->width) continue;
        int8_t x = c->x[((batch * c->channels + group * channels + i) * c->height + (size_t)iy) * c->width + (size_t)ix];
        sum += (c->w[((filter * channels + i) * c->kernel_height + ky) * c->kernel_width + kx] - zero_point) *
               ((c->x_codes == LATHE_CODES_UNSIGNED ? (uint8_t)x : x) - c->x_zero_point);
      }
  return sum;
}

static void expect_convolution(const lathe_convolution_i8 *c) {
  size_t plane = c->out_height * c->out_width;
  float *values = buffer(plane);
  for (size_t row = 0; row < c->batch * c->filters; row++) {
    size_t filter = row % c->filters;
    for (size_t place = 0; place < plane; place++) {
      float sum = (float)convolved(c, row / c->filters, filter, place / c->out_width, place % c->out_width);
      float value = c->bias ? fmaf(sum, c->scale[filter], c->bias[filter]) : sum * c->scale[filter];
      values[place] = exactly_activated(plus_value(value, &c->residual, row, place), c->activation);
    }
    put_values(&c->y, row, values, plane);
  }
  released(values);
}

typedef struct convolution_run {
  lathe_convolution_i8 *c;
  void *scratch;
} convolution_run;

static void run_convolution(void *context, size_t begin, size_t end) {
  convolution_run *r = context;
  kernels->convolution_i8(r->c, r->scratch, begin, end);
}

/* Zero points of filters; as far as they can be from weights of one value. */
static int32_t *random_zero_points(size_t count, fill_kind fill) {
  int32_t *p = malloc((count + 1) * sizeof *p);
  for (size_t i = 0; i < count; i++)
    p[i] = fill == FILL_LOWEST ? 127 : fill == FILL_HIGHEST ? -128 : (int32_t)random_below(256) - 128;
  return p;
}

/* Whether W has zero points; which ones, check_convolution says. */
static const int32_t *const has_zero_points = &(const int32_t){0};

/* `residual` is a kind of random_rows without row scales, or -1. */
static void check_convolution(lathe_convolution_i8 c, size_t pad_bottom, size_t pad_right, fill_kind fill, int residual, int outputs) {
  size_t high = c.height + c.pad_top + pad_bottom, wide = c.width + c.pad_left + pad_right;
  size_t reach_y = (c.kernel_height - 1) * c.dilation_y + 1, reach_x = (c.kernel_width - 1) * c.dilation_x + 1;
  if (high < reach_y || wide < reach_x) return;
  c.out_height = (high - reach_y) / c.stride_y + 1, c.out_width = (wide - reach_x) / c.stride_x + 1;
  size_t rows = c.batch * c.filters, plane = c.out_height * c.out_width;
  int8_t *x = random_bytes(c.batch * c.channels * c.height * c.width, fill);
  int8_t *w = random_bytes(c.filters * c.channels / c.groups * c.kernel_height * c.kernel_width, fill);
  float *scale = randoms(c.filters, 0.001f), *bias = random_below(2) ? randoms(c.filters, 1) : NULL;
  int32_t *zero_points = random_zero_points(c.filters, fill);
  rows_source added = random_rows(rows, plane, residual);
  rows_target right = new_target(rows, plane, outputs), whole = new_target(rows, plane, outputs), split = new_target(rows, plane, outputs);
  c.x = x, c.w = w, c.scale = scale, c.bias = bias;
  if (c.w_zero_point) c.w_zero_point = zero_points;
  if (residual >= 0) c.residual = added.in;
  randomize_codes(&right, &whole);
  split.out.codes = whole.out.codes, split.out.zero_point = whole.out.zero_point, split.out.scale = whole.out.scale;
  c.y = right.out, expect_convolution(&c);
  int8_t *scratch = bytes(lathe_convolution_scratch_i8(&c));
  size_t items = lathe_convolution_items_i8(&c);
  c.y = whole.out;
  kernels->convolution_i8(&c, scratch, 0, items);
  CHECK(is_same_target(&right, &whole), "convolution_i8 of %zu/%zu channels, %zu filters %zu x %zu, activation %d, is not its definition", c.channels,
        c.groups, c.filters, c.kernel_height, c.kernel_width, (int)c.activation);
  c.y = split.out;
  convolution_run r = {&c, scratch};
  in_pieces(items, run_convolution, &r);
  CHECK(is_same_target(&right, &split), "convolution_i8 depends on the split");
  release_rows(&added), release_target(&right), release_target(&whole), release_target(&split);
  free(x), free(w), free(zero_points), free(scratch), released(scale), released(bias);
}

/* Sums as large as they come: of one channel in floats and in integers, and of many. */
static void check_extremes(void) {
  lathe_convolution_i8 c = {.batch = 1, .channels = 2, .height = 33, .width = 50, .filters = 4, .groups = 2, .kernel_height = 31, .kernel_width = 33,
                            .stride_y = 1, .stride_x = 2, .dilation_y = 1, .dilation_x = 1, .pad_top = 1, .pad_left = 2};
  check_convolution(c, 1, 1, FILL_LOWEST, -1, 1);
  c.kernel_width = 34;
  check_convolution(c, 1, 1, FILL_LOWEST, -1, 1);
  c.x_codes = LATHE_CODES_UNSIGNED, c.x_zero_point = 255, c.kernel_width = 16; /* codes of 128 */
  check_convolution(c, 1, 1, FILL_LOWEST, -1, 1);
  c.x_codes = LATHE_CODES_SIGNED, c.x_zero_point = 127;
  for (c.kernel_width = 16; c.kernel_width < 18; c.kernel_width++) check_convolution(c, 1, 1, FILL_LOWEST, -1, 1);
  c.w_zero_point = has_zero_points, c.kernel_height = 16;
  for (c.kernel_width = 16; c.kernel_width < 18; c.kernel_width++) check_convolution(c, 1, 1, FILL_LOWEST, -1, 1);
  c.w_zero_point = NULL;
  c = (lathe_convolution_i8){.batch = 1, .channels = 130, .height = 9, .width = 10, .filters = 37, .groups = 1, .kernel_height = 3, .kernel_width = 3,
                             .stride_y = 1, .stride_x = 1, .dilation_y = 1, .dilation_x = 1, .pad_top = 1, .pad_left = 1};
  check_convolution(c, 1, 1, FILL_EXTREMES, 1, 3);
  c.x_codes = LATHE_CODES_SIGNED, c.x_zero_point = -128, c.w_zero_point = has_zero_points;
  check_convolution(c, 1, 1, FILL_EXTREMES, 1, 3);
  c.channels = 3669; /* LATHE_GEMM_MOST_K_W_ZERO_I8 / 9 */
  c.filters = 2, c.height = c.width = 3;
  check_convolution(c, 1, 1, FILL_HIGHEST, -1, 1);
}

/* The residual is where the results go. */
static void check_in_place(void) {
  enum { C = 6, SIDE = 13, COUNT = C * SIDE * SIDE };
  int8_t *x = random_bytes(COUNT, FILL_ANY), *w = random_bytes(C * C * 9, FILL_ANY), *y = random_bytes(COUNT, FILL_ANY), *right = bytes(COUNT);
  float *scale = randoms(C, 0.001f);
  lathe_convolution_i8 c = {.batch = 1, .channels = C, .height = SIDE, .width = SIDE, .filters = C, .groups = 1, .kernel_height = 3, .kernel_width = 3,
                            .stride_y = 1, .stride_x = 1, .dilation_y = 1, .dilation_x = 1, .pad_top = 1, .pad_left = 1, .out_height = SIDE,
                            .out_width = SIDE, .x = x, .w = w, .scale = scale, .residual = {.i8 = y, .stride = SIDE * SIDE, .scale = 0.1f},
                            .activation = LATHE_ACTIVATION_RELU, .y = {.i8 = right, .i8_stride = SIDE * SIDE, .inverse_scale = 11}};
  expect_convolution(&c);
  int8_t *scratch = bytes(lathe_convolution_scratch_i8(&c));
  c.y.i8 = y;
  kernels->convolution_i8(&c, scratch, 0, lathe_convolution_items_i8(&c));
  CHECK(is_equal_i8(right, y, COUNT), "convolution_i8 differs in place");
  free(x), free(w), free(y), free(right), free(scratch), released(scale);
}

void test_convolution_i8(void) {
  for (int round = 0; round < 250; round++) {
    size_t groups = 1 + random_below(4), channels = 1 + random_below(4) * random_below(2), filters = 1 + random_below(9);
    bool is_line = random_below(3) == 0;
    lathe_convolution_i8 c = {.batch = random_below(3), .channels = groups * channels, .height = is_line ? 1 : 1 + random_below(19),
                              .width = 1 + random_below(40), .filters = groups * filters, .groups = groups,
                              .kernel_height = is_line ? 1 : 1 + random_below(4), .kernel_width = 1 + random_below(5),
                              .stride_y = 1 + random_below(3), .stride_x = 1 + random_below(3), .dilation_y = 1 + random_below(2),
                              .dilation_x = 1 + random_below(3), .pad_top = is_line ? 0 : random_below(3), .pad_left = random_below(4),
                              .activation = (lathe_activation)random_below(10), .x_codes = (lathe_codes)random_below(3),
                              .w_zero_point = random_below(3) ? NULL : has_zero_points};
    c.x_zero_point = random_zero_point(c.x_codes);
    check_convolution(c, is_line ? 0 : random_below(3), random_below(4), (fill_kind)random_below(5), (int)random_below(3) - 1, 1 + (int)random_below(3));
  }
  check_extremes();
  check_in_place();
}
