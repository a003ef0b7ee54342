#if defined(__aarch64__)
#include "Lanes/neondot_i8.h"

#include "Templates/recurrent_i8.h"
#include "Lanes/end.h"
#endif
