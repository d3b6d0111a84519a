/* With -fshort-wchar wchar_t has 16 bits for the compiler, but not for the C library's functions, which were compiled before. So this header
   stands before the C library's and leads each name to a function for 16 bits, in our library or inline. Without that option it changes
   nothing.
   The C library's declarations are made under other names, which nobody calls, and ours under the names themselves. */
#ifndef VEDUTA_WCHAR_H
#define VEDUTA_WCHAR_H

/* Without this compilers warn of #include_next. */
#pragma GCC system_header

#if !defined(__SIZEOF_WCHAR_T__) || __SIZEOF_WCHAR_T__ != 2

#include_next <wchar.h>

#else

#ifdef __cplusplus
/* libstdc++.so has std::wstring for 32 bits, and <string> says that it need not be compiled again: the two together overrun buffers. This value of
   libstdc++'s own macro makes strings be compiled with the program. <string> includes <cwchar>, hence this header, before it asks.
   The wide streams (std::wcout, std::wstringstream) stay those of libstdc++.so, and do not work with 16 bits. */
#include <cstddef>
#ifdef _GLIBCXX_EXTERN_TEMPLATE
#undef _GLIBCXX_EXTERN_TEMPLATE
#define _GLIBCXX_EXTERN_TEMPLATE -1
#endif
#endif

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define wcslen veduta_libc_wcslen
#define wcsnlen veduta_libc_wcsnlen
#define wcscpy veduta_libc_wcscpy
#define wcsncpy veduta_libc_wcsncpy
#define wcscat veduta_libc_wcscat
#define wcsncat veduta_libc_wcsncat
#define wcscmp veduta_libc_wcscmp
#define wcsncmp veduta_libc_wcsncmp
#define wcsspn veduta_libc_wcsspn
#define wcscspn veduta_libc_wcscspn
#define wcstok veduta_libc_wcstok
#define wcstol veduta_libc_wcstol
#define wcstoul veduta_libc_wcstoul
#define wcstoll veduta_libc_wcstoll
#define wcstoull veduta_libc_wcstoull
#define wcstod veduta_libc_wcstod
#define wmemcpy veduta_libc_wmemcpy
#define wmemmove veduta_libc_wmemmove
#define wmemset veduta_libc_wmemset
#define wmemcmp veduta_libc_wmemcmp
#define fputws veduta_libc_fputws
#define fgetws veduta_libc_fgetws
#define wcscoll veduta_libc_wcscoll
#define wcscasecmp veduta_libc_wcscasecmp
#define wcsncasecmp veduta_libc_wcsncasecmp
#define wcsdup veduta_libc_wcsdup
#define wcschr veduta_libc_wcschr
#define wcsrchr veduta_libc_wcsrchr
#define wcsstr veduta_libc_wcsstr
#define wcspbrk veduta_libc_wcspbrk
#define wmemchr veduta_libc_wmemchr
#define wprintf veduta_libc_wprintf
#define fwprintf veduta_libc_fwprintf
#define swprintf veduta_libc_swprintf
#define vwprintf veduta_libc_vwprintf
#define vfwprintf veduta_libc_vfwprintf
#define vswprintf veduta_libc_vswprintf
#define wcstof veduta_libc_wcstof
#define wcstold veduta_libc_wcstold
#define mbrtowc veduta_libc_mbrtowc
#define mbsrtowcs veduta_libc_mbsrtowcs
#define wcsrtombs veduta_libc_wcsrtombs
#define wcsftime veduta_libc_wcsftime
#define wcsxfrm veduta_libc_wcsxfrm
#define fgetwc veduta_libc_fgetwc
#define getwc veduta_libc_getwc
#define getwchar veduta_libc_getwchar
#define fputwc veduta_libc_fputwc
#define putwc veduta_libc_putwc
#define putwchar veduta_libc_putwchar
#define ungetwc veduta_libc_ungetwc
#define fwide veduta_libc_fwide
#define wscanf veduta_libc_wscanf
#define fwscanf veduta_libc_fwscanf
#define swscanf veduta_libc_swscanf
#define vwscanf veduta_libc_vwscanf
#define vfwscanf veduta_libc_vfwscanf
#define vswscanf veduta_libc_vswscanf
#define wcrtomb veduta_libc_wcrtomb

