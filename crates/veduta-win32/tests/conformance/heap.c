/* Heaps, and the Global and Local functions. */
#include "report.h"

static void hep_01(void)
{
    HANDLE heap = GetProcessHeap();
    unsigned char *it = HeapAlloc(heap, HEAP_ZERO_MEMORY, 1000);
    NEED(it);
    say("reads %d %d, size %u,", it[0], it[999], (unsigned)HeapSize(heap, 0, it));
    it[999] = 9;
    it = HeapReAlloc(heap, HEAP_ZERO_MEMORY, it, 50000);
    NEED(it);
    say("larger: reads %d %d, size %u,", it[999], it[49999], (unsigned)HeapSize(heap, 0, it));
    say("%s", DID(HeapValidate(heap, 0, it)));
    say("%s", DID(HeapFree(heap, 0, it)));
}

static void hep_02(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    void *it;
    NEED(heap);
    say("%s,", heap == GetProcessHeap() ? "the process's" : "its own");
    it = HeapAlloc(heap, 0, 100);
    say("%s", it ? "ok" : "NULL");
    say("%s", DID(HeapDestroy(heap)));
}

static void hep_03(void)
{
    HANDLE heap = GetProcessHeap();
    void *it = HeapAlloc(heap, 0, 0);
    say("nothing: %s,", it ? "ok" : "NULL");
    say("size %u,", (unsigned)HeapSize(heap, 0, it));
    say("%s", DID(HeapFree(heap, 0, it)));
}

static void hep_04(void)
{
    unsigned char *it = GlobalAlloc(GPTR, 100);
    NEED(it);
    say("reads %d, size %u,", it[99], (unsigned)GlobalSize(it));
    say("%s,", GlobalLock(it) == (void *)it ? "locked where it is" : "elsewhere");
    say("%s", GlobalFree(it) ? "not freed" : "freed");
}

/* Memory that may be moved has a handle, and an address while it is locked. */
static void hep_05(void)
{
    HGLOBAL handle = GlobalAlloc(GHND, 100);
    unsigned char *it;
    NEED(handle);
    it = GlobalLock(handle);
    NEED(it);
    say("reads %d,", it[99]);
    it[99] = 7;
    SetLastError(MARK);
    say("unlock: %d", (int)GlobalUnlock(handle));
    say("%u,", last());
    SetLastError(MARK);
    say("again: %d", (int)GlobalUnlock(handle));
    say("%u,", last());
    it = GlobalLock(handle);
    say("reads %d,", it ? it[99] : -1);
    GlobalUnlock(handle);
    say("%s", GlobalFree(handle) ? "not freed" : "freed");
}

static void hep_06(void)
{
    unsigned char *it = LocalAlloc(LPTR, 100);
    NEED(it);
    say("reads %d, size %u,", it[99], (unsigned)LocalSize(it));
    say("%s, NULL: %s", LocalFree(it) ? "not freed" : "freed", LocalFree(NULL) ? "not NULL" : "NULL");
}

static const struct fact facts[] = {
    {"HEP-01", hep_01}, {"HEP-02", hep_02}, {"HEP-03", hep_03}, {"HEP-04", hep_04}, {"HEP-05", hep_05},
    {"HEP-06", hep_06}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
