/* Lanes of NEON for INT8. */
#pragma STDC FP_CONTRACT OFF
#include "neon.h"

#include "q_i8.h"

/* sum + the products of four elements. */
INLINE vints vi_dot(vints sum, vints w, vints x) {
  int8x16_t a = (int8x16_t)w, b = (int8x16_t)x;
  int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(a), vget_low_s8(b))), high = vpaddlq_s16(vmull_high_s8(a, b));
  return sum + (vints)vpaddq_s32(low, high);
}

/* sum + four bytes. */
INLINE vints vi_sum4(vints sum, vints bytes) { return vi_dot(sum, bytes, vi_set(0x01010101)); }
