/* Lanes of NEON with dot products for INT8. */
#pragma STDC FP_CONTRACT OFF
#define LATHE_SUFFIX neondot
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define LATHE_TARGETED 1
#include "neon.h"

#include "q_i8.h"

/* sum + the products of four elements. */
INLINE vints vi_dot(vints sum, vints w, vints x) { return (vints)vdotq_s32((int32x4_t)sum, (int8x16_t)w, (int8x16_t)x); }

/* sum + four bytes. */
INLINE vints vi_sum4(vints sum, vints bytes) { return vi_dot(sum, bytes, vi_set(0x01010101)); }
