/* Lanes of NEON: 4 floats. */
#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#include "../kernel_names.h"

#ifndef LATHE_SUFFIX
#define LATHE_SUFFIX neon
#endif
#define LANES 4
#define TILE_ROWS 6
#define TILE_BLOCKS 1
#define TILE_UNROLL 1

typedef float32x4_t v;
typedef uint32_t vints __attribute__((vector_size(16)));
typedef uint32x4_t vm;

/* Loads behind it stay there: ahead, they would take registers from what is being summed. */
INLINE void v_hold(v *x) { __asm__ volatile("" : "+w"(*x) : : "memory"); }
INLINE v v_load(const float *p) { return vld1q_f32(p); }
INLINE void v_store(float *p, v x) { vst1q_f32(p, x); }
INLINE v v_set(float x) { return vdupq_n_f32(x); }
INLINE v v_fma(v a, v b, v c) { return vfmaq_f32(c, a, b); }
/* As on x86: b where either is not a number. */
INLINE v v_max(v a, v b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
INLINE v v_min(v a, v b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
INLINE v v_sqrt(v x) { return vsqrtq_f32(x); }
INLINE vm v_less(v a, v b) { return vcltq_f32(a, b); }
INLINE v v_select(vm m, v a, v b) { return vbslq_f32(m, a, b); }
INLINE vints v_bits(v x) { return (vints)x; }
INLINE v v_from_bits(vints x) { return (v)x; }
INLINE v v_abs(v x) { return vabsq_f32(x); }
INLINE v v_with_sign(v x, v sign) { return vbslq_f32(vdupq_n_u32(0x80000000u), sign, x); }

INLINE v v_load_part(const float *p, size_t count) {
  float lanes[4] = {0};
  memcpy(lanes, p, count * sizeof *p);
  return vld1q_f32(lanes);
}
INLINE void v_store_part(float *p, v x, size_t count) {
  float lanes[4];
  vst1q_f32(lanes, x);
  memcpy(p, lanes, count * sizeof *p);
}

INLINE float v_sum(v x) { return vaddvq_f32(x); }
INLINE float v_highest(v x) { return vmaxnmvq_f32(x); }

/* Transposes 4 rows of 4 floats; rows of `from` and of `to` are their strides apart. */
#define TRANSPOSE_SIDE 4
INLINE void v_transpose(const float *from, size_t from_stride, float *to, size_t to_stride) {
  float32x4x2_t low = vtrnq_f32(vld1q_f32(from), vld1q_f32(from + from_stride));
  float32x4x2_t high = vtrnq_f32(vld1q_f32(from + 2 * from_stride), vld1q_f32(from + 3 * from_stride));
  vst1q_f32(to, vcombine_f32(vget_low_f32(low.val[0]), vget_low_f32(high.val[0])));
  vst1q_f32(to + to_stride, vcombine_f32(vget_low_f32(low.val[1]), vget_low_f32(high.val[1])));
  vst1q_f32(to + 2 * to_stride, vcombine_f32(vget_high_f32(low.val[0]), vget_high_f32(high.val[0])));
  vst1q_f32(to + 3 * to_stride, vcombine_f32(vget_high_f32(low.val[1]), vget_high_f32(high.val[1])));
}
