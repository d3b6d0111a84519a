/* Names of objects. */
#include "report.h"

static HANDLE create(const WCHAR *name)
{
    return CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, name);
}

static HANDLE open(const WCHAR *name)
{
    return OpenFileMappingW(FILE_MAP_ALL_ACCESS, FALSE, name);
}

/* Whether two handles are of the same bytes. */
static const char *same(HANDLE a, HANDLE b)
{
    volatile unsigned char *here = map(a, FILE_MAP_WRITE), *there = map(b, FILE_MAP_WRITE);
    const char *answer = "no view";
    if (here && there) {
        here[10]++;
        answer = here[10] == there[10] ? "same bytes" : "separate bytes";
    }
    unmap(here);
    unmap(there);
    return answer;
}

static void nm_01(void)
{
    HANDLE a;
    say("%s", MADE(a = create(wide("%s", unique()))));
    CloseHandle(a);
}

static void nm_02(void)
{
    const char *name = unique();
    HANDLE a = create(wide("%s Case", name)), b;
    say("open: %s,", OPENED(open(wide("%s CASE", name))));
    say("create: %s,", MADE(b = create(wide("%s CASE", name))));
    say("%s", same(a, b));
    CloseHandle(a);
    CloseHandle(b);
}

static void nm_06(void)
{
    const char *name = unique();
    HANDLE a = create(wide("%s", name)), b, c;
    say("create: %s,", MADE(b = create(wide("Global\\%s", name))));
    say("open: %s,", OPENED(c = open(wide("Global\\%s", name))));
    say("%s", same(a, b));
    CloseHandle(a);
    CloseHandle(b);
    CloseHandle(c);
}

static void refused(const WCHAR *name)
{
    say("create: %s, open: %s", MADE(create(name)), OPENED(open(name)));
}

static void nm_08(void)
{
    refused(wide("local\\%s", unique()));
}

static void nm_10(void)
{
    refused(wide("a\\b%s", unique()));
}

static void nm_12(void)
{
    refused(wide("Local\\a\\b%s", unique()));
}

static void nm_14(void)
{
    say("create: %s", MADE(create(wide("\\%s", unique()))));
}

static void nm_15(void)
{
    static const char *const forms[] = {"a/b%s", "local/%s", "/%s", "../%s"};
    size_t i;
    for (i = 0; i < 4; i++) {
        const WCHAR *name = wide(forms[i], unique());
        HANDLE a, b;
        say("%s", MADE(a = create(name)));
        say("%s,", OPENED(b = open(name)));
        CloseHandle(a);
        CloseHandle(b);
    }
}

static void nm_18(void)
{
    HANDLE a, b;
    say("%s", MADE(a = create(wide(""))));
    say("%s,", MADE(b = create(wide(""))));
    say("%s", same(a, b));
    CloseHandle(a);
    CloseHandle(b);
}

static void nm_21(void)
{
    say("%s", OPENED(open(wide(""))));
}

static void nm_23(void)
{
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    say("create: %s,", MADE(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, name)));
    say("open: %s,", OPENED(OpenFileMappingA(FILE_MAP_READ, FALSE, name)));
    say("mutex: %s", MADE(CreateMutexA(NULL, FALSE, name)));
}

static void nm_26(void)
{
    static WCHAR one[1101], two[1101];
    const char *name = unique();
    HANDLE a, b, c;
    size_t i;
    for (i = 0; i < 1100; i++)
        one[i] = i < strlen(name) ? (WCHAR)name[i] : 'x';
    memcpy(two, one, sizeof one);
    two[1099] = 'y';
    say("%s", MADE(a = create(one)));
    say("%s,", MADE(b = create(two)));
    say("open %s,", OPENED(c = open(one)));
    say("%s, %s", same(a, b), same(a, c));
    CloseHandle(a);
    CloseHandle(b);
    CloseHandle(c);
}

static void nm_30(void)
{
    const char *name = unique();
    HANDLE a = create(wide("%s", name)), b;
    say("%s,", OPENED(b = OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, name)));
    say("%s", same(a, b));
    CloseHandle(a);
    CloseHandle(b);
}

/* A name that begins with a letter beyond ASCII and a surrogate pair. */
static const WCHAR *beyond(WCHAR letter, const char *name)
{
    static WCHAR slots[4][200];
    static unsigned next;
    WCHAR *out = slots[next++ % 4];
    out[0] = letter;
    out[1] = 0xD834;
    out[2] = 0xDD1E;
    lstrcpyW(out + 3, wide("%s", name));
    return out;
}

static void nm_31(void)
{
    const char *name = unique();
    HANDLE a, b, c;
    say("%s", MADE(a = create(beyond(0xE4, name))));
    say("%s", MADE(b = create(beyond(0xE4, name))));
    say("%s,", OPENED(c = open(beyond(0xE4, name))));
    say("%s", same(a, c));
    CloseHandle(a);
    CloseHandle(b);
    CloseHandle(c);
}

