/* The printing functions that only Microsoft's C runtime has. They follow Windows' format rules (veduta/format.h): %lu is a DWORD. printf,
   sprintf and the others that the C standard has stay the C library's, unless VEDUTA_WINDOWS_PRINTF is defined before: then they
   are these as well, for source that prints DWORDs with %lu, or WCHAR strings with %ls. windows.h and tchar.h include this. */
#ifndef VEDUTA_CORECRT_STDIO_H
#define VEDUTA_CORECRT_STDIO_H

#include <errno.h>
#include <stdio.h>

#include <crtdefs.h>
#include <veduta/format.h>

static inline int veduta_vfprintf(FILE *stream, const char *format, va_list arguments)
{
    return veduta_format_stream(stream, 0, format, arguments);
}

static inline int veduta_vprintf(const char *format, va_list arguments)
{
    return veduta_format_stream(stdout, 0, format, arguments);
}

static inline int veduta_vsnprintf(char *buffer, size_t capacity, const char *format, va_list arguments)
{
    long long length = veduta_format_buffer(buffer, capacity, 0, format, arguments);
    if (capacity && buffer && length >= 0 && (size_t)length >= capacity)
        buffer[capacity - 1] = 0;
    return (int)length;
}

static inline int veduta_vsprintf(char *buffer, const char *format, va_list arguments)
{
    return (int)veduta_format_buffer(buffer, (size_t)-1, 0, format, arguments);
}

/* Without an end if there is no room for it, and -1 if there is no room for the text: the old rule, kept. */
static inline int _vsnprintf(char *buffer, size_t capacity, const char *format, va_list arguments)
{
    long long length = veduta_format_buffer(buffer, capacity, 0, format, arguments);
    return buffer && length > (long long)capacity ? -1 : (int)length;
}

static inline int _vscprintf(const char *format, va_list arguments)
{
    return (int)veduta_format_buffer(NULL, 0, 0, format, arguments);
}

/* The _s functions empty the buffer and return -1 where Microsoft's would end the program. */
static inline int _vsnprintf_s(char *buffer, size_t capacity, size_t count, const char *format, va_list arguments)
{
    if (!buffer || capacity == 0)
        return -1;
    size_t limit = count < capacity ? count + 1 : capacity;
    long long length = veduta_format_buffer(buffer, limit, 0, format, arguments);
    if (length >= 0 && (size_t)length < limit)
        return (int)length;
    buffer[length >= 0 && (count == _TRUNCATE || count < capacity) ? limit - 1 : 0] = 0;
    return -1;
}

static inline int vsprintf_s(char *buffer, size_t capacity, const char *format, va_list arguments)
{
    return _vsnprintf_s(buffer, capacity, capacity, format, arguments);
}

static inline int veduta_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = veduta_vprintf(format, arguments);
    va_end(arguments);
    return length;
}

static inline int veduta_fprintf(FILE *stream, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = veduta_vfprintf(stream, format, arguments);
    va_end(arguments);
    return length;
}

static inline int veduta_snprintf(char *buffer, size_t capacity, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = veduta_vsnprintf(buffer, capacity, format, arguments);
    va_end(arguments);
    return length;
}

static inline int veduta_sprintf(char *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = veduta_vsprintf(buffer, format, arguments);
    va_end(arguments);
    return length;
}

static inline int _snprintf(char *buffer, size_t capacity, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnprintf(buffer, capacity, format, arguments);
    va_end(arguments);
    return length;
}

static inline int _scprintf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vscprintf(format, arguments);
    va_end(arguments);
    return length;
}

static inline int _snprintf_s(char *buffer, size_t capacity, size_t count, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnprintf_s(buffer, capacity, count, format, arguments);
    va_end(arguments);
    return length;
}

static inline int sprintf_s(char *buffer, size_t capacity, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsprintf_s(buffer, capacity, format, arguments);
    va_end(arguments);
    return length;
}

#define printf_s veduta_printf
#define fprintf_s veduta_fprintf

#ifdef __cplusplus
/* The size of a buffer that is an array need not be said. */
extern "C++" {
template <size_t N> inline int sprintf_s(char (&buffer)[N], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsprintf_s(buffer, N, format, arguments);
    va_end(arguments);
    return length;
}

template <size_t N> inline int _snprintf_s(char (&buffer)[N], size_t count, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = _vsnprintf_s(buffer, N, count, format, arguments);
    va_end(arguments);
    return length;
}
}
#endif

static inline errno_t fopen_s(FILE **stream, const char *name, const char *mode)
{
    if (!stream || !name || !mode)
        return EINVAL;
    *stream = fopen(name, mode);
    return *stream ? 0 : errno;
}

/* With parameters, so that an attribute like format(printf, 1, 2) is left alone. */
#ifdef VEDUTA_WINDOWS_PRINTF
#ifdef __cplusplus
/* Now, since it undefines these names. */
#include <cstdio>
namespace std {
using ::veduta_printf;
using ::veduta_fprintf;
using ::veduta_sprintf;
using ::veduta_snprintf;
using ::veduta_vprintf;
using ::veduta_vfprintf;
using ::veduta_vsprintf;
using ::veduta_vsnprintf;
}
#endif
#undef printf
#define printf(...) veduta_printf(__VA_ARGS__)
#undef fprintf
#define fprintf(...) veduta_fprintf(__VA_ARGS__)
#undef sprintf
#define sprintf(...) veduta_sprintf(__VA_ARGS__)
#undef snprintf
#define snprintf(...) veduta_snprintf(__VA_ARGS__)
#undef vprintf
#define vprintf(...) veduta_vprintf(__VA_ARGS__)
#undef vfprintf
#define vfprintf(...) veduta_vfprintf(__VA_ARGS__)
#undef vsprintf
#define vsprintf(...) veduta_vsprintf(__VA_ARGS__)
#undef vsnprintf
#define vsnprintf(...) veduta_vsnprintf(__VA_ARGS__)
#endif

#endif
