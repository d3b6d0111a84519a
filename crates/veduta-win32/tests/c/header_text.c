/* Runs what the headers define inline: the formatter, the 16-bit names of wchar.h, the _s functions, wmain. Needs -fshort-wchar and the
   library; with -D_UNICODE -DUNICODE too. Prints each failure and returns their number. Arguments: "one" "zwei \xc3\xa4". mingw compiles it as well,
   so that Windows' answers can be seen: what is ours alone is left out there. */
#ifndef UNICODE
#define UNICODE
#endif
#ifndef _UNICODE
#define _UNICODE
#endif
#define STRSAFE_NO_DEPRECATE
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <tchar.h>
#include <strsafe.h>
#include <wchar.h>

static int failures;

static void check(int good, int line, const char *what)
{
    if (!good) {
        fprintf(stderr, "header_text.c:%d: %s\n", line, what);
        failures++;
    }
}

#define CHECK(condition) check((condition) != 0, __LINE__, #condition)
#define IS_WIDE(expected, ...) (swprintf(wide, 200, __VA_ARGS__) == (int)wcslen(expected) && wcscmp(wide, expected) == 0)
#define IS_NARROW(expected, ...) (_snprintf(narrow, 200, __VA_ARGS__) == (int)strlen(expected) && strcmp(narrow, expected) == 0)

static void formats(void)
{
    wchar_t wide[200];
    char narrow[200];
    DWORD dword = 0xfffffff0;
    LONG negative = -5;
    CHECK(IS_WIDE(L"a b c", L"%s %S %hs", L"a", "b", "c"));
    CHECK(IS_WIDE(L"a", L"%ls", L"a"));
    CHECK(IS_NARROW("a b c d", "%s %S %ls %hs", "a", L"b", L"c", "d"));
    CHECK(IS_WIDE(L"4294967280 -5 fffffff0", L"%lu %ld %lx", dword, negative, dword));
    CHECK(IS_NARROW("4294967280 -5 FFFFFFF0", "%lu %ld %lX", dword, negative, dword));
    CHECK(IS_WIDE(L"1 2 3 4 5 6 7 8 9 10 -1 12", L"%lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %ld %d", 1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 10u, -1, 12));
    CHECK(IS_WIDE(L"123456789012345 -1 ff", L"%I64d %I64d %I64x", 123456789012345LL, -1LL, 255LL));
    CHECK(IS_WIDE(L"7 18446744073709551615 9", L"%I32d %llu %Iu", 7, ~0ULL, (SIZE_T)9));
    CHECK(IS_WIDE(L"[   ab][ab   ][00042][+7][0x1f]", L"[%5s][%-5s][%05d][%+d][%#x]", L"ab", L"ab", 42, 7, 31));
    CHECK(IS_WIDE(L"[  ab]", L"[%*.*s]", 4, 2, L"abcd"));
    CHECK(IS_WIDE(L"[x ]", L"[%*c]", -2, 'x'));
    CHECK(IS_WIDE(L"3.14 1.5 100%", L"%.2f %g %d%%", 3.14159, 1.5, 100));
    CHECK(IS_WIDE(L"a\u00e4", L"%c%c", L'a', L'\u00e4'));
    CHECK(IS_WIDE(L"-1 255", L"%hd %hu", 0xffff, 255));
    CHECK(IS_WIDE(L"000000000000ABCD", L"%p", (void *)0xabcd));
    CHECK(IS_WIDE(L"(null)", L"%s", (wchar_t *)NULL));
    CHECK(IS_WIDE(L"\u20ac\U0001F600", L"%s", L"\u20ac\U0001F600"));
#ifndef __MINGW32__
    /* The narrow text is UTF-8 here, whatever Windows' code page. */
    CHECK(IS_NARROW("\xe2\x82\xac\xf0\x9f\x98\x80", "%ls", L"\u20ac\U0001F600"));
    CHECK(IS_WIDE(L"\u20ac\U0001F600", L"%hs", "\xe2\x82\xac\xf0\x9f\x98\x80"));
    CHECK(IS_WIDE(L"\ufffd", L"%hs", "\xff"));
    CHECK(swprintf(wide, 4, L"%s", L"abcdef") == -1 && wcscmp(wide, L"abc") == 0);
#endif
    CHECK(wsprintfW(wide, L"%lu|%s|%c|%S", dword, L"t", 'c', "n") == 16 && wcscmp(wide, L"4294967280|t|c|n") == 0);
    CHECK(wsprintfA(narrow, "%5d|%s|%02X|%ls", 42, "t", 10, L"w") == 12 && strcmp(narrow, "   42|t|0A|w") == 0);
    CHECK(_snwprintf(wide, 3, L"%s", L"abcdef") == -1 && wide[2] == L'c');
    CHECK(_snprintf(narrow, 3, "%s", "abc") == 3);
    CHECK(_snwprintf_s(wide, 4, _TRUNCATE, L"%s", L"abcdef") == -1 && wcscmp(wide, L"abc") == 0);
    CHECK(_snprintf_s(narrow, 8, 2, "%s", "abcdef") == -1 && strcmp(narrow, "ab") == 0);
    CHECK(swprintf_s(wide, 200, L"%d", 12) == 2 && sprintf_s(narrow, 200, "%d", 12) == 2);
    CHECK(_scwprintf(L"%s!", L"four") == 5);
    CHECK(_stprintf_s(wide, 200, _T("%s"), _T("t")) == 1);
    memset(narrow, 'x', sizeof narrow);
    CHECK(_snprintf(narrow, 200, "%150d", 1) == 150 && narrow[149] == '1' && narrow[150] == 0);
}

