/* UnmapViewOfFile. */
#include "report.h"

static const char *at(const volatile void *address)
{
    MEMORY_BASIC_INFORMATION about = query(address);
    return state(&about);
}

static void um_01(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    say("%s,", QUIETLY(unmap(view)));
    say("%s", at(view));
    CloseHandle(made);
}

static void um_02(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view && unmap(view));
    say("%s", DID(unmap(view)));
    CloseHandle(made);
}

/* Unmaps by an address inside a view. */
static void inside(SIZE_T offset)
{
    HANDLE made = section(PAGE_READWRITE, 4 * KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    say("%s,", DID(unmap(view + offset)));
    say("first page %s, last page %s", at(view), at(view + 4 * KIB64 - 1));
    CloseHandle(made);
}

static void um_04(void) { inside(100); }
static void um_06(void) { inside(2 * KIB64 + 5 * 4096 + 17); }

static void um_08(void)
{
    int here = 0;
    say("%s", DID(unmap(&here)));
}

static void um_09(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *one = map(made, FILE_MAP_WRITE), *other = map(made, FILE_MAP_WRITE);
    NEED(one && other);
    one[3] = 3;
    unmap(one);
    say("%s, reads %d", at(other), other[3]);
    unmap(other);
    CloseHandle(made);
}

static const struct fact facts[] = {
    {"UM-01", um_01}, {"UM-02", um_02}, {"UM-04/05", um_04}, {"UM-06", um_06},
    {"UM-08", um_08}, {"UM-09", um_09}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
