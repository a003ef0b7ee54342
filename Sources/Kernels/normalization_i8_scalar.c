#include "Lanes/scalar_i8.h"

#include "Templates/normalization_i8.h"
#include "Lanes/end.h"
