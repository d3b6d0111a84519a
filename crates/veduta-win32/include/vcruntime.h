/* What Microsoft's compiler has built in and gcc and clang lack: integer keywords, __declspec, __forceinline, calling conventions. */
#ifndef VEDUTA_VCRUNTIME_H
#define VEDUTA_VCRUNTIME_H

#include <stddef.h>

#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long

/* There is one calling convention. */
#define __cdecl
#define __stdcall
#define __fastcall
#define __vectorcall
#define __thiscall
#define _cdecl
#define _stdcall
#define __CRTDECL
#define __clrcall

#ifndef __forceinline
#define __forceinline inline __attribute__((__always_inline__))
#endif
#define _inline inline
#define __w64
#define __ptr32
#define __ptr64
#define __unaligned
#define __noop ((void)0)
#ifndef _alloca
#define _alloca __builtin_alloca
#endif
#define __assume(condition) ((condition) ? (void)0 : __builtin_unreachable())

/* __declspec(x) for each x that has a meaning here, or can be left out. `##` keeps x from being expanded: stdnoreturn.h has a macro
   `noreturn`. */
#define __declspec(x) VEDUTA_DECLSPEC_##x
#define VEDUTA_DECLSPEC_align(n) __attribute__((__aligned__(n)))
#define VEDUTA_DECLSPEC_allocator
#define VEDUTA_DECLSPEC_deprecated __attribute__((__deprecated__))
#define VEDUTA_DECLSPEC_dllexport __attribute__((__visibility__("default")))
#define VEDUTA_DECLSPEC_dllimport
#define VEDUTA_DECLSPEC_naked __attribute__((__naked__))
#define VEDUTA_DECLSPEC_noalias
#define VEDUTA_DECLSPEC_noinline __attribute__((__noinline__))
#define VEDUTA_DECLSPEC_noreturn __attribute__((__noreturn__))
#define VEDUTA_DECLSPEC_nothrow __attribute__((__nothrow__))
#define VEDUTA_DECLSPEC_novtable
#define VEDUTA_DECLSPEC_restrict
#define VEDUTA_DECLSPEC_safebuffers
#define VEDUTA_DECLSPEC_selectany __attribute__((__weak__))
#define VEDUTA_DECLSPEC_uuid(x)
#ifdef __cplusplus
#define VEDUTA_DECLSPEC_thread thread_local
#elif !defined(__STDC_VERSION__) || __STDC_VERSION__ < 201112L
#define VEDUTA_DECLSPEC_thread __thread
#else
#define VEDUTA_DECLSPEC_thread _Thread_local
#endif

#ifndef _countof
#ifdef __cplusplus
extern "C++" {
template <typename T, size_t N> char (*veduta_countof(T (&)[N]))[N];
}
#define _countof(array) sizeof(*veduta_countof(array))
#else
#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#endif
#endif

#if defined(__x86_64__)
#define __debugbreak() __asm__ volatile("int3")
#else
#define __debugbreak() __builtin_trap()
#endif

#endif
