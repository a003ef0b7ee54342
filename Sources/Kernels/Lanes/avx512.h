/* Lanes of AVX-512: 16 floats. */
#include <immintrin.h>
#include <stdint.h>

#include "../kernel_names.h"

#ifndef LATHE_SUFFIX
#define LATHE_SUFFIX avx512
#endif
#ifndef LATHE_TARGET
#define LATHE_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#endif
#define LANES 16
#define TILE_ROWS 8
#define TILE_BLOCKS 3
#define TILE_UNROLL 1

#pragma clang attribute push(__attribute__((target(LATHE_TARGET))), apply_to = function)
#define LATHE_TARGETED 1

typedef __m512 v;
typedef uint32_t vints __attribute__((vector_size(64)));
typedef __mmask16 vm;

/* Loads behind it stay there: ahead, they would take registers from what is being summed. */
#ifdef LATHE_EMULATED
INLINE void v_hold(v *x) { (void)x; }
#else
INLINE void v_hold(v *x) { __asm__ volatile("" : "+v"(*x) : : "memory"); }
#endif
INLINE v v_load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void v_store(float *p, v x) { _mm512_storeu_ps(p, x); }
INLINE v v_set(float x) { return _mm512_set1_ps(x); }
INLINE v v_fma(v a, v b, v c) { return _mm512_fmadd_ps(a, b, c); }
INLINE v v_max(v a, v b) { return _mm512_max_ps(a, b); }
INLINE v v_min(v a, v b) { return _mm512_min_ps(a, b); }
INLINE v v_sqrt(v x) { return _mm512_sqrt_ps(x); }
INLINE vm v_less(v a, v b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
INLINE v v_select(vm m, v a, v b) { return _mm512_mask_blend_ps(m, b, a); }
INLINE vints v_bits(v x) { return (vints)x; }
INLINE v v_from_bits(vints x) { return (v)x; }
INLINE v v_abs(v x) { return _mm512_abs_ps(x); }
INLINE v v_with_sign(v x, v sign) { return _mm512_or_ps(x, _mm512_and_ps(_mm512_set1_ps(-0.0f), sign)); }

INLINE __mmask16 v_part(size_t count) { return (__mmask16)((1u << count) - 1); }
INLINE v v_load_part(const float *p, size_t count) { return _mm512_maskz_loadu_ps(v_part(count), p); }
INLINE void v_store_part(float *p, v x, size_t count) { _mm512_mask_storeu_ps(p, v_part(count), x); }

INLINE float v_sum(v x) { return _mm512_reduce_add_ps(x); }
INLINE float v_highest(v x) { return _mm512_reduce_max_ps(x); }

#include "transpose_x86.h"
