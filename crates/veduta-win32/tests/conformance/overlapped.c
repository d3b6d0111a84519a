/* Reading and writing files that were opened with FILE_FLAG_OVERLAPPED. */
#include "report.h"

static HANDLE overlapped(DWORD length)
{
    return CreateFileW(new_file(length), READ_WRITE, SHARE_ALL, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
}

/* Whether it is done at once or later is the system's choice: waits, and tells what came of it. */
static const char *result(HANDLE file, OVERLAPPED *how, BOOL begun)
{
    DWORD count = 77;
    if (!begun && last() != ERROR_IO_PENDING)
        return text("FALSE %u", last());
    if (!GetOverlappedResult(file, how, &count, TRUE))
        return text("FALSE %u", last());
    return text("%u", (unsigned)count);
}

static void ovl_01(void)
{
    HANDLE file = overlapped(100);
    unsigned char bytes[8] = "";
    OVERLAPPED how;
    NEED(file != INVALID_HANDLE_VALUE);
    memset(&how, 0, sizeof how);
    how.Offset = 40;
    how.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    say("read %s,", result(file, &how, ReadFile(file, bytes, 4, NULL, &how)));
    say("%d %d, event %s,", bytes[0], bytes[3], WAITED(WaitForSingleObject(how.hEvent, 0)));
    how.Offset = 98;
    say("at the end %s,", result(file, &how, ReadFile(file, bytes, 4, NULL, &how)));
    how.Offset = 100;
    say("behind it %s", result(file, &how, ReadFile(file, bytes, 4, NULL, &how)));
    CloseHandle(how.hEvent);
    CloseHandle(file);
}

static void ovl_02(void)
{
    HANDLE file = overlapped(100);
    OVERLAPPED how;
    NEED(file != INVALID_HANDLE_VALUE);
    memset(&how, 0, sizeof how);
    how.Offset = 98;
    how.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    say("write %s,", result(file, &how, WriteFile(file, "abcd", 4, NULL, &how)));
    say("length %lld", length_of(file));
    CloseHandle(how.hEvent);
    CloseHandle(file);
}

/* There is no position to go on from. */
static void ovl_03(void)
{
    HANDLE file = overlapped(100);
    unsigned char bytes[8];
    DWORD count;
    NEED(file != INVALID_HANDLE_VALUE);
    say("%s", DID(ReadFile(file, bytes, 4, &count, NULL)));
    CloseHandle(file);
}

static const struct fact facts[] = {
    {"OVL-01", ovl_01}, {"OVL-02", ovl_02}, {"OVL-03", ovl_03}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
