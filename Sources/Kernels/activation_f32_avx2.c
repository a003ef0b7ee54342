#if defined(__x86_64__)
#include "Lanes/avx2.h"

#include "Templates/activation_f32.h"
#include "Lanes/end.h"
#endif
