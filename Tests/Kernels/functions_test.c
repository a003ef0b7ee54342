#include "check.h"

typedef struct range {
  float low, high;
} range;

typedef void (*mapping)(const lathe_map_f32 *, size_t, size_t);

static double erf_of(double x, lathe_activation a) { return (void)a, erf(x); }
static double exp_of(double x, lathe_activation a) { return (void)a, exp(x); }

/* Largest error over a dense sweep, in units of the last place of the result or, if `is_absolute`, as it is. */
static double sweep(mapping map, lathe_activation activation, double (*expected)(double, lathe_activation), range r, bool is_absolute) {
  enum { COUNT = 200001 };
  float *x = buffer(COUNT), *y = buffer(COUNT);
  for (int i = 0; i < COUNT; i++) x[i] = r.low + (r.high - r.low) * (float)i / (COUNT - 1);
  lathe_map_f32 m = {x, y, activation};
  map(&m, 0, COUNT);
  double worst = 0;
  for (int i = 0; i < COUNT; i++) {
    double right = expected(x[i], activation), size = fmax(fabs(right), 0x1p-126);
    double error = fabs(y[i] - right) / (is_absolute ? 1 : ldexp(1, ilogb(size) - 23));
    if (!(error <= worst)) worst = error;
  }
  released(x), released(y);
  return worst;
}

static void check_sweep(const char *name, mapping map, lathe_activation a, double (*expected)(double, lathe_activation), range r, bool is_absolute,
                        double bound) {
  double worst = sweep(map, a, expected, r, is_absolute);
  CHECK(worst <= bound, "%s: %g, not %g", name, worst, bound);
  if (getenv("VERBOSE")) printf("  %s on %g ... %g: %.3g%s\n", name, r.low, r.high, worst, is_absolute ? "" : " ulp");
}

static void check_special(mapping map, double (*expected)(double, lathe_activation), lathe_activation activation) {
  float x[] = {INFINITY, -INFINITY, NAN, 0, -0.0f, 1e30f, -1e30f, 3e38f, 1e-40f, -1e-40f, 88.9f, -104.5f}, y[12];
  lathe_map_f32 m = {x, y, activation};
  map(&m, 0, 12);
  for (int i = 0; i < 12; i++) {
    double right = expected(x[i], activation);
    CHECK(is_near(y[i], right, fmax(1e-6, fabs(right) * 1e-6)), "f%d(%g) = %g, not %g", (int)activation, (double)x[i], (double)y[i], right);
  }
}

/* Any part of a vector gives what the whole does. */
static void check_parts(mapping map, lathe_activation activation) {
  float *x = randoms(67, 6), *whole = buffer(67), *part = buffer(67);
  lathe_map_f32 m = {x, whole, activation};
  map(&m, 0, 67);
  m.y = part;
  for (size_t begin = 0, end; begin < 67; begin = end) map(&m, begin, end = begin + 1 + random_below(67 - begin));
  CHECK(is_same(whole, part, 67), "f%d differs in parts", (int)activation);
  map(&m, 3, 3);
  m.x = m.y = x;
  map(&m, 0, 67);
  CHECK(is_same(whole, x, 67), "f%d differs in place", (int)activation);
  released(x), released(whole), released(part);
}

void test_functions(void) {
  mapping activation = kernels->activation_f32;
  check_sweep("exp", kernels->exp_f32, 0, exp_of, (range){-87.3f, 88.7f}, false, 2);
  check_sweep("exp", kernels->exp_f32, 0, exp_of, (range){-1, 1}, false, 2);
  check_sweep("exp, subnormal", kernels->exp_f32, 0, exp_of, (range){-104, -87}, true, 0x1p-148);
  check_sweep("erf", kernels->erf_f32, 0, erf_of, (range){-5, 5}, true, 5e-7);
  check_sweep("erf", kernels->erf_f32, 0, erf_of, (range){-0.5f, 0.5f}, false, 5);
  check_sweep("tanh", activation, LATHE_ACTIVATION_TANH, activated, (range){-10, 10}, false, 6);
  check_sweep("tanh", activation, LATHE_ACTIVATION_TANH, activated, (range){-0.1f, 0.1f}, false, 4);
  check_sweep("sigmoid", activation, LATHE_ACTIVATION_SIGMOID, activated, (range){-87, 40}, false, 4);
  check_sweep("gelu", activation, LATHE_ACTIVATION_GELU, activated, (range){-10, 10}, true, 1e-6);
  check_sweep("gelu_tanh", activation, LATHE_ACTIVATION_GELU_TANH, activated, (range){-10, 10}, true, 1.5e-6);
  check_sweep("silu", activation, LATHE_ACTIVATION_SILU, activated, (range){-80, 10}, true, 2e-6);
  check_sweep("quick_gelu", activation, LATHE_ACTIVATION_QUICK_GELU, activated, (range){-40, 10}, true, 2e-6);
  check_special(kernels->exp_f32, exp_of, 0);
  check_special(kernels->erf_f32, erf_of, 0);
  check_special(activation, activated, LATHE_ACTIVATION_NONE);
  check_special(activation, activated, LATHE_ACTIVATION_RELU);
  check_special(activation, activated, LATHE_ACTIVATION_TANH);
  check_special(activation, activated, LATHE_ACTIVATION_SIGMOID);
  check_special(activation, activated, LATHE_ACTIVATION_GELU);
  for (int a = 0; a <= LATHE_ACTIVATION_QUICK_GELU; a++) check_parts(activation, (lathe_activation)a);
  check_parts(kernels->exp_f32, 0);
  check_parts(kernels->erf_f32, 0);
}
