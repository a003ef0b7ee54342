#if defined(__x86_64__)
#include "kernel_table.h"

const lathe_kernels lathe_kernels_avxvnni = LATHE_TABLE(AVXVNNI, avx2, avx2, avxvnni);
#endif
