#include "check.h"

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double bounded(double x, float clip) { return fmin(fmax(x, -clip), clip); }

static void run_lstm(void *c, size_t begin, size_t end) { kernels->lstm_f32(c, begin, end); }
static void run_gru(void *c, size_t begin, size_t end) { kernels->gru_f32(c, begin, end); }
static void run_gru_reset(void *c, size_t begin, size_t end) { kernels->gru_reset_f32(c, begin, end); }

/* Packs `gates` matrices [hidden, hidden]. */
static float *packed_gates(const float *r, size_t gates, size_t hidden) {
  size_t matrix = lathe_packed_gemm_count_f32(hidden, hidden);
  float *packed = buffer(gates * matrix);
  for (size_t gate = 0; gate < gates; gate++)
    lathe_pack_gemm_f32(hidden, hidden, r + gate * hidden * hidden, hidden, packed + gate * matrix);
  return packed;
}

static double recurrent(const float *h, const float *r, size_t gate, size_t hidden, size_t unit) {
  double sum = 0;
  for (size_t c = 0; c < hidden; c++) sum += (double)h[c] * r[(gate * hidden + c) * hidden + unit];
  return sum;
}

static void check_lstm(size_t batch, size_t hidden, bool has_peepholes, bool couples, float clip, bool is_reverse, bool has_lengths) {
  enum { STEPS = 3, STEP = 1 };
  size_t count = batch * hidden;
  float *inputs = randoms(batch * STEPS * 4 * hidden, 2), *r = randoms(4 * hidden * hidden, 1), *packed = packed_gates(r, 4, hidden);
  float *h = randoms(count, 1), *c = randoms(count, 1), *peepholes = has_peepholes ? randoms(3 * hidden, 1) : NULL;
  float *next_h = buffer(count), *next_c = buffer(count), *y = buffer(count * STEPS), *split = buffer(count), *split_c = copied(c, count);
  int32_t *lengths = malloc((batch + 1) * sizeof *lengths);
  for (size_t b = 0; b < batch; b++) lengths[b] = has_lengths ? (int32_t)random_below(STEPS + 1) : STEPS;
  lathe_lstm_f32 l = {batch, hidden, {STEP, STEPS, is_reverse, has_lengths ? lengths : NULL, STEPS * 4 * hidden, 4 * hidden, STEPS * hidden, hidden},
                      inputs, packed, peepholes, clip, couples, h, c, next_h, next_c, y};
  size_t items = lathe_recurrent_items_f32(hidden);
  kernels->lstm_f32(&l, 0, items);
  for (size_t b = 0; b < batch; b++)
    for (size_t u = 0; u < hidden; u++) {
      bool is_active = STEP < lengths[b];
      size_t at = b * hidden + u, position = is_active && is_reverse ? (size_t)lengths[b] - 1 - STEP : STEP;
      const float *x = inputs + (b * STEPS + position) * 4 * hidden + u;
      double g[4];
      for (size_t gate = 0; gate < 4; gate++) g[gate] = x[gate * hidden] + recurrent(h + b * hidden, r, gate, hidden, u);
      if (peepholes) g[0] += (double)peepholes[u] * c[at], g[2] += (double)peepholes[2 * hidden + u] * c[at];
      double in = sigmoid(bounded(g[0], clip)), forget = couples ? 1 - in : sigmoid(bounded(g[2], clip));
      double next = forget * c[at] + in * tanh(bounded(g[3], clip));
      if (peepholes) g[1] += peepholes[hidden + u] * next;
      double out = sigmoid(bounded(g[1], clip)) * tanh(next);
      CHECK(is_near(next_c[at], is_active ? next : c[at], 1e-5), "lstm cell: %g, not %g", (double)next_c[at], next);
      CHECK(is_near(next_h[at], is_active ? out : h[at], 1e-5), "lstm state: %g, not %g", (double)next_h[at], out);
      float given = y[(b * STEPS + position) * hidden + u];
      CHECK(is_active ? given == next_h[at] : given == 0, "lstm output %g", (double)given);
    }
  l.next_h = split, l.c = l.next_c = split_c, l.y = NULL;
  in_pieces(items, run_lstm, &l);
  CHECK(is_same(next_h, split, count) && is_same(next_c, split_c, count), "lstm depends on the split");
  released(inputs), released(r), released(packed), released(h), released(c), released(peepholes), released(next_h), released(next_c), released(y);
  released(split), released(split_c);
  free(lengths);
}

