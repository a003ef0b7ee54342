#if defined(__x86_64__)
#include "kernel_table.h"

const lathe_kernels lathe_kernels_avx2 = LATHE_TABLE(AVX2, avx2, avx2, avx2);
#endif
