/* Types and limits of Microsoft's C runtime. */
#ifndef VEDUTA_CRTDEFS_H
#define VEDUTA_CRTDEFS_H

#include <stddef.h>
#include <stdint.h>

#include <sal.h>
#include <vcruntime.h>

typedef int errno_t;
typedef size_t rsize_t;
typedef long long __time64_t;

#define _TRUNCATE ((size_t)-1)
#define RSIZE_MAX (SIZE_MAX >> 1)
#define _MAX_PATH 260
#define _MAX_DRIVE 3
#define _MAX_DIR 256
#define _MAX_FNAME 256
#define _MAX_EXT 256

#endif
