/* The C runtime's functions for wide strings, whose characters have 16 bits. */
#include "report.h"
#include <wchar.h>

static const char *narrow(const wchar_t *wide)
{
    char *out = slot();
    size_t i;
    if (!wide)
        return "NULL";
    for (i = 0; wide[i] && i < 399; i++)
        out[i] = wide[i] < 0x80 ? (char)wide[i] : '?';
    out[i] = 0;
    return out;
}

static void wch_01(void)
{
    say("%u, %u,", (unsigned)sizeof(wchar_t), (unsigned)sizeof(L"abc"));
    say("%u %u", (unsigned)wcslen(L""), (unsigned)wcslen(L"a\x00e4\x20ac"));
}

static void wch_02(void)
{
    wchar_t buffer[16];
    say("%s", narrow(wcscpy(buffer, L"one")));
    say("%s", narrow(wcscat(buffer, L"two")));
    say("%s,", narrow(wcsncat(buffer, L"three", 2)));
    say("%s", narrow(wcschr(L"abcabc", L'b')));
    say("%s", narrow(wcsrchr(L"abcabc", L'b')));
    say("%s", narrow(wcsstr(L"haystack", L"st")));
    say("%s", narrow(wcsstr(L"haystack", L"x")));
    say("%s,", narrow(wcspbrk(L"hello", L"xl")));
    say("%u %u", (unsigned)wcsspn(L"aab", L"a"), (unsigned)wcscspn(L"aab", L"b"));
}

static void wch_03(void)
{
    say("%d %d %d,", wcscmp(L"a", L"a"), wcscmp(L"a", L"b") < 0, wcscmp(L"b", L"a") > 0);
    say("%d %d,", wcsncmp(L"abc", L"abd", 2), wcsncmp(L"abc", L"abd", 3) < 0);
    say("%d %d", _wcsicmp(L"ABC", L"abc"), _wcsnicmp(L"ABx", L"aby", 2));
}

static void wch_04(void)
{
    wchar_t *end;
    say("%d", (int)wcstol(L"  -42xyz", &end, 10));
    say("%s,", narrow(end));
    say("%#x", (unsigned)wcstoul(L"0xFFee", NULL, 0));
    say("%lld,", (long long)wcstoll(L"5000000000", NULL, 10));
    say("%d", (int)(wcstod(L"2.5e2", &end) * 2));
}

static void wch_05(void)
{
    wchar_t one[4] = {1, 2, 3, 4}, other[4];
    wmemcpy(other, one, 4);
    say("%d,", wmemcmp(one, other, 4));
    wmemset(other, 7, 2);
    say("%d %d %d", other[0], other[1], other[2]);
}

static const struct fact facts[] = {
    {"WCH-01", wch_01}, {"WCH-02", wch_02}, {"WCH-03", wch_03}, {"WCH-04", wch_04}, {"WCH-05", wch_05}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
