/* GMAC/s of INT8 kernels beside those of floats, on one thread; `kernels_bench_i8 [isa]`. Each figure is the best of several runs, both kinds in turn. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lathe_kernels.h"

static const lathe_kernels *kernels;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *room(size_t bytes) {
  char *p = aligned_alloc(64, (bytes + 64) / 64 * 64);
  for (size_t i = 0; i < bytes; i++) p[i] = (char)(rand() % 255 - 127);
  return p;
}

static float *floats(size_t count) {
  float *p = room(count * sizeof *p);
  for (size_t i = 0; i < count; i++) p[i] = (float)(rand() % 2000 - 1000) / 1000;
  return p;
}

static double seconds_of(void (*call)(void *), void *context) {
  double start = now();
  call(context);
  return now() - start;
}

/* Seconds of the fastest calls of two kernels. */
static void fastest(void (*call)(void *), void *context, void (*other)(void *), void *other_context, double best[2]) {
  best[0] = best[1] = 1e9;
  double end = now() + 0.12;
  for (int runs = 0; runs < 3 || now() < end; runs++) {
    double seconds = seconds_of(call, context), others = seconds_of(other, other_context);
    if (seconds < best[0]) best[0] = seconds;
    if (others < best[1]) best[1] = others;
  }
}

static void *scratch;

static void call_gemm_f32(void *g) { kernels->gemm_f32(g, 0, lathe_gemm_items_f32(g)); }
static void call_gemm_i8(void *g) { kernels->gemm_i8(g, scratch, 0, lathe_gemm_items_i8(g)); }

static void bench_gemm(size_t m, size_t k, size_t n, lathe_activation activation) {
  float *x = floats(m * k), *w = floats(k * n), *packed = floats(lathe_packed_gemm_count_f32(k, n)), *bias = floats(n), *y = floats(m * n);
  int8_t *x8 = room(m * k), *w8 = room(k * n), *packed8 = room(lathe_packed_gemm_size_i8(k, n)), *y8 = room(m * n);
  lathe_pack_gemm_f32(k, n, w, n, packed);
  lathe_pack_gemm_i8(k, n, w8, n, packed8);
  lathe_gemm_f32 f = {m, n, k, x, k, packed, bias, NULL, 0, y, n, activation};
  lathe_gemm_i8 g = {.m = m, .n = n, .k = k, .x = x8, .x_stride = k, .packed = packed8, .w_scale = bias, .bias = bias, .activation = activation,
                     .y = {.i8 = y8, .i8_stride = n, .inverse_scale = 0.1f}};
  scratch = room(lathe_gemm_scratch_i8(&g));
  double best[2], products = 1e-9 * (double)(m * n * k);
  fastest(call_gemm_f32, &f, call_gemm_i8, &g, best);
  printf("gemm  m %4zu k %4zu n %4zu act %d  f32 %9.1f us %6.1f GMAC/s  i8 %9.1f us %6.1f GMAC/s  %5.2f times\n", m, k, n, (int)activation,
         best[0] * 1e6, products / best[0], best[1] * 1e6, products / best[1], best[0] / best[1]);
  free(x), free(w), free(packed), free(bias), free(y), free(x8), free(w8), free(packed8), free(y8), free(scratch);
}

static float *scratch_f32;

static void call_attention_f32(void *a) { kernels->attention_f32(a, scratch_f32, 0, lathe_attention_items_f32(a)); }
static void call_attention_i8(void *a) { kernels->attention_i8(a, scratch, 0, lathe_attention_items_i8(a)); }

static void bench_attention(size_t batch, size_t heads, size_t length, size_t size) {
  size_t hidden = heads * size, stride = 3 * hidden;
  float *all = floats(batch * length * stride), *y = floats(batch * length * hidden), *mask = floats(batch * length);
  int8_t *all8 = room(batch * length * stride), *y8 = room(batch * length * hidden);
  lathe_attention_f32 f = {.batch = batch, .heads = heads, .queries = length, .keys = length, .size = size, .width = size, .q = all,
                           .k = all + hidden, .v = all + 2 * hidden, .q_stride = stride, .k_stride = stride, .v_stride = stride,
                           .q_batch_stride = length * stride, .k_batch_stride = length * stride, .v_batch_stride = length * stride,
                           .scale = 0.177f, .mask = mask, .mask_strides = {length, 0, 0, 1}, .y = y, .y_stride = hidden,
                           .y_batch_stride = length * hidden};
  lathe_attention_i8 a = {.batch = batch, .heads = heads, .queries = length, .keys = length, .size = size, .width = size, .q = all8,
                          .k = all8 + hidden, .v = all8 + 2 * hidden, .q_stride = stride, .k_stride = stride, .v_stride = stride,
                          .q_batch_stride = length * stride, .k_batch_stride = length * stride, .v_batch_stride = length * stride,
                          .scale = 1e-5f, .v_scale = 0.01f, .mask = mask, .mask_strides = {length, 0, 0, 1},
                          .y = {.i8 = y8, .i8_stride = hidden, .inverse_scale = 50}, .y_i8_batch_stride = length * hidden};
  scratch_f32 = floats(lathe_attention_scratch_f32(&f));
  scratch = room(lathe_attention_scratch_i8(&a));
  double best[2], products = 2e-9 * (double)(batch * length * length * hidden);
  fastest(call_attention_f32, &f, call_attention_i8, &a, best);
  printf("attention  batch %zu heads %2zu length %4zu size %2zu  f32 %9.1f us %5.1f GMAC/s  i8 %9.1f us %5.1f GMAC/s  %5.2f times\n", batch, heads,
         length, size, best[0] * 1e6, products / best[0], best[1] * 1e6, products / best[1], best[0] / best[1]);
  free(all), free(y), free(mask), free(all8), free(y8), free(scratch), free(scratch_f32);
}

