/* Activations of floats between INT8 values. */
#ifndef LATHE_TEMPLATES_ACTIVATE_I8_H
#define LATHE_TEMPLATES_ACTIVATE_I8_H

#include "functions.h"
#include "tiles_i8.h"

#define EACH(function)                                                                                    \
  for (size_t i = 0; i < count; i += LATHE_GEMM_COLUMNS) {                                                \
    v results[BLOCK_VECTORS];                                                                             \
    _Pragma("clang loop unroll(full)") for (int t = 0; t < BLOCK_VECTORS; t++)                            \
        results[t] = function(v_load(values + i + t * LANES));                                            \
    _Pragma("clang loop unroll(full)") for (int t = 0; t < BLOCK_VECTORS; t++)                            \
        v_store(values + i + t * LANES, results[t]);                                                      \
  }                                                                                                       \
  return;

/* Rows of whole blocks. */
static void activate(float *values, size_t count, lathe_activation activation) {
  switch (activation) {
    case LATHE_ACTIVATION_NONE: return;
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

#endif
