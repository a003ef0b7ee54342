#include "Lanes/scalar.h"

#include "Templates/attention_f32.h"
#include "Lanes/end.h"
