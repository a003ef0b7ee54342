/* One lane for INT8: what every instruction set computes, in portable C. */
#pragma STDC FP_CONTRACT OFF
#define LATHE_EXACT
#include "scalar.h"

/* Bytes of an element of X as prepared for vi_dot, and what is added to it: X is signed, or without a sign as the weights of attention are. */
#define X_BYTES 1
#define SIGNED_OFFSET 0
#define UNSIGNED_OFFSET (-128)

INLINE vints vi_load(const void *p) {
  vints x;
  memcpy(&x, p, sizeof x);
  return x;
}
INLINE void vi_store(void *p, vints x) { memcpy(p, &x, sizeof x); }
INLINE vints vi_set(uint32_t x) { return x; }
INLINE vints vi_max(vints a, vints b) { return (int32_t)a > (int32_t)b ? a : b; }
INLINE v v_from_ints(vints x) { return (float)(int32_t)x; }
INLINE v v_number(v x) { return x == x ? x : 0; }
INLINE vints vi_load_i8(const int8_t *p) { return (vints)*p; }
INLINE void vi_store_i8(int8_t *p, vints x) { *p = (int8_t)(uint8_t)x; }
INLINE void vi_store16_i8(int8_t *p, const vints *x) {
  for (int i = 0; i < 16; i += LANES) vi_store_i8(p + i, x[i / LANES]);
}

INLINE float v_sum16(const v *p) {
  float sums[16];
  memcpy(sums, p, sizeof sums);
  for (int half = 8; half > 0; half /= 2)
    for (int l = 0; l < half; l++) sums[l] = sums[l] + sums[l + half];
  return sums[0];
}

/* `count` elements of X, a multiple of 16. Returns what is to be added to the row's sums. */
INLINE uint32_t x_prepare(const int8_t *x, size_t count, int8_t *to, const bool is_unsigned) {
  for (size_t i = 0; i < count; i++) to[i] = (int8_t)(is_unsigned ? x[i] ^ -128 : x[i]);
  return 0;
}

/* sum + the products of four elements. */
INLINE vints vi_dot(vints sum, vints w, vints x) {
  for (int i = 0; i < 32; i += 8) sum += (vints)((int32_t)(int8_t)(uint8_t)(w >> i) * (int32_t)(int8_t)(uint8_t)(x >> i));
  return sum;
}

/* sum + four bytes. */
INLINE vints vi_sum4(vints sum, vints bytes) { return vi_dot(sum, bytes, vi_set(0x01010101)); }

/* 16 columns of four rows, as a packed group has them. */
INLINE void w_group(const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, int8_t *to) {
  for (int i = 0; i < 16; i++) to[4 * i] = a[i], to[4 * i + 1] = b[i], to[4 * i + 2] = c[i], to[4 * i + 3] = d[i];
}
