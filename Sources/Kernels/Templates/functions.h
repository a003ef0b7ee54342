/* Exponential, error function and tangent of lanes, and the activations made of them. Each is the same algorithm for any number of lanes; results
 * differ between instruction sets where one fuses a product and a sum and the other does not.
 *
 * The polynomials are minimax fits in relative error (Lawson's iteration on the linearized rational, in doubles), rounded to floats. */
#ifndef LATHE_TEMPLATES_FUNCTIONS_H
#define LATHE_TEMPLATES_FUNCTIONS_H

#include "../include/lathe_kernels.h"

/* Adding it to a float below 2^22 in magnitude leaves the nearest integer in the low bits. */
#define ROUNDING 12582912.0f

/* e^x / 2^n for the integer n next to x / ln 2, and n + rounding. ln 2 is in two parts (Cody and Waite 1980), the first with few enough bits for n times
 * it to be exact. */
INLINE v v_exp_reduced(v x, v rounding, v *rounded) {
  v n = v_fma(x, v_set(1.44269504f), rounding);
  *rounded = n;
  n = n - rounding;
  v r = v_fma(n, v_set(-0.693359375f), x);
  r = v_fma(n, v_set(2.12194440e-4f), r);
  v p = v_fma(v_set(1.381458090e-03f), r, v_set(8.368725384e-03f));
  p = v_fma(p, r, v_set(4.166838887e-02f));
  p = v_fma(p, r, v_set(1.666652056e-01f));
  p = v_fma(p, r, v_set(4.999999344e-01f));
  p = v_fma(p * r, r, r);
  return p + v_set(1);
}

/* 2^n of a float whose low bits are n + 127: 0 for n = -127, infinity for n = 128. */
INLINE v v_power2(v biased) { return v_from_bits(v_bits(biased) << 23); }

/* e^x: 0 below -104, infinity above 88.73, subnormal results rounded twice. */
INLINE v v_exp(v x) {
  v n;
  v p = v_exp_reduced(v_max(v_set(-104), v_min(v_set(89), x)), v_set(ROUNDING), &n);
  /* Two factors, each a normal number, for 2^n may be none. */
  vints power = v_bits(n) - v_bits(v_set(ROUNDING)), half = (power + 256) >> 1;
  v low = v_from_bits((half - 1) << 23), high = v_from_bits((power - half + 255) << 23);
  return p * low * high;
}

/* e^x, 0 where it would be subnormal and infinity above 88.37. */
INLINE v v_exp_of_normal(v x) {
  v n;
  v p = v_exp_reduced(v_max(v_set(-88.2f), v_min(v_set(88.8f), x)), v_set(ROUNDING + 127), &n);
  return p * v_power2(n);
}

/* e^x for x of -88.2 ... 0, as 2^(x / ln 2); results that would be subnormal are 0. The relative error grows with x, as that of a difference x does. */
INLINE v v_exp_of_bounded(v x) {
  v biased = v_set(ROUNDING + 127), log2e = v_set(1.44269504f);
  v n = v_fma(x, log2e, biased), f = v_fma(x, log2e, biased - n);
  v p = v_fma(v_set(1.535336191e-04f), f, v_set(1.339887441e-03f));
  p = v_fma(p, f, v_set(9.618437358e-03f));
  p = v_fma(p, f, v_set(5.550332471e-02f));
  p = v_fma(p, f, v_set(2.402264791e-01f));
  p = v_fma(p, f, v_set(6.931472029e-01f));
  p = v_fma(p, f, v_set(1));
  return p * v_power2(n);
}

/* e^x for x that is not positive. */
INLINE v v_exp_of_negative(v x) { return v_exp_of_bounded(v_max(v_set(-88.2f), x)); }

/* x P(x^2) / Q(x^2), and 1 or -1 where erf is that in floats. */
INLINE v v_erf(v x) {
  v y = v_max(v_set(-3.925f), v_min(v_set(3.925f), x)), z = y * y;
  v p = v_fma(v_set(2.046022777e-06f), z, v_set(2.848448622e-04f));
  p = v_fma(p, z, v_set(3.772597286e-03f));
  p = v_fma(p, z, v_set(5.276944446e-02f));
  p = v_fma(p, z, v_set(1.905948198e-01f));
  p = v_fma(p, z, v_set(1.128379146e+00f));
  v q = v_fma(v_set(3.804779623e-05f), z, v_set(1.163869713e-03f));
  q = v_fma(q, z, v_set(1.498329208e-02f));
  q = v_fma(q, z, v_set(1.141831666e-01f));
  q = v_fma(q, z, v_set(5.022429914e-01f));
  q = v_fma(q, z, v_set(1));
  return v_select(v_less(v_set(3.92f), v_abs(x)), v_with_sign(v_set(1), x), y * p / q);
}

/* As erf, by its own polynomials. */
INLINE v v_tanh(v x) {
  v y = v_max(v_set(-9.02f), v_min(v_set(9.02f), x)), z = y * y;
  v p = v_fma(v_set(1.331909326e-08f), z, v_set(2.058349765e-05f));
  p = v_fma(p, z, v_set(3.494035594e-03f));
  p = v_fma(p, z, v_set(1.337971882e-01f));
  p = v_fma(p, z, v_set(9.999999790e-01f));
  v q = v_fma(v_set(7.762028473e-07f), z, v_set(3.283094505e-04f));
  q = v_fma(q, z, v_set(2.587107717e-02f));
  q = v_fma(q, z, v_set(4.671303406e-01f));
  q = v_fma(q, z, v_set(1));
  return v_select(v_less(v_set(9.01f), v_abs(x)), v_with_sign(v_set(1), x), y * p / q);
}

INLINE v v_sigmoid(v x) { return v_set(1) / (v_set(1) + v_exp_of_normal(v_set(0) - x)); }

INLINE v v_relu(v x) { return v_max(v_set(0), x); }
INLINE v v_gelu(v x) { return x * v_fma(v_set(0.5f), v_erf(x * v_set(0.707106781f)), v_set(0.5f)); }
INLINE v v_gelu_tanh(v x) {
  v cube = x * x * x;
  return x * v_fma(v_set(0.5f), v_tanh(v_set(0.797884561f) * v_fma(v_set(0.044715f), cube, x)), v_set(0.5f));
}
INLINE v v_silu(v x) { return x * v_sigmoid(x); }
INLINE v v_relu6(v x) { return v_min(v_set(6), v_max(v_set(0), x)); }
INLINE v v_hard_swish(v x) { return x * v_max(v_set(0), v_min(v_set(1), x * v_set(1.0f / 6) + v_set(0.5f))); }
INLINE v v_quick_gelu(v x) { return x * v_sigmoid(v_set(1.702f) * x); }

#endif
