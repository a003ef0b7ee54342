#include "check.h"

static void run_softmax(void *c, size_t begin, size_t end) { kernels->softmax_f32(c, begin, end); }
static void run_normalization(void *c, size_t begin, size_t end) { kernels->normalization_f32(c, begin, end); }
static void run_binary(void *c, size_t begin, size_t end) { kernels->binary_f32(c, begin, end); }

static void check_softmax(size_t rows, size_t width, float magnitude, bool has_mask, bool is_shared) {
  size_t x_stride = width + random_below(3), y_stride = width + random_below(3), mask_stride = is_shared ? 0 : width;
  float *x = randoms(rows * x_stride, magnitude), *mask = has_mask ? randoms(is_shared ? width : rows * width, 2) : NULL;
  if (has_mask)
    for (size_t i = 0; i < width / 2; i++) mask[i] = i % 2 ? -INFINITY : -3.4e38f;
  float *y = buffer(rows * y_stride), *split = buffer(rows * y_stride);
  lathe_softmax_f32 s = {width, x, x_stride, mask, mask_stride, y, y_stride};
  kernels->softmax_f32(&s, 0, rows);
  for (size_t r = 0; r < rows; r++) {
    double most = -INFINITY, sum = 0;
#define AT(i) ((double)(x[r * x_stride + (i)] + (mask ? mask[r * mask_stride + (i)] : 0)))
    for (size_t i = 0; i < width; i++) most = fmax(most, AT(i));
    for (size_t i = 0; i < width; i++) sum += exp(AT(i) - most);
    for (size_t i = 0; i < width; i++) {
      double right = exp(AT(i) - most) / sum;
      /* The difference from the largest is rounded, and its error is relative to the result. */
      double bound = right > 0 ? right * (1e-6 + 1.2e-7 * (most - AT(i))) : 0;
      CHECK(is_near(y[r * y_stride + i], right, bound + 1e-37), "softmax of %zu: %g, not %g", width, (double)y[r * y_stride + i], right);
    }
#undef AT
  }
  s.y = split;
  in_pieces(rows, run_softmax, &s);
  CHECK(is_same(y, split, rows * y_stride), "softmax depends on the split");
  released(x), released(mask), released(y), released(split);
}

static void check_softmax_specials(void) {
  enum { WIDTH = 19 };
  float x[4][WIDTH], y[4][WIDTH];
  for (int r = 0; r < 4; r++)
    for (int i = 0; i < WIDTH; i++) x[r][i] = r == 0 ? -INFINITY : r == 3 ? -3.4e38f : (float)i;
  x[1][17] = NAN, x[2][3] = INFINITY;
  lathe_softmax_f32 s = {WIDTH, x[0], WIDTH, NULL, 0, y[0], WIDTH};
  kernels->softmax_f32(&s, 0, 4);
  for (int i = 0; i < WIDTH; i++) {
    CHECK(isnan(y[0][i]) && isnan(y[1][i]) && isnan(y[2][i]), "softmax of infinities at %d: %g %g %g", i, y[0][i], y[1][i], y[2][i]);
    CHECK(fabsf(y[3][i] - 1.0f / WIDTH) < 1e-7f, "softmax of one value: %g", y[3][i]);
  }
}

static void check_normalization(size_t rows, size_t width, bool is_rms, bool has_residual, bool has_parameters, float offset) {
  size_t stride = width + random_below(3);
  float *x = randoms(rows * stride, 1), *residual = has_residual ? randoms(rows * width, 1) : NULL, *y = buffer(rows * width);
  float *scale = has_parameters ? randoms(width, 1) : NULL, *bias = has_parameters ? randoms(width, 1) : NULL;
  float *sum = has_residual ? buffer(rows * width) : NULL, *split = buffer(rows * width);
  for (size_t i = 0; i < rows * stride; i++) x[i] += offset;
  lathe_normalization_f32 n = {width, x, stride, residual, width, scale, bias, 1e-5f, is_rms, sum, width, y, width};
  kernels->normalization_f32(&n, 0, rows);
  for (size_t r = 0; r < rows; r++) {
    double mean = 0, variance = 0, largest = 0;
#define Z(i) ((double)(residual ? x[r * stride + (i)] + residual[r * width + (i)] : x[r * stride + (i)]))
    for (size_t i = 0; i < width && !is_rms; i++) mean += Z(i) / (double)width;
    for (size_t i = 0; i < width; i++) variance += (Z(i) - mean) * (Z(i) - mean) / (double)width;
    for (size_t i = 0; i < width; i++) largest = fmax(largest, fabs(Z(i)));
    for (size_t i = 0; i < width; i++) {
      double right = (Z(i) - mean) / sqrt(variance + 1e-5f) * (scale ? scale[i] : 1) + (bias ? bias[i] : 0);
      /* The mean is rounded as numbers of the largest magnitude are, and what is left of them is divided by the deviation. */
      double bound = 4e-6 * (1 + fabs(offset) * 3) + 4 * 0x1p-24 * largest / sqrt(variance + 1e-5f);
      CHECK(is_near(y[r * width + i], right, bound), "normalization of %zu: %g, not %g", width, (double)y[r * width + i], right);
      CHECK(!sum || sum[r * width + i] == (float)Z(i), "normalization keeps another sum");
    }
#undef Z
  }
  n.y = split;
  in_pieces(rows, run_normalization, &n);
  CHECK(is_same(y, split, rows * width), "normalization depends on the split");
  if (has_residual) {
    n.y = residual;
    kernels->normalization_f32(&n, 0, rows);
    CHECK(is_same(y, residual, rows * width), "normalization differs in place");
  }
  released(x), released(residual), released(y), released(scale), released(bias), released(sum), released(split);
}

