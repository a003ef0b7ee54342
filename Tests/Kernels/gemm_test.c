#include "check.h"

static void run_gemm(void *g, size_t begin, size_t end) { kernels->gemm_f32(g, begin, end); }

/* The layout that .lathe files hold. */
static void check_packing(size_t k, size_t n) {
  size_t stride = n + random_below(3), count = lathe_packed_gemm_count_f32(k, n);
  float *w = randoms(k * stride, 1), *packed = buffer(count);
  lathe_pack_gemm_f32(k, n, w, stride, packed);
  for (size_t block = 0; block * 16 < n; block++)
    for (size_t i = 0; i < k; i++)
      for (size_t c = 0; c < 16; c++) {
        float expected = block * 16 + c < n ? w[i * stride + block * 16 + c] : 0;
        CHECK(packed[(block * k + i) * 16 + c] == expected, "packed %zu x %zu at %zu, %zu", k, n, i, block * 16 + c);
      }
  released(w), released(packed);
}

static void check_gemm(size_t m, size_t k, size_t n, lathe_activation activation, bool has_bias, bool has_residual, bool is_in_place) {
  size_t x_stride = k + random_below(4), y_stride = n + random_below(4), residual_stride = is_in_place ? y_stride : n + random_below(2);
  float *x = randoms(m * x_stride, 1), *w = randoms(k * n, 1), *bias = has_bias ? randoms(n, 1) : NULL;
  float *residual = has_residual ? randoms(m * residual_stride, 1) : NULL, *packed = buffer(lathe_packed_gemm_count_f32(k, n));
  lathe_pack_gemm_f32(k, n, w, n, packed);
  float *y = is_in_place ? copied(residual, m * y_stride) : buffer(m * y_stride), *split = copied(y, m * y_stride);
  lathe_gemm_f32 g = {m, n, k, x, x_stride, packed, bias, is_in_place ? y : residual, residual_stride, y, y_stride, activation};
  size_t items = lathe_gemm_items_f32(&g);
  kernels->gemm_f32(&g, 0, items);
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      double sum = bias ? bias[j] : 0, size = fabs(sum);
      for (size_t c = 0; c < k; c++) {
        double product = (double)x[i * x_stride + c] * w[c * n + j];
        sum += product, size += fabs(product);
      }
      double added = residual ? residual[i * residual_stride + j] : 0, right = activated(sum, activation) + added;
      CHECK(is_near(y[i * y_stride + j], right, 1e-5 * (size + fabs(added)) + 1e-6), "gemm %zu %zu %zu act %d at %zu, %zu: %g, not %g", m, k, n,
            (int)activation, i, j, (double)y[i * y_stride + j], right);
    }
  for (size_t i = 0; i + 1 < m && !is_in_place; i++)
    for (size_t j = n; j < y_stride; j++) CHECK(isnan(y[i * y_stride + j]), "gemm wrote beyond a row");
  g.y = split, g.residual = is_in_place ? split : residual;
  in_pieces(items, run_gemm, &g);
  CHECK(is_same(y, split, m * y_stride), "gemm %zu %zu %zu depends on the split", m, k, n);
  released(x), released(w), released(bias), released(residual), released(packed), released(y), released(split);
}

/* A row does not depend on how many others there are. */
static void check_rows_alone(size_t m, size_t k, size_t n) {
  float *x = randoms(m * k, 1), *w = randoms(k * n, 1), *packed = buffer(lathe_packed_gemm_count_f32(k, n)), *y = buffer(m * n), *one = buffer(n);
  lathe_pack_gemm_f32(k, n, w, n, packed);
  lathe_gemm_f32 g = {m, n, k, x, k, packed, NULL, NULL, 0, y, n, LATHE_ACTIVATION_GELU};
  kernels->gemm_f32(&g, 0, lathe_gemm_items_f32(&g));
  for (size_t i = 0; i < m; i++) {
    lathe_gemm_f32 row = {1, n, k, x + i * k, k, packed, NULL, NULL, 0, one, n, LATHE_ACTIVATION_GELU};
    kernels->gemm_f32(&row, 0, lathe_gemm_items_f32(&row));
    CHECK(is_same(one, y + i * n, n), "row %zu of %zu differs alone", i, m);
  }
  released(x), released(w), released(packed), released(y), released(one);
}

