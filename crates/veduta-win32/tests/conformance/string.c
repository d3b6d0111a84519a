/* Strings: UTF-8 and UTF-16, and the lstr functions. */
#include "report.h"

static const char *units(const WCHAR *string, int length)
{
    char *out = slot();
    int i;
    out[0] = 0;
    for (i = 0; i < length; i++)
        sprintf(out + strlen(out), "%s%x", i ? "." : "", string[i]);
    return out;
}

static const char *bytes(const char *string, int length)
{
    char *out = slot();
    int i;
    out[0] = 0;
    for (i = 0; i < length; i++)
        sprintf(out + strlen(out), "%s%x", i ? "." : "", (unsigned char)string[i]);
    return out;
}

static void to_wide(DWORD flags, const char *from, int length)
{
    WCHAR out[40];
    int count;
    SetLastError(MARK);
    count = MultiByteToWideChar(CP_UTF8, flags, from, length, out, 40);
    if (count)
        say("%s,", units(out, count));
    else
        say("0 %u,", last());
}

static void to_bytes(DWORD flags, const WCHAR *from, int length)
{
    char out[40];
    int count;
    SetLastError(MARK);
    count = WideCharToMultiByte(CP_UTF8, flags, from, length, out, 40, NULL, NULL);
    if (count)
        say("%s,", bytes(out, count));
    else
        say("0 %u,", last());
}

/* a, a with diaeresis, the euro sign, a clef */
#define SAMPLE "a\xC3\xA4\xE2\x82\xAC\xF0\x9D\x84\x9E"
static const WCHAR sample[] = {'a', 0xE4, 0x20AC, 0xD834, 0xDD1E, 0};

static void str_01(void)
{
    to_wide(0, SAMPLE, -1);
    to_wide(0, SAMPLE, 3);
    to_wide(MB_ERR_INVALID_CHARS, SAMPLE, 10);
}

static void str_02(void)
{
    to_bytes(0, sample, -1);
    to_bytes(0, sample, 3);
    to_bytes(WC_ERR_INVALID_CHARS, sample, 5);
}

static void str_03(void)
{
    to_wide(0, "a\xFF""b", 3);
    to_wide(MB_ERR_INVALID_CHARS, "a\xFF""b", 3);
    to_wide(MB_ERR_INVALID_CHARS, "a\xE2\x82", 3);
    to_wide(MB_ERR_INVALID_CHARS, "\xC0\x80", 2);
    to_wide(MB_ERR_INVALID_CHARS, "\xED\xA0\x80", 3);
}

static void str_04(void)
{
    static const WCHAR lone[] = {'a', 0xD834, 'b'};
    to_bytes(0, lone, 3);
    to_bytes(WC_ERR_INVALID_CHARS, lone, 3);
}

static void str_05(void)
{
    WCHAR few[4];
    char little[4];
    say("needs %d, with a zero %d,", MultiByteToWideChar(CP_UTF8, 0, SAMPLE, 10, NULL, 0),
        MultiByteToWideChar(CP_UTF8, 0, SAMPLE, -1, NULL, 0));
    say("needs %d, with a zero %d,", WideCharToMultiByte(CP_UTF8, 0, sample, 5, NULL, 0, NULL, NULL),
        WideCharToMultiByte(CP_UTF8, 0, sample, -1, NULL, 0, NULL, NULL));
    SetLastError(MARK);
    say("too short: %d", MultiByteToWideChar(CP_UTF8, 0, SAMPLE, -1, few, 4));
    say("%u,", last());
    SetLastError(MARK);
    say("%d", WideCharToMultiByte(CP_UTF8, 0, sample, -1, little, 4, NULL, NULL));
    say("%u", last());
}

static void str_06(void)
{
    WCHAR out[8];
    SetLastError(MARK);
    say("length 0: %d", MultiByteToWideChar(CP_UTF8, 0, "abc", 0, out, 8));
    say("%u,", last());
    SetLastError(MARK);
    say("NULL: %d", MultiByteToWideChar(CP_UTF8, 0, NULL, 3, out, 8));
    say("%u,", last());
    SetLastError(MARK);
    say("size -1: %d", MultiByteToWideChar(CP_UTF8, 0, "abc", 3, out, -1));
    say("%u,", last());
    SetLastError(MARK);
    say("no code page: %d", MultiByteToWideChar(9999, 0, "abc", 3, out, 8));
    say("%u", last());
}

static void str_07(void)
{
    WCHAR out[8];
    say("%d %d %d,", lstrlenW(NULL), lstrlenA(NULL), lstrlenW(sample));
    say("%s,", lstrcpynW(out, sample, 3) == out ? units(out, 3) : "NULL");
    lstrcpyW(out, wide("ab"));
    say("%s,", lstrcatW(out, wide("c")) == out ? units(out, 4) : "NULL");
    say("%d %d %d,", lstrcmpA("abc", "abc"), lstrcmpA("abc", "abd") < 0, lstrcmpA("b", "a") > 0);
    say("%d %d", lstrcmpiA("ABC", "abc"), lstrcmpiW(wide("ABC"), wide("abd")) < 0);
}

static const struct fact facts[] = {
    {"STR-01", str_01}, {"STR-02", str_02}, {"STR-03", str_03}, {"STR-04", str_04},
    {"STR-05", str_05}, {"STR-06", str_06}, {"STR-07", str_07}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
