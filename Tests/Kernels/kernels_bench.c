/* GFLOP/s of each kernel beside the processor's FMA peak, on one thread; `kernels_bench [isa]`. Each figure is the best of several runs, taken in turn
 * with the peak's, since other processes and clock rates change by the second. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "lathe_kernels.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *filled(size_t count) {
  float *p = aligned_alloc(64, (count * sizeof *p + 63) / 64 * 64);
  for (size_t i = 0; i < count; i++) p[i] = (float)(rand() % 2000 - 1000) / 1000;
  return p;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static double peak_once(void) {
  __m256 sums[12], factor = _mm256_set1_ps(0.999f);
  for (int i = 0; i < 12; i++) sums[i] = _mm256_set1_ps((float)i);
  enum { STEPS = 100000 };
  double start = now();
  for (int step = 0; step < STEPS; step++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < 12; i++) sums[i] = _mm256_fmadd_ps(sums[i], factor, factor);
    __asm__ volatile("" : "+x"(sums[0]), "+x"(sums[6]));
  }
  double seconds = now() - start;
  for (int i = 1; i < 12; i++) sums[0] += sums[i];
  volatile float kept = sums[0][0];
  (void)kept;
  return 2.0 * 8 * 12 * STEPS / seconds * 1e-9;
}
#else
static double peak_once(void) { return 0; }
#endif

static double peak;

/* Seconds of the fastest call in about `budget` seconds. */
static double fastest(void (*call)(void *), void *context, double budget) {
  double best = 1e9, end = now() + budget;
  for (int runs = 0; runs < 5 || now() < end; runs++) {
    double start = now();
    call(context);
    double seconds = now() - start;
    if (seconds < best) best = seconds;
    if (runs % 16 == 0) {
      double p = peak_once();
      if (p > peak) peak = p;
    }
  }
  return best;
}

static const lathe_kernels *kernels;

static void call_gemm(void *context) {
  const lathe_gemm_f32 *g = context;
  kernels->gemm_f32(g, 0, lathe_gemm_items_f32(g));
}

static void bench_gemm(size_t m, size_t k, size_t n, lathe_activation activation) {
  float *x = filled(m * k), *w = filled(k * n), *packed = filled(lathe_packed_gemm_count_f32(k, n)), *bias = filled(n), *y = filled(m * n);
  lathe_pack_gemm_f32(k, n, w, n, packed);
  lathe_gemm_f32 g = {m, n, k, x, k, packed, bias, NULL, 0, y, n, activation};
  double seconds = fastest(call_gemm, &g, 0.15), rate = 2e-9 * (double)(m * n * k) / seconds;
  printf("gemm  m %4zu k %4zu n %4zu act %d  %8.1f us  %6.1f GFLOP/s  %3.0f %% of peak\n", m, k, n, (int)activation, seconds * 1e6, rate,
         100 * rate / peak);
  free(x), free(w), free(packed), free(bias), free(y);
}

static float *scratch;

static void call_attention(void *context) {
  const lathe_attention_f32 *a = context;
  kernels->attention_f32(a, scratch, 0, lathe_attention_items_f32(a));
}

static void bench_attention(size_t batch, size_t heads, size_t length, size_t size, bool has_mask) {
  size_t hidden = heads * size, stride = 3 * hidden;
  float *all = filled(batch * length * stride), *y = filled(batch * length * hidden), *mask = filled(batch * length);
  lathe_attention_f32 a = {.batch = batch, .heads = heads, .queries = length, .keys = length, .size = size, .width = size, .q = all,
                           .k = all + hidden, .v = all + 2 * hidden, .q_stride = stride, .k_stride = stride, .v_stride = stride,
                           .q_batch_stride = length * stride, .k_batch_stride = length * stride, .v_batch_stride = length * stride,
                           .scale = 0.177f, .mask = has_mask ? mask : NULL, .mask_strides = {length, 0, 0, 1}, .y = y, .y_stride = hidden,
                           .y_batch_stride = length * hidden};
  scratch = filled(lathe_attention_scratch_f32(&a));
  double seconds = fastest(call_attention, &a, 0.15), rate = 4e-9 * (double)(batch * length * length * hidden) / seconds;
  printf("attention  batch %2zu heads %2zu length %4zu size %2zu mask %d  %9.1f us  %5.1f GFLOP/s  %3.0f %% of peak\n", batch, heads, length, size,
         has_mask, seconds * 1e6, rate, 100 * rate / peak);
  free(all), free(y), free(mask), free(scratch);
}

