#include "Lanes/scalar.h"

#include "Templates/matmul_f32.h"
#include "Lanes/end.h"
