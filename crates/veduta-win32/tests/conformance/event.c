/* Events. */
#include "report.h"

static HANDLE create(BOOL manual, BOOL signaled)
{
    return CreateEventW(NULL, manual, signaled, NULL);
}

static const char *look(HANDLE event)
{
    return WAITED(WaitForSingleObject(event, 0));
}

static void evt_01(void)
{
    HANDLE event;
    say("%s,", MADE(event = create(TRUE, FALSE)));
    say("%s,", look(event));
    say("%s", untouched());
    CloseHandle(event);
}

static void evt_03(void)
{
    HANDLE event = create(TRUE, FALSE);
    say("%s:", DID(SetEvent(event)));
    say("%s", look(event));
    say("%s,", look(event));
    say("%s:", DID(ResetEvent(event)));
    say("%s", look(event));
    CloseHandle(event);
}

static void evt_05(void)
{
    HANDLE event = create(FALSE, FALSE);
    say("%s", DID(SetEvent(event)));
    say("%s:", DID(SetEvent(event)));
    say("%s", look(event));
    say("%s", look(event));
    CloseHandle(event);
}

static void evt_06(void)
{
    const char *name = unique();
    HANDLE first = CreateEventW(NULL, TRUE, TRUE, wide("%s", name)), second;
    say("%s:", MADE(second = CreateEventW(NULL, FALSE, FALSE, wide("%s", name))));
    say("%s", look(second));
    say("%s", look(second));
    CloseHandle(first);
    CloseHandle(second);
}

static void evt_09(void)
{
    const char *name = unique();
    HANDLE first = CreateEventW(NULL, TRUE, TRUE, wide("%s", name)), second;
    second = OpenEventW(EVENT_MODIFY_STATE, FALSE, wide("%s", name));
    say("wait: %s,", look(second));
    say("reset: %s,", DID(ResetEvent(second)));
    say("%s", look(first));
    CloseHandle(first);
    CloseHandle(second);
}

static int set(int argc, char **argv)
{
    HANDLE event = OpenEventW(EVENT_MODIFY_STATE, FALSE, wide("%s", argv[0]));
    (void)argc;
    return event && SetEvent(event) ? 0 : (int)last();
}

static void evt_11(void)
{
    const char *name = unique();
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, wide("%s", name)), child;
    say("%s,", look(event));
    child = start(FALSE, "set %s", name);
    say("%s,", WAITED(WaitForSingleObject(event, SOON)));
    say("child: %u", (unsigned)ended(child));
    CloseHandle(event);
}

/* Three threads that wait for an event, and how many it has let go. */
struct crowd {
    HANDLE event, released, threads[3];
};

static DWORD WINAPI wait_in_crowd(void *crowd)
{
    struct crowd *it = crowd;
    DWORD found = WaitForSingleObject(it->event, SOON);
    ReleaseSemaphore(it->released, 1, NULL);
    return found;
}

static void gather(struct crowd *it, BOOL manual)
{
    int i;
    it->event = create(manual, FALSE);
    it->released = CreateSemaphoreW(NULL, 0, 3, NULL);
    for (i = 0; i < 3; i++)
        it->threads[i] = thread(wait_in_crowd, it);
}

static void disperse(struct crowd *it)
{
    int i;
    for (i = 0; i < 3; i++)
        say("%s", as_waited(ended(it->threads[i])));
    CloseHandle(it->event);
    CloseHandle(it->released);
}

static void evt_14(void)
{
    struct crowd it;
    int i;
    gather(&it, FALSE);
    for (i = 0; i < 3; i++) {
        SetEvent(it.event);
        say("%s", WAITED(WaitForSingleObject(it.released, SOON)));
        say("%s,", WAITED(WaitForSingleObject(it.released, 30)));
    }
    disperse(&it);
}

static void evt_16(void)
{
    HANDLE event = create(TRUE, FALSE), other = create(FALSE, FALSE);
    say("manual: %s", DID(PulseEvent(event)));
    say("%s,", look(event));
    say("auto: %s", DID(PulseEvent(other)));
    say("%s", look(other));
    CloseHandle(event);
    CloseHandle(other);
}

static void evt_19(void)
{
    struct crowd it;
    gather(&it, TRUE);
    SetEvent(it.event);
    disperse(&it);
}

static void evt_20(void)
{
    HANDLE mutex = CreateMutexW(NULL, FALSE, NULL);
    say("%s", DID(SetEvent(mutex)));
    CloseHandle(mutex);
}

