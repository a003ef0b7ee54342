#if defined(__aarch64__)
#include "Lanes/neon_i8.h"

#include "Templates/convolution_i8.h"
#include "Lanes/end.h"
#endif
