#if defined(__x86_64__)
#include "Lanes/avx512vnni_i8.h"

#include "Templates/recurrent_i8.h"
#include "Lanes/end.h"
#endif
