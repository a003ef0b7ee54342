#if defined(__x86_64__)
#include "Lanes/avx512.h"

#include "Templates/recurrent_f32.h"
#include "Lanes/end.h"
#endif
