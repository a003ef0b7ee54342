#include "Lanes/scalar.h"

#include "Templates/activation_f32.h"
#include "Lanes/end.h"
