#include "Lanes/scalar.h"

#include "Templates/gemm_f32.h"
#include "Lanes/end.h"