static void call_normalization(void *context) { kernels->normalization_f32(context, 0, 128); }
static void call_softmax(void *context) { kernels->softmax_f32(context, 0, 128); }
static void call_activation(void *context) { kernels->activation_f32(context, 0, 128 * 384); }
static void call_exp(void *context) { kernels->exp_f32(context, 0, 128 * 384); }
static void call_binary(void *context) { kernels->binary_f32(context, 0, 128); }
static void call_permute(void *context) { kernels->permute_f32(context, 0, lathe_permute_items_f32(context)); }

static void report_elements(const char *name, double seconds) {
  printf("%-22s 128 x 384  %7.1f us  %5.2f ns an element\n", name, seconds * 1e6, seconds * 1e9 / (128 * 384));
}

static void bench_rows(void) {
  float *x = filled(128 * 384), *other = filled(128 * 384), *y = filled(128 * 384);
  lathe_normalization_f32 n = {384, x, 384, other, 384, other, other, 1e-5f, false, NULL, 0, y, 384};
  report_elements("residual + LayerNorm", fastest(call_normalization, &n, 0.1));
  lathe_softmax_f32 s = {384, x, 384, other, 0, y, 384};
  report_elements("softmax with mask", fastest(call_softmax, &s, 0.1));
  static const char *const names[] = {"none", "relu", "gelu", "gelu_tanh", "tanh", "sigmoid", "silu", "quick_gelu"};
  for (int a = 0; a < 8; a++) {
    lathe_map_f32 m = {x, y, (lathe_activation)a};
    report_elements(names[a], fastest(call_activation, &m, 0.05));
  }
  lathe_map_f32 m = {x, y, LATHE_ACTIVATION_NONE};
  report_elements("exp", fastest(call_exp, &m, 0.05));
  lathe_binary_f32 b = {384, x, 384, other, 384, false, y, 384, LATHE_BINARY_ADD};
  report_elements("add", fastest(call_binary, &b, 0.05));
  lathe_permute_f32 p = {.rank = 2, .extents = {384, 128}, .strides = {1, 384}, .x = x, .y = y};
  report_elements("transpose", fastest(call_permute, &p, 0.05));
  lathe_permute_f32 heads = {.rank = 3, .extents = {12, 128, 32}, .strides = {32, 384, 1}, .x = x, .y = y};
  report_elements("split heads", fastest(call_permute, &heads, 0.05));
  free(x), free(other), free(y);
}

static void call_convolution(void *context) { kernels->convolution_f32(context, scratch, 0, lathe_convolution_items_f32(context)); }

static void bench_convolution(size_t channels, size_t side, size_t filters, size_t kernel, size_t stride, size_t groups) {
  size_t out = (side - 1) / stride + 1, depth = channels / groups * kernel * kernel;
  float *x = filled(channels * side * side), *w = filled(filters * depth), *bias = filled(filters), *y = filled(filters * out * out);
  lathe_convolution_f32 c = {.batch = 1, .channels = channels, .height = side, .width = side, .filters = filters, .groups = groups,
                             .kernel_height = kernel, .kernel_width = kernel, .stride_y = stride, .stride_x = stride, .dilation_y = 1,
                             .dilation_x = 1, .pad_top = kernel / 2, .pad_left = kernel / 2, .out_height = out, .out_width = out, .x = x, .w = w,
                             .bias = bias, .activation = LATHE_ACTIVATION_RELU, .y = y};
  scratch = filled(lathe_convolution_scratch_f32(&c) + 1);
  double seconds = fastest(call_convolution, &c, 0.15), rate = 2e-9 * (double)(filters * out * out * depth) / seconds;
  printf("convolution  %4zu x %3zu^2 -> %4zu kernel %zu stride %zu groups %4zu  %9.1f us  %5.1f GFLOP/s  %3.0f %% of peak\n", channels, side, filters,
         kernel, stride, groups, seconds * 1e6, rate, 100 * rate / peak);
  free(x), free(w), free(bias), free(y), free(scratch);
}