enum { ROWS = 128, WIDTH = 384 };

static void call_normalization_f32(void *n) { kernels->normalization_f32(n, 0, ROWS); }
static void call_normalization_i8(void *n) { kernels->normalization_i8(n, scratch, 0, ROWS); }
static void call_quantize_i8(void *q) { kernels->quantize_i8(q, 0, ROWS); }
static void call_map_i8(void *m) { kernels->map_i8(m, 0, ROWS * WIDTH); }

static void report(const char *name, double seconds) { printf("%-40s 128 x 384  %7.1f us\n", name, seconds * 1e6); }

static void bench_rows(void) {
  float *x = floats(ROWS * WIDTH), *other = floats(ROWS * WIDTH), *y = floats(ROWS * WIDTH), scales[ROWS];
  int8_t *x8 = room(ROWS * WIDTH), *y8 = room(ROWS * WIDTH);
  scratch = room(lathe_row_scratch_i8(WIDTH));
  lathe_normalization_f32 f = {WIDTH, x, WIDTH, other, WIDTH, other, other, 1e-5f, false, NULL, 0, y, WIDTH};
  lathe_normalization_i8 n = {.width = WIDTH, .x = {.f32 = x, .stride = WIDTH}, .residual = {.f32 = other, .stride = WIDTH}, .scale = other,
                              .bias = other, .epsilon = 1e-5f, .y = {.f32 = y, .f32_stride = WIDTH}};
  double best[2];
  fastest(call_normalization_f32, &f, call_normalization_i8, &n, best);
  report("residual + LayerNorm, f32", best[0]);
  report("residual + LayerNorm, canonical f32", best[1]);
  n.residual = (lathe_rows_in){.i8 = x8, .stride = WIDTH, .scale = 0.01f};
  n.y = (lathe_rows_out){.f32 = y, .f32_stride = WIDTH, .i8 = y8, .i8_stride = WIDTH, .inverse_scale = 30};
  lathe_quantize_i8 q = {WIDTH, NULL, {.f32 = x, .stride = WIDTH}, {.i8 = y8, .i8_stride = WIDTH, .inverse_scale = 100}};
  fastest(call_normalization_i8, &n, call_quantize_i8, &q, best);
  report("i8 residual + LayerNorm, f32 and i8", best[0]);
  report("quantize, static", best[1]);
  n.y.row_scale = q.y.row_scale = scales;
  fastest(call_normalization_i8, &n, call_quantize_i8, &q, best);
  report("i8 residual + LayerNorm, f32 and dynamic", best[0]);
  report("quantize, dynamic", best[1]);
  lathe_map_i8 map = {x8, y8, x8};
  fastest(call_map_i8, &map, call_quantize_i8, &q, best);
  report("map", best[0]);
  free(x), free(other), free(y), free(x8), free(y8), free(scratch);
}

static void call_lstm_f32(void *l) { kernels->lstm_f32(l, 0, lathe_recurrent_items_f32(((lathe_lstm_f32 *)l)->hidden)); }
static void call_lstm_i8(void *l) { kernels->lstm_i8(l, scratch, 0, lathe_recurrent_items_f32(((lathe_lstm_i8 *)l)->hidden)); }

