#include "Lanes/scalar_i8.h"

#include "Templates/quantize_i8.h"
#include "Lanes/end.h"
