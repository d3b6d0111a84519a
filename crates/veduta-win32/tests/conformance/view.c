/* MapViewOfFile: handle, offset, length; and that views and files show the same bytes. */
#include "report.h"

/* Maps a part: the size of the region, or the error. */
static const char *part(HANDLE section, unsigned long long offset, SIZE_T length)
{
    void *view;
    const char *size;
    SetLastError(MARK);
    view = MapViewOfFile(section, FILE_MAP_READ, (DWORD)(offset >> 32), (DWORD)offset, length);
    if (!view)
        return text("NULL %u", last());
    size = last() == MARK ? size_of(view) : text("sets %u", last());
    unmap(view);
    return size;
}

static HANDLE of_file(DWORD length)
{
    HANDLE file = file_of(length, READ_WRITE);
    HANDLE made = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    CloseHandle(file);
    return made;
}

static void mv_01(void)
{
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    say("page %u, granularity %u", (unsigned)system.dwPageSize, (unsigned)system.dwAllocationGranularity);
}

static void mv_04(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    HANDLE file = file_of(8192, READ_WRITE);
    say("event: %s, file: %s", part(event, 0, 0), part(file, 0, 0));
    CloseHandle(event);
    CloseHandle(file);
}

static void mv_07(void)
{
    HANDLE made = section(PAGE_READWRITE, 2 * KIB64);
    say("4096: %s, 0x8000: %s", part(made, 4096, 4096), part(made, 0x8000, 4096));
    CloseHandle(made);
}

static void mv_09(void)
{
    HANDLE made = of_file(0x2abcd);
    say("%s", part(made, KIB64, 0));
    CloseHandle(made);
}

static void mv_11(void)
{
    HANDLE made = of_file(0x2abcd);
    say("one more: %s, to the page's end: %s, exactly: %s", part(made, 0, 0x2abce), part(made, 0, 0x2b000),
        part(made, 0, 0x2abcd));
    CloseHandle(made);
}

static void mv_12(void)
{
    HANDLE made = of_file(0x2abcd);
    say("one more: %s, exactly: %s", part(made, KIB64, 0x1abce), part(made, KIB64, 0x1abcd));
    CloseHandle(made);
}

static void mv_13(void)
{
    HANDLE made = of_file(0x2abcd);
    say("%s", part(made, 0x30000, 0));
    CloseHandle(made);
}

/* Which error it is is not settled. */
static void mv_16(void)
{
    HANDLE made = section(PAGE_READWRITE, 2 * KIB64);
    say("%s", MapViewOfFile(made, FILE_MAP_READ, 0x80000000, 0, 4096) ? "ok" : "NULL");
    CloseHandle(made);
}

/* Which error it is is not settled. */
static void mv_17(void)
{
    HANDLE made = section(PAGE_READWRITE, 2 * KIB64);
    say("%s", MapViewOfFile(made, FILE_MAP_READ, 0, 0, (SIZE_T)1 << 62) ? "ok" : "NULL");
    CloseHandle(made);
}

static void mv_19(void)
{
    HANDLE made = section(PAGE_READWRITE, 2 * KIB64);
    say("10: %s, 4097: %s", part(made, 0, 10), part(made, 0, 4097));
    CloseHandle(made);
}

static void mv_21(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096);
    CloseHandle(made);
    say("%s", part(made, 0, 0));
}

static void mv_22(void)
{
    HANDLE made = section(PAGE_READWRITE, 1);
    say("4096: %s, 4097: %s", part(made, 0, 4096), part(made, 0, 4097));
    CloseHandle(made);
}

static void mv_24(void)
{
    HANDLE made = section(PAGE_READWRITE, 1);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE), *other = map(made, FILE_MAP_READ);
    NEED(view && other);
    view[4095] = 77;
    say("region %s, reads %d", size_of(view), other[4095]);
    unmap(view);
    unmap(other);
    CloseHandle(made);
}

static void mv_25(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    say("%s", part(made, KIB64, 0));
    CloseHandle(made);
}

static void coh_02(void)
{
    HANDLE file = file_of(8192, READ_WRITE), made = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    view[5000] = 99;
    say("reads %d", byte_at(file, 5000));
    unmap(view);
    CloseHandle(made);
    CloseHandle(file);
}

static void coh_03(void)
{
    HANDLE file = file_of(8192, READ_WRITE), made = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    volatile unsigned char *view = map(made, FILE_MAP_READ);
    DWORD count;
    NEED(view);
    say("at first %d,", view[5000]);
    SetFilePointer(file, 5000, NULL, FILE_BEGIN);
    NEED(WriteFile(file, "c", 1, &count, NULL));
    say("then %d", view[5000]);
    unmap(view);
    CloseHandle(made);
    CloseHandle(file);
}

static const struct fact facts[] = {
    {"MV-01", mv_01}, {"MV-04/05", mv_04}, {"MV-07/08", mv_07}, {"MV-09", mv_09},   {"MV-11", mv_11},
    {"MV-12", mv_12}, {"MV-13", mv_13},    {"MV-16", mv_16},    {"MV-17", mv_17},   {"MV-19/20", mv_19},
    {"MV-21", mv_21}, {"MV-22", mv_22},    {"MV-24", mv_24},    {"MV-25", mv_25},   {"COH-02", coh_02},
    {"COH-03", coh_03}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
