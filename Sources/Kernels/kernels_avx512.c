#if defined(__x86_64__)
#include "kernel_table.h"

const lathe_kernels lathe_kernels_avx512 = LATHE_TABLE(AVX512, avx512, avx512, avx2);
#endif
