#include "lathe.h"