static void evt_22(void)
{
    HANDLE one, two;
    say("%s", MADE(one = CreateEventW(NULL, TRUE, FALSE, wide(""))));
    say("%s,", MADE(two = CreateEventW(NULL, TRUE, FALSE, wide(""))));
    SetEvent(one);
    say("%s %s", look(one), look(two));
    CloseHandle(one);
    CloseHandle(two);
}

static void evt_rule_01(void)
{
    const char *name = unique();
    HANDLE first = CreateEventW(NULL, TRUE, TRUE, wide("%s", name)), second;
    second = OpenEventW(SYNCHRONIZE, FALSE, wide("%s", name));
    say("set: %s, reset: %s, pulse: %s,", DID(SetEvent(second)), DID(ResetEvent(second)), DID(PulseEvent(second)));
    say("wait: %s", look(second));
    CloseHandle(first);
    CloseHandle(second);
}

static DWORD WINAPI wait_all(void *events)
{
    return WaitForMultipleObjects(2, events, TRUE, SOON);
}

/* Nobody can see whether the thread waits already, so the event is pulsed until it has gone on, or for two seconds. */
static void evt_rule_02(void)
{
    HANDLE events[2], waiter;
    int i;
    events[0] = create(TRUE, TRUE);
    events[1] = create(TRUE, FALSE);
    waiter = thread(wait_all, events);
    for (i = 0; i < 200 && WaitForSingleObject(waiter, 10) == WAIT_TIMEOUT; i++)
        PulseEvent(events[1]);
    say("%s", WaitForSingleObject(waiter, 0) == WAIT_OBJECT_0 ? "goes on" : "waits");
    SetEvent(events[1]);
    ended(waiter);
    CloseHandle(events[0]);
    CloseHandle(events[1]);
}

static void evt_own_01(void)
{
    HANDLE event;
    say("%s,", MADE(event = CreateEventExW(NULL, NULL, CREATE_EVENT_INITIAL_SET | CREATE_EVENT_MANUAL_RESET, SYNCHRONIZE)));
    say("%s", look(event));
    say("%s,", look(event));
    say("%s", DID(ResetEvent(event)));
    CloseHandle(event);
}

static void evt_own_02(void)
{
    HANDLE event = create(FALSE, TRUE);
    say("%s", look(event));
    say("%s,", look(event));
    CloseHandle(event);
    say("closed: %s,", DID(SetEvent(event)));
    say("NULL: %s", DID(SetEvent(NULL)));
}

static void evt_own_03(void)
{
    say("unknown: %s, NULL: %s,", OPENED(OpenEventW(SYNCHRONIZE, FALSE, wide("%s", unique()))),
        OPENED(OpenEventW(SYNCHRONIZE, FALSE, NULL)));
    say("semaphores: %s %s", OPENED(OpenSemaphoreW(SYNCHRONIZE, FALSE, wide("%s", unique()))),
        OPENED(OpenSemaphoreW(SYNCHRONIZE, FALSE, NULL)));
}

static DWORD WINAPI set_it(void *event)
{
    SetEvent(event);
    return 0;
}

/* Who was let go by a manual-reset event finds it signaled still. */
static void evt_own_04(void)
{
    int i, missed = 0;
    for (i = 0; i < 500; i++) {
        HANDLE event = create(TRUE, FALSE), setter = thread(set_it, event);
        WaitForSingleObject(event, SOON);
        missed += WaitForSingleObject(event, 0) != WAIT_OBJECT_0;
        ended(setter);
        CloseHandle(event);
    }
    say("missed %d", missed);
}

static const struct fact facts[] = {
    {"EVT-01/02", evt_01}, {"EVT-03", evt_03},   {"EVT-05", evt_05},          {"EVT-06/07", evt_06},
    {"EVT-09/10", evt_09}, {"EVT-11", evt_11},   {"EVT-14/15", evt_14},       {"EVT-16", evt_16},
    {"EVT-19", evt_19},    {"EVT-20", evt_20},   {"EVT-22/23/24", evt_22},    {"EVT-rule-01", evt_rule_01},
    {"EVT-rule-02", evt_rule_02}, {"EVP-01", evt_own_01}, {"EVP-02", evt_own_02}, {"EVP-03", evt_own_03},
    {"EVP-04", evt_own_04}, {NULL, NULL},
};
static const struct role roles[] = {{"set", set}, {NULL, NULL}};
REPORT(facts, roles)