static void call_lstm(void *context) { kernels->lstm_f32(context, 0, lathe_recurrent_items_f32(((lathe_lstm_f32 *)context)->hidden)); }

static void bench_lstm(size_t batch, size_t hidden) {
  size_t matrix = lathe_packed_gemm_count_f32(hidden, hidden), state = batch * hidden;
  float *inputs = filled(4 * state), *r = filled(4 * matrix), *h = filled(state), *c = filled(state), *next_h = filled(state), *next_c = filled(state);
  lathe_lstm_f32 l = {.batch = batch, .hidden = hidden, .place = {.steps = 1, .inputs_batch_stride = 4 * hidden}, .inputs = inputs, .recurrence = r,
                      .clip = 1e30f, .h = h, .c = c, .next_h = next_h, .next_c = next_c};
  double seconds = fastest(call_lstm, &l, 0.1), rate = 8e-9 * (double)(state * hidden) / seconds;
  printf("lstm step  batch %2zu hidden %3zu  %7.1f us  %5.1f GFLOP/s\n", batch, hidden, seconds * 1e6, rate);
  free(inputs), free(r), free(h), free(c), free(next_h), free(next_c);
}

static void bench_gemms(void) {
  static const size_t layers[][2] = {{384, 1152}, {384, 384}, {384, 1536}, {1536, 384}, {128, 384}, {128, 128}, {128, 512}, {512, 128}};
  static const size_t rows[] = {1, 2, 3, 4, 16, 32, 128, 256};
  for (size_t l = 0; l < sizeof layers / sizeof *layers; l++)
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
      bench_gemm(rows[r], layers[l][0], layers[l][1], layers[l][1] == 1536 || layers[l][1] == 512 ? LATHE_ACTIVATION_GELU : LATHE_ACTIVATION_NONE);
}

static void bench_layers(void) {
  static const size_t lengths[] = {16, 32, 64, 128, 512};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) bench_attention(1, 12, lengths[i], 32, true);
  bench_attention(8, 12, 32, 32, true), bench_attention(1, 12, 128, 32, false), bench_attention(1, 2, 64, 64, true);
  bench_attention(1, 12, 512, 64, true), bench_attention(1, 2, 4096, 64, true);
  bench_rows();
  bench_lstm(1, 128), bench_lstm(16, 128), bench_lstm(16, 256);
  bench_convolution(64, 56, 64, 3, 1, 1), bench_convolution(256, 14, 256, 3, 1, 1), bench_convolution(64, 56, 256, 1, 1, 1);
  bench_convolution(3, 224, 64, 7, 2, 1), bench_convolution(144, 56, 144, 3, 1, 144), bench_convolution(144, 56, 144, 3, 2, 144);
}

int main(int argc, char **argv) {
  int isa = argc > 1 ? lathe_isa_named(argv[1]) : (int)lathe_isa_best();
  if (isa < 0 || !lathe_isa_available((lathe_isa)isa)) return fprintf(stderr, "no such instruction set here\n"), 1;
  kernels = lathe_kernels_for((lathe_isa)isa);
  for (int i = 0; i < 50; i++) {
    double p = peak_once();
    if (p > peak) peak = p;
  }
  printf("%s; FMA peak %.1f GFLOP/s\n", lathe_isa_name(kernels->isa), peak);
  bench_gemms();
  bench_layers();
  printf("FMA peak %.1f GFLOP/s\n", peak);
  return 0;
}
