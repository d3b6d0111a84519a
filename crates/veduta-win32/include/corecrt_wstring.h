/* The string and number functions for 16-bit text that only Microsoft's C runtime has. The standard's own, wcslen and so on, are in wchar.h.
   windows.h and tchar.h include this. */
#ifndef VEDUTA_CORECRT_WSTRING_H
#define VEDUTA_CORECRT_WSTRING_H

#include <errno.h>

#include <crtdefs.h>
#include <veduta_win32.h>

static inline int _wcsicmp(const WCHAR *a, const WCHAR *b)
{
    return veduta_wcsicmp(a, b);
}

static inline int _wcsnicmp(const WCHAR *a, const WCHAR *b, size_t count)
{
    return veduta_wcsnicmp(a, b, count);
}

static inline WCHAR *_wcsdup(const WCHAR *text)
{
    return veduta_wcsdup(text);
}

static inline WCHAR *_wcsupr(WCHAR *text)
{
    return veduta_wcsupr(text);
}

static inline WCHAR *_wcslwr(WCHAR *text)
{
    return veduta_wcslwr(text);
}

static inline WCHAR *wcstok_s(WCHAR *text, const WCHAR *separators, WCHAR **rest)
{
    return veduta_wcstok(text, separators, rest);
}

/* The _s functions: 0, or EINVAL or ERANGE with an empty string in `to`, where Microsoft's would end the program. With _TRUNCATE what does not fit is
   cut, and the result is 80 (Microsoft's STRUNCATE). */
static inline errno_t wcsncat_s(WCHAR *to, rsize_t capacity, const WCHAR *from, rsize_t count)
{
    if (!to || capacity == 0)
        return EINVAL;
    size_t start = 0, i = 0;
    while (start < capacity && to[start])
        start++;
    if (!from || start == capacity) {
        to[0] = 0;
        return EINVAL;
    }
    while (i < count && from[i]) {
        if (start + i + 1 >= capacity) {
            to[count == _TRUNCATE ? start + i : 0] = 0;
            return count == _TRUNCATE ? 80 : ERANGE;
        }
        to[start + i] = from[i];
        i++;
    }
    to[start + i] = 0;
    return 0;
}

static inline errno_t wcsncpy_s(WCHAR *to, rsize_t capacity, const WCHAR *from, rsize_t count)
{
    if (!to || capacity == 0)
        return EINVAL;
    to[0] = 0;
    return wcsncat_s(to, capacity, from, count);
}

static inline errno_t wcscat_s(WCHAR *to, rsize_t capacity, const WCHAR *from)
{
    return wcsncat_s(to, capacity, from, (rsize_t)-2);
}

static inline errno_t wcscpy_s(WCHAR *to, rsize_t capacity, const WCHAR *from)
{
    return wcsncpy_s(to, capacity, from, (rsize_t)-2);
}

#ifdef __cplusplus
/* The size of a buffer that is an array need not be said. */
extern "C++" {
template <size_t N> inline errno_t wcscpy_s(WCHAR (&to)[N], const WCHAR *from) { return wcscpy_s(to, N, from); }
template <size_t N> inline errno_t wcscat_s(WCHAR (&to)[N], const WCHAR *from) { return wcscat_s(to, N, from); }
template <size_t N> inline errno_t wcsncpy_s(WCHAR (&to)[N], const WCHAR *from, rsize_t count) { return wcsncpy_s(to, N, from, count); }
template <size_t N> inline errno_t wcsncat_s(WCHAR (&to)[N], const WCHAR *from, rsize_t count) { return wcsncat_s(to, N, from, count); }
}
#endif

/* Digits of a number in a base from 2 to 36. Only base 10 has a sign. */
static inline WCHAR *_ui64tow(unsigned long long value, WCHAR *buffer, int radix)
{
    WCHAR digits[64];
    int count = 0, i = 0;
    do {
        digits[count++] = (WCHAR)"0123456789abcdefghijklmnopqrstuvwxyz"[value % (unsigned)radix];
        value /= (unsigned)radix;
    } while (value);
    while (count)
        buffer[i++] = digits[--count];
    buffer[i] = 0;
    return buffer;
}

static inline WCHAR *_i64tow(long long value, WCHAR *buffer, int radix)
{
    if (value >= 0 || radix != 10)
        return _ui64tow((unsigned long long)value, buffer, radix);
    buffer[0] = '-';
    _ui64tow(0 - (unsigned long long)value, buffer + 1, radix);
    return buffer;
}

static inline WCHAR *_itow(int value, WCHAR *buffer, int radix)
{
    return radix == 10 ? _i64tow(value, buffer, radix) : _ui64tow((unsigned)value, buffer, radix);
}

/* `long` is LONG on Windows. */
static inline WCHAR *_ltow(int value, WCHAR *buffer, int radix)
{
    return _itow(value, buffer, radix);
}

static inline WCHAR *_ultow(unsigned value, WCHAR *buffer, int radix)
{
    return _ui64tow(value, buffer, radix);
}

static inline int _wtoi(const WCHAR *text)
{
    return (int)veduta_wcstol(text, NULL, 10);
}

/* `long` is LONG on Windows. */
static inline int _wtol(const WCHAR *text)
{
    return (int)veduta_wcstol(text, NULL, 10);
}

static inline long long _wtoi64(const WCHAR *text)
{
    return veduta_wcstoll(text, NULL, 10);
}

static inline double _wtof(const WCHAR *text)
{
    return veduta_wcstod(text, NULL);
}

static inline long long _wcstoi64(const WCHAR *text, WCHAR **end, int base)
{
    return veduta_wcstoll(text, end, base);
}

static inline unsigned long long _wcstoui64(const WCHAR *text, WCHAR **end, int base)
{
    return veduta_wcstoull(text, end, base);
}

#endif
