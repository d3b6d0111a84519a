/* Threads and what belongs to them. */
#include "report.h"

static DWORD WINAPI wait_for(void *event)
{
    return WaitForSingleObject(event, SOON) == WAIT_OBJECT_0 ? 42 : 1;
}

static DWORD WINAPI leave(void *code)
{
    ExitThread((DWORD)(ULONG_PTR)code);
}

static DWORD code_of(HANDLE thread)
{
    DWORD code = 0xBAD;
    GetExitCodeThread(thread, &code);
    return code;
}

static void thr_01(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL), it = thread(wait_for, event);
    say("runs: %u %s,", (unsigned)code_of(it), WAITED(WaitForSingleObject(it, 0)));
    SetEvent(event);
    say("%s", WAITED(WaitForSingleObject(it, SOON)));
    say("%s,", WAITED(WaitForSingleObject(it, 0)));
    say("%u", (unsigned)code_of(it));
    CloseHandle(it);
    CloseHandle(event);
}

static void thr_02(void)
{
    say("%#x", (unsigned)ended(thread(leave, (void *)0xC0FFEE)));
}

static void thr_03(void)
{
    DWORD id = 0;
    HANDLE it = CreateThread(NULL, 0, leave, (void *)5, CREATE_SUSPENDED, &id);
    say("%s,", id == GetThreadId(it) && id ? "its id" : "another id");
    say("%s,", WAITED(WaitForSingleObject(it, 30)));
    say("resume %d,", (int)ResumeThread(it));
    say("%u", (unsigned)ended(it));
}

static void thr_04(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    DWORD code;
    say("event: %s, NULL: %s", DID(GetExitCodeThread(event, &code)), DID(GetExitCodeThread(NULL, &code)));
    CloseHandle(event);
}

static DWORD index_of_slot;
static DWORD WINAPI look_at_slot(void *unused)
{
    DWORD first = (DWORD)(ULONG_PTR)TlsGetValue(index_of_slot);
    (void)unused;
    TlsSetValue(index_of_slot, (void *)8);
    return first * 100 + (DWORD)(ULONG_PTR)TlsGetValue(index_of_slot);
}

static void thr_05(void)
{
    index_of_slot = TlsAlloc();
    NEED(index_of_slot != TLS_OUT_OF_INDEXES);
    SetLastError(MARK);
    say("%s,", TlsGetValue(index_of_slot) ? "something" : "NULL");
    say("%s,", untouched());
    say("%s,", DID(TlsSetValue(index_of_slot, (void *)7)));
    say("there %u,", (unsigned)ended(thread(look_at_slot, NULL)));
    say("here %u,", (unsigned)(ULONG_PTR)TlsGetValue(index_of_slot));
    say("%s,", DID(TlsFree(index_of_slot)));
    say("no slot: %s", DID(TlsSetValue(0x7FFFFFFF, NULL)));
}

/* A slot that is allocated again is empty in all threads. */
static void thr_06(void)
{
    DWORD one = TlsAlloc(), two;
    TlsSetValue(one, (void *)7);
    TlsFree(one);
    two = TlsAlloc();
    say("%s", TlsGetValue(two) ? "something" : "NULL");
    TlsFree(two);
}

static DWORD WINAPI look_at_error(void *unused)
{
    (void)unused;
    SetLastError(5);
    return GetLastError();
}

/* The last error belongs to the thread. */
static void thr_07(void)
{
    HANDLE it = thread(look_at_error, NULL);
    SetLastError(77);
    WaitForSingleObject(it, SOON);
    say("here %u,", last());
    say("there %u", (unsigned)ended(it));
}

static void thr_08(void)
{
    HANDLE it[3];
    it[0] = thread(leave, (void *)1);
    it[1] = thread(leave, (void *)2);
    it[2] = thread(leave, (void *)3);
    say("%s,", WAITED(WaitForMultipleObjects(3, it, TRUE, SOON)));
    say("%u %u %u", (unsigned)ended(it[0]), (unsigned)ended(it[1]), (unsigned)ended(it[2]));
}

static void thr_09(void)
{
    HANDLE it;
    say("%s,", OPENED(it = OpenThread(SYNCHRONIZE, FALSE, GetCurrentThreadId())));
    say("%s,", WAITED(WaitForSingleObject(it, 0)));
    CloseHandle(it);
    say("id 0: %s", OPENED(OpenThread(SYNCHRONIZE, FALSE, 0)));
}

/* Closing the handle does not end the thread. */
static void thr_10(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL), it = thread(leave, NULL), other;
    CloseHandle(it);
    other = thread(wait_for, event);
    say("%s,", DID(SetEvent(event)));
    say("%u", (unsigned)ended(other));
    CloseHandle(event);
}

static void thr_11(void)
{
    say("%s", GetThreadId(GetCurrentThread()) == GetCurrentThreadId() ? "the pseudo handle's id" : "another id");
    say("%d", GetThreadPriority(GetCurrentThread()));
}

static const struct fact facts[] = {
    {"THR-01", thr_01}, {"THR-02", thr_02}, {"THR-03", thr_03}, {"THR-04", thr_04}, {"THR-05", thr_05},
    {"THR-06", thr_06}, {"THR-07", thr_07}, {"THR-08", thr_08}, {"THR-09", thr_09}, {"THR-10", thr_10},
    {"THR-11", thr_11}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
