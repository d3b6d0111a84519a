/* What the library has beside Windows' own names. Everything here begins with veduta_; the other headers keep to names that Windows has. */
#ifndef VEDUTA_WIN32_H
#define VEDUTA_WIN32_H

#include <stdio.h>

#include <windef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the Linux path of a Windows path, both UTF-8, with its end. Returns its length without the end, as snprintf does: it was cut if that is
   not below `capacity`. Returns 0 if there is none, and sets the last error: for example 3, ERROR_PATH_NOT_FOUND, for a drive that VEDUTA_DRIVES
   does not name. For code that hands a path to a Linux function. */
WINBASEAPI size_t WINAPI veduta_linux_path(const char *windows_path, char *buffer, size_t capacity);

/* What interrupted veduta_guarded: EXCEPTION_IN_PAGE_ERROR, and the address that was touched. */
typedef struct veduta_fault {
    void *address;
    DWORD code;
} veduta_fault;

/* Runs `body(context)`. Returns 0, or 1 if a view's page could not be read from its file (SIGBUS: the file was cut, or its disk fails). Then
   `*fault` tells where, and `body` was left at once: no destructor of its frames ran, and the locks it took are still held.
   It stands where Windows source has __try and __except for EXCEPTION_IN_PAGE_ERROR. */
WINBASEAPI int WINAPI veduta_guarded(void (*body)(void *context), void *context, veduta_fault *fault);

/* Calls `entry` with the arguments, which are UTF-8, as WCHAR strings. wmain.h uses it. */
WINBASEAPI int WINAPI veduta_wide_main(int (*entry)(int argc, WCHAR **argv), int argc, char **argv);

/* The C library's functions for strings of 16-bit characters. The C library's own are for 32 bits whatever -fshort-wchar says; wchar.h
   leads wcslen and its siblings to these. Text in files and in `char` strings is UTF-8. */
WINBASEAPI size_t WINAPI veduta_wcslen(const WCHAR *text);
WINBASEAPI size_t WINAPI veduta_wcsnlen(const WCHAR *text, size_t limit);
WINBASEAPI LPWSTR WINAPI veduta_wcscpy(WCHAR *to, const WCHAR *from);
WINBASEAPI LPWSTR WINAPI veduta_wcsncpy(WCHAR *to, const WCHAR *from, size_t count);
WINBASEAPI LPWSTR WINAPI veduta_wcscat(WCHAR *to, const WCHAR *from);
WINBASEAPI LPWSTR WINAPI veduta_wcsncat(WCHAR *to, const WCHAR *from, size_t count);
WINBASEAPI int WINAPI veduta_wcscmp(const WCHAR *a, const WCHAR *b);
WINBASEAPI int WINAPI veduta_wcsncmp(const WCHAR *a, const WCHAR *b, size_t count);
WINBASEAPI int WINAPI veduta_wcsicmp(const WCHAR *a, const WCHAR *b);
WINBASEAPI int WINAPI veduta_wcsnicmp(const WCHAR *a, const WCHAR *b, size_t count);
WINBASEAPI LPWSTR WINAPI veduta_wcschr(const WCHAR *text, WCHAR wanted);
WINBASEAPI LPWSTR WINAPI veduta_wcsrchr(const WCHAR *text, WCHAR wanted);
WINBASEAPI LPWSTR WINAPI veduta_wcsstr(const WCHAR *text, const WCHAR *wanted);
WINBASEAPI LPWSTR WINAPI veduta_wcspbrk(const WCHAR *text, const WCHAR *set);
WINBASEAPI size_t WINAPI veduta_wcsspn(const WCHAR *text, const WCHAR *set);
WINBASEAPI size_t WINAPI veduta_wcscspn(const WCHAR *text, const WCHAR *set);
WINBASEAPI LPWSTR WINAPI veduta_wcstok(WCHAR *text, const WCHAR *separators, WCHAR **rest);
WINBASEAPI long WINAPI veduta_wcstol(const WCHAR *text, WCHAR **end, int base);
WINBASEAPI unsigned long WINAPI veduta_wcstoul(const WCHAR *text, WCHAR **end, int base);
WINBASEAPI long long WINAPI veduta_wcstoll(const WCHAR *text, WCHAR **end, int base);
WINBASEAPI unsigned long long WINAPI veduta_wcstoull(const WCHAR *text, WCHAR **end, int base);
WINBASEAPI double WINAPI veduta_wcstod(const WCHAR *text, WCHAR **end);
WINBASEAPI LPWSTR WINAPI veduta_wcsdup(const WCHAR *text);
WINBASEAPI LPWSTR WINAPI veduta_wcsupr(WCHAR *text);
WINBASEAPI LPWSTR WINAPI veduta_wcslwr(WCHAR *text);
WINBASEAPI LPWSTR WINAPI veduta_wmemcpy(WCHAR *to, const WCHAR *from, size_t count);
WINBASEAPI LPWSTR WINAPI veduta_wmemmove(WCHAR *to, const WCHAR *from, size_t count);
WINBASEAPI LPWSTR WINAPI veduta_wmemset(WCHAR *to, WCHAR value, size_t count);
WINBASEAPI int WINAPI veduta_wmemcmp(const WCHAR *a, const WCHAR *b, size_t count);
WINBASEAPI LPWSTR WINAPI veduta_wmemchr(const WCHAR *text, WCHAR wanted, size_t count);
WINBASEAPI size_t WINAPI veduta_mbstowcs(WCHAR *to, const char *from, size_t count);
WINBASEAPI size_t WINAPI veduta_wcstombs(char *to, const WCHAR *from, size_t count);
WINBASEAPI int WINAPI veduta_fputws(const WCHAR *text, FILE *stream);
WINBASEAPI LPWSTR WINAPI veduta_fgetws(WCHAR *buffer, int capacity, FILE *stream);

#ifdef __cplusplus
}
#endif

#endif
