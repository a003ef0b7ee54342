#include "lathe_plugin.h"