static void check_gru(size_t batch, size_t hidden, bool is_linear, float clip, bool is_reverse, bool has_lengths) {
  enum { STEPS = 3, STEP = 1 };
  size_t count = batch * hidden;
  float *inputs = randoms(batch * STEPS * 3 * hidden, 2), *r = randoms(3 * hidden * hidden, 1), *packed = packed_gates(r, 3, hidden);
  float *h = randoms(count, 1), *bias = is_linear ? randoms(hidden, 1) : NULL, *reset_h = is_linear ? NULL : buffer(count);
  float *next_h = buffer(count), *y = buffer(count * STEPS), *split = buffer(count);
  int32_t *lengths = malloc((batch + 1) * sizeof *lengths);
  for (size_t b = 0; b < batch; b++) lengths[b] = has_lengths ? (int32_t)random_below(STEPS + 1) : STEPS;
  lathe_gru_f32 g = {batch, hidden, {STEP, STEPS, is_reverse, has_lengths ? lengths : NULL, STEPS * 3 * hidden, 3 * hidden, STEPS * hidden, hidden},
                     inputs, packed, bias, clip, h, reset_h, next_h, y};
  size_t items = lathe_recurrent_items_f32(hidden);
  if (reset_h) kernels->gru_reset_f32(&g, 0, items);
  kernels->gru_f32(&g, 0, items);
  double *resets = malloc((hidden + 1) * sizeof *resets);
  for (size_t b = 0; b < batch; b++) {
    bool is_active = STEP < lengths[b];
    size_t position = is_active && is_reverse ? (size_t)lengths[b] - 1 - STEP : STEP;
    const float *x = inputs + (b * STEPS + position) * 3 * hidden, *state = h + b * hidden;
    for (size_t u = 0; u < hidden; u++) resets[u] = sigmoid(bounded(x[hidden + u] + recurrent(state, r, 1, hidden, u), clip));
    for (size_t u = 0; u < hidden; u++) {
      double z = sigmoid(bounded(x[u] + recurrent(state, r, 0, hidden, u), clip)), sum = 0;
      for (size_t c = 0; c < hidden; c++) sum += (is_linear ? 1 : resets[c]) * state[c] * r[(2 * hidden + c) * hidden + u];
      if (is_linear) sum = resets[u] * (sum + bias[u]);
      double out = (1 - z) * tanh(bounded(x[2 * hidden + u] + sum, clip)) + z * state[u];
      CHECK(is_near(next_h[b * hidden + u], is_active ? out : state[u], 1e-5), "gru: %g, not %g", (double)next_h[b * hidden + u], out);
      float given = y[(b * STEPS + position) * hidden + u];
      CHECK(is_active ? given == next_h[b * hidden + u] : given == 0, "gru output %g", (double)given);
    }
  }
  g.next_h = split, g.y = NULL;
  if (reset_h) in_pieces(items, run_gru_reset, &g);
  in_pieces(items, run_gru, &g);
  CHECK(is_same(next_h, split, count), "gru depends on the split");
  released(inputs), released(r), released(packed), released(h), released(bias), released(reset_h), released(next_h), released(y), released(split);
  free(lengths), free(resets);
}

void test_recurrent(void) {
  static const size_t sizes[] = {1, 2, 5, 15, 16, 17, 31, 33, 48};
  for (int round = 0; round < 60; round++) {
    size_t batch = random_below(9), hidden = sizes[random_below(9)];
    float clip = random_below(2) ? INFINITY : 0.7f;
    check_lstm(batch, hidden, random_below(2), random_below(2), clip, random_below(2), random_below(2));
    check_gru(batch, hidden, random_below(2), clip, random_below(2), random_below(2));
  }
}

static void run_permute(void *c, size_t begin, size_t end) { kernels->permute_f32(c, begin, end); }

static void check_permute(size_t rank) {
  size_t extents[8], order[8], count = 1, x_strides[8];
  for (size_t i = 0; i < rank; i++) {
    static const size_t choices[] = {1, 2, 3, 5, 8, 9, 17, 35};
    extents[i] = random_below(60) == 0 ? 0 : choices[random_below(rank > 4 ? 4 : 8)];
    order[i] = i;
    count *= extents[i];
  }
  for (size_t i = rank; i-- > 0;) x_strides[i] = i + 1 < rank ? x_strides[i + 1] * extents[i + 1] : 1;
  for (size_t i = rank; i > 1; i--) {
    size_t other = random_below(i), kept = order[i - 1];
    order[i - 1] = order[other], order[other] = kept;
  }
  float *x = randoms(count, 1), *y = buffer(count), *split = buffer(count);
  lathe_permute_f32 p = {.rank = rank, .x = x, .y = y};
  for (size_t i = 0; i < rank; i++) p.extents[i] = extents[order[i]], p.strides[i] = x_strides[order[i]];
  size_t items = lathe_permute_items_f32(&p);
  kernels->permute_f32(&p, 0, items);
  for (size_t i = 0; i < count; i++) {
    size_t at = 0, rest = i;
    for (size_t axis = rank; axis-- > 0; rest /= p.extents[axis]) at += rest % p.extents[axis] * p.strides[axis];
    CHECK(y[i] == x[at], "permute of rank %zu at %zu", rank, i);
  }
  p.y = split;
  in_pieces(items, run_permute, &p);
  CHECK(is_same(y, split, count), "permute depends on the split");
  released(x), released(y), released(split);
}

void test_permute(void) {
  for (int round = 0; round < 300; round++) check_permute(random_below(7));
}

