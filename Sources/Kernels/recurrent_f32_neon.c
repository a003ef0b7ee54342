#if defined(__aarch64__)
#include "Lanes/neon.h"

#include "Templates/recurrent_f32.h"
#include "Lanes/end.h"
#endif
