#include "Lanes/scalar.h"

#include "Templates/normalization_f32.h"
#include "Lanes/end.h"
