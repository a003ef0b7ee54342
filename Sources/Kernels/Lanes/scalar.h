/* One lane, in portable C. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "../kernel_names.h"

#define LATHE_SUFFIX scalar
#define LANES 1
#define TILE_ROWS 4
#define TILE_BLOCKS 1
#define TILE_UNROLL 1

typedef float v;
typedef uint32_t vints;
typedef int vm;

/* Loads behind it stay there: ahead, they would take registers from what is being summed. */
INLINE void v_hold(v *x) { (void)x; }
INLINE v v_load(const float *p) { return *p; }
INLINE void v_store(float *p, v x) { *p = x; }
INLINE v v_set(float x) { return x; }
#if defined(__FP_FAST_FMAF) || defined(LATHE_EXACT)
INLINE v v_fma(v a, v b, v c) { return fmaf(a, b, c); }
#else
INLINE v v_fma(v a, v b, v c) { return a * b + c; }
#endif
/* As on x86: b where either is not a number. */
INLINE v v_max(v a, v b) { return a > b ? a : b; }
INLINE v v_min(v a, v b) { return a < b ? a : b; }
INLINE v v_sqrt(v x) { return sqrtf(x); }
INLINE vm v_less(v a, v b) { return a < b; }
INLINE v v_select(vm m, v a, v b) { return m ? a : b; }
INLINE vints v_bits(v x) {
  vints bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
INLINE v v_from_bits(vints bits) {
  v x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
INLINE v v_abs(v x) { return fabsf(x); }
INLINE v v_with_sign(v x, v sign) { return copysignf(x, sign); }

INLINE v v_load_part(const float *p, size_t count) { return count > 0 ? *p : 0; }
INLINE void v_store_part(float *p, v x, size_t count) {
  if (count > 0) *p = x;
}

INLINE float v_sum(v x) { return x; }
INLINE float v_highest(v x) { return x; }

#define TRANSPOSE_SIDE 1
INLINE void v_transpose(const float *from, size_t from_stride, float *to, size_t to_stride) {
  (void)from_stride, (void)to_stride;
  *to = *from;
}
