/* GFLOP/s of the matrix product at the shapes of small transformers, beside the machine's own limit.
 *
 *   cc -O3 -ISources/Kernels/include Sources/Kernels/[a-z]*.c Benchmarks/kernels.c -lm -lpthread -o kernels && ./kernels */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lathe_kernels.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void measure(size_t m, size_t n, size_t k) {
  float *x = malloc(m * k * 4), *w = malloc(k * n * 4), *y = malloc(m * n * 4);
  float *packed = aligned_alloc(64, lathe_gemm_packed_count_f32(k, n) * 4 + 64);
  for (size_t i = 0; i < m * k; i++) x[i] = (float)(i % 13) / 13;
  for (size_t i = 0; i < k * n; i++) w[i] = (float)(i % 7) / 7;
  lathe_gemm_pack_f32(k, n, w, packed);
  lathe_gemm_f32 g = {.m = m, .n = n, .k = k, .x = x, .x_stride = k, .packed = packed, .y = y, .y_stride = n};
  const lathe_kernels *kernels = lathe_kernels_for(lathe_isa_best());
  double best = 1e9;
  for (int round = 0; round < 50; round++) {
    double start = now();
    kernels->gemm_f32(&g, 0, (n + 15) / 16);
    double t = now() - start;
    if (t < best) best = t;
  }
  printf("%4zu x %4zu x %4zu: %7.3f ms, %6.1f GFLOP/s\n", m, n, k, best * 1e3, 2e-9 * m * n * k / best);
  free(x), free(w), free(y), free(packed);
}

int main(void) {
  size_t shapes[][2] = {{1152, 384}, {384, 384}, {1536, 384}, {384, 1536}, {512, 128}, {128, 512}};
  size_t rows[] = {1, 16, 32, 128, 256};
  printf("%s\n", lathe_isa_name(lathe_isa_best()));
  for (size_t s = 0; s < 6; s++)
    for (size_t r = 0; r < 5; r++) measure(rows[r], shapes[s][0], shapes[s][1]);
  return 0;
}
