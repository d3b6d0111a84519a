/* Waits for one, any and all. */
#include "report.h"

#define RUBBISH ((HANDLE)0xDEADBEE0)

static HANDLE event(BOOL manual, BOOL signaled)
{
    return CreateEventW(NULL, manual, signaled, NULL);
}

static const char *any(DWORD count, HANDLE *handles, DWORD timeout)
{
    return WAITED(WaitForMultipleObjects(count, handles, FALSE, timeout));
}

static const char *all(DWORD count, HANDLE *handles, DWORD timeout)
{
    return WAITED(WaitForMultipleObjects(count, handles, TRUE, timeout));
}

static void close_all(DWORD count, HANDLE *handles)
{
    while (count--)
        CloseHandle(handles[count]);
}

static DWORD WINAPI take(void *mutex)
{
    return WaitForSingleObject(mutex, 0);
}

/* A mutex whose owner, a thread, has ended. */
static HANDLE abandoned(void)
{
    HANDLE mutex = CreateMutexW(NULL, FALSE, NULL);
    ended(thread(take, mutex));
    return mutex;
}

static void wfm_02(void)
{
    HANDLE it = event(TRUE, TRUE);
    say("any: %s, all: %s", any(0, &it, 0), all(0, &it, 0));
    CloseHandle(it);
}

static void many(DWORD count)
{
    HANDLE handles[65];
    DWORD i;
    for (i = 0; i < count; i++)
        handles[i] = event(TRUE, FALSE);
    say("any: %s, all: %s", any(count, handles, 0), all(count, handles, 0));
    close_all(count, handles);
}

static void wfm_03(void) { many(64); }
static void wfm_rule_01(void) { many(65); }

static void wfm_06(void)
{
    HANDLE it[2] = {event(TRUE, TRUE), event(TRUE, FALSE)};
    say("%s", all(2, it, 0));
    close_all(2, it);
}

static void wfm_07(void)
{
    HANDLE one = event(TRUE, TRUE), it[2];
    it[0] = it[1] = one;
    say("%s", all(2, it, 0));
    CloseHandle(one);
}

static void wfm_09(void)
{
    HANDLE it[2] = {event(TRUE, FALSE), RUBBISH};
    say("any: %s, all: %s", any(2, it, 0), all(2, it, 0));
    CloseHandle(it[0]);
}

static void wfm_10(void)
{
    HANDLE it[2] = {event(FALSE, TRUE), event(FALSE, FALSE)};
    say("%s,", all(2, it, 0));
    SetEvent(it[1]);
    say("%s,", all(2, it, 0));
    say("%s %s", any(1, &it[0], 0), any(1, &it[1], 0));
    close_all(2, it);
}

static void wfm_13(void)
{
    HANDLE it[2] = {event(TRUE, FALSE), abandoned()};
    say("%s,", any(2, it, 0));
    say("release: %s", DID(ReleaseMutex(it[1])));
    close_all(2, it);
}

static void wfm_15(void)
{
    HANDLE it[2] = {event(TRUE, TRUE), abandoned()};
    DWORD found = WaitForMultipleObjects(2, it, TRUE, 0);
    say("%s,", found >= WAIT_ABANDONED_0 && found < WAIT_ABANDONED_0 + 2 ? "abandoned" : as_waited(found));
    say("release: %s", DID(ReleaseMutex(it[1])));
    close_all(2, it);
}

static void wfm_18(void)
{
    say("rubbish: %s, NULL: %s", WAITED(WaitForSingleObject(RUBBISH, 0)), WAITED(WaitForSingleObject(NULL, 0)));
}

static void wfm_20(void)
{
    HANDLE it = event(TRUE, FALSE);
    ULONGLONG before = GetTickCount64(), after;
    say("%s,", WAITED(WaitForSingleObject(it, 200)));
    after = GetTickCount64();
    say("%s", after - before >= 185 ? "not before" : "too early");
    CloseHandle(it);
}

static void wfm_22(void)
{
    HANDLE it[2] = {event(TRUE, FALSE), GetCurrentProcess()};
    say("%s", any(2, it, 0));
    CloseHandle(it[0]);
}

static void wfm_23(void)
{
    HANDLE it = event(TRUE, TRUE);
    int bits;
    for (bits = 0; bits < 4; bits++)
        say("%s", WAITED(WaitForSingleObject((HANDLE)((ULONG_PTR)it | bits), 0)));
    CloseHandle(it);
}

