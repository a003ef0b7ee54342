#include "Lanes/scalar.h"

#include "Templates/recurrent_f32.h"
#include "Lanes/end.h"
