#include "../kernel_table.h"
#include "functions.h"

#define EACH(function)                                                               \
  {                                                                                  \
    size_t i = 0;                                                                    \
    for (; i + 2 * LANES <= count; i += 2 * LANES) {                                 \
      v low = function(v_load(x + i)), high = function(v_load(x + i + LANES));       \
      v_store(y + i, low);                                                           \
      v_store(y + i + LANES, high);                                                  \
    }                                                                                \
    for (; i < count; i += LANES) {                                                  \
      size_t part = lathe_smaller(LANES, count - i);                                 \
      v_store_part(y + i, function(v_load_part(x + i, part)), part);                 \
    }                                                                                \
    return;                                                                          \
  }

static v same(v x) { return x; }

static void activate(const float *x, float *y, size_t count, lathe_activation activation) {
  switch (activation) {
    case LATHE_ACTIVATION_NONE: EACH(same)
    case LATHE_ACTIVATION_RELU: EACH(v_relu)
    case LATHE_ACTIVATION_GELU: EACH(v_gelu)
    case LATHE_ACTIVATION_GELU_TANH: EACH(v_gelu_tanh)
    case LATHE_ACTIVATION_TANH: EACH(v_tanh)
    case LATHE_ACTIVATION_SIGMOID: EACH(v_sigmoid)
    case LATHE_ACTIVATION_SILU: EACH(v_silu)
    case LATHE_ACTIVATION_QUICK_GELU: EACH(v_quick_gelu)
    case LATHE_ACTIVATION_RELU6: EACH(v_relu6)
    case LATHE_ACTIVATION_HARD_SWISH: EACH(v_hard_swish)
  }
}

void NAME(activate_values)(float *values, size_t count, lathe_activation activation) { activate(values, values, count, activation); }

void NAME(activation_f32)(const lathe_map_f32 *m, size_t begin, size_t end) {
  if (begin < end) activate(m->x + begin, m->y + begin, end - begin, m->activation);
}

static void exponentials(const float *x, float *y, size_t count) { EACH(v_exp) }
static void error_functions(const float *x, float *y, size_t count) { EACH(v_erf) }

void NAME(exp_f32)(const lathe_map_f32 *m, size_t begin, size_t end) {
  if (begin < end) exponentials(m->x + begin, m->y + begin, end - begin);
}

void NAME(erf_f32)(const lathe_map_f32 *m, size_t begin, size_t end) {
  if (begin < end) error_functions(m->x + begin, m->y + begin, end - begin);
}