static void check_binary(size_t rows, size_t width, lathe_binary op, bool is_column, bool is_row) {
  size_t b_stride = is_column ? 1 : is_row ? 0 : width, b_count = is_column ? rows : is_row ? width : rows * width;
  float *a = randoms(rows * width, 2), *b = randoms(b_count, 2), *y = buffer(rows * width), *split = copied(a, rows * width);
  lathe_binary_f32 p = {width, a, width, b, b_stride, is_column, y, width, op};
  kernels->binary_f32(&p, 0, rows);
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < width; i++) {
      float l = a[r * width + i], o = b[r * b_stride + (is_column ? 0 : i)];
      float right = op == LATHE_BINARY_ADD ? l + o : op == LATHE_BINARY_SUB ? l - o : op == LATHE_BINARY_MUL ? l * o : l / o;
      CHECK(y[r * width + i] == right, "binary %d: %g, not %g", (int)op, (double)y[r * width + i], (double)right);
    }
  p.a = p.y = split;
  in_pieces(rows, run_binary, &p);
  CHECK(is_same(y, split, rows * width), "binary depends on the split or its place");
  released(a), released(b), released(y), released(split);
}

static void check_gather(bool is_int64) {
  enum { ROWS = 7, WIDTH = 5, COUNT = 9 };
  static const int64_t ids[COUNT] = {0, 6, 3, -1, -7, 7, -8, 2, 2};
  int32_t narrow[COUNT];
  for (int i = 0; i < COUNT; i++) narrow[i] = (int32_t)ids[i];
  float *table = randoms(ROWS * WIDTH, 1), *y = buffer(COUNT * WIDTH);
  lathe_gather_f32 g = {ROWS, WIDTH, table, WIDTH, {is_int64 ? (const void *)ids : narrow, is_int64}, y, WIDTH};
  CHECK(kernels->gather_f32(&g, 0, 5), "gather finds fault with good rows");
  CHECK(!kernels->gather_f32(&g, 5, COUNT), "gather takes rows out of bounds");
  static const float zeros[WIDTH];
  for (int i = 0; i < COUNT; i++) {
    int64_t row = ids[i] < 0 ? ids[i] + ROWS : ids[i];
    CHECK(is_same(y + i * WIDTH, row < 0 || row >= ROWS ? zeros : table + row * WIDTH, WIDTH), "gathered row %d", i);
  }
  released(table), released(y);
}

static void run_coded_gather(void *g, size_t begin, size_t end) { kernels->coded_gather_f32(g, begin, end); }

static void check_coded_gather(int bits, size_t width, bool is_scaled) {
  enum { ROWS = 7, COUNT = 9 };
  static const int64_t ids[COUNT] = {0, 6, 3, -1, -7, 7, -8, 2, INT64_MIN};
  lathe_coded_table table = random_coded(ROWS, width, bits, is_scaled);
  float *y = buffer(COUNT * (width + 1)), *split = buffer(COUNT * (width + 1));
  lathe_coded_gather_f32 g = {ROWS, width, table, {ids, true}, y, width + 1};
  CHECK(kernels->coded_gather_f32(&g, 0, 5), "coded gather finds fault with good rows");
  CHECK(!kernels->coded_gather_f32(&g, 5, COUNT), "coded gather takes rows out of bounds");
  for (int i = 0; i < COUNT; i++) {
    int64_t row = ids[i] < 0 ? ids[i] + ROWS : ids[i];
    for (size_t c = 0; c < width; c++) {
      float right = row < 0 || row >= ROWS ? 0 : coded_value(&table, (size_t)row, c);
      CHECK(is_same(y + (size_t)i * (width + 1) + c, &right, 1), "%d bits: column %zu of row %d", bits, c, i);
    }
  }
  g.y = split;
  in_pieces(COUNT, run_coded_gather, &g);
  CHECK(is_same(y, split, COUNT * (width + 1)), "coded gather depends on the split");
  released(y), released(split), release_coded(&table);
}