static void wfm_rule_02(void)
{
    HANDLE it[3] = {event(TRUE, FALSE), event(TRUE, TRUE), event(TRUE, TRUE)};
    say("%s", any(3, it, 0));
    close_all(3, it);
}

static void sow_02(void)
{
    HANDLE it = event(TRUE, TRUE);
    say("%s", WAITED(SignalObjectAndWait(NULL, it, 0, FALSE)));
    CloseHandle(it);
}

static void sow_03(void)
{
    HANDLE it = event(TRUE, TRUE), mutex = CreateMutexW(NULL, FALSE, NULL);
    say("%s", WAITED(SignalObjectAndWait(mutex, it, 0, FALSE)));
    CloseHandle(it);
    CloseHandle(mutex);
}

static void sow_05(void)
{
    HANDLE one = event(TRUE, FALSE), other = event(TRUE, FALSE);
    say("%s,", WAITED(SignalObjectAndWait(one, other, 0, FALSE)));
    say("the first: %s", any(1, &one, 0));
    CloseHandle(one);
    CloseHandle(other);
}

/* An event, a mutex and a semaphore can be signaled; a thread cannot. */
static void wts_01(void)
{
    HANDLE mutex = CreateMutexW(NULL, TRUE, NULL), semaphore = CreateSemaphoreW(NULL, 0, 1, NULL);
    HANDLE it = event(TRUE, TRUE), self = NULL;
    say("mutex: %s,", WAITED(SignalObjectAndWait(mutex, it, 0, FALSE)));
    say("then: %s,", DID(ReleaseMutex(mutex)));
    say("semaphore: %s", WAITED(SignalObjectAndWait(semaphore, it, 0, FALSE)));
    say("%s,", WAITED(SignalObjectAndWait(semaphore, it, 0, FALSE)));
    DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &self, 0, FALSE, DUPLICATE_SAME_ACCESS);
    say("thread: %s", WAITED(SignalObjectAndWait(self, it, 0, FALSE)));
    CloseHandle(mutex);
    CloseHandle(semaphore);
    CloseHandle(it);
    CloseHandle(self);
}

/* Wait-any takes only the object that it tells. */
static void wts_02(void)
{
    HANDLE it[3] = {event(FALSE, FALSE), event(FALSE, TRUE), event(FALSE, TRUE)};
    say("%s", any(3, it, 0));
    say("%s", any(3, it, 0));
    say("%s", any(3, it, 0));
    close_all(3, it);
}

/* Wait-all over different kinds takes each. */
static void wts_03(void)
{
    HANDLE it[3] = {event(FALSE, TRUE), CreateMutexW(NULL, FALSE, NULL), CreateSemaphoreW(NULL, 1, 1, NULL)};
    say("%s,", all(3, it, 0));
    say("event %s,", any(1, &it[0], 0));
    say("mutex %s,", DID(ReleaseMutex(it[1])));
    say("semaphore %s", any(1, &it[2], 0));
    close_all(3, it);
}

static DWORD WINAPI set_later(void *handle)
{
    SetEvent(handle);
    return 0;
}

/* A wait that another thread ends. */
static void wts_04(void)
{
    HANDLE it[2] = {event(FALSE, FALSE), event(FALSE, FALSE)}, helper = thread(set_later, it[1]);
    say("%s", any(2, it, INFINITE));
    ended(helper);
    close_all(2, it);
}

static void wts_05(void)
{
    HANDLE it[2] = {event(TRUE, FALSE), NULL};
    say("NULL: %s,", any(2, it, 0));
    it[1] = section(PAGE_READWRITE, 4096);
    say("section: %s", any(2, it, 0));
    close_all(2, it);
}

static const struct fact facts[] = {
    {"WFM-02", wfm_02},       {"WFM-03", wfm_03},       {"WFM-rule-01", wfm_rule_01}, {"WFM-06", wfm_06},
    {"WFM-07", wfm_07},       {"WFM-09", wfm_09},       {"WFM-10/11", wfm_10},        {"WFM-13/14", wfm_13},
    {"WFM-15", wfm_15},       {"WFM-18/19", wfm_18},    {"WFM-20", wfm_20},           {"WFM-22", wfm_22},
    {"WFM-23", wfm_23},       {"WFM-rule-02", wfm_rule_02}, {"SOW-02", sow_02},       {"SOW-03", sow_03},
    {"SOW-05", sow_05},       {"WTS-01", wts_01},       {"WTS-02", wts_02},           {"WTS-03", wts_03},
    {"WTS-04", wts_04},       {"WTS-05", wts_05},                 {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