typedef struct convolution_run {
  lathe_convolution_f32 *c;
  float *scratch;
} convolution_run;

static void run_convolution(void *context, size_t begin, size_t end) {
  convolution_run *r = context;
  kernels->convolution_f32(r->c, r->scratch, begin, end);
}

static double convolved(const lathe_convolution_f32 *c, size_t batch, size_t filter, size_t oy, size_t ox, double *size) {
  size_t channels = c->channels / c->groups, group = filter / (c->filters / c->groups);
  double sum = 0;
  for (size_t i = 0; i < channels; i++)
    for (size_t ky = 0; ky < c->kernel_height; ky++)
      for (size_t kx = 0; kx < c->kernel_width; kx++) {
        long iy = (long)(oy * c->stride_y + ky * c->dilation_y) - (long)c->pad_top;
        long ix = (long)(ox * c->stride_x + kx * c->dilation_x) - (long)c->pad_left;
        if (iy < 0 || ix < 0 || iy >= (long)c->height || ix >= (long)c->width) continue;
        double product = (double)c->w[((filter * channels + i) * c->kernel_height + ky) * c->kernel_width + kx] *
                         c->x[((batch * c->channels + group * channels + i) * c->height + (size_t)iy) * c->width + (size_t)ix];
        sum += product, *size += fabs(product);
      }
  return sum;
}

static void check_convolution(lathe_convolution_f32 c, size_t pad_bottom, size_t pad_right, bool has_bias, bool has_residual) {
  size_t high = c.height + c.pad_top + pad_bottom, wide = c.width + c.pad_left + pad_right;
  size_t reach_y = (c.kernel_height - 1) * c.dilation_y + 1, reach_x = (c.kernel_width - 1) * c.dilation_x + 1;
  if (high < reach_y || wide < reach_x) return;
  c.out_height = (high - reach_y) / c.stride_y + 1, c.out_width = (wide - reach_x) / c.stride_x + 1;
  size_t count = c.batch * c.filters * c.out_height * c.out_width;
  float *x = randoms(c.batch * c.channels * c.height * c.width, 1), *y = buffer(count), *split = buffer(count);
  float *w = randoms(c.filters * c.channels / c.groups * c.kernel_height * c.kernel_width, 1);
  float *bias = has_bias ? randoms(c.filters, 1) : NULL, *residual = has_residual ? randoms(count, 1) : NULL;
  c.x = x, c.w = w, c.bias = bias, c.residual = residual, c.y = y;
  float *scratch = buffer(lathe_convolution_scratch_f32(&c));
  size_t items = lathe_convolution_items_f32(&c);
  kernels->convolution_f32(&c, scratch, 0, items);
  for (size_t i = 0; i < count; i++) {
    size_t ox = i % c.out_width, oy = i / c.out_width % c.out_height, filter = i / c.out_width / c.out_height % c.filters;
    double size = 1, sum = convolved(&c, i / c.out_width / c.out_height / c.filters, filter, oy, ox, &size);
    double right = activated(sum + (bias ? bias[filter] : 0) + (residual ? residual[i] : 0), c.activation);
    CHECK(is_near(y[i], right, 1e-5 * size), "convolution at %zu: %g, not %g", i, (double)y[i], right);
  }
  c.y = split;
  convolution_run r = {&c, scratch};
  in_pieces(items, run_convolution, &r);
  CHECK(is_same(y, split, count), "convolution depends on the split");
  released(x), released(y), released(split), released(w), released(bias), released(residual), released(scratch);
}

/* Depthwise filters with more taps than places. */
static void check_large_filters(void) {
  lathe_convolution_f32 c = {.batch = 1, .channels = 2, .height = 30, .width = 100, .filters = 4, .groups = 2, .kernel_height = 25, .kernel_width = 31,
                             .stride_y = 1, .stride_x = 2, .dilation_y = 1, .dilation_x = 2, .pad_top = 3, .pad_left = 5};
  check_convolution(c, 2, 1, true, false);
}

void test_convolution(void) {
  check_large_filters();
  for (int round = 0; round < 250; round++) {
    size_t groups = 1 + random_below(4), channels = 1 + random_below(4) * random_below(2), filters = 1 + random_below(9);
    bool is_line = random_below(3) == 0;
    lathe_convolution_f32 c = {.batch = random_below(3), .channels = groups * channels, .height = is_line ? 1 : 1 + random_below(19),
                               .width = 1 + random_below(40), .filters = groups * filters, .groups = groups,
                               .kernel_height = is_line ? 1 : 1 + random_below(4), .kernel_width = 1 + random_below(5),
                               .stride_y = 1 + random_below(3), .stride_x = 1 + random_below(3), .dilation_y = 1 + random_below(2),
                               .dilation_x = 1 + random_below(3), .pad_top = is_line ? 0 : random_below(3), .pad_left = random_below(4),
                               .activation = (lathe_activation)random_below(8)};
    check_convolution(c, is_line ? 0 : random_below(3), random_below(4), random_below(2), random_below(2));
  }
}