static void run_embedding(void *c, size_t begin, size_t end) { kernels->embedding_f32(c, begin, end); }

static void check_embedding(size_t batch, size_t sequence, size_t width) {
  enum { WORDS = 11, PLACES = 40 };
  float *words = randoms(WORDS * width, 1), *places = randoms(PLACES * width, 1), *types = randoms(2 * width, 1);
  /* None, the first, the second or both are codes. */
  lathe_coded_table none = {0}, coded_words = none, coded_places = none;
  if (random_below(2)) coded_words = random_coded(WORDS, width, random_code_bits(), random_below(2));
  if (random_below(2)) coded_places = random_coded(PLACES, width, random_code_bits(), random_below(2));
  float *scale = randoms(width, 1), *bias = randoms(width, 1), *y = buffer(batch * sequence * width), *split = buffer(batch * sequence * width);
  int64_t *ids = malloc((batch * sequence + 1) * sizeof *ids);
  int32_t *kinds = malloc((sequence + 1) * sizeof *kinds);
  for (size_t i = 0; i < batch * sequence; i++) ids[i] = (int64_t)random_below(WORDS);
  for (size_t i = 0; i < sequence; i++) kinds[i] = (int32_t)random_below(2);
  lathe_embedding_source sources[] = {{coded_words.codes ? NULL : words, WORDS, {ids, true}, sequence, 1, 0, coded_words},
                                      {coded_places.codes ? NULL : places, PLACES, {NULL, false}, 0, 0, 2, coded_places},
                                      {types, 2, {kinds, false}, 0, 1, 0, none}};
  lathe_embedding_f32 e = {sequence, width, sources, 3, scale, bias, 1e-12f, y};
  CHECK(kernels->embedding_f32(&e, 0, batch * sequence), "embedding finds fault with good rows");
  for (size_t t = 0; t < batch * sequence; t++) {
    float *z = buffer(width), *right = buffer(width);
    for (size_t i = 0; i < width; i++) {
      float word = coded_words.codes ? coded_value(&coded_words, (size_t)ids[t], i) : words[(size_t)ids[t] * width + i];
      float place = coded_places.codes ? coded_value(&coded_places, t % sequence + 2, i) : places[(t % sequence + 2) * width + i];
      z[i] = word + place + types[(size_t)kinds[t % sequence] * width + i];
    }
    lathe_normalization_f32 n = {.width = width, .x = z, .scale = scale, .bias = bias, .epsilon = 1e-12f, .y = right};
    kernels->normalization_f32(&n, 0, 1);
    CHECK(is_same(y + t * width, right, width), "embedding of token %zu", t);
    released(z), released(right);
  }
  e.y = split;
  in_pieces(batch * sequence, run_embedding, &e);
  CHECK(is_same(y, split, batch * sequence * width), "embedding depends on the split");
  if (batch * sequence > 0) {
    ids[0] = WORDS;
    CHECK(!kernels->embedding_f32(&e, 0, 1), "embedding takes a row out of bounds");
  }
  release_coded(&coded_words), release_coded(&coded_places);
  released(words), released(places), released(types), released(scale), released(bias), released(y), released(split);
  free(ids), free(kinds);
}

void test_rows(void) {
  for (size_t width = 0; width < 70; width++) {
    check_softmax(3, width, 5, width % 2, width % 3 == 0);
    check_normalization(3, width, width % 2, width % 3 == 0, width % 5 != 0, 0);
    check_binary(4, width, (lathe_binary)(width % 4), width % 3 == 0, width % 3 == 1);
    check_embedding(2, width % 4, width);
    for (int i = 0; i < 8; i++) check_coded_gather(i / 2 < 3 ? 4 + i / 2 : 8, width, i % 2);
  }
  check_softmax(50, 1000, 80, true, true);
  check_softmax_specials();
  check_normalization(20, 384, false, true, true, 0);
  check_normalization(5, 100003, false, false, true, 10);
  check_normalization(5, 4099, true, false, true, 0);
  check_gather(true), check_gather(false);
  for (int i = 0; i < 8; i++) check_embedding(3, 17, 384 - (size_t)i);
}
