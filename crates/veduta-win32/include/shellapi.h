/* The command line in pieces. */
#ifndef VEDUTA_SHELLAPI_H
#define VEDUTA_SHELLAPI_H

#include <windef.h>

#ifdef __cplusplus
extern "C" {
#endif

WINBASEAPI LPWSTR * WINAPI CommandLineToArgvW(LPCWSTR lpCmdLine, int *pNumArgs);

#ifdef __cplusplus
}
#endif

#endif
