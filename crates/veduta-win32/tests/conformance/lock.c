/* Critical sections, slim locks, condition variables, interlocked functions. */
#include "report.h"

static CRITICAL_SECTION section_of_code;

static DWORD WINAPI try_section(void *unused)
{
    BOOL got = TryEnterCriticalSection(&section_of_code);
    (void)unused;
    if (got)
        LeaveCriticalSection(&section_of_code);
    return (DWORD)got;
}

static void lck_01(void)
{
    InitializeCriticalSection(&section_of_code);
    EnterCriticalSection(&section_of_code);
    say("again: %d,", (int)TryEnterCriticalSection(&section_of_code));
    say("another thread: %u,", (unsigned)ended(thread(try_section, NULL)));
    LeaveCriticalSection(&section_of_code);
    say("left once: %u,", (unsigned)ended(thread(try_section, NULL)));
    LeaveCriticalSection(&section_of_code);
    say("left twice: %u", (unsigned)ended(thread(try_section, NULL)));
    DeleteCriticalSection(&section_of_code);
}

static SRWLOCK slim = SRWLOCK_INIT;

static DWORD WINAPI try_slim(void *unused)
{
    DWORD got = 0;
    (void)unused;
    if (TryAcquireSRWLockShared(&slim)) {
        got |= 1;
        ReleaseSRWLockShared(&slim);
    }
    if (TryAcquireSRWLockExclusive(&slim)) {
        got |= 2;
        ReleaseSRWLockExclusive(&slim);
    }
    return got;
}

static void lck_02(void)
{
    AcquireSRWLockExclusive(&slim);
    say("exclusive: %u,", (unsigned)ended(thread(try_slim, NULL)));
    ReleaseSRWLockExclusive(&slim);
    AcquireSRWLockShared(&slim);
    say("shared: %u,", (unsigned)ended(thread(try_slim, NULL)));
    ReleaseSRWLockShared(&slim);
    say("free: %u", (unsigned)ended(thread(try_slim, NULL)));
}

static CONDITION_VARIABLE condition = CONDITION_VARIABLE_INIT;
static int ready;

static DWORD WINAPI make_ready(void *unused)
{
    (void)unused;
    EnterCriticalSection(&section_of_code);
    ready = 1;
    LeaveCriticalSection(&section_of_code);
    WakeAllConditionVariable(&condition);
    return 0;
}

static void lck_03(void)
{
    HANDLE helper;
    InitializeCriticalSection(&section_of_code);
    EnterCriticalSection(&section_of_code);
    say("%s,", DID(SleepConditionVariableCS(&condition, &section_of_code, 30)));
    helper = thread(make_ready, NULL);
    while (!ready && SleepConditionVariableCS(&condition, &section_of_code, SOON))
        ;
    say("ready %d", ready);
    LeaveCriticalSection(&section_of_code);
    ended(helper);
    DeleteCriticalSection(&section_of_code);
}

static void lck_04(void)
{
    volatile LONG it = 5;
    volatile LONGLONG big = 5000000000ll;
    void *volatile place = NULL;
    say("%d", (int)InterlockedIncrement(&it));
    say("%d", (int)InterlockedDecrement(&it));
    say("%d", (int)InterlockedExchange(&it, 9));
    say("%d", (int)InterlockedExchangeAdd(&it, 3));
    say("%d", (int)InterlockedCompareExchange(&it, 1, 12));
    say("%d", (int)InterlockedCompareExchange(&it, 2, 12));
    say("%d,", (int)it);
    say("%lld,", (long long)InterlockedIncrement64(&big));
    say("%d", InterlockedCompareExchangePointer(&place, (void *)&it, NULL) == NULL);
    say("%d,", InterlockedExchangePointer(&place, NULL) == (void *)&it);
    it = 0xF0;
    say("%#x", (unsigned)InterlockedOr(&it, 0x0F));
    say("%#x", (unsigned)InterlockedAnd(&it, 0x3C));
    say("%#x", (unsigned)InterlockedXor(&it, 0xFF));
    say("%#x", (unsigned)it);
}

static volatile LONG shared_count;

static DWORD WINAPI count_up(void *unused)
{
    int i;
    (void)unused;
    for (i = 0; i < 20000; i++)
        InterlockedIncrement(&shared_count);
    return 0;
}

static void lck_05(void)
{
    HANDLE it[4];
    int i;
    for (i = 0; i < 4; i++)
        it[i] = thread(count_up, NULL);
    for (i = 0; i < 4; i++)
        ended(it[i]);
    say("%d", (int)shared_count);
}

static int initialised;
static BOOL CALLBACK initialise(PINIT_ONCE once, void *parameter, void **context)
{
    (void)once;
    initialised++;
    *context = parameter;
    return TRUE;
}

static void lck_06(void)
{
    INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    void *context = NULL;
    say("%s", DID(InitOnceExecuteOnce(&once, initialise, (void *)64, &context)));
    say("%s", DID(InitOnceExecuteOnce(&once, initialise, (void *)128, &context)));
    say("%d %u", initialised, (unsigned)(ULONG_PTR)context);
}

static const struct fact facts[] = {
    {"LCK-01", lck_01}, {"LCK-02", lck_02}, {"LCK-03", lck_03}, {"LCK-04", lck_04},
    {"LCK-05", lck_05}, {"LCK-06", lck_06}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
