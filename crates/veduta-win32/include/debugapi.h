/* Words for a debugger. */
#ifndef VEDUTA_DEBUGAPI_H
#define VEDUTA_DEBUGAPI_H

#include <minwinbase.h>

#ifdef __cplusplus
extern "C" {
#endif

WINBASEAPI VOID WINAPI OutputDebugStringA(LPCSTR lpOutputString);
WINBASEAPI VOID WINAPI OutputDebugStringW(LPCWSTR lpOutputString);
#define OutputDebugString VEDUTA_AW(OutputDebugString)

#ifdef __cplusplus
}
#endif

static inline VOID DebugBreak(void)
{
    __debugbreak();
}

#endif
