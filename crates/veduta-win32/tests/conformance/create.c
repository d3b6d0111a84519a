/* CreateFileMapping: arguments, sizes, the rights of the file handle, SEC_ attributes. */
#include "report.h"

static const DWORD usable[] = {PAGE_READONLY,     PAGE_READWRITE,         PAGE_WRITECOPY,
                               PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY};
#define USABLE (sizeof usable / sizeof *usable)

static HANDLE create(HANDLE file, DWORD protect, unsigned long long size)
{
    return CreateFileMappingW(file, NULL, protect, (DWORD)(size >> 32), (DWORD)size, NULL);
}

/* Tries to create a section of a file and says how long the file is afterwards. */
static void try_file(DWORD length, DWORD access, DWORD protect, unsigned long long size)
{
    HANDLE file = file_of(length, access);
    HANDLE made;
    say("%s", MADE(made = create(file, protect, size)));
    say("length %lld,", length_of(file));
    if (made)
        CloseHandle(made);
    CloseHandle(file);
}

static void cfm_01(void)
{
    size_t i;
    for (i = 0; i < USABLE; i++)
        say("%s: %s,", protection(usable[i]), MADE(create(INVALID_HANDLE_VALUE, usable[i], 0)));
}

static void cfm_03(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    HANDLE mutex = CreateMutexW(NULL, FALSE, NULL);
    say("event: %s, mutex: %s", MADE(create(event, PAGE_READWRITE, 4096)),
        MADE(create(mutex, PAGE_READWRITE, 4096)));
    CloseHandle(event);
    CloseHandle(mutex);
}

static void cfm_04(void)
{
    static const DWORD wrong[] = {0, PAGE_NOACCESS, PAGE_EXECUTE};
    HANDLE file = file_of(8192, ALL_USES);
    size_t i;
    for (i = 0; i < 3; i++) {
        say("%s: anonymous %s,", protection(wrong[i]), MADE(create(INVALID_HANDLE_VALUE, wrong[i], 4096)));
        say("file %s,", MADE(create(file, wrong[i], 4096)));
    }
    CloseHandle(file);
}

static void cfm_08(void)
{
    say("READWRITE|GUARD: %s,", MADE(create(INVALID_HANDLE_VALUE, PAGE_READWRITE | PAGE_GUARD, 4096)));
    say("READONLY|GUARD: %s", MADE(create(INVALID_HANDLE_VALUE, PAGE_READONLY | PAGE_GUARD, 4096)));
}

static void cfm_09(void)
{
    size_t i;
    for (i = 0; i < USABLE; i++) {
        say("%s:", protection(usable[i]));
        try_file(0, ALL_USES, usable[i], 0);
    }
}

static void larger_than_file(DWORD protect)
{
    try_file(100, GENERIC_READ, protect, 101);
    try_file(100, READ_WRITE, protect, 101);
    try_file(100, GENERIC_READ, protect, 8192);
    try_file(100, READ_WRITE, protect, 8192);
}

static void cfm_13(void)
{
    larger_than_file(PAGE_READONLY);
}

static void cfm_14(void)
{
    larger_than_file(PAGE_WRITECOPY);
}

static void cfm_16(void)
{
    HANDLE file = file_of(20000, READ_WRITE), made;
    volatile unsigned char *view;
    say("%s,", MADE(made = create(file, PAGE_READWRITE, 5000)));
    view = map(made, FILE_MAP_READ);
    NEED(view);
    say("region %s, length %lld", size_of(view), length_of(file));
    unmap(view);
    CloseHandle(made);
    CloseHandle(file);
}

static void cfm_17(void)
{
    HANDLE file = file_of(20000, READ_WRITE), made = create(file, PAGE_READWRITE, 5000);
    void *whole = NULL;
    NEED(made);
    say("one byte more: %s,", MAPPED(MapViewOfFile(made, FILE_MAP_READ, 0, 0, 5001)));
    say("exactly: %s", MAPPED(whole = MapViewOfFile(made, FILE_MAP_READ, 0, 0, 5000)));
    unmap(whole);
    CloseHandle(made);
    CloseHandle(file);
}

static void cfm_19(void)
{
    try_file(100, GENERIC_READ, PAGE_READWRITE, 0);
    try_file(100, GENERIC_READ, PAGE_READWRITE, 8192);
}

static void cfm_20(void)
{
    try_file(100, GENERIC_READ, PAGE_WRITECOPY, 0);
}

