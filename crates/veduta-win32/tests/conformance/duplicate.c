/* DuplicateHandle. */
#include "report.h"

#define SELF GetCurrentProcess()

static const char *view_of(HANDLE section, DWORD access)
{
    volatile unsigned char *view = map(section, access);
    const char *found;
    if (!view)
        return text("%u", last());
    found = protection(query(view).Protect);
    unmap(view);
    return found;
}

static HANDLE duplicate(HANDLE source, DWORD access, DWORD options)
{
    HANDLE copy = NULL;
    say("%s,", DID(DuplicateHandle(SELF, source, SELF, &copy, access, FALSE, options)));
    return copy;
}

static void dup_01(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096), copy = duplicate(made, 0, DUPLICATE_SAME_ACCESS);
    volatile unsigned char *view;
    say("%s value,", copy == made ? "same" : "new");
    CloseHandle(made);
    view = map(copy, FILE_MAP_WRITE);
    NEED(view);
    view[0] = 5;
    say("reads %d", view[0]);
    unmap(view);
    CloseHandle(copy);
}

static void dup_06(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096), copy = duplicate(made, FILE_MAP_READ, 0);
    say("R=%s C=%s W=%s", view_of(copy, FILE_MAP_READ), view_of(copy, FILE_MAP_COPY), view_of(copy, FILE_MAP_WRITE));
    CloseHandle(made);
    CloseHandle(copy);
}

static void dup_08(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096), less = duplicate(made, FILE_MAP_READ, 0);
    HANDLE more = duplicate(less, FILE_MAP_READ | FILE_MAP_WRITE, 0);
    say("W=%s", view_of(more, FILE_MAP_WRITE));
    CloseHandle(made);
    CloseHandle(less);
    CloseHandle(more);
}

static void dup_10(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096), none = duplicate(made, 0, 0);
    say("R=%s W=%s 0=%s", view_of(none, FILE_MAP_READ), view_of(none, FILE_MAP_WRITE), view_of(none, 0));
    CloseHandle(made);
    CloseHandle(none);
}

static void dup_13(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096), copy = NULL;
    DWORD flags = 0;
    say("%s,", DID(DuplicateHandle(SELF, made, SELF, &copy, 0, TRUE, DUPLICATE_SAME_ACCESS)));
    GetHandleInformation(copy, &flags);
    say("copy %u,", (unsigned)flags);
    GetHandleInformation(made, &flags);
    say("original %u", (unsigned)flags);
    CloseHandle(made);
    CloseHandle(copy);
}

static void dup_17(void)
{
    HANDLE copy;
    say("rubbish: %s,", DID(DuplicateHandle(SELF, (HANDLE)0xDEADBEE0, SELF, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)));
    say("NULL: %s", DID(DuplicateHandle(SELF, NULL, SELF, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)));
}

static void dup_19(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096), copy;
    say("%s", DID(DuplicateHandle((HANDLE)0xDEADBEE0, made, SELF, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)));
    CloseHandle(made);
}

static void dup_21(void)
{
    HANDLE process = duplicate(SELF, 0, DUPLICATE_SAME_ACCESS);
    say("%s, its id is %s", process == SELF ? "pseudo" : "real",
        GetProcessId(process) == GetCurrentProcessId() ? "ours" : "another");
    CloseHandle(process);
}

static void dup_22(void)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL), copy = duplicate(event, 0, DUPLICATE_SAME_ACCESS);
    NEED(SetEvent(copy));
    say("%s,", WAITED(WaitForSingleObject(event, 0)));
    say("%s", CloseHandle(copy) ? "closed" : "not closed");
    CloseHandle(event);
}

static void dup_25(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL), copy = duplicate(event, EVENT_MODIFY_STATE, 0);
    say("wait: %s, set: %s", WAITED(WaitForSingleObject(copy, 0)), DID(SetEvent(copy)));
    CloseHandle(event);
    CloseHandle(copy);
}

/* Waits, takes a handle value from a named section, and writes through it. */
static int receive(int argc, char **argv)
{
    HANDLE ready = meeting(argv[1]), go = meeting(argv[2]);
    HANDLE box = OpenFileMappingW(FILE_MAP_READ, FALSE, wide("%s", argv[0]));
    volatile unsigned char *letter = map(box, FILE_MAP_READ), *view;
    (void)argc;
    if (!letter || !SetEvent(ready) || !met(go))
        return 1;
    view = map(*(HANDLE *)letter, FILE_MAP_WRITE);
    if (!view)
        return (int)last();
    view[100]++;
    return 0;
}