#include_next <wchar.h>

#undef wcslen
#undef wcsnlen
#undef wcscpy
#undef wcsncpy
#undef wcscat
#undef wcsncat
#undef wcscmp
#undef wcsncmp
#undef wcsspn
#undef wcscspn
#undef wcstok
#undef wcstol
#undef wcstoul
#undef wcstoll
#undef wcstoull
#undef wcstod
#undef wmemcpy
#undef wmemmove
#undef wmemset
#undef wmemcmp
#undef fputws
#undef fgetws
#undef wcscoll
#undef wcscasecmp
#undef wcsncasecmp
#undef wcsdup
#undef wcschr
#undef wcsrchr
#undef wcsstr
#undef wcspbrk
#undef wmemchr
#undef wprintf
#undef fwprintf
#undef swprintf
#undef vwprintf
#undef vfwprintf
#undef vswprintf
#undef wcstof
#undef wcstold
#undef mbrtowc
#undef mbsrtowcs
#undef wcsrtombs
#undef wcsftime
#undef wcsxfrm
#undef fgetwc
#undef getwc
#undef getwchar
#undef fputwc
#undef putwc
#undef putwchar
#undef ungetwc
#undef fwide
#undef wscanf
#undef fwscanf
#undef swscanf
#undef vwscanf
#undef vfwscanf
#undef vswscanf
#undef wcrtomb

#include <corecrt_wstdio.h>

/* The C library's stdlib.h declares these two as not throwing. */
#if defined(__cplusplus) && __cplusplus >= 201103L
#define VEDUTA_THROW noexcept(true)
#elif defined(__cplusplus)
#define VEDUTA_THROW throw()
#else
#define VEDUTA_THROW
#endif

/* An asm label gives the symbol that calls of the name refer to. */
#define VEDUTA_SYMBOL(name) __asm__("veduta_" #name)

/* For what is not here: a call is an error when the program is compiled, not a surprise when it runs. */
#if defined(__has_attribute)
#if __has_attribute(__error__)
#define VEDUTA_NOT_HERE(name) __attribute__((__error__(#name " is not there for 16-bit wchar_t (veduta-win32)")))
#endif
#endif
#ifndef VEDUTA_NOT_HERE
#define VEDUTA_NOT_HERE(name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

size_t wcslen(const wchar_t *text) VEDUTA_SYMBOL(wcslen);
size_t wcsnlen(const wchar_t *text, size_t limit) VEDUTA_SYMBOL(wcsnlen);
wchar_t *wcscpy(wchar_t *to, const wchar_t *from) VEDUTA_SYMBOL(wcscpy);
wchar_t *wcsncpy(wchar_t *to, const wchar_t *from, size_t count) VEDUTA_SYMBOL(wcsncpy);
wchar_t *wcscat(wchar_t *to, const wchar_t *from) VEDUTA_SYMBOL(wcscat);
wchar_t *wcsncat(wchar_t *to, const wchar_t *from, size_t count) VEDUTA_SYMBOL(wcsncat);
int wcscmp(const wchar_t *a, const wchar_t *b) VEDUTA_SYMBOL(wcscmp);
int wcsncmp(const wchar_t *a, const wchar_t *b, size_t count) VEDUTA_SYMBOL(wcsncmp);
size_t wcsspn(const wchar_t *text, const wchar_t *set) VEDUTA_SYMBOL(wcsspn);
size_t wcscspn(const wchar_t *text, const wchar_t *set) VEDUTA_SYMBOL(wcscspn);
wchar_t *wcstok(wchar_t *text, const wchar_t *separators, wchar_t **rest) VEDUTA_SYMBOL(wcstok);
long wcstol(const wchar_t *text, wchar_t **end, int base) VEDUTA_SYMBOL(wcstol);
unsigned long wcstoul(const wchar_t *text, wchar_t **end, int base) VEDUTA_SYMBOL(wcstoul);
long long wcstoll(const wchar_t *text, wchar_t **end, int base) VEDUTA_SYMBOL(wcstoll);
unsigned long long wcstoull(const wchar_t *text, wchar_t **end, int base) VEDUTA_SYMBOL(wcstoull);
double wcstod(const wchar_t *text, wchar_t **end) VEDUTA_SYMBOL(wcstod);
wchar_t *wmemcpy(wchar_t *to, const wchar_t *from, size_t count) VEDUTA_SYMBOL(wmemcpy);
wchar_t *wmemmove(wchar_t *to, const wchar_t *from, size_t count) VEDUTA_SYMBOL(wmemmove);
wchar_t *wmemset(wchar_t *to, wchar_t value, size_t count) VEDUTA_SYMBOL(wmemset);
int wmemcmp(const wchar_t *a, const wchar_t *b, size_t count) VEDUTA_SYMBOL(wmemcmp);
int fputws(const wchar_t *text, FILE *stream) VEDUTA_SYMBOL(fputws);
wchar_t *fgetws(wchar_t *buffer, int capacity, FILE *stream) VEDUTA_SYMBOL(fgetws);
int wcscoll(const wchar_t *a, const wchar_t *b) VEDUTA_SYMBOL(wcscmp);
int wcscasecmp(const wchar_t *a, const wchar_t *b) VEDUTA_SYMBOL(wcsicmp);
int wcsncasecmp(const wchar_t *a, const wchar_t *b, size_t count) VEDUTA_SYMBOL(wcsnicmp);
wchar_t *wcsdup(const wchar_t *text) VEDUTA_SYMBOL(wcsdup);
size_t mbstowcs(wchar_t *to, const char *from, size_t count) VEDUTA_THROW VEDUTA_SYMBOL(mbstowcs);
size_t wcstombs(char *to, const wchar_t *from, size_t count) VEDUTA_THROW VEDUTA_SYMBOL(wcstombs);

