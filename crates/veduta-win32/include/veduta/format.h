/* printf with the rules of Windows, for the functions in winuser.h, corecrt_stdio.h and corecrt_wstdio.h. Source does not include this.
   It differs from the C library's printf in three things. `l` before d, u, x and so on stands for 32 bits, since LONG and DWORD have them.
   %s is a WCHAR string in wide functions, %S a string of the other width, %hs and %ls one of the stated width. I64, I32, I and w are known.
   Numbers are left to the C library. It is inline because the library is written in Rust, which cannot define variadic functions. */
#ifndef VEDUTA_FORMAT_H
#define VEDUTA_FORMAT_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windef.h>

/* Where output goes: units of 8 or 16 bits to a buffer, which keeps what fits, or to a stream, as UTF-8. */
typedef struct veduta_format_sink {
    void *buffer;
    size_t capacity;
    size_t length;
    int wide;
    FILE *stream;
    unsigned high_surrogate;
    char pending[256];
    size_t pending_length;
    int failed;
} veduta_format_sink;

static inline void veduta_format_flush(veduta_format_sink *sink)
{
    if (sink->pending_length && fwrite(sink->pending, 1, sink->pending_length, sink->stream) != sink->pending_length)
        sink->failed = 1;
    sink->pending_length = 0;
}

