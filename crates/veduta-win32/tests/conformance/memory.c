/* VirtualAlloc and its kin on memory of the process's own. */
#include "report.h"

static unsigned char *get(SIZE_T size, DWORD how, DWORD protect)
{
    return VirtualAlloc(NULL, size, how, protect);
}

static void region(unsigned char *base, SIZE_T offset)
{
    MEMORY_BASIC_INFORMATION about = query(base + offset);
    say("[base %#llx, allocation %s, size %#llx, %s, at first %s, %s]",
        (unsigned long long)((unsigned char *)about.BaseAddress - base),
        about.AllocationBase == base ? "it" : about.AllocationBase ? "other" : "NULL",
        (unsigned long long)about.RegionSize, protection(about.Protect), protection(about.AllocationProtect),
        state(&about));
}

static void vma_01(void)
{
    unsigned char *it = get(5000, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    NEED(it);
    say("%s, reads %d %d,", (ULONG_PTR)it % KIB64 ? "not aligned" : "aligned to 64K", it[0], it[8191]);
    region(it, 0);
    say("%s", QUIETLY(VirtualFree(it, 0, MEM_RELEASE)));
    say("%s", query(it).State == MEM_FREE ? "free" : "not free");
}

static void vma_02(void)
{
    unsigned char *it = get(KIB64, MEM_RESERVE, PAGE_READWRITE);
    NEED(it);
    region(it, 0);
    say("%s,", IsBadReadPtr(it, 1) ? "bad" : "readable");
    say("%s", MAPPED(VirtualAlloc(it + 5000, 100, MEM_COMMIT, PAGE_READONLY)));
    region(it, 0);
    region(it, 4096);
    region(it, 8192);
    say("%s", DID(VirtualFree(it, 0, MEM_RELEASE)));
}

static void vma_03(void)
{
    unsigned char *it = get(KIB64, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    DWORD old = 0;
    NEED(it);
    say("%s", DID(VirtualProtect(it + 4000, 200, PAGE_READONLY, &old)));
    say("old %s", protection(old));
    region(it, 0);
    region(it, 8192);
    say("write: %s", IsBadWritePtr(it + 4096, 1) ? "bad" : "good");
    VirtualFree(it, 0, MEM_RELEASE);
}

static void vma_04(void)
{
    unsigned char *it = get(KIB64, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    NEED(it);
    it[4096] = 4;
    it[8192] = 8;
    say("%s", DID(VirtualFree(it + 4096, 4096, MEM_DECOMMIT)));
    region(it, 4096);
    say("%s", MAPPED(VirtualAlloc(it + 4096, 4096, MEM_COMMIT, PAGE_READWRITE)));
    say("reads %d %d", it[4096], it[8192]);
    VirtualFree(it, 0, MEM_RELEASE);
}

static void vma_05(void)
{
    unsigned char *it = get(2 * KIB64, MEM_RESERVE, PAGE_READWRITE);
    NEED(it);
    say("release with a size: %s,", DID(VirtualFree(it, 4096, MEM_RELEASE)));
    say("from inside: %s,", DID(VirtualFree(it + KIB64, 0, MEM_RELEASE)));
    say("both ways: %s,", DID(VirtualFree(it, 0, MEM_RELEASE | MEM_DECOMMIT)));
    say("no way: %s,", DID(VirtualFree(it, 0, 0)));
    say("release: %s,", DID(VirtualFree(it, 0, MEM_RELEASE)));
    say("again: %s", DID(VirtualFree(it, 0, MEM_RELEASE)));
}

static void vma_06(void)
{
    unsigned char *it = get(KIB64, MEM_RESERVE, PAGE_READWRITE);
    say("size 0: %s, protection 0: %s, no way: %s,", MAPPED(get(0, MEM_COMMIT, PAGE_READWRITE)),
        MAPPED(get(4096, MEM_COMMIT, 0)), MAPPED(get(4096, 0, PAGE_READWRITE)));
    say("PAGE_WRITECOPY: %s,", MAPPED(get(4096, MEM_COMMIT, PAGE_WRITECOPY)));
    say("reserved already: %s,", MAPPED(VirtualAlloc(it, 4096, MEM_RESERVE, PAGE_READWRITE)));
    say("over the end: %s,", MAPPED(VirtualAlloc(it + KIB64 - 4096, 8192, MEM_COMMIT, PAGE_READWRITE)));
    VirtualFree(it, 0, MEM_RELEASE);
    say("not reserved: %s", MAPPED(VirtualAlloc(it, 4096, MEM_COMMIT, PAGE_READWRITE)));
}

static void vma_07(void)
{
    unsigned char *it = get(KIB64, MEM_RESERVE, PAGE_READWRITE);
    DWORD old;
    say("reserved: %s,", DID(VirtualProtect(it, 4096, PAGE_READONLY, &old)));
    VirtualAlloc(it, KIB64, MEM_COMMIT, PAGE_READWRITE);
    say("protection 0: %s,", DID(VirtualProtect(it, 4096, 0, &old)));
    say("PAGE_WRITECOPY: %s,", DID(VirtualProtect(it, 4096, PAGE_WRITECOPY, &old)));
    say("old NULL: %s", DID(VirtualProtect(it, 4096, PAGE_READONLY, NULL)));
    VirtualFree(it, 0, MEM_RELEASE);
}

/* A commit without an address reserves too, and an address wished for is rounded down. */
static void vma_08(void)
{
    unsigned char *it = get(4096, MEM_COMMIT, PAGE_READWRITE), *there = get(16 * KIB64, MEM_RESERVE, PAGE_READWRITE);
    NEED(it && there);
    it[0] = 1;
    VirtualFree(it, 0, MEM_RELEASE);
    VirtualFree(there, 0, MEM_RELEASE);
    it = VirtualAlloc(there + KIB64 + 5000, 100, MEM_RESERVE, PAGE_READWRITE);
    NEED(it);
    say("%s,", it == there + KIB64 ? "rounded down to 64K" : "elsewhere");
    region(it, 0);
    VirtualFree(it, 0, MEM_RELEASE);
}

static void vma_09(void)
{
    unsigned char *it = get(KIB64, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    say("%s", DID(VirtualLock(it, 4096)));
    say("%s,", DID(VirtualUnlock(it, 4096)));
    say("again: %s", DID(VirtualUnlock(it, 4096)));
    VirtualFree(it, 0, MEM_RELEASE);
}

static void vma_10(void)
{
    unsigned char *it = get(8192, MEM_COMMIT | MEM_RESERVE, PAGE_READONLY);
    say("NULL: %d, nothing of it: %d,", IsBadReadPtr(NULL, 1), IsBadReadPtr(NULL, 0));
    say("read: %d, write: %d,", IsBadReadPtr(it, 8192), IsBadWritePtr(it, 1));
    VirtualFree(it, 0, MEM_RELEASE);
    say("released: %d", IsBadReadPtr(it, 1));
}

static const struct fact facts[] = {
    {"VMA-01", vma_01}, {"VMA-02", vma_02}, {"VMA-03", vma_03}, {"VMA-04", vma_04}, {"VMA-05", vma_05},
    {"VMA-06", vma_06}, {"VMA-07", vma_07}, {"VMA-08", vma_08}, {"VMA-09", vma_09}, {"VMA-10", vma_10},
    {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