#ifdef __cplusplus
/* In C++ these keep a const where there is one. The macro tells libstdc++ that it need not see to that. */
#ifndef __CORRECT_ISO_CPP_WCHAR_H_PROTO
#define __CORRECT_ISO_CPP_WCHAR_H_PROTO
#endif
extern "C++" {
const wchar_t *wcschr(const wchar_t *text, wchar_t wanted) VEDUTA_SYMBOL(wcschr);
wchar_t *wcschr(wchar_t *text, wchar_t wanted) VEDUTA_SYMBOL(wcschr);
const wchar_t *wcsrchr(const wchar_t *text, wchar_t wanted) VEDUTA_SYMBOL(wcsrchr);
wchar_t *wcsrchr(wchar_t *text, wchar_t wanted) VEDUTA_SYMBOL(wcsrchr);
const wchar_t *wcsstr(const wchar_t *text, const wchar_t *wanted) VEDUTA_SYMBOL(wcsstr);
wchar_t *wcsstr(wchar_t *text, const wchar_t *wanted) VEDUTA_SYMBOL(wcsstr);
const wchar_t *wcspbrk(const wchar_t *text, const wchar_t *set) VEDUTA_SYMBOL(wcspbrk);
wchar_t *wcspbrk(wchar_t *text, const wchar_t *set) VEDUTA_SYMBOL(wcspbrk);
const wchar_t *wmemchr(const wchar_t *text, wchar_t wanted, size_t count) VEDUTA_SYMBOL(wmemchr);
wchar_t *wmemchr(wchar_t *text, wchar_t wanted, size_t count) VEDUTA_SYMBOL(wmemchr);
}
#else
wchar_t *wcschr(const wchar_t *text, wchar_t wanted) VEDUTA_SYMBOL(wcschr);
wchar_t *wcsrchr(const wchar_t *text, wchar_t wanted) VEDUTA_SYMBOL(wcsrchr);
wchar_t *wcsstr(const wchar_t *text, const wchar_t *wanted) VEDUTA_SYMBOL(wcsstr);
wchar_t *wcspbrk(const wchar_t *text, const wchar_t *set) VEDUTA_SYMBOL(wcspbrk);
wchar_t *wmemchr(const wchar_t *text, wchar_t wanted, size_t count) VEDUTA_SYMBOL(wmemchr);
#endif

