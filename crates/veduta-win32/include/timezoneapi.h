/* Times as numbers and as dates. */
#ifndef VEDUTA_TIMEZONEAPI_H
#define VEDUTA_TIMEZONEAPI_H

#include <minwinbase.h>

#ifdef __cplusplus
extern "C" {
#endif

WINBASEAPI BOOL WINAPI SystemTimeToFileTime(const SYSTEMTIME *lpSystemTime, LPFILETIME lpFileTime);
WINBASEAPI BOOL WINAPI FileTimeToSystemTime(const FILETIME *lpFileTime, LPSYSTEMTIME lpSystemTime);

#ifdef __cplusplus
}
#endif

#endif
