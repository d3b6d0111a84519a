/* Waitable timers. */
#include "report.h"

static HANDLE create(BOOL manual)
{
    return CreateWaitableTimerW(NULL, manual, NULL);
}

static BOOL set(HANDLE timer, long long milliseconds, LONG period, PTIMERAPCROUTINE routine, void *argument)
{
    LARGE_INTEGER due;
    due.QuadPart = -milliseconds * 10000;
    return SetWaitableTimer(timer, &due, period, routine, argument, FALSE);
}

static const char *look(HANDLE timer)
{
    return WAITED(WaitForSingleObject(timer, 0));
}

static const char *await(HANDLE timer)
{
    return WAITED(WaitForSingleObject(timer, SOON));
}

static void tmr_01(void)
{
    HANDLE timer;
    say("%s,", MADE(timer = create(TRUE)));
    say("%s,", look(timer));
    say("%s,", DID(set(timer, 20, 0, NULL, NULL)));
    say("%s", await(timer));
    say("%s", look(timer));
    CloseHandle(timer);
}

static void tmr_02(void)
{
    HANDLE timer = create(FALSE);
    say("%s,", DID(set(timer, 20, 0, NULL, NULL)));
    say("%s", await(timer));
    say("%s", look(timer));
    CloseHandle(timer);
}

static void tmr_03(void)
{
    HANDLE timer = create(FALSE);
    say("%s,", DID(set(timer, 10, 10, NULL, NULL)));
    say("%s", await(timer));
    say("%s", await(timer));
    say("%s,", await(timer));
    say("%s", DID(CancelWaitableTimer(timer)));
    CloseHandle(timer);
}

/* Cancelling leaves the state; setting clears it. */
static void tmr_04(void)
{
    HANDLE timer = create(TRUE);
    set(timer, 1, 0, NULL, NULL);
    say("%s,", await(timer));
    say("%s", DID(CancelWaitableTimer(timer)));
    say("%s,", look(timer));
    say("%s", DID(set(timer, 100000, 0, NULL, NULL)));
    say("%s,", look(timer));
    say("%s", DID(CancelWaitableTimer(timer)));
    say("%s", look(timer));
    CloseHandle(timer);
}

/* An absolute time that is over. */
static void tmr_05(void)
{
    HANDLE timer = create(TRUE);
    LARGE_INTEGER due;
    due.QuadPart = 116444736000000000ll;
    say("%s,", DID(SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE)));
    say("%s", await(timer));
    CloseHandle(timer);
}

static int called;
static void CALLBACK routine(void *argument, DWORD low, DWORD high)
{
    called += (int)(ULONG_PTR)argument;
    /* When it was due is told. */
    if (low == 0 && high == 0)
        called += 1000;
}

static void tmr_06(void)
{
    HANDLE timer = create(FALSE);
    called = 0;
    say("%s,", DID(set(timer, 10, 0, routine, (void *)7)));
    say("not alertable: %s", WAITED(WaitForSingleObject(timer, SOON)));
    say("%d,", called);
    say("alertable: %#x", (unsigned)SleepEx(SOON, TRUE));
    say("%d", called);
    CloseHandle(timer);
}

static void tmr_07(void)
{
    const char *name = unique();
    HANDLE timer = CreateWaitableTimerW(NULL, TRUE, wide("%s", name)), other;
    say("%s,", MADE(other = CreateWaitableTimerW(NULL, FALSE, wide("%s", name))));
    CloseHandle(other);
    say("%s,", OPENED(other = OpenWaitableTimerW(TIMER_ALL_ACCESS, FALSE, wide("%s", name))));
    set(other, 1, 0, NULL, NULL);
    say("%s,", await(timer));
    say("as an event: %s, unknown: %s", OPENED(OpenEventW(SYNCHRONIZE, FALSE, wide("%s", name))),
        OPENED(OpenWaitableTimerW(SYNCHRONIZE, FALSE, wide("%s", unique()))));
    CloseHandle(timer);
    CloseHandle(other);
}

static void tmr_08(void)
{
    HANDLE timer = create(TRUE), event = CreateEventW(NULL, TRUE, FALSE, NULL);
    say("NULL: %s, event: %s, period -1: %s,", DID(set(NULL, 1, 0, NULL, NULL)), DID(set(event, 1, 0, NULL, NULL)),
        DID(set(timer, 1, -1, NULL, NULL)));
    say("cancel NULL: %s", DID(CancelWaitableTimer(NULL)));
    CloseHandle(timer);
    CloseHandle(event);
}

static void tmr_09(void)
{
    const char *name = unique();
    HANDLE timer = CreateWaitableTimerW(NULL, TRUE, wide("%s", name));
    HANDLE waits = OpenWaitableTimerW(SYNCHRONIZE, FALSE, wide("%s", name));
    HANDLE sets = OpenWaitableTimerW(TIMER_MODIFY_STATE, FALSE, wide("%s", name));
    say("SYNCHRONIZE: %s,", DID(set(waits, 1, 0, NULL, NULL)));
    say("TIMER_MODIFY_STATE: %s", DID(set(sets, 1, 0, NULL, NULL)));
    say("%s,", look(sets));
    say("%s", await(waits));
    CloseHandle(timer);
    CloseHandle(waits);
    CloseHandle(sets);
}

static void tmr_10(void)
{
    HANDLE timer = create(TRUE);
    ULONGLONG before = GetTickCount64();
    set(timer, 200, 0, NULL, NULL);
    say("%s,", await(timer));
    say("%s", GetTickCount64() - before >= 185 ? "not before" : "too early");
    CloseHandle(timer);
}

static const struct fact facts[] = {
    {"TMR-01", tmr_01}, {"TMR-02", tmr_02}, {"TMR-03", tmr_03}, {"TMR-04", tmr_04}, {"TMR-05", tmr_05},
    {"TMR-06", tmr_06}, {"TMR-07", tmr_07}, {"TMR-08", tmr_08}, {"TMR-09", tmr_09}, {"TMR-10", tmr_10},
    {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