static void strings(void)
{
    wchar_t wide[64];
    wchar_t *end;
    wchar_t tokens[] = L"a,b;c";
    wchar_t *rest = NULL;
    char narrow[16];
    CHECK(wcslen(L"abc") == 3 && wcscmp(L"a", L"b") < 0 && wcsncmp(L"ab", L"ac", 1) == 0);
    CHECK(wcscpy(wide, L"Hello") == wide && wcscat(wide, L" you") == wide && wcscmp(wide, L"Hello you") == 0);
    CHECK(wcschr(wide, L'o') == wide + 4 && wcsrchr(wide, L'o') == wide + 7 && wcsstr(wide, L"you") == wide + 6 && !wcschr(wide, L'q'));
    CHECK(wcspbrk(wide, L"xl") == wide + 2 && wcsspn(wide, L"eH") == 2 && wcscspn(wide, L"l") == 2);
    CHECK(wcstol(L" -0x1fz", &end, 16) == -31 && *end == L'z' && wcstoul(L"7", NULL, 10) == 7 && wcstod(L"1.5", NULL) == 1.5);
    CHECK(wcstok_s(tokens, L",;", &rest) == tokens && wcstok_s(NULL, L",;", &rest) == tokens + 2 && wcstok_s(NULL, L",;", &rest) == tokens + 4);
    CHECK(!wcstok_s(NULL, L",;", &rest));
    CHECK(_wcsicmp(L"ABC", L"abc") == 0 && _wcsnicmp(L"ABx", L"aby", 2) == 0 && _stricmp("A", "a") == 0);
    CHECK(wmemcpy(wide, L"abcd", 5) == wide && wmemchr(wide, L'c', 4) == wide + 2 && wmemcmp(wide, L"abcz", 3) == 0);
    CHECK(wmemset(wide, L'x', 2)[1] == L'x' && wide[2] == L'c');
    CHECK(mbstowcs(wide, "abc", 64) == 3 && wcscmp(wide, L"abc") == 0 && wcstombs(narrow, L"xyz", 16) == 3 && strcmp(narrow, "xyz") == 0);
    CHECK(_wtoi(L"42") == 42 && wcscmp(_itow(-7, wide, 10), L"-7") == 0 && wcscmp(_itow(-1, wide, 16), L"ffffffff") == 0);
    CHECK(strcmp(_i64toa(-9223372036854775807LL - 1, (char *)wide, 10), "-9223372036854775808") == 0);
    CHECK(wcscpy_s(wide, 4, L"abc") == 0 && wcscmp(wide, L"abc") == 0);
    CHECK(wcsncpy_s(wide, 64, L"abcdef", 2) == 0 && wcscmp(wide, L"ab") == 0 && wcscat_s(wide, 64, L"!") == 0 && wcscmp(wide, L"ab!") == 0);
    CHECK(wcsncpy_s(wide, 3, L"abcdef", _TRUNCATE) == 80 && wcscmp(wide, L"ab") == 0);
#ifndef __MINGW32__
    /* Microsoft's end the program here. */
    CHECK(strcpy_s(narrow, 3, "abc") == ERANGE && narrow[0] == 0);
    CHECK(strcat_s(narrow, 3, NULL) == EINVAL);
#endif
}

