#include "Lanes/scalar_i8.h"

#include "Templates/attention_i8.h"
#include "Lanes/end.h"