static void cfm_23(void)
{
    try_file(100, GENERIC_READ, PAGE_EXECUTE_READWRITE, 0);
}

static void cfm_25(void)
{
    HANDLE file = file_of(100, GENERIC_WRITE);
    say("READWRITE: %s, READONLY: %s", MADE(create(file, PAGE_READWRITE, 0)), MADE(create(file, PAGE_READONLY, 0)));
    CloseHandle(file);
}

static void cfm_28(void)
{
    try_file(100, ALL_USES, PAGE_EXECUTE_READWRITE, 0);
}

static void cfm_29(void)
{
    try_file(0, GENERIC_READ, PAGE_READWRITE, 0);
}

/* Which error it is is not settled. */
static void cfm_31(void)
{
    const WCHAR *path = path_of(unique());
    HANDLE file;
    NEED(CreateDirectoryW(path, NULL));
    file = CreateFileW(path, GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    NEED(file != INVALID_HANDLE_VALUE);
    say("%s", create(file, PAGE_READONLY, 4096) ? "ok" : "NULL");
    CloseHandle(file);
}

/* Which error it is is not settled. */
static void cfm_32(void)
{
    HANDLE from, to;
    NEED(CreatePipe(&from, &to, NULL, 0));
    say("%s", create(from, PAGE_READONLY, 4096) ? "ok" : "NULL");
    CloseHandle(from);
    CloseHandle(to);
}

static void cfm_34(void)
{
    HANDLE made = section(PAGE_READWRITE, 3 * KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_READ);
    unsigned sum = 0, i;
    NEED(view);
    for (i = 0; i < 3 * KIB64; i++)
        sum |= view[i];
    say("%s", sum ? "not zero" : "zero");
    unmap(view);
    CloseHandle(made);
}

static void cfm_35(void)
{
    HANDLE a, b;
    say("READONLY: %s, WRITECOPY: %s", MADE(a = section(PAGE_READONLY, 4096)), MADE(b = section(PAGE_WRITECOPY, 4096)));
    CloseHandle(a);
    CloseHandle(b);
}

/* Which error it is is not settled. */
static void cfm_38(void)
{
    HANDLE file = file_of(100, READ_WRITE);
    HANDLE made = create(file, PAGE_READWRITE, 0x8000000000000000ull);
    say("%s, length %lld", made ? "ok" : "NULL", length_of(file));
    CloseHandle(file);
}

static void cfm_39(void)
{
    try_file(100, READ_WRITE, PAGE_READWRITE, 1ull << 59);
}

static void sec_12(void)
{
    say("NOCACHE: %s, WRITECOMBINE: %s", MADE(section(PAGE_READWRITE | SEC_NOCACHE, 4096)),
        MADE(section(PAGE_READWRITE | SEC_WRITECOMBINE, 4096)));
}

static void sec_13(void)
{
    HANDLE a, b, c;
    say("COMMIT|NOCACHE: %s,", MADE(a = section(PAGE_READWRITE | SEC_COMMIT | SEC_NOCACHE, 4096)));
    say("RESERVE|NOCACHE: %s,", MADE(b = section(PAGE_READWRITE | SEC_RESERVE | SEC_NOCACHE, 4096)));
    say("COMMIT|WRITECOMBINE: %s", MADE(c = section(PAGE_READWRITE | SEC_COMMIT | SEC_WRITECOMBINE, 4096)));
    CloseHandle(a);
    CloseHandle(b);
    CloseHandle(c);
}

static void sec_16(void)
{
    say("%s", MADE(section(PAGE_READONLY | SEC_IMAGE, 4096)));
}

static void sec_17(void)
{
    say("COMMIT: %s, RESERVE: %s", MADE(section(PAGE_READONLY | SEC_IMAGE | SEC_COMMIT, 4096)),
        MADE(section(PAGE_READONLY | SEC_IMAGE | SEC_RESERVE, 4096)));
}

static void sec_22(void)
{
    HANDLE made = section(PAGE_READWRITE | SEC_COMMIT | SEC_NOCACHE, 4096);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    MEMORY_BASIC_INFORMATION about;
    NEED(view);
    about = query(view);
    say("%s, at first %s", protection(about.Protect), protection(about.AllocationProtect));
    unmap(view);
    CloseHandle(made);
}

static void sec_23(void)
{
    HANDLE file = file_of(8192, READ_WRITE);
    say("%s", MADE(create(file, PAGE_READWRITE | SEC_COMMIT | SEC_LARGE_PAGES, 0)));
    CloseHandle(file);
}

static void sec_25(void)
{
    HANDLE file = file_of(8192, READ_WRITE);
    say("%s", MADE(create(file, PAGE_READONLY | SEC_IMAGE, 0)));
    CloseHandle(file);
}

static void sec_81(void)
{
    say("%s", MADE(section(PAGE_READWRITE | SEC_COMMIT | SEC_LARGE_PAGES, 4096)));
}

/* The numbers that programs keep in files and send to others. */
static void const_01(void)
{
    say("%#x %#x %#x %#x %#x %#x %#x", PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE, PAGE_WRITECOPY,
        PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_WRITECOPY);
}

static void const_02(void)
{
    say("%#x %#x %#x %#x %#x", SECTION_QUERY, SECTION_MAP_WRITE, SECTION_MAP_READ, SECTION_MAP_EXECUTE,
        SECTION_EXTEND_SIZE);
}

static void const_03(void)
{
    say("%#x %#x %#x %#x %#x", FILE_MAP_COPY, FILE_MAP_WRITE, FILE_MAP_READ, FILE_MAP_EXECUTE,
        (unsigned)FILE_MAP_ALL_ACCESS);
}

static void const_04(void)
{
    static const DWORD codes[] = {ERROR_FILE_NOT_FOUND,      ERROR_PATH_NOT_FOUND,     ERROR_TOO_MANY_OPEN_FILES,
                                  ERROR_ACCESS_DENIED,       ERROR_INVALID_HANDLE,     ERROR_NOT_ENOUGH_MEMORY,
                                  ERROR_INVALID_DATA,        ERROR_GEN_FAILURE,        ERROR_SHARING_VIOLATION,
                                  ERROR_NOT_SUPPORTED,       ERROR_INVALID_PARAMETER,  ERROR_DISK_FULL,
                                  ERROR_INVALID_NAME,        ERROR_NOT_LOCKED,         ERROR_BAD_PATHNAME,
                                  ERROR_BUSY,                ERROR_ALREADY_EXISTS,     ERROR_BAD_EXE_FORMAT,
                                  ERROR_FILENAME_EXCED_RANGE, ERROR_NOT_OWNER,         ERROR_TOO_MANY_POSTS,
                                  ERROR_INVALID_ADDRESS,     ERROR_NOACCESS,           ERROR_FILE_INVALID,
                                  ERROR_IO_DEVICE,           ERROR_MAPPED_ALIGNMENT,   ERROR_REVISION_MISMATCH,
                                  ERROR_NO_SYSTEM_RESOURCES, ERROR_WORKING_SET_QUOTA,  ERROR_COMMITMENT_LIMIT};
    size_t i;
    for (i = 0; i < sizeof codes / sizeof *codes; i++)
        say("%u", (unsigned)codes[i]);
}

static void const_05(void)
{
    say("%#x %#x %#x %#x %#x %#x", EVENT_MODIFY_STATE, SEMAPHORE_MODIFY_STATE, (unsigned)SYNCHRONIZE,
        (unsigned)EVENT_ALL_ACCESS, (unsigned)SEMAPHORE_ALL_ACCESS, (unsigned)MUTEX_ALL_ACCESS);
}

static const struct fact facts[] = {
    {"CFM-01", cfm_01},       {"CFM-03", cfm_03},     {"CFM-04/05/06", cfm_04},
    {"CFM-08", cfm_08},       {"CFM-09/10", cfm_09},  {"CFM-13", cfm_13},
    {"CFM-14", cfm_14},       {"CFM-16", cfm_16},     {"CFM-17", cfm_17},
    {"CFM-19/24", cfm_19},    {"CFM-20", cfm_20},     {"CFM-23", cfm_23},
    {"CFM-25/26", cfm_25},    {"CFM-28", cfm_28},     {"CFM-29", cfm_29},
    {"CFM-31", cfm_31},       {"CFM-32", cfm_32},     {"CFM-34", cfm_34},
    {"CFM-35/36", cfm_35},    {"CFM-38", cfm_38},     {"CFM-39", cfm_39},
    {"SEC-12/18", sec_12},    {"SEC-13/19/21", sec_13}, {"SEC-16", sec_16},
    {"SEC-17", sec_17},       {"SEC-22", sec_22},     {"SEC-23", sec_23},
    {"SEC-25", sec_25},       {"SEC-81", sec_81},     {"CONST-01", const_01},
    {"CONST-02", const_02},   {"CONST-03", const_03}, {"CONST-04", const_04},
    {"CONST-05", const_05},   {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
