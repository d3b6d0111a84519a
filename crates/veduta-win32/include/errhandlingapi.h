/* The last error of the calling thread. */
#ifndef VEDUTA_ERRHANDLINGAPI_H
#define VEDUTA_ERRHANDLINGAPI_H

#include <minwinbase.h>

#define SEM_FAILCRITICALERRORS 0x01
#define SEM_NOGPFAULTERRORBOX 0x02
#define SEM_NOALIGNMENTFAULTEXCEPT 0x04
#define SEM_NOOPENFILEERRORBOX 0x8000

#ifdef __cplusplus
extern "C" {
#endif

WINBASEAPI DWORD WINAPI GetLastError(void);
WINBASEAPI VOID WINAPI SetLastError(DWORD dwErrCode);
WINBASEAPI UINT WINAPI SetErrorMode(UINT uMode);
WINBASEAPI UINT WINAPI GetErrorMode(void);

#ifdef __cplusplus
}
#endif

#endif
