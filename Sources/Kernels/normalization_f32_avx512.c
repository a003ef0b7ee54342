#if defined(__x86_64__)
#include "Lanes/avx512.h"

#include "Templates/normalization_f32.h"
#include "Lanes/end.h"
#endif
