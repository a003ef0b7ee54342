#include "Lanes/scalar.h"

#include "Templates/embedding_f32.h"
#include "Lanes/end.h"