static void nm_32(void)
{
    const char *name = unique();
    HANDLE a = create(beyond(0xE4, name)), b;
    say("open: %s,", OPENED(open(beyond(0xC4, name))));
    say("create: %s,", MADE(b = create(beyond(0xC4, name))));
    say("%s", same(a, b));
    CloseHandle(a);
    CloseHandle(b);
}

static HANDLE create_kind(int kind, const WCHAR *name)
{
    switch (kind) {
    case 0: return create(name);
    case 1: return CreateMutexW(NULL, FALSE, name);
    case 2: return CreateEventW(NULL, TRUE, FALSE, name);
    default: return CreateSemaphoreW(NULL, 1, 1, name);
    }
}

static HANDLE open_kind(int kind, const WCHAR *name)
{
    switch (kind) {
    case 0: return open(name);
    case 1: return OpenMutexW(SYNCHRONIZE, FALSE, name);
    case 2: return OpenEventW(SYNCHRONIZE, FALSE, name);
    default: return OpenSemaphoreW(SYNCHRONIZE, FALSE, name);
    }
}

static void nm_34(void)
{
    static const char *const kinds[] = {"section", "mutex", "event", "semaphore"};
    int there, wanted;
    for (there = 0; there < 4; there++) {
        const char *name = unique();
        HANDLE a = create_kind(there, wide("%s", name)), b;
        say("%s:", kinds[there]);
        for (wanted = 0; wanted < 4; wanted++) {
            b = open_kind(wanted, wide("%s", name));
            say("%s", b ? "ok" : text("%u", last()));
            if (b)
                CloseHandle(b);
            b = create_kind(wanted, wide("%s", name));
            say("%s,", b ? text("ok %u", last()) : text("%u", last()));
            if (b)
                CloseHandle(b);
        }
        CloseHandle(a);
    }
}

static void nm_35(void)
{
    const char *name = unique();
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, wide("%s", name)), a;
    say("section Local\\X where event X is: %s,", MADE(create(wide("Local\\%s", name))));
    CloseHandle(event);
    a = create(wide("Local\\%s", name));
    say("event X where section Local\\X is: %s", MADE(CreateEventW(NULL, TRUE, FALSE, wide("%s", name))));
    CloseHandle(a);
}

static void nm_37(void)
{
    const char *name = unique();
    HANDLE a = create(wide("%s", name)), b;
    volatile unsigned char *view;
    say("%s,", MADE(b = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 3 * KIB64, wide("%s", name))));
    view = map(b, FILE_MAP_READ);
    NEED(view);
    say("region %s", size_of(view));
    unmap(view);
    CloseHandle(a);
    CloseHandle(b);
}

static void nm_39(void)
{
    const char *name = unique();
    HANDLE a = create(wide("%s", name)), b;
    say("%s,", MADE(b = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 3 * KIB64, wide("%s", name))));
    say("%s", MAPPED(MapViewOfFile(b, FILE_MAP_READ, 0, 0, 3 * KIB64)));
    CloseHandle(a);
    CloseHandle(b);
}

static void nm_41(void)
{
    const char *name = unique();
    HANDLE a = create(wide("%s", name));
    say("%s", MADE(CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_NOACCESS, 0, 4096, wide("%s", name))));
    CloseHandle(a);
}

static void nm_42(void)
{
    const char *name = unique();
    HANDLE a = create(wide("%s", name)), file = file_of(20000, READ_WRITE), b;
    volatile unsigned char *view;
    say("%s,", MADE(b = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 30000, wide("%s", name))));
    say("%s,", same(a, b));
    view = map(b, FILE_MAP_READ);
    NEED(view);
    say("region %s, length of the file %lld", size_of(view), length_of(file));
    unmap(view);
    CloseHandle(a);
    CloseHandle(b);
    CloseHandle(file);
}

static const struct fact facts[] = {
    {"NM-01", nm_01},       {"NM-02/03", nm_02},       {"NM-06/07", nm_06},       {"NM-08", nm_08},
    {"NM-10/11", nm_10},    {"NM-12", nm_12},          {"NM-14", nm_14},          {"NM-15/16", nm_15},
    {"NM-18/19/20", nm_18}, {"NM-21", nm_21},          {"NM-23/24/25", nm_23},    {"NM-26/27/28", nm_26},
    {"NM-30", nm_30},       {"NM-31", nm_31},          {"NM-32", nm_32},          {"NM-34", nm_34},
    {"NM-35", nm_35},       {"NM-37/38", nm_37},       {"NM-39", nm_39},          {"NM-41", nm_41},
    {"NM-42", nm_42},       {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
