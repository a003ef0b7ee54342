#include "Lanes/scalar_i8.h"

#include "Templates/embedding_i8.h"
#include "Lanes/end.h"
