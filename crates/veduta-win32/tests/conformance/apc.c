/* Asynchronous procedure calls, and alertable waits. */
#include "report.h"

static char order[32];

static void CALLBACK note(ULONG_PTR letter)
{
    size_t length = strlen(order);
    order[length] = (char)letter;
    order[length + 1] = 0;
}

static DWORD queue(HANDLE thread, char letter)
{
    return QueueUserAPC(note, thread, (ULONG_PTR)letter);
}

static void begin(void)
{
    memset(order, 0, sizeof order);
}

static void apc_01(void)
{
    begin();
    say("%s,", DID(queue(GetCurrentThread(), 'a')));
    queue(GetCurrentThread(), 'b');
    queue(GetCurrentThread(), 'c');
    say("Sleep: %u", (unsigned)SleepEx(0, FALSE));
    say("[%s],", order);
    say("SleepEx: %#x", (unsigned)SleepEx(SOON, TRUE));
    say("%s,", order);
    say("again: %u", (unsigned)SleepEx(0, TRUE));
}

static void apc_02(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    begin();
    queue(GetCurrentThread(), 'a');
    say("not alertable: %s", WAITED(WaitForSingleObject(event, 0)));
    say("[%s],", order);
    say("alertable: %s", WAITED(WaitForSingleObjectEx(event, SOON, TRUE)));
    say("[%s],", order);
    queue(GetCurrentThread(), 'b');
    say("for many: %s", WAITED(WaitForMultipleObjectsEx(1, &event, TRUE, SOON, TRUE)));
    say("[%s]", order);
    CloseHandle(event);
}

static void CALLBACK again(ULONG_PTR left)
{
    note('x');
    if (left)
        QueueUserAPC(again, GetCurrentThread(), left - 1);
}

/* One that queues another: both run in the same wait. */
static void apc_03(void)
{
    begin();
    QueueUserAPC(again, GetCurrentThread(), 2);
    say("%#x", (unsigned)SleepEx(SOON, TRUE));
    say("[%s]", order);
}

static DWORD WINAPI sleep_alertably(void *ready)
{
    SetEvent(ready);
    return SleepEx(SOON, TRUE);
}

static void apc_04(void)
{
    HANDLE ready = CreateEventW(NULL, TRUE, FALSE, NULL), sleeper;
    begin();
    sleeper = thread(sleep_alertably, ready);
    /* What is queued before a thread begins would run then. */
    NEED(met(ready));
    say("%s,", DID(queue(sleeper, 'a')));
    say("%#x", (unsigned)ended(sleeper));
    say("[%s]", order);
    CloseHandle(ready);
}

static DWORD WINAPI note_body(void *unused)
{
    (void)unused;
    note('B');
    return 0;
}

/* Queued before the thread begins: it runs first, without an alertable wait. */
static void apc_05(void)
{
    HANDLE later;
    begin();
    later = CreateThread(NULL, 0, note_body, NULL, CREATE_SUSPENDED, NULL);
    NEED(later && queue(later, 'a'));
    ResumeThread(later);
    ended(later);
    say("[%s]", order);
}

static void apc_06(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    say("event: %s, NULL: %s", DID(queue(event, 'a')), DID(queue(NULL, 'a')));
    CloseHandle(event);
}

static void apc_07(void)
{
    HANDLE one = CreateEventW(NULL, TRUE, FALSE, NULL), other = CreateEventW(NULL, TRUE, FALSE, NULL);
    begin();
    queue(GetCurrentThread(), 'a');
    say("%s", WAITED(SignalObjectAndWait(one, other, SOON, TRUE)));
    say("[%s], the first: %s", order, WAITED(WaitForSingleObject(one, 0)));
    CloseHandle(one);
    CloseHandle(other);
}

/* An APC does not end a wait that is not alertable. */
static void apc_08(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    begin();
    queue(GetCurrentThread(), 'a');
    say("%s", WAITED(WaitForSingleObjectEx(event, 50, FALSE)));
    say("[%s],", order);
    say("%#x", (unsigned)SleepEx(0, TRUE));
    say("[%s]", order);
    CloseHandle(event);
}

static const struct fact facts[] = {
    {"APC-01", apc_01}, {"APC-02", apc_02}, {"APC-03", apc_03}, {"APC-04", apc_04}, {"APC-05", apc_05},
    {"APC-06", apc_06}, {"APC-07", apc_07}, {"APC-08", apc_08}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
