/* The multimedia clock, in milliseconds. */
#ifndef VEDUTA_TIMEAPI_H
#define VEDUTA_TIMEAPI_H

#include <minwindef.h>

typedef UINT MMRESULT;
#define TIMERR_NOERROR 0
#define TIMERR_NOCANDO 97

#ifdef __cplusplus
extern "C" {
#endif

WINBASEAPI DWORD WINAPI timeGetTime(void);
WINBASEAPI MMRESULT WINAPI timeBeginPeriod(UINT uPeriod);
WINBASEAPI MMRESULT WINAPI timeEndPeriod(UINT uPeriod);

#ifdef __cplusplus
}
#endif

#endif
