#include "Lanes/scalar_i8.h"

#include "Templates/convolution_i8.h"
#include "Lanes/end.h"
