/* Sections of more than 4 GiB. */
#include "report.h"

/* A section of 5 GiB of a file, which is made that long if it is shorter. */
static HANDLE five(HANDLE file)
{
    return CreateFileMappingW(file, NULL, PAGE_READWRITE, 1, 0x40000000, NULL);
}

/* A file of 5 GiB, which on Linux takes none of the disk. */
static HANDLE long_file(void)
{
    HANDLE file = file_of(0, READ_WRITE);
    LONG high = 1;
    SetFilePointer(file, 0x40000000, &high, FILE_BEGIN);
    SetEndOfFile(file);
    return file;
}

static void done(HANDLE made, HANDLE file)
{
    CloseHandle(made);
    set_length(file, 0);
    CloseHandle(file);
}

static void big_01(void)
{
    /* Grown by the section, so that there is room for all of it: the one fact that takes 5 GiB of the disk. */
    HANDLE file = file_of(0, READ_WRITE), made;
    say("%s,", MADE(made = five(file)));
    say("length %#llx", (unsigned long long)length_of(file));
    done(made, file);
}

static void big_04(void)
{
    HANDLE file = long_file(), made = five(file);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    say("region %s", size_of(view));
    unmap(view);
    done(made, file);
}

static void big_05(void)
{
    HANDLE file = long_file(), made = five(file);
    volatile unsigned char *view = MapViewOfFile(made, FILE_MAP_WRITE, 1, 0x30000000, 0);
    DWORD count = 0;
    LONG high = 1;
    unsigned char byte = 0;
    NEED(view);
    view[3] = 17;
    SetFilePointer(file, 0x30000003, &high, FILE_BEGIN);
    ReadFile(file, &byte, 1, &count, NULL);
    say("region %s, the file %d", size_of(view), byte);
    unmap(view);
    done(made, file);
}

static HANDLE eight(void)
{
    return CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, 2, 0, NULL);
}

static void big_07(void)
{
    HANDLE made;
    volatile unsigned char *view;
    MEMORY_BASIC_INFORMATION about;
    say("%s,", MADE(made = eight()));
    view = map(made, FILE_MAP_WRITE);
    NEED(view);
    about = query(view);
    say("region %s, %s", size_of(view), state(&about));
    unmap(view);
    CloseHandle(made);
}

static void big_09(void)
{
    HANDLE made = eight();
    volatile unsigned char *view = map(made, FILE_MAP_WRITE), *page;
    NEED(view);
    page = view + ((SIZE_T)6 << 30);
    say("%s,", MAPPED(VirtualAlloc((void *)page, 4096, MEM_COMMIT, PAGE_READWRITE)));
    page[9] = 9;
    say("reads %d, region %s", page[9], size_of(page));
    unmap(view);
    CloseHandle(made);
}

static void big_12(void)
{
    say("%s", MADE(CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_COMMIT, 16u << 8, 0, NULL)));
}

static const struct fact facts[] = {
    {"BIG-01", big_01},    {"BIG-04", big_04}, {"BIG-05", big_05},
    {"BIG-07/08", big_07}, {"BIG-09", big_09}, {"BIG-12", big_12}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
