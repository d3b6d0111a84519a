/* FlushViewOfFile. */
#include "report.h"

struct mapping {
    HANDLE file, section;
    volatile unsigned char *view;
};

static struct mapping map_file(DWORD length, DWORD access)
{
    struct mapping it;
    it.file = file_of(length, READ_WRITE);
    it.section = CreateFileMappingW(it.file, NULL, PAGE_READWRITE, 0, 0, NULL);
    it.view = map(it.section, access);
    return it;
}

static void release(struct mapping *it)
{
    unmap(it->view);
    if (it->section)
        CloseHandle(it->section);
    CloseHandle(it->file);
}

static BOOL flush(volatile void *from, SIZE_T length)
{
    return FlushViewOfFile((const void *)from, length);
}

static void fl_01(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    say("whole: %s, part: %s", DID(flush(view, 0)), DID(flush(view + 4096, 4096)));
    unmap(view);
    CloseHandle(made);
}

static void fl_04(void)
{
    say("%s,", DID(flush(NULL, 0)));
    say("4096 bytes: %s", DID(flush(NULL, 4096)));
}

static void fl_05(void)
{
    void *memory = VirtualAlloc(NULL, KIB64, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    NEED(memory);
    say("%s", DID(flush(memory, 0)));
    VirtualFree(memory, 0, MEM_RELEASE);
}

static void fl_07(void)
{
    struct mapping it = map_file(20000, FILE_MAP_WRITE);
    NEED(it.view);
    it.view[5000] = 1;
    say("page: %s, in a page: %s", DID(flush(it.view + 4096, 4096)), DID(flush(it.view + 5000, 100)));
    release(&it);
}

/* What is returned is not settled; the byte behind must be untouched. */
static void fl_09(void)
{
    struct mapping it = map_file(20000, FILE_MAP_WRITE);
    NEED(it.view);
    it.view[5000] = 1;
    flush(it.view, 10 * KIB64);
    say("returned, reads %d", it.view[5000]);
    release(&it);
}

static void fl_11(void)
{
    struct mapping it = map_file(20000, FILE_MAP_WRITE);
    NEED(it.view);
    CloseHandle(it.section);
    it.section = NULL;
    it.view[5000] = 1;
    say("%s", DID(flush(it.view, 0)));
    release(&it);
}

static void fl_12(void)
{
    struct mapping it = map_file(20000, FILE_MAP_READ);
    NEED(it.view);
    say("%s", DID(flush(it.view, 0)));
    release(&it);
}

static const struct fact facts[] = {
    {"FL-01/02", fl_01}, {"FL-04", fl_04}, {"FL-05", fl_05}, {"FL-07/08", fl_07}, {"FL-09", fl_09},
    {"FL-11", fl_11},    {"FL-12", fl_12}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
