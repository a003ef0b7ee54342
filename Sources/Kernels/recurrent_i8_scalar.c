#include "Lanes/scalar_i8.h"

#include "Templates/recurrent_i8.h"
#include "Lanes/end.h"
