/* Printing of 16-bit text, by Windows' format rules (veduta/format.h). With -fshort-wchar the C names, wprintf and so on, are these; wchar.h
   sees to that. windows.h and tchar.h include this. */
#ifndef VEDUTA_CORECRT_WSTDIO_H
#define VEDUTA_CORECRT_WSTDIO_H

#include <errno.h>
#include <stdio.h>

#include <crtdefs.h>
#include <stringapiset.h>
#include <veduta/format.h>
#include <veduta_win32.h>

static inline int veduta_vfwprintf(FILE *stream, const WCHAR *format, va_list arguments)
{
    return veduta_format_stream(stream, 1, format, arguments);
}

static inline int veduta_vwprintf(const WCHAR *format, va_list arguments)
{
    return veduta_format_stream(stdout, 1, format, arguments);
}

/* -1 if it does not fit, with what does and an end in the buffer. */
static inline int veduta_vswprintf(WCHAR *buffer, size_t capacity, const WCHAR *format, va_list arguments)
{
    if (capacity == 0)
        return -1;
    long long length = veduta_format_buffer(buffer, capacity, 1, format, arguments);
    if (length >= 0 && (size_t)length < capacity)
        return (int)length;
    buffer[capacity - 1] = 0;
    return -1;
}

static inline int _vswprintf(WCHAR *buffer, const WCHAR *format, va_list arguments)
{
    return (int)veduta_format_buffer(buffer, (size_t)-1, 1, format, arguments);
}

/* Without an end if there is no room for it, and -1 if there is no room for the text: the old rule, kept. */
static inline int _vsnwprintf(WCHAR *buffer, size_t capacity, const WCHAR *format, va_list arguments)
{
    long long length = veduta_format_buffer(buffer, capacity, 1, format, arguments);
    return buffer && length > (long long)capacity ? -1 : (int)length;
}

static inline int _vscwprintf(const WCHAR *format, va_list arguments)
{
    return (int)veduta_format_buffer(NULL, 0, 1, format, arguments);
}

/* The _s functions empty the buffer and return -1 where Microsoft's would end the program. */
static inline int _vsnwprintf_s(WCHAR *buffer, size_t capacity, size_t count, const WCHAR *format, va_list arguments)
{
    if (!buffer || capacity == 0)
        return -1;
    size_t limit = count < capacity ? count + 1 : capacity;
    long long length = veduta_format_buffer(buffer, limit, 1, format, arguments);
    if (length >= 0 && (size_t)length < limit)
        return (int)length;
    buffer[length >= 0 && (count == _TRUNCATE || count < capacity) ? limit - 1 : 0] = 0;
    return -1;
}

static inline int vswprintf_s(WCHAR *buffer, size_t capacity, const WCHAR *format, va_list arguments)
{
    return _vsnwprintf_s(buffer, capacity, capacity, format, arguments);
}

static inline int veduta_wprintf(const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = veduta_vwprintf(format, arguments);
    va_end(arguments);
    return length;
}

static inline int veduta_fwprintf(FILE *stream, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = veduta_vfwprintf(stream, format, arguments);
    va_end(arguments);
    return length;
}

static inline int veduta_swprintf(WCHAR *buffer, size_t capacity, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = veduta_vswprintf(buffer, capacity, format, arguments);
    va_end(arguments);
    return length;
}

static inline int _swprintf(WCHAR *buffer, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vswprintf(buffer, format, arguments);
    va_end(arguments);
    return length;
}

static inline int _snwprintf(WCHAR *buffer, size_t capacity, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnwprintf(buffer, capacity, format, arguments);
    va_end(arguments);
    return length;
}

static inline int _scwprintf(const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vscwprintf(format, arguments);
    va_end(arguments);
    return length;
}

static inline int _snwprintf_s(WCHAR *buffer, size_t capacity, size_t count, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnwprintf_s(buffer, capacity, count, format, arguments);
    va_end(arguments);
    return length;
}

static inline int swprintf_s(WCHAR *buffer, size_t capacity, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vswprintf_s(buffer, capacity, format, arguments);
    va_end(arguments);
    return length;
}

#define wprintf_s veduta_wprintf
#define fwprintf_s veduta_fwprintf

#ifdef __cplusplus
/* The size of a buffer that is an array need not be said. */
extern "C++" {
template <size_t N> inline int swprintf_s(WCHAR (&buffer)[N], const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vswprintf_s(buffer, N, format, arguments);
    va_end(arguments);
    return length;
}

template <size_t N> inline int _snwprintf_s(WCHAR (&buffer)[N], size_t count, const WCHAR *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnwprintf_s(buffer, N, count, format, arguments);
    va_end(arguments);
    return length;
}
}
#endif

/* Opens a file by its Windows name. */
static inline FILE *_wfopen(const WCHAR *name, const WCHAR *mode)
{
    char narrow_name[4096], linux_name[4096], narrow_mode[16];
    size_t length = 0;
    if (!name || !mode || !WideCharToMultiByte(65001, 0, name, -1, narrow_name, sizeof narrow_name, NULL, NULL) ||
        !WideCharToMultiByte(65001, 0, mode, -1, narrow_mode, sizeof narrow_mode, NULL, NULL)) {
        errno = EINVAL;
        return NULL;
    }
    length = veduta_linux_path(narrow_name, linux_name, sizeof linux_name);
    if (length == 0 || length >= sizeof linux_name) {
        errno = length ? ENAMETOOLONG : ENOENT;
        return NULL;
    }
    return fopen(linux_name, narrow_mode);
}

static inline errno_t _wfopen_s(FILE **stream, const WCHAR *name, const WCHAR *mode)
{
    if (!stream || !name || !mode)
        return EINVAL;
    *stream = _wfopen(name, mode);
    return *stream ? 0 : errno;
}

static inline int _putws(const WCHAR *text)
{
    return veduta_fputws(text, stdout) < 0 || putchar('\n') < 0 ? -1 : 0;
}

#endif