static void bench_lstm(size_t batch, size_t hidden) {
  size_t count = batch * hidden, matrix = lathe_packed_gemm_size_i8(hidden, hidden);
  float *inputs = floats(4 * count), *packed = floats(4 * lathe_packed_gemm_count_f32(hidden, hidden)), *h = floats(count), *c = floats(count);
  float *next = floats(count), *scales = floats(4 * hidden);
  int8_t *packed8 = room(4 * matrix), *h8 = room(count), *next8 = room(count), *w8 = room(hidden * hidden);
  for (size_t gate = 0; gate < 4; gate++) lathe_pack_gemm_i8(hidden, hidden, w8, hidden, packed8 + gate * matrix);
  for (size_t i = 0; i < 4 * hidden; i++) scales[i] *= 1e-4f;
  lathe_recurrent_place place = {.steps = 1, .inputs_batch_stride = 4 * hidden};
  lathe_lstm_f32 f = {.batch = batch, .hidden = hidden, .place = place, .inputs = inputs, .recurrence = packed, .clip = 1e9f, .h = h, .c = c,
                      .next_h = next, .next_c = c};
  lathe_lstm_i8 l = {.batch = batch, .hidden = hidden, .place = place, .inputs = inputs, .recurrence = packed8, .r_scale = scales, .h = h8, .c = c,
                     .next_h = next8, .next_c = c};
  scratch = room(lathe_lstm_scratch_i8(&l));
  double best[2], products = 4e-9 * (double)(count * hidden);
  fastest(call_lstm_f32, &f, call_lstm_i8, &l, best);
  printf("lstm step  batch %2zu hidden %4zu  f32 %7.1f us %5.1f GMAC/s  i8 %7.1f us %5.1f GMAC/s  %5.2f times\n", batch, hidden, best[0] * 1e6,
         products / best[0], best[1] * 1e6, products / best[1], best[0] / best[1]);
  free(inputs), free(packed), free(h), free(c), free(next), free(scales), free(packed8), free(h8), free(next8), free(w8), free(scratch);
}

static void call_gru_f32(void *g) {
  size_t items = lathe_recurrent_items_f32(((lathe_gru_f32 *)g)->hidden);
  if (((lathe_gru_f32 *)g)->reset_h) kernels->gru_reset_f32(g, 0, items);
  kernels->gru_f32(g, 0, items);
}
static void call_gru_i8(void *g) {
  size_t items = lathe_recurrent_items_f32(((lathe_gru_i8 *)g)->hidden);
  if (((lathe_gru_i8 *)g)->reset_i8) kernels->gru_reset_i8(g, scratch, 0, items);
  kernels->gru_i8(g, scratch, 0, items);
}

static void bench_gru(size_t batch, size_t hidden, bool is_linear) {
  size_t count = batch * hidden, matrix = lathe_packed_gemm_size_i8(hidden, hidden);
  float *inputs = floats(3 * count), *packed = floats(3 * lathe_packed_gemm_count_f32(hidden, hidden)), *h = floats(count), *reset = floats(count);
  float *next = floats(count), *scales = floats(3 * hidden);
  int8_t *packed8 = room(3 * matrix), *h8 = room(count), *next8 = room(count), *reset8 = room(count), *w8 = room(hidden * hidden);
  for (size_t gate = 0; gate < 3; gate++) lathe_pack_gemm_i8(hidden, hidden, w8, hidden, packed8 + gate * matrix);
  for (size_t i = 0; i < 3 * hidden; i++) scales[i] *= 1e-4f;
  lathe_recurrent_place place = {.steps = 1, .inputs_batch_stride = 3 * hidden};
  lathe_gru_f32 f = {.batch = batch, .hidden = hidden, .place = place, .inputs = inputs, .recurrence = packed, .clip = 1e9f, .h = h,
                     .reset_h = is_linear ? NULL : reset, .next_h = next};
  lathe_gru_i8 g = {.batch = batch, .hidden = hidden, .place = place, .inputs = inputs, .recurrence = packed8, .r_scale = scales, .h = h, .h_i8 = h8,
                    .reset_i8 = is_linear ? NULL : reset8, .next_h = next, .next_h_i8 = next8};
  scratch = room(lathe_gru_scratch_i8(&g));
  double best[2], products = 3e-9 * (double)(count * hidden);
  fastest(call_gru_f32, &f, call_gru_i8, &g, best);
  printf("gru step %s  batch %2zu hidden %4zu  f32 %7.1f us %5.1f GMAC/s  i8 %7.1f us %5.1f GMAC/s  %5.2f times\n", is_linear ? "linear" : "reset ",
         batch, hidden, best[0] * 1e6, products / best[0], best[1] * 1e6, products / best[1], best[0] / best[1]);
  free(inputs), free(packed), free(h), free(reset), free(next), free(scales), free(packed8), free(h8), free(next8), free(reset8), free(w8), free(scratch);
}

static void call_convolution_f32(void *c) { kernels->convolution_f32(c, scratch_f32, 0, lathe_convolution_items_f32(c)); }
static void call_convolution_i8(void *c) { kernels->convolution_i8(c, scratch, 0, lathe_convolution_items_i8(c)); }

