#include "Lanes/scalar.h"

#include "Templates/convolution_f32.h"
#include "Lanes/end.h"
