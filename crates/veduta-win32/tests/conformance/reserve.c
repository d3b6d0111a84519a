/* Sections whose pages are reserved first and committed later. */
#include "report.h"

static HANDLE reserved(DWORD size)
{
    return CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, 0, size, NULL);
}

static void *commit(volatile unsigned char *from, SIZE_T length)
{
    return VirtualAlloc((void *)from, length, MEM_COMMIT, PAGE_READWRITE);
}

static const char *at(volatile unsigned char *address)
{
    MEMORY_BASIC_INFORMATION about = query(address);
    return text("%s %s", state(&about), protection(about.Protect));
}

static void sec_01(void)
{
    HANDLE made = reserved(KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    MEMORY_BASIC_INFORMATION about;
    NEED(view);
    about = query(view);
    say("%s, %s, at first %s", state(&about), protection(about.Protect), protection(about.AllocationProtect));
    unmap(view);
    CloseHandle(made);
}

static void sec_02(void)
{
    HANDLE made = reserved(KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    say("%s,", IsBadReadPtr((void *)(view + 4096), 1) ? "bad" : "readable");
    NEED(commit(view, 4096));
    say("committed: %s", IsBadReadPtr((void *)view, 1) ? "bad" : "readable");
    unmap(view);
    CloseHandle(made);
}

static void sec_05(void)
{
    HANDLE made = reserved(KIB64);
    volatile unsigned char *one = map(made, FILE_MAP_WRITE), *other = map(made, FILE_MAP_WRITE);
    NEED(one && other);
    say("%s,", MAPPED(commit(one + 4096, 2 * 4096)));
    one[4096] = 5;
    other[8192] = 6;
    say("reads %d %d;", other[4096], one[8192]);
    say("%s, %s %s, %s", at(other), at(other + 4096), size_of(other + 4096), at(other + 3 * 4096));
    unmap(one);
    unmap(other);
    CloseHandle(made);
}

static void sec_07(void)
{
    HANDLE made = reserved(KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view && commit(view, 8192));
    view[4096] = 8;
    say("%s, reads %d", MAPPED(commit(view + 4096, 4096)), view[4096]);
    unmap(view);
    CloseHandle(made);
}

static void sec_09(void)
{
    HANDLE made = reserved(KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    say("%s", MAPPED(commit(view + KIB64 - 4096, 8192)));
    unmap(view);
    CloseHandle(made);
}

static void sec_10(void)
{
    HANDLE made = reserved(KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    DWORD old;
    NEED(view);
    say("%s", DID(VirtualProtect((void *)view, 4096, PAGE_READONLY, &old)));
    unmap(view);
    CloseHandle(made);
}

static const struct fact facts[] = {
    {"SEC-01", sec_01}, {"SEC-02", sec_02}, {"SEC-05/06", sec_05}, {"SEC-07", sec_07},
    {"SEC-09", sec_09}, {"SEC-10", sec_10}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