/* Encodes one code point, or U+FFFD for what is none; returns the number of bytes. */
static inline size_t veduta_format_utf8(unsigned point, char bytes[4])
{
    if (point < 0x80) {
        bytes[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        bytes[0] = (char)(0xc0 | point >> 6);
        bytes[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        point = 0xfffd;
    if (point < 0x10000) {
        bytes[0] = (char)(0xe0 | point >> 12);
        bytes[1] = (char)(0x80 | (point >> 6 & 0x3f));
        bytes[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    bytes[0] = (char)(0xf0 | point >> 18);
    bytes[1] = (char)(0x80 | (point >> 12 & 0x3f));
    bytes[2] = (char)(0x80 | (point >> 6 & 0x3f));
    bytes[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

static inline void veduta_format_bytes(veduta_format_sink *sink, const char *bytes, size_t count)
{
    if (sink->pending_length + count > sizeof sink->pending)
        veduta_format_flush(sink);
    memcpy(sink->pending + sink->pending_length, bytes, count);
    sink->pending_length += count;
}

/* Puts one unit of the sink's width. */
static inline void veduta_format_put(veduta_format_sink *sink, unsigned unit)
{
    char bytes[4];
    if (sink->stream && sink->wide) {
        unsigned high = sink->high_surrogate;
        sink->high_surrogate = 0;
        if (high && unit >= 0xdc00 && unit < 0xe000) {
            veduta_format_bytes(sink, bytes, veduta_format_utf8(0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00), bytes));
        } else {
            if (high)
                veduta_format_bytes(sink, bytes, veduta_format_utf8(high, bytes));
            if (unit >= 0xd800 && unit < 0xdc00)
                sink->high_surrogate = unit;
            else
                veduta_format_bytes(sink, bytes, veduta_format_utf8(unit, bytes));
        }
    } else if (sink->stream) {
        bytes[0] = (char)unit;
        veduta_format_bytes(sink, bytes, 1);
    } else if (sink->length < sink->capacity) {
        if (sink->wide)
            ((WCHAR *)sink->buffer)[sink->length] = (WCHAR)unit;
        else
            ((char *)sink->buffer)[sink->length] = (char)unit;
    }
    sink->length++;
}

/* Takes one code point from a string: UTF-16 if `wide`, else UTF-8. What is not valid is U+FFFD and one unit long. Never reads past an end. */
static inline unsigned veduta_format_take(const void *text, int wide, size_t *at)
{
    if (wide) {
        const WCHAR *units = (const WCHAR *)text + *at;
        unsigned first = units[0];
        ++*at;
        if (first >= 0xd800 && first < 0xdc00 && units[1] >= 0xdc00 && units[1] < 0xe000) {
            ++*at;
            return 0x10000 + ((first - 0xd800) << 10) + ((unsigned)units[1] - 0xdc00);
        }
        return first >= 0xd800 && first < 0xe000 ? 0xfffd : first;
    }
    const unsigned char *bytes = (const unsigned char *)text + *at;
    unsigned first = bytes[0];
    size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    unsigned point = length == 1 ? first : first & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            length = 0;
            break;
        }
        point = point << 6 | (bytes[i] & 0x3f);
    }
    if (length == 0 || (length == 3 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) || (length == 4 && (point < 0x10000 || point > 0x10ffff))) {
        ++*at;
        return 0xfffd;
    }
    *at += length;
    return point;
}

/* Puts up to `limit` units of a string of either width into the sink; with a sink of NULL only counts them. */
static inline size_t veduta_format_text(veduta_format_sink *sink, const void *text, int text_wide, int sink_wide, size_t limit)
{
    size_t count = 0, at = 0;
    while (count < limit) {
        unsigned units[4];
        size_t unit_count = 1;
        if (text_wide == sink_wide) {
            units[0] = text_wide ? ((const WCHAR *)text)[at] : ((const unsigned char *)text)[at];
            at++;
        } else {
            units[0] = veduta_format_take(text, text_wide, &at);
            if (sink_wide && units[0] >= 0x10000) {
                units[1] = 0xdc00 + ((units[0] - 0x10000) & 0x3ff);
                units[0] = 0xd800 + ((units[0] - 0x10000) >> 10);
                unit_count = 2;
            } else if (!sink_wide) {
                char bytes[4];
                unit_count = veduta_format_utf8(units[0], bytes);
                for (size_t i = 0; i < unit_count; i++)
                    units[i] = (unsigned char)bytes[i];
            }
        }
        if (units[0] == 0 || count + unit_count > limit)
            break;
        for (size_t i = 0; sink && i < unit_count; i++)
            veduta_format_put(sink, units[i]);
        count += unit_count;
    }
    return count;
}

static inline void veduta_format_pad(veduta_format_sink *sink, unsigned unit, int count)
{
    while (count-- > 0)
        veduta_format_put(sink, unit);
}

/* The formatter. The format has the sink's width. Returns 0, or -1 for a directive it does not know. */
static inline int veduta_format_run(veduta_format_sink *sink, const void *format, va_list arguments)
{
#define VEDUTA_FORMAT_UNIT (sink->wide ? (unsigned)((const WCHAR *)format)[at] : (unsigned)((const unsigned char *)format)[at])
    enum { plain, tiny, small, word, quad, extended } size;
    size_t at = 0;
    for (;;) {
        unsigned unit = VEDUTA_FORMAT_UNIT;
        at++;
        if (unit == 0)
            return 0;
        if (unit != '%') {
            veduta_format_put(sink, unit);
            continue;
        }
        char flags[8];
        size_t flag_count = 0;
        int left = 0, zero = 0, width = 0, precision = -1, text_width = 0;
        size = plain;
        for (unit = VEDUTA_FORMAT_UNIT; unit == '-' || unit == '+' || unit == ' ' || unit == '#' || unit == '0'; at++, unit = VEDUTA_FORMAT_UNIT) {
            left |= unit == '-';
            zero |= unit == '0';
            if (!memchr(flags, (int)unit, flag_count))
                flags[flag_count++] = (char)unit;
        }
        if (unit == '*') {
            width = va_arg(arguments, int);
            at++;
            if (width < 0) {
                left = 1;
                width = -width;
                if (!memchr(flags, '-', flag_count))
                    flags[flag_count++] = '-';
            }
        } else {
            for (; unit >= '0' && unit <= '9' && width < 100000000; at++, unit = VEDUTA_FORMAT_UNIT)
                width = width * 10 + (int)(unit - '0');
        }
        if (VEDUTA_FORMAT_UNIT == '.') {
            at++;
            precision = 0;
            if (VEDUTA_FORMAT_UNIT == '*') {
                precision = va_arg(arguments, int);
                at++;
            } else {
                for (unit = VEDUTA_FORMAT_UNIT; unit >= '0' && unit <= '9' && precision < 100000000; at++, unit = VEDUTA_FORMAT_UNIT)
                    precision = precision * 10 + (int)(unit - '0');
            }
        }
        for (unit = VEDUTA_FORMAT_UNIT;; at++, unit = VEDUTA_FORMAT_UNIT) {
            if (unit == 'h') {
                size = size == small ? tiny : small;
                text_width = 8;
            } else if (unit == 'l') {
                size = size == word ? quad : word;
                text_width = 16;
            } else if (unit == 'w') {
                text_width = 16;
            } else if (unit == 'j' || unit == 'z' || unit == 't') {
                size = quad;
            } else if (unit == 'L') {
                size = extended;
            } else if (unit == 'I') {
                size = quad;
                at++;
                unsigned next = VEDUTA_FORMAT_UNIT;
                at++;
                if (next == '3' && VEDUTA_FORMAT_UNIT == '2')
                    size = word;
                else if (next != '6' || VEDUTA_FORMAT_UNIT != '4')
                    at -= 2;
            } else {
                break;
            }
        }
        at++;
        switch (unit) {
        case '%':
            veduta_format_put(sink, '%');
            continue;
        case 'c':
        case 'C': {
            int wide = text_width ? text_width == 16 : unit == 'c' ? sink->wide : !sink->wide;
            int value = va_arg(arguments, int);
            WCHAR wide_text[2] = { (WCHAR)value, 0 };
            char narrow_text[2] = { (char)value, 0 };
            const void *text = wide ? (const void *)wide_text : (const void *)narrow_text;
            /* A zero is written, not taken for an end. */
            int is_zero = wide ? wide_text[0] == 0 : narrow_text[0] == 0;
            size_t count = is_zero ? 1 : veduta_format_text(NULL, text, wide, sink->wide, 4);
            if (!left)
                veduta_format_pad(sink, zero ? '0' : ' ', width - (int)count);
            if (is_zero)
                veduta_format_put(sink, 0);
            else
                veduta_format_text(sink, text, wide, sink->wide, 4);
            if (left)
                veduta_format_pad(sink, ' ', width - (int)count);
            continue;
        }
        case 's':
        case 'S': {
            int wide = text_width ? text_width == 16 : unit == 's' ? sink->wide : !sink->wide;
            const void *text = va_arg(arguments, const void *);
            size_t limit = precision < 0 ? 0x7fffffff : (size_t)precision;
            if (!text) {
                text = "(null)";
                wide = 0;
            }
            size_t count = veduta_format_text(NULL, text, wide, sink->wide, limit);
            if (!left)
                veduta_format_pad(sink, zero ? '0' : ' ', width - (int)count);
            veduta_format_text(sink, text, wide, sink->wide, limit);
            if (left)
                veduta_format_pad(sink, ' ', width - (int)count);
            continue;
        }
        case 'd':
        case 'i':
        case 'u':
        case 'x':
        case 'X':
        case 'o':
        case 'p':
        case 'e':
        case 'E':
        case 'f':
        case 'F':
        case 'g':
        case 'G':
        case 'a':
        case 'A':
            break;
        default:
            return -1;
        }

        /* The same directive for the C library, with the value widened so that `ll` is always right. */
        char directive[32], room[128], *text = room;
        size_t length = 0;
        directive[length++] = '%';
        for (size_t i = 0; i < flag_count; i++)
            directive[length++] = flags[i];
        memcpy(directive + length, "*.*", 3);
        length += 3;
        long long integer = 0;
        double real = 0;
        long double long_real = 0;
        int kind = 0;
        if (unit == 'p') {
            /* 16 capital digits, without 0x. */
            integer = (long long)(intptr_t)va_arg(arguments, void *);
            precision = 16;
            unit = 'X';
        } else if (unit == 'd' || unit == 'i') {
            integer = size == quad ? va_arg(arguments, long long) : va_arg(arguments, int);
            if (size == small)
                integer = (short)integer;
            else if (size == tiny)
                integer = (signed char)integer;
        } else if (unit == 'u' || unit == 'x' || unit == 'X' || unit == 'o') {
            integer = size == quad ? va_arg(arguments, long long) : (long long)va_arg(arguments, unsigned);
            if (size == small)
                integer = (unsigned short)integer;
            else if (size == tiny)
                integer = (unsigned char)integer;
        } else if (size == extended) {
            long_real = va_arg(arguments, long double);
            kind = 2;
        } else {
            real = va_arg(arguments, double);
            kind = 1;
        }
        if (kind == 0) {
            directive[length++] = 'l';
            directive[length++] = 'l';
        } else if (kind == 2) {
            directive[length++] = 'L';
        }
        directive[length++] = (char)unit;
        directive[length] = 0;

        int needed = 0;
        size_t capacity = sizeof room;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        for (int attempt = 0; attempt < 2; attempt++) {
            if (kind == 0)
                needed = snprintf(text, capacity, directive, width, precision, integer);
            else if (kind == 1)
                needed = snprintf(text, capacity, directive, width, precision, real);
            else
                needed = snprintf(text, capacity, directive, width, precision, long_real);
            if (needed < 0 || (size_t)needed < capacity)
                break;
            capacity = (size_t)needed + 1;
            text = (char *)malloc(capacity);
            if (!text)
                return -1;
        }
#pragma GCC diagnostic pop
        for (int i = 0; i < needed; i++)
            veduta_format_put(sink, (unsigned char)text[i]);
        if (text != room)
            free(text);
        if (needed < 0)
            return -1;
    }
#undef VEDUTA_FORMAT_UNIT
}

/* Formats into a buffer of `capacity` units and returns the whole length, or -1. The end is written only if there is room for it. */
static inline long long veduta_format_buffer(void *buffer, size_t capacity, int wide, const void *format, va_list arguments)
{
    veduta_format_sink sink;
    memset(&sink, 0, offsetof(veduta_format_sink, pending));
    sink.pending_length = 0;
    sink.failed = 0;
    sink.buffer = buffer;
    sink.capacity = buffer ? capacity : 0;
    sink.wide = wide;
    if (veduta_format_run(&sink, format, arguments) < 0 || sink.length > 0x7fffffff)
        return -1;
    if (sink.length < sink.capacity) {
        if (wide)
            ((WCHAR *)buffer)[sink.length] = 0;
        else
            ((char *)buffer)[sink.length] = 0;
    }
    return (long long)sink.length;
}

/* The same, but what is too long is cut, and the end always written. Returns the length that was written. */
static inline int veduta_format_cut(void *buffer, size_t capacity, int wide, const void *format, va_list arguments)
{
    long long length = veduta_format_buffer(buffer, capacity, wide, format, arguments);
    if (length < 0 || (size_t)length < capacity)
        return (int)length;
    if (wide)
        ((WCHAR *)buffer)[capacity - 1] = 0;
    else
        ((char *)buffer)[capacity - 1] = 0;
    return (int)capacity - 1;
}

/* Formats to a stream. It stays a stream of bytes: the text is UTF-8, and printf and wprintf may be mixed. */
static inline int veduta_format_stream(FILE *stream, int wide, const void *format, va_list arguments)
{
    veduta_format_sink sink;
    memset(&sink, 0, offsetof(veduta_format_sink, pending));
    sink.pending_length = 0;
    sink.failed = 0;
    sink.wide = wide;
    sink.stream = stream;
    int result = veduta_format_run(&sink, format, arguments);
    if (sink.high_surrogate) {
        char bytes[4];
        veduta_format_bytes(&sink, bytes, veduta_format_utf8(0xfffd, bytes));
    }
    veduta_format_flush(&sink);
    return result < 0 || sink.failed || sink.length > 0x7fffffff ? -1 : (int)sink.length;
}

#endif
