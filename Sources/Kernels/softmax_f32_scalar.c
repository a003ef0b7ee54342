#include "Lanes/scalar.h"

#include "Templates/softmax_f32.h"
#include "Lanes/end.h"
