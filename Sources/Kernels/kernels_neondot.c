#if defined(__aarch64__)
#include "kernel_table.h"

const lathe_kernels lathe_kernels_neondot = LATHE_TABLE(NEONDOT, neon, neon, neondot);
#endif
