#if defined(__aarch64__)
#include "Lanes/neon_i8.h"

#include "Templates/recurrent_i8.h"
#include "Lanes/end.h"
#endif
