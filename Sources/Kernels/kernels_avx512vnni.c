#if defined(__x86_64__)
#include "kernel_table.h"

const lathe_kernels lathe_kernels_avx512vnni = LATHE_TABLE(AVX512VNNI, avx512, avx512, avx512vnni);
#endif
