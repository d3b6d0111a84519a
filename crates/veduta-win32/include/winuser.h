/* There are no windows here: only the text formatting that this header has on Windows. */
#ifndef VEDUTA_WINUSER_H
#define VEDUTA_WINUSER_H

#include <windef.h>
#include <veduta/format.h>

#define SW_HIDE 0
#define SW_SHOWNORMAL 1
#define SW_SHOW 5
#define SW_SHOWDEFAULT 10

/* The output has at most 1024 units with its end, whatever the buffer: that is the documented limit. */
#define VEDUTA_WSPRINTF_LIMIT 1024

static inline int wvsprintfA(LPSTR unnamedParam1, LPCSTR unnamedParam2, va_list arglist)
{
    return veduta_format_cut(unnamedParam1, VEDUTA_WSPRINTF_LIMIT, 0, unnamedParam2, arglist);
}

static inline int wvsprintfW(LPWSTR unnamedParam1, LPCWSTR unnamedParam2, va_list arglist)
{
    return veduta_format_cut(unnamedParam1, VEDUTA_WSPRINTF_LIMIT, 1, unnamedParam2, arglist);
}

static inline int wsprintfA(LPSTR unnamedParam1, LPCSTR unnamedParam2, ...)
{
    va_list arguments;
    va_start(arguments, unnamedParam2);
    int length = wvsprintfA(unnamedParam1, unnamedParam2, arguments);
    va_end(arguments);
    return length;
}

static inline int wsprintfW(LPWSTR unnamedParam1, LPCWSTR unnamedParam2, ...)
{
    va_list arguments;
    va_start(arguments, unnamedParam2);
    int length = wvsprintfW(unnamedParam1, unnamedParam2, arguments);
    va_end(arguments);
    return length;
}

#define wsprintf VEDUTA_AW(wsprintf)
#define wvsprintf VEDUTA_AW(wvsprintf)

#endif
