#include "Lanes/scalar.h"

#include "Templates/permute_f32.h"
#include "Lanes/end.h"
