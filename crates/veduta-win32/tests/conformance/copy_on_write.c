/* Copy-on-write views. */
#include "report.h"

static void cow_03(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *shared = map(made, FILE_MAP_WRITE), *copy = map(made, FILE_MAP_COPY);
    NEED(shared && copy);
    shared[5] = 50;
    say("reads %d", copy[5]);
    unmap(shared);
    unmap(copy);
    CloseHandle(made);
}

static void cow_04(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *shared = map(made, FILE_MAP_WRITE), *copy = map(made, FILE_MAP_COPY);
    NEED(shared && copy);
    copy[6] = 60;
    shared[5] = 50;
    say("reads %d %d, the shared view %d", copy[5], copy[6], shared[6]);
    unmap(shared);
    unmap(copy);
    CloseHandle(made);
}

static void cow_07(void)
{
    const WCHAR *path = new_file(8192);
    HANDLE file = open_file(path, GENERIC_READ), made = CreateFileMappingW(file, NULL, PAGE_WRITECOPY, 0, 0, NULL);
    volatile unsigned char *copy = map(made, FILE_MAP_COPY);
    NEED(copy);
    copy[5000] = 1;
    say("reads %d, the file %d", copy[5000], byte_at(file, 5000));
    unmap(copy);
    CloseHandle(made);
    CloseHandle(file);
}

static void cow_08(void)
{
    HANDLE made = section(PAGE_WRITECOPY, 4096);
    say("%s", MAPPED(map(made, FILE_MAP_WRITE)));
    CloseHandle(made);
}

static void cow_11(void)
{
    HANDLE made = section(PAGE_WRITECOPY, 4096);
    volatile unsigned char *one = map(made, FILE_MAP_COPY), *other = map(made, FILE_MAP_COPY);
    NEED(one && other);
    one[1] = 1;
    say("reads %d %d", one[1], other[1]);
    unmap(one);
    unmap(other);
    CloseHandle(made);
}

static void cow_12(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096);
    volatile unsigned char *one = map(made, FILE_MAP_COPY | FILE_MAP_WRITE), *other = map(made, FILE_MAP_READ);
    NEED(one && other);
    one[1] = 1;
    say("reads %d", other[1]);
    unmap(one);
    unmap(other);
    CloseHandle(made);
}

static const struct fact facts[] = {
    {"COW-03", cow_03}, {"COW-04", cow_04}, {"COW-07", cow_07}, {"COW-08", cow_08},
    {"COW-11", cow_11}, {"COW-12", cow_12}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
