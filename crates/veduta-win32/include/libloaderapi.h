/* The program's own file. Modules other than it are not known: GetModuleHandle takes NULL. */
#ifndef VEDUTA_LIBLOADERAPI_H
#define VEDUTA_LIBLOADERAPI_H

#include <minwinbase.h>

#ifdef __cplusplus
extern "C" {
#endif

WINBASEAPI DWORD WINAPI GetModuleFileNameA(HMODULE hModule, LPSTR lpFilename, DWORD nSize);
WINBASEAPI DWORD WINAPI GetModuleFileNameW(HMODULE hModule, LPWSTR lpFilename, DWORD nSize);
#define GetModuleFileName VEDUTA_AW(GetModuleFileName)
WINBASEAPI HMODULE WINAPI GetModuleHandleA(LPCSTR lpModuleName);
WINBASEAPI HMODULE WINAPI GetModuleHandleW(LPCWSTR lpModuleName);
#define GetModuleHandle VEDUTA_AW(GetModuleHandle)

#ifdef __cplusplus
}
#endif

#endif
