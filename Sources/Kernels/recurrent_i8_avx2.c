#if defined(__x86_64__)
#include "Lanes/avx2_i8.h"

#include "Templates/recurrent_i8.h"
#include "Lanes/end.h"
#endif
