#include "Lanes/scalar_i8.h"

#include "Templates/gemm_i8.h"
#include "Lanes/end.h"
