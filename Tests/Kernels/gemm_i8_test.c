/* Products of INT8 values are their definition's bits, on every instruction set and however the items are divided. */
#include "check_i8.h"

/* The layout that .lathe files hold. */
static void check_packing(size_t k, size_t n) {
  size_t stride = n + random_below(3), k4 = (k + 3) / 4, columns = (n + 15) / 16 * 16, size = lathe_packed_gemm_size_i8(k, n);
  int8_t *w = random_bytes(k * stride, FILL_ANY), *packed = bytes(size);
  CHECK(size == columns * (4 * k4 + 4), "packed size of %zu x %zu", k, n);
  lathe_pack_gemm_i8(k, n, w, stride, packed);
  for (size_t j = 0; j < columns; j++) {
    int32_t sum = 0, kept;
    for (size_t i = 0; i < 4 * k4; i++) {
      int8_t expected = i < k && j < n ? w[i * stride + j] : 0;
      sum += expected;
      CHECK(packed[((j / 16 * k4 + i / 4) * 16 + j % 16) * 4 + i % 4] == expected, "packed %zu x %zu at %zu, %zu", k, n, i, j);
    }
    memcpy(&kept, packed + columns * 4 * k4 + j * 4, 4);
    CHECK(kept == sum, "sum of column %zu: %d, not %d", j, kept, sum);
  }
  free(w), free(packed);
}

static void expect_gemm(const lathe_gemm_i8 *g, const int8_t *w, size_t w_stride) {
  float *row = buffer(g->n);
  for (size_t i = 0; i < g->m; i++) {
    for (size_t j = 0; j < g->n; j++) {
      int64_t sum = 0;
      for (size_t c = 0; c < g->k; c++) {
        int32_t x = g->x_is_unsigned ? (uint8_t)g->x[i * g->x_stride + c] : g->x[i * g->x_stride + c];
        sum += (x - g->x_zero_point) * (w[c * w_stride + j] - (g->w_zero_point ? g->w_zero_point[j] : 0));
      }
      CHECK(sum == (int32_t)sum, "the case has a sum of %lld", (long long)sum);
      float scale = g->x_row_scale ? g->x_row_scale[i] * g->w_scale[j] : g->w_scale[j];
      float value = g->bias ? fmaf((float)(int32_t)sum, scale, g->bias[j]) : (float)(int32_t)sum * scale;
      row[j] = plus_value(exactly_activated(value, g->activation), &g->residual, i, j);
    }
    put_values(&g->y, i, row, g->n);
  }
  released(row);
}

typedef struct gemm_run {
  lathe_gemm_i8 *g;
  void *scratch;
} gemm_run;

static void run_gemm(void *context, size_t begin, size_t end) {
  gemm_run *r = context;
  kernels->gemm_i8(r->g, r->scratch, begin, end);
}

/* Zero points of X and W: none, at random, or the code at the other end of the range from what X or W is filled with. */
typedef enum zero_kind { ZERO_NONE, ZERO_ANY, ZERO_FAR } zero_kind;

static void set_zero_points(lathe_gemm_i8 *g, int32_t *w_zero_point, fill_kind fill, zero_kind kind) {
  if (kind == ZERO_NONE) return;
  g->x_is_unsigned = random_below(2);
  int32_t lowest = g->x_is_unsigned ? 0 : -128;
  g->x_zero_point = kind == ZERO_ANY ? lowest + (int32_t)random_below(256) : fill == FILL_LOWEST && !g->x_is_unsigned ? 127 : lowest;
  if (kind == ZERO_ANY && random_below(2)) return;
  for (size_t j = 0; j < g->n; j++) w_zero_point[j] = kind == ZERO_ANY ? (int32_t)random_below(256) - 128 : fill == FILL_LOWEST ? 127 : -128;
  g->w_zero_point = w_zero_point;
}

static void check_gemm_of(size_t m, size_t k, size_t n, fill_kind fill, int residual, int outputs, zero_kind zeros) {
  size_t w_stride = n + random_below(2);
  int8_t *x = random_bytes(m * (k + 3), fill), *w = random_bytes(k * w_stride, fill), *packed = bytes(lathe_packed_gemm_size_i8(k, n));
  float *w_scale = randoms(n, 0.001f), *bias = random_below(2) ? randoms(n, 2) : NULL, *x_row_scale = random_below(2) ? randoms(m, 3) : NULL;
  rows_source added = random_rows(m, n, residual);
  rows_target right = new_target(m, n, outputs), whole = new_target(m, n, outputs), split = new_target(m, n, outputs);
  int32_t *w_zero_point = malloc((n + 1) * sizeof *w_zero_point);
  lathe_pack_gemm_i8(k, n, w, w_stride, packed);
  if (zeros != ZERO_NONE) randomize_codes(&right, &whole);
  if (zeros != ZERO_NONE) split.out.codes = right.out.codes, split.out.zero_point = right.out.zero_point, split.out.scale = right.out.scale;
  lathe_gemm_i8 g = {.m = m, .n = n, .k = k, .x = x, .x_stride = k + random_below(4), .x_row_scale = x_row_scale, .packed = packed, .w_scale = w_scale,
                     .bias = bias, .activation = (lathe_activation)random_below(8), .y = right.out};
  if (residual >= 0) g.residual = added.in;
  set_zero_points(&g, w_zero_point, fill, zeros);
  expect_gemm(&g, w, w_stride);
  int8_t *scratch = bytes(lathe_gemm_scratch_i8(&g));
  size_t items = lathe_gemm_items_i8(&g);
  g.y = whole.out;
  kernels->gemm_i8(&g, scratch, 0, items);
  CHECK(is_same_target(&right, &whole), "gemm_i8 %zu %zu %zu, activation %d, is not its definition", m, k, n, (int)g.activation);
  g.y = split.out;
  gemm_run r = {&g, scratch};
  in_pieces(items, run_gemm, &r);
  CHECK(is_same_target(&right, &split), "gemm_i8 %zu %zu %zu depends on the split", m, k, n);
  release_rows(&added), release_target(&right), release_target(&whole), release_target(&split);
  free(x), free(w), free(packed), free(scratch), free(w_zero_point);
  released(w_scale), released(bias), released(x_row_scale);
}

