#if defined(__x86_64__)
#include "Lanes/avx512_i8.h"

#include "Templates/normalization_i8.h"
#include "Lanes/end.h"
#endif
