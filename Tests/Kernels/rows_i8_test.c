/* Quantization, normalization, embeddings and lookups of INT8 values are their definitions' bits. */
#include "check_i8.h"

static bool is_good; /* what the kernel returned, in pieces */
static void *scratch;

static void run_quantize(void *q, size_t begin, size_t end) { is_good = kernels->quantize_i8(q, begin, end) && is_good; }
static void run_normalization(void *n, size_t begin, size_t end) { is_good = kernels->normalization_i8(n, scratch, begin, end) && is_good; }
static void run_embedding(void *e, size_t begin, size_t end) { is_good = kernels->embedding_i8(e, scratch, begin, end) && is_good; }
static void run_map(void *m, size_t begin, size_t end) { kernels->map_i8(m, begin, end); }

/* Values that are halfway, tiny, huge, infinite or not numbers, now and then. */
static void salt(float *values, size_t count, bool has_infinities) {
  static const float odd[] = {0.5f, -1.5f, 126.5f, 127.5f, 1e-44f, 1e-31f, -0.0f, 3.4e38f, -1e9f, NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < count; i++)
    if (random_below(12) == 0) values[i] = odd[random_below(has_infinities ? 12 : 9)];
  /* Not a number either, with more bits. */
  if (has_infinities && count > 0) values[random_below(count)] = of_bits(0xffc00d7b);
}

static void check_quantize(size_t rows, size_t width, int input, int outputs, int salting) {
  rows_source x = random_rows(rows, width, input);
  if (x.f32 && salting) salt(x.f32, rows * x.in.stride, salting > 1);
  if (x.f32 && salting == 3)
    for (size_t i = 0; i < rows * x.in.stride; i++) x.f32[i] *= 0x1p-101f;
  rows_target right = new_target(rows, width, outputs), y = new_target(rows, width, outputs);
  right.out.inverse_scale = y.out.inverse_scale = salting == 1 ? 1 : 40;
  randomize_codes(&right, &y);
  float *row = buffer(width), *factors = random_below(2) ? randoms(width, 2) : NULL;
  bool is_right = true;
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < width; c++) row[c] = factors ? value_of(&x.in, r, c) * factors[c] : value_of(&x.in, r, c);
    is_right = put_values(&right.out, r, row, width) && is_right;
  }
  lathe_quantize_i8 q = {width, factors, x.in, y.out};
  is_good = true;
  in_pieces(rows, run_quantize, &q);
  CHECK(is_same_target(&right, &y), "quantize_i8 of %zu is not its definition", width);
  CHECK(is_good == is_right, "quantize_i8 of %zu finds %d", width, is_good);
  release_rows(&x), release_target(&right), release_target(&y), released(row), released(factors);
}

static void check_normalization(size_t rows, size_t width, int input, int residual, int outputs, bool is_rms) {
  rows_source x = random_rows(rows, width, input), other = random_rows(rows, width, residual);
  rows_target right = new_target(rows, width, outputs), y = new_target(rows, width, outputs);
  float *scale = random_below(3) ? randoms(width, 2) : NULL, *bias = random_below(3) ? randoms(width, 2) : NULL;
  float *row = buffer(width), *sum = random_below(2) ? buffer(rows * width) : NULL;
  scratch = buffer(width);
  randomize_codes(&right, &y);
  lathe_normalization_i8 n = {width, x.in, {0}, scale, bias, 1e-5f, is_rms, sum, width, y.out};
  if (residual >= 0) n.residual = other.in;
  is_good = true;
  in_pieces(rows, run_normalization, &n);
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < width; c++) row[c] = plus_value(value_of(&x.in, r, c), &n.residual, r, c);
    CHECK(!sum || is_equal(sum + r * width, row, width), "normalization_i8 keeps another sum");
    normalize_values(row, width, scale, bias, 1e-5f, is_rms);
    put_values(&right.out, r, row, width);
  }
  CHECK(is_same_target(&right, &y) && is_good, "normalization_i8 of %zu is not its definition", width);
  release_rows(&x), release_rows(&other), release_target(&right), release_target(&y);
  released(scale), released(bias), released(row), released(sum), released(scratch);
}

/* Rows that are floats go where they come from. */
static void check_normalization_in_place(size_t rows, size_t width) {
  float *x = randoms(rows * width, 5), *y = buffer(rows * width);
  scratch = buffer(width);
  lathe_normalization_i8 n = {.width = width, .x = {.f32 = x, .stride = width}, .epsilon = 1e-5f, .y = {.f32 = y, .f32_stride = width}};
  kernels->normalization_i8(&n, scratch, 0, rows);
  n.y.f32 = x;
  kernels->normalization_i8(&n, scratch, 0, rows);
  CHECK(is_same(x, y, rows * width), "normalization_i8 differs in place");
  released(x), released(y), released(scratch);
}

