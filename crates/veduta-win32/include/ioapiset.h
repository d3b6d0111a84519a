/* The result of a read or write with OVERLAPPED. */
#ifndef VEDUTA_IOAPISET_H
#define VEDUTA_IOAPISET_H

#include <minwinbase.h>

#ifdef __cplusplus
extern "C" {
#endif

WINBASEAPI BOOL WINAPI GetOverlappedResult(HANDLE hFile, LPOVERLAPPED lpOverlapped, LPDWORD lpNumberOfBytesTransferred, BOOL bWait);

#ifdef __cplusplus
}
#endif

#endif
