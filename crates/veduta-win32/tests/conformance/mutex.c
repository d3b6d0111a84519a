/* Mutexes. */
#include "report.h"

static HANDLE create(BOOL owned, const char *name)
{
    return CreateMutexW(NULL, owned, name ? wide("%s", name) : NULL);
}

static DWORD WINAPI release(void *mutex)
{
    return ReleaseMutex(mutex) ? 0 : GetLastError();
}

static DWORD WINAPI try(void *mutex)
{
    DWORD found = WaitForSingleObject(mutex, 0);
    if (found == WAIT_OBJECT_0)
        ReleaseMutex(mutex);
    return found;
}

static DWORD WINAPI take(void *mutex)
{
    return WaitForSingleObject(mutex, 0);
}

/* What another thread finds when it waits for no time. */
static const char *elsewhere(HANDLE mutex)
{
    return as_waited(ended(thread(try, mutex)));
}

static void mtx_02(void)
{
    HANDLE mutex = create(FALSE, NULL);
    say("nobody's: %s,", DID(ReleaseMutex(mutex)));
    WaitForSingleObject(mutex, 0);
    say("another's: %u", (unsigned)ended(thread(release, mutex)));
    CloseHandle(mutex);
}

static void mtx_03(void)
{
    HANDLE mutex = create(FALSE, NULL);
    say("%s", WAITED(WaitForSingleObject(mutex, 0)));
    say("%s,", WAITED(WaitForSingleObject(mutex, 0)));
    say("%s", untouched());
    CloseHandle(mutex);
}

static void mtx_06(void)
{
    HANDLE mutex = create(TRUE, NULL);
    say("%u,", (unsigned)ended(thread(release, mutex)));
    say("still owned: %s", elsewhere(mutex));
    CloseHandle(mutex);
}

static void mtx_07(void)
{
    HANDLE mutex = create(TRUE, NULL);
    WaitForSingleObject(mutex, 0);
    say("twice: %s,", elsewhere(mutex));
    say("%s,", DID(ReleaseMutex(mutex)));
    say("once: %s,", elsewhere(mutex));
    say("%s,", DID(ReleaseMutex(mutex)));
    say("free: %s,", elsewhere(mutex));
    say("%s", DID(ReleaseMutex(mutex)));
    CloseHandle(mutex);
}

static void mtx_14(void)
{
    HANDLE mutex = create(FALSE, NULL);
    NEED(ended(thread(take, mutex)) == WAIT_OBJECT_0);
    say("%s,", WAITED(WaitForSingleObject(mutex, SOON)));
    say("%s,", DID(ReleaseMutex(mutex)));
    say("%s", WAITED(WaitForSingleObject(mutex, 0)));
    CloseHandle(mutex);
}

static void mtx_16(void)
{
    HANDLE mutex;
    say("%s,", MADE(mutex = create(TRUE, NULL)));
    say("another thread: %s,", elsewhere(mutex));
    say("%s", DID(ReleaseMutex(mutex)));
    say("%s", elsewhere(mutex));
    CloseHandle(mutex);
}

static void mtx_21(void)
{
    const char *name = unique();
    HANDLE mutex = create(FALSE, name), other;
    SetLastError(MARK);
    other = OpenMutexW(SYNCHRONIZE, FALSE, wide("%s", name));
    say("%s,", untouched());
    say("%s,", WAITED(WaitForSingleObject(other, 0)));
    say("%s", DID(ReleaseMutex(other)));
    CloseHandle(mutex);
    CloseHandle(other);
}

static void mtx_23(void)
{
    const char *name = unique();
    HANDLE mutex = create(FALSE, name);
    say("%s", OPENED(OpenMutexW(0, FALSE, wide("%s", name))));
    CloseHandle(mutex);
}

static void mtx_25(void)
{
    say("%s", OPENED(OpenMutexW(SYNCHRONIZE, FALSE, wide("%s", unique()))));
}

static void mtx_26(void)
{
    say("W: %s, A: %s", OPENED(OpenMutexW(SYNCHRONIZE, FALSE, NULL)), OPENED(OpenMutexA(SYNCHRONIZE, FALSE, NULL)));
}

static void mtx_27(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    say("NULL: %s, event: %s", DID(ReleaseMutex(NULL)), DID(ReleaseMutex(event)));
    CloseHandle(event);
}

/* Owns a mutex and waits to be ended, or ends by itself. */
static int own(int argc, char **argv)
{
    HANDLE ready = meeting(argv[1]), mutex = OpenMutexW(SYNCHRONIZE, FALSE, wide("%s", argv[0]));
    (void)argc;
    if (WaitForSingleObject(mutex, SOON) != WAIT_OBJECT_0)
        return 1;
    SetEvent(ready);
    if (argv[2][0] == 's')
        Sleep(SOON);
    return 0;
}