size_t mbrtowc(wchar_t *, const char *, size_t, mbstate_t *) VEDUTA_NOT_HERE(mbrtowc);
size_t mbsrtowcs(wchar_t *, const char **, size_t, mbstate_t *) VEDUTA_NOT_HERE(mbsrtowcs);
size_t wcsrtombs(char *, const wchar_t **, size_t, mbstate_t *) VEDUTA_NOT_HERE(wcsrtombs);
size_t wcsftime(wchar_t *, size_t, const wchar_t *, const struct tm *) VEDUTA_NOT_HERE(wcsftime);
size_t wcsxfrm(wchar_t *, const wchar_t *, size_t) VEDUTA_NOT_HERE(wcsxfrm);
wint_t fgetwc(FILE *) VEDUTA_NOT_HERE(fgetwc);
wint_t getwc(FILE *) VEDUTA_NOT_HERE(getwc);
wint_t getwchar(void) VEDUTA_NOT_HERE(getwchar);
wint_t fputwc(wchar_t, FILE *) VEDUTA_NOT_HERE(fputwc);
wint_t putwc(wchar_t, FILE *) VEDUTA_NOT_HERE(putwc);
wint_t putwchar(wchar_t) VEDUTA_NOT_HERE(putwchar);
wint_t ungetwc(wint_t, FILE *) VEDUTA_NOT_HERE(ungetwc);
int fwide(FILE *, int) VEDUTA_NOT_HERE(fwide);
int wscanf(const wchar_t *, ...) VEDUTA_NOT_HERE(wscanf);
int fwscanf(FILE *, const wchar_t *, ...) VEDUTA_NOT_HERE(fwscanf);
int swscanf(const wchar_t *, const wchar_t *, ...) VEDUTA_NOT_HERE(swscanf);
int vwscanf(const wchar_t *, va_list) VEDUTA_NOT_HERE(vwscanf);
int vfwscanf(FILE *, const wchar_t *, va_list) VEDUTA_NOT_HERE(vfwscanf);
int vswscanf(const wchar_t *, const wchar_t *, va_list) VEDUTA_NOT_HERE(vswscanf);
size_t wcrtomb(char *, wchar_t, mbstate_t *) VEDUTA_NOT_HERE(wcrtomb);

static inline float wcstof(const wchar_t *text, wchar_t **end)
{
    return (float)wcstod(text, end);
}

static inline long double wcstold(const wchar_t *text, wchar_t **end)
{
    return wcstod(text, end);
}

static inline int vfwprintf(FILE *stream, const wchar_t *format, va_list arguments)
{
    return veduta_vfwprintf(stream, format, arguments);
}

static inline int vwprintf(const wchar_t *format, va_list arguments)
{
    return veduta_vwprintf(format, arguments);
}

static inline int vswprintf(wchar_t *buffer, size_t capacity, const wchar_t *format, va_list arguments)
{
    return veduta_vswprintf(buffer, capacity, format, arguments);
}

static inline int wprintf(const wchar_t *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = veduta_vwprintf(format, arguments);
    va_end(arguments);
    return length;
}

static inline int fwprintf(FILE *stream, const wchar_t *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = veduta_vfwprintf(stream, format, arguments);
    va_end(arguments);
    return length;
}

static inline int swprintf(wchar_t *buffer, size_t capacity, const wchar_t *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = veduta_vswprintf(buffer, capacity, format, arguments);
    va_end(arguments);
    return length;
}

#ifdef __cplusplus
/* The form without a size, which Microsoft keeps for old C++ source. */
extern "C++" {
static inline int swprintf(wchar_t *buffer, const wchar_t *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vswprintf(buffer, format, arguments);
    va_end(arguments);
    return length;
}
}
#endif

#ifdef __cplusplus
}
#endif

/* With _FORTIFY_SOURCE stdlib.h has defined these two inline already, so that their symbols do not matter. */
#if defined(__USE_FORTIFY_LEVEL) && __USE_FORTIFY_LEVEL > 0
#define mbstowcs(to, from, count) veduta_mbstowcs(to, from, count)
#define wcstombs(to, from, count) veduta_wcstombs(to, from, count)
#ifdef __cplusplus
namespace std {
using ::veduta_mbstowcs;
using ::veduta_wcstombs;
}
#endif
#endif

#endif
#endif
