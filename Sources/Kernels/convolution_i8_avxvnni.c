#if defined(__x86_64__)
#include "Lanes/avxvnni_i8.h"

#include "Templates/convolution_i8.h"
#include "Lanes/end.h"
#endif
