/* The basic types and macros of Windows source.
   Windows is LLP64: `long` has 32 bits there, here 64. So the Windows names are made of `int` and `long long`, and code that spells out
   `long` where it means LONG or DWORD is wrong here. */
#ifndef VEDUTA_MINWINDEF_H
#define VEDUTA_MINWINDEF_H

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>

#include <sal.h>
#include <vcruntime.h>
#include <basetsd.h>

#ifndef WINVER
#define WINVER 0x0A00
#endif
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif

#ifdef __cplusplus
#define EXTERN_C extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#endif

/* Every function that the library exports is declared in one line: WINBASEAPI, type, WINAPI, name, parameters. */
#define WINBASEAPI extern
#define WINAPI
#define WINAPIV
#define APIENTRY WINAPI
#define CALLBACK
#define PASCAL
#define NTAPI
#define STDMETHODCALLTYPE
#define DECLSPEC_IMPORT __declspec(dllimport)
#define DECLSPEC_EXPORT __declspec(dllexport)
#define DECLSPEC_NORETURN __declspec(noreturn)
#define DECLSPEC_ALIGN(n) __declspec(align(n))
#define DECLSPEC_NOINLINE __declspec(noinline)
#define DECLSPEC_SELECTANY __declspec(selectany)
#define FORCEINLINE static __forceinline
#define FAR
#define NEAR
#define CONST const
#define IN
#define OUT
#define OPTIONAL

/* The name that UNICODE chooses: VEDUTA_AW(CreateFile) is CreateFileW or CreateFileA. */
#ifdef UNICODE
#define VEDUTA_AW(name) name##W
#else
#define VEDUTA_AW(name) name##A
#endif

#ifndef NULL
#define NULL 0
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif
#define MAX_PATH 260

#ifndef VOID
#define VOID void
typedef char CHAR;
typedef short SHORT;
typedef int LONG;
typedef int INT;
#endif
typedef int BOOL, *PBOOL, *LPBOOL;
typedef unsigned char BYTE, *PBYTE, *LPBYTE;
typedef unsigned char UCHAR, *PUCHAR;
typedef unsigned short WORD, *PWORD, *LPWORD;
typedef unsigned short USHORT, *PUSHORT;
typedef unsigned int DWORD, *PDWORD, *LPDWORD;
typedef unsigned int UINT, *PUINT;
typedef unsigned int ULONG, *PULONG;
typedef int *PINT, *LPINT;
typedef LONG *LPLONG;
typedef float FLOAT, *PFLOAT;
typedef double DOUBLE;
typedef void *LPVOID;
typedef const void *LPCVOID;
typedef char *PSZ;

typedef UINT_PTR WPARAM;
typedef LONG_PTR LPARAM;
typedef LONG_PTR LRESULT;

typedef void *HANDLE;
#ifndef NO_STRICT
#define DECLARE_HANDLE(name) struct name##__ { int unused; }; typedef struct name##__ *name
#else
#define DECLARE_HANDLE(name) typedef HANDLE name
#endif
DECLARE_HANDLE(HINSTANCE);
typedef HINSTANCE HMODULE;
DECLARE_HANDLE(HKEY);
DECLARE_HANDLE(HKL);
typedef HANDLE HGLOBAL;
typedef HANDLE HLOCAL;
typedef HANDLE *LPHANDLE;
typedef int HFILE;
typedef WORD ATOM;
#define HFILE_ERROR ((HFILE)-1)

typedef INT_PTR (WINAPI *FARPROC)(void);
typedef INT_PTR (WINAPI *NEARPROC)(void);
typedef INT_PTR (WINAPI *PROC)(void);

typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

#define MAKEWORD(low, high) ((WORD)(((BYTE)((DWORD_PTR)(low) & 0xff)) | ((WORD)((BYTE)((DWORD_PTR)(high) & 0xff))) << 8))
#define MAKELONG(low, high) ((LONG)(((WORD)((DWORD_PTR)(low) & 0xffff)) | ((DWORD)((WORD)((DWORD_PTR)(high) & 0xffff))) << 16))
#define LOWORD(value) ((WORD)((DWORD_PTR)(value) & 0xffff))
#define HIWORD(value) ((WORD)(((DWORD_PTR)(value) >> 16) & 0xffff))
#define LOBYTE(value) ((BYTE)((DWORD_PTR)(value) & 0xff))
#define HIBYTE(value) ((BYTE)(((DWORD_PTR)(value) >> 8) & 0xff))

/* Windows defines min and max in C++ too, where they break the standard library's headers; code that wants them there has std::min. */
#if !defined(NOMINMAX) && !defined(__cplusplus)
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#endif

#endif
