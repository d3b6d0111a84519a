/* A counter that all programs that are built with this share, by its name. The first one makes it, the last one to close it takes it away. */
#ifndef COUNTER_H
#define COUNTER_H

#include <windows.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _COUNTER *PCOUNTER;

/* What a counter holds at one moment. */
typedef struct _COUNTER_VALUES {
    LONG lUsers;
    LONG lMostUsers;
    LONG lInterlocked;
    LONGLONG llLocked;
    LONGLONG llSum;
} COUNTER_VALUES;

/* Makes the counter, or opens it: *pfFirst tells which. NULL, and the last error, if it cannot. */
PCOUNTER CounterOpen(LPCTSTR pszName, BOOL *pfFirst);

/* TRUE if it was the last one. */
BOOL CounterClose(PCOUNTER pCounter);

/* Counts without the mutex. */
LONG CounterIncrement(PCOUNTER pCounter);

/* Adds to two numbers that belong together, under the mutex. */
BOOL CounterAdd(PCOUNTER pCounter, LONG lAmount);

BOOL CounterRead(PCOUNTER pCounter, COUNTER_VALUES *pValues);

#ifdef __cplusplus
}
#endif

#endif