static void abandoned_by(const char *how)
{
    const char *name = unique(), *meet = unique();
    HANDLE mutex = create(FALSE, name), ready = meeting(meet), child = start(FALSE, "own %s %s %s", name, meet, how);
    NEED(child && met(ready));
    if (how[0] == 's') {
        say("%s,", WAITED(WaitForSingleObject(mutex, 0)));
        TerminateProcess(child, 0);
    }
    say("%s,", WAITED(WaitForSingleObject(mutex, SOON)));
    say("%s,", DID(ReleaseMutex(mutex)));
    say("%s,", WAITED(WaitForSingleObject(mutex, 0)));
    ended(child);
    CloseHandle(mutex);
    CloseHandle(ready);
}

static void mtx_31(void)
{
    say("terminated:");
    abandoned_by("sleep");
    say("ends:");
    abandoned_by("end");
}

static int try_named(int argc, char **argv)
{
    HANDLE mutex = OpenMutexW(SYNCHRONIZE, FALSE, wide("%s", argv[0]));
    (void)argc;
    return mutex ? (int)WaitForSingleObject(mutex, 0) : -(int)last();
}

static void mtx_33(void)
{
    const char *name = unique();
    HANDLE mutex = create(TRUE, name);
    say("owned: %s,", as_waited(PLAY(FALSE, "try %s", name)));
    ReleaseMutex(mutex);
    say("free: %s", as_waited(PLAY(FALSE, "try %s", name)));
    CloseHandle(mutex);
}

static void mtx_rule_01(void)
{
    HANDLE mutex = create(TRUE, NULL), less = NULL;
    NEED(DuplicateHandle(GetCurrentProcess(), mutex, GetCurrentProcess(), &less, MUTEX_MODIFY_STATE, FALSE, 0));
    say("wait: %s,", WAITED(WaitForSingleObject(less, 0)));
    say("release: %s", DID(ReleaseMutex(less)));
    CloseHandle(mutex);
    CloseHandle(less);
}

/* Which single rights a mutex can be opened with. Bit 24 is left out: it is a matter of privileges. */
static void mtx_rule_02(void)
{
    const char *name = unique();
    HANDLE mutex = create(FALSE, name), other;
    int bit;
    say("refused:");
    for (bit = 0; bit < 32; bit++) {
        if (bit == 24)
            continue;
        other = OpenMutexW((DWORD)1 << bit, FALSE, wide("%s", name));
        if (!other)
            say("%d=%u", bit, last());
        else
            CloseHandle(other);
    }
    CloseHandle(mutex);
}

/* Creating one that exists does not take it. */
static void mtx_own_01(void)
{
    const char *name = unique();
    HANDLE mutex = create(FALSE, name), other;
    say("%s,", MADE(other = create(TRUE, name)));
    say("%s", DID(ReleaseMutex(other)));
    CloseHandle(mutex);
    CloseHandle(other);
}

/* The flags and rights of CreateMutexEx. */
static void mtx_own_02(void)
{
    HANDLE mutex;
    say("%s,", MADE(mutex = CreateMutexExW(NULL, NULL, CREATE_MUTEX_INITIAL_OWNER, SYNCHRONIZE)));
    say("%s,", DID(ReleaseMutex(mutex)));
    CloseHandle(mutex);
    say("%s,", MADE(mutex = CreateMutexExW(NULL, NULL, 0, MUTEX_MODIFY_STATE)));
    say("%s", WAITED(WaitForSingleObject(mutex, 0)));
    CloseHandle(mutex);
}

static const struct fact facts[] = {
    {"MTX-02/11", mtx_02},          {"MTX-03/04", mtx_03},          {"MTX-06", mtx_06},       {"MTX-07/08/09/10", mtx_07},
    {"MTX-14/15", mtx_14},          {"MTX-16/17", mtx_16},          {"MTX-21/22", mtx_21},    {"MTX-23", mtx_23},
    {"MTX-25", mtx_25},             {"MTX-26", mtx_26},             {"MTX-27/28", mtx_27},    {"MTX-31/32", mtx_31},
    {"MTX-33/34", mtx_33},          {"MTX-rule-01", mtx_rule_01},   {"MTX-rule-02", mtx_rule_02},
    {"MTP-01", mtx_own_01},         {"MTP-02", mtx_own_02},         {NULL, NULL},
};
static const struct role roles[] = {{"own", own}, {"try", try_named}, {NULL, NULL}};
REPORT(facts, roles)
