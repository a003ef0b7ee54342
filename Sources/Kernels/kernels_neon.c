#if defined(__aarch64__)
#include "kernel_table.h"

const lathe_kernels lathe_kernels_neon = LATHE_TABLE(NEON, neon, neon, neon);
#endif
