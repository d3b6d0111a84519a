/* MapViewOfFileEx: views at wished addresses. */
#include "report.h"

static unsigned char *free_place(void)
{
    unsigned char *place = VirtualAlloc(NULL, 16 * KIB64, MEM_RESERVE, PAGE_NOACCESS);
    VirtualFree(place, 0, MEM_RELEASE);
    return place;
}

/* Maps at an address: there, elsewhere, or the error. */
static const char *at(void *wished)
{
    HANDLE made = section(PAGE_READWRITE, 4096);
    void *view;
    const char *where;
    SetLastError(MARK);
    view = MapViewOfFileEx(made, FILE_MAP_WRITE, 0, 0, 0, wished);
    where = !view ? text("NULL %u", last()) : view == wished ? "there" : "elsewhere";
    if (view)
        unmap(view);
    CloseHandle(made);
    return where;
}

static void ex_01(void) { say("%s", at(free_place() + KIB64)); }
static void ex_04(void) { say("%s", at(free_place() + 4096)); }
static void ex_05(void) { say("%s", at(free_place() + 1)); }
static void ex_08(void) { say("%s", at(NULL)); }
static void ex_09(void) { say("%s", at((void *)0xFFFF800000000000ull)); }

static void ex_11(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    say("%s", MAPPED(VirtualAlloc((void *)(view + 4096), 4096, MEM_RESERVE, PAGE_READWRITE)));
    unmap(view);
    CloseHandle(made);
}

/* An address that a view already has. */
static void ex_own_01(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    view[0] = 4;
    say("%s, reads %d", at((void *)view), view[0]);
    unmap(view);
    CloseHandle(made);
}

static const struct fact facts[] = {
    {"EX-01", ex_01}, {"EX-04", ex_04}, {"EX-05", ex_05}, {"EX-08", ex_08},
    {"EX-09", ex_09}, {"EX-11", ex_11}, {"PLC-01", ex_own_01}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