static void dup_26(void)
{
    const char *name = unique(), *ready_name = unique(), *go_name = unique();
    HANDLE ready = meeting(ready_name), go = meeting(go_name), made = section(PAGE_READWRITE, 4096), there = NULL;
    HANDLE box = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, wide("%s", name));
    volatile unsigned char *letter = map(box, FILE_MAP_WRITE), *view = map(made, FILE_MAP_WRITE);
    HANDLE child = start(FALSE, "receive %s %s %s", name, ready_name, go_name);
    NEED(letter && view && child && met(ready));
    view[100] = 20;
    say("%s,", DID(DuplicateHandle(SELF, made, child, &there, 0, FALSE, DUPLICATE_SAME_ACCESS)));
    *(HANDLE *)letter = there;
    SetEvent(go);
    say("child: %u,", (unsigned)ended(child));
    say("reads %d", view[100]);
    unmap(letter);
    unmap(view);
    CloseHandle(box);
    CloseHandle(made);
    CloseHandle(ready);
    CloseHandle(go);
}

/* An event into the child, and one out of it. */
static int lend(int argc, char **argv)
{
    HANDLE ready = meeting(argv[1]), go = meeting(argv[2]), event = CreateEventW(NULL, TRUE, FALSE, NULL);
    HANDLE box = OpenFileMappingW(FILE_MAP_ALL_ACCESS, FALSE, wide("%s", argv[0]));
    volatile unsigned char *letter = map(box, FILE_MAP_WRITE);
    (void)argc;
    if (!letter || !event)
        return 1;
    *(HANDLE *)letter = event;
    if (!SetEvent(ready) || !met(go))
        return 2;
    return WaitForSingleObject(event, 0) == WAIT_OBJECT_0 ? 0 : 3;
}

static void dup_own_01(void)
{
    const char *name = unique(), *ready_name = unique(), *go_name = unique();
    HANDLE ready = meeting(ready_name), go = meeting(go_name), here = NULL;
    HANDLE box = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, wide("%s", name));
    volatile unsigned char *letter = map(box, FILE_MAP_WRITE);
    HANDLE child = start(FALSE, "lend %s %s %s", name, ready_name, go_name);
    NEED(letter && child && met(ready));
    say("%s,", DID(DuplicateHandle(child, *(HANDLE *)letter, SELF, &here, 0, FALSE, DUPLICATE_SAME_ACCESS)));
    say("%s,", DID(SetEvent(here)));
    SetEvent(go);
    say("child: %u", (unsigned)ended(child));
    unmap(letter);
    CloseHandle(box);
    CloseHandle(here);
    CloseHandle(ready);
    CloseHandle(go);
}

static void dup_own_02(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL), copy =
        duplicate(event, 0, DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE);
    /* The copy may have got the value of the original. */
    say("copy: %s", DID(SetEvent(copy)));
    CloseHandle(copy);
}

/* Without a target, DUPLICATE_CLOSE_SOURCE only closes, whatever is returned. */
static void dup_own_03(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    DuplicateHandle(SELF, event, NULL, NULL, 0, FALSE, DUPLICATE_CLOSE_SOURCE);
    say("original: %s", DID(SetEvent(event)));
}

static void dup_own_04(void)
{
    HANDLE thread = duplicate(GetCurrentThread(), 0, DUPLICATE_SAME_ACCESS);
    say("%s, its id is %s, %s", thread == GetCurrentThread() ? "pseudo" : "real",
        GetThreadId(thread) == GetCurrentThreadId() ? "ours" : "another", WAITED(WaitForSingleObject(thread, 0)));
    CloseHandle(thread);
}

static const struct fact facts[] = {
    {"DUP-01/02/03", dup_01}, {"DUP-06/07", dup_06}, {"DUP-08", dup_08},         {"DUP-10/11/12", dup_10},
    {"DUP-13", dup_13},       {"DUP-17/18", dup_17}, {"DUP-19", dup_19},         {"DUP-21", dup_21},
    {"DUP-22", dup_22},       {"DUP-25", dup_25},    {"DUP-26/27", dup_26},      {"DPL-01", dup_own_01},
    {"DPL-02", dup_own_02},   {"DPL-03", dup_own_03}, {"DPL-04", dup_own_04},    {NULL, NULL},
};
static const struct role roles[] = {{"receive", receive}, {"lend", lend}, {NULL, NULL}};
REPORT(facts, roles)
