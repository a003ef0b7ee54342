#include "kernel_table.h"

const lathe_kernels lathe_kernels_scalar = LATHE_TABLE(SCALAR, scalar, scalar, scalar);
