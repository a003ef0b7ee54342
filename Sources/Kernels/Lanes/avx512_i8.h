/* Lanes of AVX-512 for what needs no dot products. */
#pragma STDC FP_CONTRACT OFF
#include "avx512.h"

#include "zmm_i8.h"
