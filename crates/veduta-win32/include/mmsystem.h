/* The part of the multimedia headers that is here: the clock. */
#ifndef VEDUTA_MMSYSTEM_H
#define VEDUTA_MMSYSTEM_H

#include <timeapi.h>

#endif