static void bench_convolution(size_t channels, size_t side, size_t filters, size_t kernel, size_t stride, size_t groups) {
  size_t out = (side + 2 * (kernel / 2) - kernel) / stride + 1, depth = channels / groups * kernel * kernel;
  float *x = floats(channels * side * side), *w = floats(filters * depth), *y = floats(filters * out * out), *scale = floats(filters);
  int8_t *x8 = room(channels * side * side), *w8 = room(filters * depth), *y8 = room(filters * out * out);
  lathe_convolution_f32 f = {.batch = 1, .channels = channels, .height = side, .width = side, .filters = filters, .groups = groups,
                             .kernel_height = kernel, .kernel_width = kernel, .stride_y = stride, .stride_x = stride, .dilation_y = 1,
                             .dilation_x = 1, .pad_top = kernel / 2, .pad_left = kernel / 2, .out_height = out, .out_width = out, .x = x, .w = w,
                             .bias = scale, .activation = LATHE_ACTIVATION_RELU, .y = y};
  lathe_convolution_i8 c = {.batch = 1, .channels = channels, .height = side, .width = side, .filters = filters, .groups = groups,
                            .kernel_height = kernel, .kernel_width = kernel, .stride_y = stride, .stride_x = stride, .dilation_y = 1,
                            .dilation_x = 1, .pad_top = kernel / 2, .pad_left = kernel / 2, .out_height = out, .out_width = out, .x = x8, .w = w8,
                            .scale = scale, .bias = scale, .activation = LATHE_ACTIVATION_RELU,
                            .y = {.i8 = y8, .i8_stride = out * out, .inverse_scale = 0.1f}};
  scratch_f32 = floats(lathe_convolution_scratch_f32(&f));
  scratch = room(lathe_convolution_scratch_i8(&c));
  double best[2], products = 1e-9 * (double)(filters * out * out * depth);
  fastest(call_convolution_f32, &f, call_convolution_i8, &c, best);
  printf("convolution  %4zu x %3zu^2 -> %4zu kernel %zu stride %zu groups %4zu  f32 %9.1f us %5.1f GMAC/s  i8 %9.1f us %5.1f GMAC/s  %5.2f times\n",
         channels, side, filters, kernel, stride, groups, best[0] * 1e6, products / best[0], best[1] * 1e6, products / best[1], best[0] / best[1]);
  free(x), free(w), free(y), free(scale), free(x8), free(w8), free(y8), free(scratch), free(scratch_f32);
}

static void bench_gemms(void) {
  static const size_t layers[][2] = {{384, 1152}, {384, 384}, {384, 1536}, {1536, 384}, {312, 312}, {128, 384}, {128, 128}, {128, 512}, {512, 128},
                                     {3072, 768}};
  static const size_t rows[] = {1, 2, 4, 8, 16, 32, 128, 512};
  for (size_t l = 0; l < sizeof layers / sizeof *layers; l++)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
      bench_gemm(rows[r], layers[l][0], layers[l][1], layers[l][1] == 1536 || layers[l][1] == 512 ? LATHE_ACTIVATION_GELU : LATHE_ACTIVATION_NONE);
  bench_gemm(4096, 384, 384, LATHE_ACTIVATION_NONE);
}

int main(int argc, char **argv) {
  int isa = argc > 1 ? lathe_isa_named(argv[1]) : (int)lathe_isa_best();
  if (isa < 0 || !lathe_isa_available((lathe_isa)isa)) return fprintf(stderr, "no such instruction set here\n"), 1;
  kernels = lathe_kernels_for((lathe_isa)isa);
  printf("%s\n", lathe_isa_name(kernels->isa));
  bench_gemms();
  static const size_t lengths[] = {16, 32, 64, 128, 512};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) bench_attention(1, 12, lengths[i], 32);
  bench_attention(8, 12, 32, 32), bench_attention(1, 12, 512, 64), bench_attention(1, 2, 4096, 64);
  bench_rows();
  bench_lstm(1, 128), bench_lstm(1, 256), bench_lstm(1, 512), bench_lstm(16, 128), bench_lstm(16, 256), bench_lstm(64, 256);
  for (int is_linear = 0; is_linear < 2; is_linear++) bench_gru(1, 128, is_linear), bench_gru(1, 512, is_linear), bench_gru(16, 256, is_linear);
  bench_convolution(64, 56, 64, 3, 1, 1), bench_convolution(256, 14, 256, 3, 1, 1), bench_convolution(64, 56, 256, 1, 1, 1);
  bench_convolution(3, 224, 64, 7, 2, 1), bench_convolution(128, 28, 256, 3, 2, 1), bench_convolution(144, 56, 144, 3, 1, 144);
  return 0;
}