static void safe_strings(void)
{
    wchar_t wide[8];
    char narrow[4];
    size_t length = 9;
    CHECK(StringCchCopyW(wide, 8, L"abc") == S_OK && wcscmp(wide, L"abc") == 0);
    CHECK(StringCchCatW(wide, 8, L"defghij") == STRSAFE_E_INSUFFICIENT_BUFFER && wcscmp(wide, L"abcdefg") == 0);
    CHECK(StringCchPrintfW(wide, 8, L"%lu|%s", 7ul, L"x") == S_OK && wcscmp(wide, L"7|x") == 0);
    CHECK(StringCchPrintfA(narrow, 4, "%d", 12345) == STRSAFE_E_INSUFFICIENT_BUFFER && strcmp(narrow, "123") == 0);
    CHECK(StringCbLengthW(wide, sizeof wide, &length) == S_OK && length == 6);
    CHECK(StringCchLengthW(wide, 2, &length) == STRSAFE_E_INVALID_PARAMETER && length == 0);
    CHECK(StringCchCopyNA(narrow, 4, "abcdef", 2) == S_OK && strcmp(narrow, "ab") == 0 && StringCchCopyA(narrow, 0, "") == STRSAFE_E_INVALID_PARAMETER);
}

static void streams(void)
{
    FILE *file = tmpfile();
    wchar_t line[64];
    CHECK(file != NULL);
    if (!file)
        return;
    CHECK(fwprintf(file, L"%s %d\n", L"row", 1) == 6);
    CHECK(fputws(L"second\n", file) >= 0);
    rewind(file);
    CHECK(fgetws(line, 64, file) == line && wcscmp(line, L"row 1\n") == 0);
    CHECK(fgetws(line, 64, file) == line && wcscmp(line, L"second\n") == 0);
    CHECK(!fgetws(line, 64, file));
    fclose(file);
#ifndef __MINGW32__
    file = tmpfile();
    fwprintf(file, L"\u20ac\U0001F600%c", L'\xd83d');
    CHECK(ftell(file) == 10);
    fprintf(file, "narrow after wide");
    CHECK(ftell(file) == 27);
    fclose(file);
#endif
}

static void atomics(void)
{
    LONG volatile word = 5;
    LONG64 volatile quad = 1LL << 40;
    PVOID volatile pointer = NULL;
    CHECK(InterlockedIncrement(&word) == 6 && InterlockedDecrement(&word) == 5 && InterlockedExchangeAdd(&word, 3) == 5 && word == 8);
    CHECK(InterlockedCompareExchange(&word, 1, 8) == 8 && InterlockedCompareExchange(&word, 2, 8) == 1 && word == 1);
    CHECK(InterlockedOr(&word, 6) == 1 && InterlockedAnd(&word, 3) == 7 && InterlockedXor(&word, 1) == 3 && word == 2);
    CHECK(InterlockedIncrement64(&quad) == (1LL << 40) + 1 && InterlockedExchange64(&quad, -1) == (1LL << 40) + 1);
    CHECK(InterlockedExchangePointer(&pointer, (PVOID)&word) == NULL && InterlockedCompareExchangePointer(&pointer, NULL, (PVOID)&word) == (PVOID)&word);
    CHECK(InterlockedBitTestAndSet(&word, 0) == 0 && InterlockedBitTestAndReset(&word, 1) == 1 && word == 1);
}

int wmain(int argc, wchar_t *argv[])
{
    formats();
    strings();
    safe_strings();
    streams();
    atomics();
    if (argc > 2)
        CHECK(wcscmp(argv[1], L"one") == 0 && wcscmp(argv[2], L"zwei \u00e4") == 0);
    CHECK(argv[argc] == NULL);
    wprintf(L"%d failures in %S\n", failures, __FILE__);
    return failures;
}
