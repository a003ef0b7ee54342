#include "Lanes/scalar.h"

#include "Templates/binary_f32.h"
#include "Lanes/end.h"