static void check_gemm(size_t m, size_t k, size_t n, fill_kind fill, int residual, int outputs) {
  check_gemm_of(m, k, n, fill, residual, outputs, ZERO_NONE);
}

/* Activations at every magnitude: sums of one product, scaled. */
static void check_activations(void) {
  enum { N = 255 };
  int8_t x = 1, w[N], *packed = bytes(lathe_packed_gemm_size_i8(1, N)), *scratch;
  float w_scale[N], right[N], y[N];
  for (int j = 0; j < N; j++) w[j] = (int8_t)(j - 127);
  lathe_pack_gemm_i8(1, N, w, N, packed);
  lathe_gemm_i8 g = {.m = 1, .n = N, .k = 1, .x = &x, .x_stride = 1, .packed = packed, .w_scale = w_scale};
  scratch = bytes(lathe_gemm_scratch_i8(&g));
  for (int power = -140; power < 128; power += power < -20 || power > 10 ? 7 : 1)
    for (int a = 0; a < 8; a++) {
      for (int j = 0; j < N; j++) w_scale[j] = ldexpf(1 + 0.9f * random_float(), power);
      g.activation = (lathe_activation)a;
      g.y = (lathe_rows_out){.f32 = right, .f32_stride = N};
      expect_gemm(&g, w, N);
      g.y.f32 = y;
      kernels->gemm_i8(&g, scratch, 0, lathe_gemm_items_i8(&g));
      CHECK(is_equal(right, y, N), "activation %d of values of 2^%d is not its definition", a, power);
    }
  free(packed), free(scratch);
}

/* The residual is where the results go. */
static void check_in_place(void) {
  enum { M = 37, K = 50, N = 45 };
  int8_t *x = random_bytes(M * K, FILL_ANY), *w = random_bytes(K * N, FILL_ANY), *packed = bytes(lathe_packed_gemm_size_i8(K, N));
  int8_t *y = random_bytes(M * N, FILL_ANY), *right = bytes(M * N);
  float *w_scale = randoms(N, 0.001f);
  lathe_pack_gemm_i8(K, N, w, N, packed);
  lathe_gemm_i8 g = {.m = M, .n = N, .k = K, .x = x, .x_stride = K, .packed = packed, .w_scale = w_scale, .residual = {.i8 = y, .stride = N, .scale = 0.1f},
                     .y = {.i8 = right, .i8_stride = N, .inverse_scale = 11}};
  expect_gemm(&g, w, N);
  int8_t *scratch = bytes(lathe_gemm_scratch_i8(&g));
  g.y.i8 = y;
  kernels->gemm_i8(&g, scratch, 0, lathe_gemm_items_i8(&g));
  CHECK(is_equal_i8(right, y, M * N), "gemm_i8 differs in place");
  free(x), free(w), free(packed), free(y), free(right), free(scratch);
  released(w_scale);
}

void test_gemm_i8(void) {
  static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 11, 13, 15, 16, 17, 19, 23, 31, 32, 33, 47, 48, 61, 64, 97};
  enum { SIZES = sizeof sizes / sizeof *sizes };
  check_packing(0, 5), check_packing(3, 0), check_packing(1, 1), check_packing(8, 16), check_packing(5, 37), check_packing(70, 33);
  for (size_t m = 0; m < 30; m++) check_gemm(m, 19, 53, FILL_ANY, -1, 3);
  for (int round = 0; round < 300; round++)
    check_gemm(sizes[random_below(SIZES)], sizes[random_below(SIZES)], sizes[random_below(SIZES)], (fill_kind)random_below(5), (int)random_below(4) - 1,
               1 + (int)random_below(3));
  check_gemm(211, 401, 35, FILL_ANY, 1, 3);
  check_gemm(50, 1536, 40, FILL_EXTREMES, 0, 3);
  check_gemm(1, 384, 384, FILL_SYMMETRIC, 2, 3);
  check_gemm(2, LATHE_GEMM_MOST_K_I8, 17, FILL_LOWEST, -1, 1);
  check_gemm(13, 4099, 33, FILL_LOWEST, -1, 1);
  for (size_t m = 0; m < 30; m++) check_gemm_of(m, 19, 53, FILL_ANY, -1, 3, ZERO_ANY);
  for (int round = 0; round < 300; round++)
    check_gemm_of(sizes[random_below(SIZES)], sizes[random_below(SIZES)], sizes[random_below(SIZES)], (fill_kind)random_below(5),
                  (int)random_below(4) - 1, 1 + (int)random_below(3), (zero_kind)(1 + random_below(2)));
  check_gemm_of(211, 401, 35, FILL_ANY, 1, 3, ZERO_ANY);
  check_gemm_of(50, 1536, 40, FILL_EXTREMES, 0, 3, ZERO_FAR);
  check_gemm_of(2, LATHE_GEMM_MOST_K_W_ZERO_I8, 17, FILL_LOWEST, -1, 1, ZERO_FAR);
  check_gemm_of(2, LATHE_GEMM_MOST_K_W_ZERO_I8, 17, FILL_HIGHEST, -1, 1, ZERO_FAR);
  check_activations();
  check_in_place();
}
