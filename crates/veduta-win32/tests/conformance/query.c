/* VirtualQuery, VirtualProtect and VirtualAlloc on views. */
#include "report.h"

/* The region at an offset of a view, told by offsets. */
static void region(volatile unsigned char *view, SIZE_T offset)
{
    MEMORY_BASIC_INFORMATION about = query(view + offset);
    say("[base %#llx, allocation %s, size %#llx, %s, at first %s, %s]",
        (unsigned long long)((unsigned char *)about.BaseAddress - (unsigned char *)view),
        about.AllocationBase == (void *)view ? "view" : about.AllocationBase ? "other" : "NULL",
        (unsigned long long)about.RegionSize, protection(about.Protect), protection(about.AllocationProtect),
        state(&about));
}

static void vq_02(void)
{
    HANDLE made = section(PAGE_READWRITE, 0x12345);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    region(view, 0);
    unmap(view);
    CloseHandle(made);
}

static void vq_04(void)
{
    HANDLE file = file_of(5000, READ_WRITE), made = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
    volatile unsigned char *view = map(made, FILE_MAP_READ);
    NEED(view);
    region(view, 0);
    unmap(view);
    CloseHandle(made);
    CloseHandle(file);
}

static void vq_06(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    region(view, 0x5678);
    unmap(view);
    CloseHandle(made);
}

/* What is free behind the view is as large as it happens to be. */
static const char *free_at(volatile unsigned char *address)
{
    MEMORY_BASIC_INFORMATION about = query(address);
    return text("%s, %s, allocation %s, at first %s", state(&about), protection(about.Protect),
                about.AllocationBase ? "other" : "NULL", protection(about.AllocationProtect));
}

static void vq_07(void)
{
    /* A place with free addresses behind it. */
    unsigned char *place = VirtualAlloc(NULL, 16 * KIB64, MEM_RESERVE, PAGE_NOACCESS);
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view;
    NEED(place && VirtualFree(place, 0, MEM_RELEASE));
    view = MapViewOfFileEx(made, FILE_MAP_WRITE, 0, 0, 0, place);
    NEED(view);
    say("%s", free_at(view + KIB64));
    unmap(view);
    CloseHandle(made);
}

static BOOL protect(volatile unsigned char *from, SIZE_T length, DWORD wanted, DWORD *old)
{
    return VirtualProtect((void *)from, length, wanted, old);
}

static void vq_09(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    DWORD old = 0;
    NEED(view);
    say("%s", DID(protect(view + 4096, 4096, PAGE_READONLY, &old)));
    say("old %s", protection(old));
    region(view, 0);
    region(view, 4096);
    region(view, 8192);
    unmap(view);
    CloseHandle(made);
}

static void vq_12(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view && unmap(view));
    say("%s", free_at(view));
    CloseHandle(made);
}

/* A copy-on-write view of which page 2 was written. */
static volatile unsigned char *written(HANDLE made)
{
    volatile unsigned char *view = map(made, FILE_MAP_COPY);
    if (view)
        view[2 * 4096 + 5] = 1;
    return view;
}

static void vq_14(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = written(made);
    NEED(view);
    region(view, 2 * 4096);
    unmap(view);
    CloseHandle(made);
}

static void vq_15(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = written(made);
    NEED(view);
    region(view, 0);
    unmap(view);
    CloseHandle(made);
}

static void vq_17(void)
{
    MEMORY_BASIC_INFORMATION about;
    SIZE_T size = VirtualQuery(NULL, &about, sizeof about);
    say("%s, %s", size == sizeof about ? "ok" : "fails", state(&about));
}

static void vq_18(void)
{
    MEMORY_BASIC_INFORMATION about;
    SetLastError(MARK);
    say("%u,", (unsigned)VirtualQuery((void *)0xFFFF800000000000ull, &about, sizeof about));
    say("%s", untouched());
}

static void vp_01(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    DWORD old = 0;
    NEED(view);
    say("EXECUTE_READ: %s,", DID(protect(view, 4096, PAGE_EXECUTE_READ, &old)));
    say("EXECUTE: %s,", DID(protect(view, 4096, PAGE_EXECUTE, &old)));
    say("EXECUTE_READWRITE: %s", DID(protect(view, 4096, PAGE_EXECUTE_READWRITE, &old)));
    unmap(view);
    CloseHandle(made);
}

static void vp_02(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    DWORD old = 0;
    NEED(view);
    view[1] = 11;
    say("%s", DID(protect(view, KIB64, PAGE_NOACCESS, &old)));
    say("old %s,", protection(old));
    say("%s,", IsBadReadPtr((void *)view, 1) ? "bad" : "readable");
    say("%s", DID(protect(view, KIB64, PAGE_READWRITE, &old)));
    say("old %s, reads %d", protection(old), view[1]);
    unmap(view);
    CloseHandle(made);
}

static void vp_05(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    say("%s,", DID(protect(view, KIB64, PAGE_READONLY, NULL)));
    say("%s", protection(query(view).Protect));
    unmap(view);
    CloseHandle(made);
}

static void vp_06(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_READ);
    DWORD old;
    NEED(view);
    say("%s,", DID(protect(view, KIB64, PAGE_READWRITE, &old)));
    say("%s", protection(query(view).Protect));
    unmap(view);
    CloseHandle(made);
}

static void vp_08(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, 0);
    DWORD old;
    NEED(view);
    say("READONLY: %s,", DID(protect(view, KIB64, PAGE_READONLY, &old)));
    say("READWRITE: %s,", DID(protect(view, KIB64, PAGE_READWRITE, &old)));
    say("NOACCESS: %s", DID(protect(view, KIB64, PAGE_NOACCESS, &old)));
    unmap(view);
    CloseHandle(made);
}

static void vp_09(void)
{
    HANDLE file = file_of(20000, READ_WRITE), made = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    say("%s", MAPPED(VirtualAlloc((void *)(view + 4096), 4096, MEM_COMMIT, PAGE_READWRITE)));
    unmap(view);
    CloseHandle(made);
    CloseHandle(file);
}

static void vp_rule_01(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    DWORD old = 0;
    NEED(view);
    say("%s", DID(protect(view, KIB64, PAGE_WRITECOPY, &old)));
    say("old %s", protection(old));
    unmap(view);
    CloseHandle(made);
}

static const struct fact facts[] = {
    {"VQ-02/03", vq_02}, {"VQ-04", vq_04}, {"VQ-06", vq_06}, {"VQ-07", vq_07},    {"VQ-09/10/11", vq_09},
    {"VQ-12", vq_12},    {"VQ-14", vq_14}, {"VQ-15", vq_15}, {"VQ-17", vq_17},    {"VQ-18", vq_18},
    {"VP-01", vp_01},    {"VP-02/03", vp_02}, {"VP-05", vp_05}, {"VP-06", vp_06}, {"VP-08", vp_08},
    {"VP-09", vp_09},    {"VP-rule-01", vp_rule_01}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