static void check_embedding(size_t batch, size_t sequence, size_t width, int outputs) {
  enum { WORDS = 11, PLACES = 40 };
  rows_source words = random_rows(WORDS, width, (int)random_below(3)), places = random_rows(PLACES, width, (int)random_below(3));
  rows_target right = new_target(batch * sequence, width, outputs), y = new_target(batch * sequence, width, outputs);
  float *scale = randoms(width, 1), *bias = randoms(width, 1), *row = buffer(width);
  int64_t *ids = malloc((batch * sequence + 1) * sizeof *ids);
  for (size_t i = 0; i < batch * sequence; i++) ids[i] = (int64_t)random_below(WORDS + 1);
  const lathe_rows_in nothing = {0};
  lathe_coded_table none = {0}, coded_words = none, coded_places = none;
  if (random_below(2)) coded_words = random_coded(WORDS, width, random_code_bits(), random_below(2));
  if (random_below(2)) coded_places = random_coded(PLACES, width, random_code_bits(), random_below(2));
  lathe_embedding_source_i8 sources[] = {{coded_words.codes ? nothing : words.in, WORDS, {ids, true}, sequence, 1, 0, coded_words},
                                         {coded_places.codes ? nothing : places.in, PLACES, {NULL, false}, 0, 0, 2, coded_places}};
  lathe_embedding_i8 e = {sequence, width, sources, 2, scale, bias, 1e-12f, y.out};
  scratch = buffer(width);
  randomize_codes(&right, &y);
  e.y = y.out;
  is_good = true;
  bool is_right = true;
  in_pieces(batch * sequence, run_embedding, &e);
  for (size_t t = 0; t < batch * sequence; t++) {
    for (size_t c = 0; c < width; c++) {
      size_t place = t % sequence + 2;
      float z = 0;
      if (ids[t] < WORDS) z = coded_words.codes ? z + coded_value(&coded_words, (size_t)ids[t], c) : plus_value(z, &words.in, (size_t)ids[t], c);
      row[c] = coded_places.codes ? z + coded_value(&coded_places, place, c) : plus_value(z, &places.in, place, c);
    }
    is_right = is_right && ids[t] < WORDS;
    normalize_values(row, width, scale, bias, 1e-12f, false);
    put_values(&right.out, t, row, width);
  }
  CHECK(is_same_target(&right, &y), "embedding_i8 of %zu is not its definition", width);
  CHECK(is_good == is_right, "embedding_i8 finds %d", is_good);
  release_coded(&coded_words), release_coded(&coded_places);
  release_rows(&words), release_rows(&places), release_target(&right), release_target(&y);
  released(scale), released(bias), released(row), released(scratch);
  free(ids);
}

static void check_map(size_t count) {
  int8_t *x = random_bytes(count, FILL_ANY), *table = random_bytes(256, FILL_ANY), *y = bytes(count);
  lathe_map_i8 m = {x, y, table};
  in_pieces(count, run_map, &m);
  for (size_t i = 0; i < count; i++) CHECK(y[i] == table[x[i] + 128], "map_i8 of %d", x[i]);
  free(x), free(table), free(y);
}

/* Halves between codes go to the even one before the zero point is added, whatever that is. */
static void check_ties(lathe_codes codes, int32_t zero_point) {
  enum { N = 1029 };
  float x[N];
  int8_t right[N], y[N];
  for (int i = 0; i < N; i++) x[i] = 0.25f * (float)(i - N / 2);
  lathe_rows_out out = {.i8 = right, .i8_stride = N, .codes = codes, .zero_point = zero_point, .scale = 0.5f};
  put_values(&out, 0, x, N);
  out.i8 = y;
  lathe_quantize_i8 q = {N, NULL, {.f32 = x, .stride = N}, out};
  kernels->quantize_i8(&q, 0, 1);
  CHECK(is_equal_i8(right, y, N), "ties of codes %d with the zero point %d differ", (int)codes, zero_point);
}

void test_rows_i8(void) {
  for (int32_t zero = -128; zero < 256; zero++) check_ties(zero < 128 ? LATHE_CODES_SIGNED : LATHE_CODES_UNSIGNED, zero);
  for (size_t width = 1; width < 70; width++) {
    for (int salting = 0; salting < 4; salting++) check_quantize(5, width, (int)(width % 3), 1 + (int)random_below(7), salting);
    check_quantize(5, width, 0, 6 + (int)width % 2, (int)width % 4);
    check_normalization(4, width, (int)random_below(3), (int)random_below(4) - 1, 1 + (int)random_below(7), width % 5 == 0);
    check_normalization_in_place(3, width);
    check_embedding(2, 1 + width % 5, width, 1 + (int)random_below(7));
    check_map(width * 9);
  }
  check_normalization(20, 384, 0, 1, 3, false);
  check_normalization(20, 312, 1, 1, 7, false);
  check_normalization(3, 4099, 0, -1, 1, true);
  for (size_t i = 0; i < 8; i++) check_embedding(3, 17, 384 - i, 7);
  check_quantize(30, 384, 0, 6, 0);
}