/* Infinity and what is not a number reach the elements that they are summed into, and no others. */
static void check_infinities(void) {
  enum { M = 9, K = 7, N = 21 };
  float *x = randoms(M * K, 1), *w = randoms(K * N, 1), *packed = buffer(lathe_packed_gemm_count_f32(K, N)), *y = buffer(M * N);
  for (size_t i = 0; i < K * N; i++) w[i] = fabsf(w[i]) + 0.1f;
  x[2 * K + 3] = INFINITY, x[5 * K] = NAN;
  lathe_pack_gemm_f32(K, N, w, N, packed);
  lathe_gemm_f32 g = {M, N, K, x, K, packed, NULL, NULL, 0, y, N, LATHE_ACTIVATION_RELU};
  kernels->gemm_f32(&g, 0, lathe_gemm_items_f32(&g));
  for (size_t i = 0; i < M * N; i++) {
    size_t row = i / N;
    CHECK(row == 2 ? y[i] == INFINITY : row == 5 ? isnan(y[i]) : isfinite(y[i]), "element %zu is %g", i, (double)y[i]);
  }
  released(x), released(w), released(packed), released(y);
}

void test_gemm(void) {
  static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 15, 16, 17, 23, 31, 32, 33, 47, 61, 64, 97};
  enum { SIZES = sizeof sizes / sizeof *sizes };
  check_packing(0, 5), check_packing(3, 0), check_packing(1, 1), check_packing(7, 16), check_packing(5, 37);
  for (size_t m = 0; m < 30; m++) check_gemm(m, 19, 53, LATHE_ACTIVATION_NONE, true, false, false);
  for (int round = 0; round < 400; round++) {
    bool has_residual = random_below(2), has_bias = random_below(2);
    check_gemm(sizes[random_below(SIZES)], sizes[random_below(SIZES)], sizes[random_below(SIZES)], (lathe_activation)random_below(8), has_bias,
               has_residual, has_residual && random_below(2));
  }
  check_gemm(211, 401, 35, LATHE_ACTIVATION_GELU, true, true, true);
  check_gemm(50, 1536, 40, LATHE_ACTIVATION_NONE, true, true, false);
  check_gemm(3, 5000, 70, LATHE_ACTIVATION_SILU, true, false, false);
  for (size_t m = 1; m < 14; m++) check_rows_alone(m, 40, 70);
  check_rows_alone(200, 400, 33);
  check_infinities();
}

typedef struct matmul_run {
  lathe_matmul_f32 *m;
  float *scratch;
} matmul_run;

static void run_matmul(void *context, size_t begin, size_t end) {
  matmul_run *r = context;
  kernels->matmul_f32(r->m, r->scratch, begin, end);
}

static void check_matmul(size_t batch, size_t m, size_t k, size_t n, bool is_transposed, float alpha) {
  size_t a_stride = k + random_below(3), b_stride = (is_transposed ? k : n) + random_below(3), y_stride = n + random_below(3);
  size_t b_rows = is_transposed ? n : k;
  bool is_shared = random_below(2);
  float *a = randoms(batch * m * a_stride, 1), *b = randoms(batch * b_rows * b_stride, 1), *y = buffer(batch * m * y_stride);
  float *split = buffer(batch * m * y_stride);
  lathe_matmul_f32 p = {batch, m, n, k, a, a_stride, m * a_stride, b, b_stride, is_shared ? 0 : b_rows * b_stride, is_transposed, alpha,
                        y, y_stride, m * y_stride};
  float *scratch = buffer(lathe_matmul_scratch_f32(&p));
  size_t items = lathe_matmul_items_f32(&p);
  kernels->matmul_f32(&p, scratch, 0, items);
  for (size_t i = 0; i < batch * m; i++)
    for (size_t j = 0; j < n; j++) {
      double sum = 0, size = 0;
      const float *own = b + i / m * p.b_batch_stride;
      for (size_t c = 0; c < k; c++) {
        double product = (double)a[i * a_stride + c] * (is_transposed ? own[j * b_stride + c] : own[c * b_stride + j]);
        sum += product, size += fabs(product);
      }
      CHECK(is_near(y[i * y_stride + j], alpha * sum, 1e-5 * size + 1e-7), "matmul %zu %zu %zu %d: %g, not %g", m, k, n, is_transposed,
            (double)y[i * y_stride + j], alpha * sum);
    }
  p.y = split;
  matmul_run r = {&p, scratch};
  in_pieces(items, run_matmul, &r);
  CHECK(is_same(y, split, batch * m * y_stride), "matmul depends on the split");
  released(a), released(b), released(y), released(split), released(scratch);
}

void test_matmul(void) {
  static const size_t sizes[] = {0, 1, 2, 5, 7, 8, 13, 16, 17, 31, 32, 64, 65};
  enum { SIZES = sizeof sizes / sizeof *sizes };
  for (int round = 0; round < 300; round++)
    check_matmul(1 + random_below(3), sizes[random_below(SIZES)], sizes[random_below(SIZES)], sizes[random_below(SIZES)], random_below(2),
                 random_below(2) ? 1 : 0.125f);
  check_matmul(2, 200, 300, 20, true, 1);
}
