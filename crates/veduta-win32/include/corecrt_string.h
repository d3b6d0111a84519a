/* The string and number functions for `char` that Microsoft's C runtime has beside the standard's. On Windows they are in string.h and stdlib.h;
   here windows.h and tchar.h bring them, so that the C library's headers stay its own. */
#ifndef VEDUTA_CORECRT_STRING_H
#define VEDUTA_CORECRT_STRING_H

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <crtdefs.h>

static inline int _stricmp(const char *a, const char *b)
{
    return strcasecmp(a, b);
}

static inline int _strnicmp(const char *a, const char *b, size_t count)
{
    return strncasecmp(a, b, count);
}

static inline char *_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = (char *)malloc(size);
    return copy ? (char *)memcpy(copy, text, size) : NULL;
}

static inline char *_strupr(char *text)
{
    for (char *c = text; *c; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return text;
}

static inline char *_strlwr(char *text)
{
    for (char *c = text; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return text;
}

/* The _s functions: 0, or EINVAL or ERANGE with an empty string in `to`, where Microsoft's would end the program. With _TRUNCATE what does not fit is
   cut, and the result is 80 (Microsoft's STRUNCATE). */
static inline errno_t strncat_s(char *to, rsize_t capacity, const char *from, rsize_t count)
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

static inline errno_t strncpy_s(char *to, rsize_t capacity, const char *from, rsize_t count)
{
    if (!to || capacity == 0)
        return EINVAL;
    to[0] = 0;
    return strncat_s(to, capacity, from, count);
}

static inline errno_t strcat_s(char *to, rsize_t capacity, const char *from)
{
    return strncat_s(to, capacity, from, (rsize_t)-2);
}

static inline errno_t strcpy_s(char *to, rsize_t capacity, const char *from)
{
    return strncpy_s(to, capacity, from, (rsize_t)-2);
}

#ifdef __cplusplus
/* The size of a buffer that is an array need not be said. */
extern "C++" {
template <size_t N> inline errno_t strcpy_s(char (&to)[N], const char *from) { return strcpy_s(to, N, from); }
template <size_t N> inline errno_t strcat_s(char (&to)[N], const char *from) { return strcat_s(to, N, from); }
template <size_t N> inline errno_t strncpy_s(char (&to)[N], const char *from, rsize_t count) { return strncpy_s(to, N, from, count); }
template <size_t N> inline errno_t strncat_s(char (&to)[N], const char *from, rsize_t count) { return strncat_s(to, N, from, count); }
}
#endif

static inline errno_t memcpy_s(void *to, rsize_t capacity, const void *from, rsize_t count)
{
    if (count == 0)
        return 0;
    if (!to)
        return EINVAL;
    if (!from || count > capacity) {
        memset(to, 0, capacity);
        return from ? ERANGE : EINVAL;
    }
    memcpy(to, from, count);
    return 0;
}

static inline errno_t memmove_s(void *to, rsize_t capacity, const void *from, rsize_t count)
{
    if (count == 0)
        return 0;
    if (!to || !from)
        return EINVAL;
    if (count > capacity)
        return ERANGE;
    memmove(to, from, count);
    return 0;
}

static inline char *strtok_s(char *text, const char *separators, char **rest)
{
    char *token;
    if (!text)
        text = *rest;
    text += strspn(text, separators);
    token = text;
    text += strcspn(text, separators);
    *rest = *text ? text + 1 : text;
    *text = 0;
    return *token ? token : NULL;
}

/* Digits of a number in a base from 2 to 36. Only base 10 has a sign. */
static inline char *_ui64toa(unsigned long long value, char *buffer, int radix)
{
    char digits[64];
    int count = 0, i = 0;
    do {
        digits[count++] = (char)"0123456789abcdefghijklmnopqrstuvwxyz"[value % (unsigned)radix];
        value /= (unsigned)radix;
    } while (value);
    while (count)
        buffer[i++] = digits[--count];
    buffer[i] = 0;
    return buffer;
}

static inline char *_i64toa(long long value, char *buffer, int radix)
{
    if (value >= 0 || radix != 10)
        return _ui64toa((unsigned long long)value, buffer, radix);
    buffer[0] = '-';
    _ui64toa(0 - (unsigned long long)value, buffer + 1, radix);
    return buffer;
}

static inline char *_itoa(int value, char *buffer, int radix)
{
    return radix == 10 ? _i64toa(value, buffer, radix) : _ui64toa((unsigned)value, buffer, radix);
}

/* `long` is LONG on Windows. */
static inline char *_ltoa(int value, char *buffer, int radix)
{
    return _itoa(value, buffer, radix);
}

static inline char *_ultoa(unsigned value, char *buffer, int radix)
{
    return _ui64toa(value, buffer, radix);
}

static inline long long _atoi64(const char *text)
{
    return strtoll(text, NULL, 10);
}

static inline long long _strtoi64(const char *text, char **end, int base)
{
    return strtoll(text, end, base);
}

static inline unsigned long long _strtoui64(const char *text, char **end, int base)
{
    return strtoull(text, end, base);
}

#endif
