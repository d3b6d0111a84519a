/* Handles. */
#include "report.h"

static HANDLE event(void)
{
    return CreateEventW(NULL, TRUE, FALSE, NULL);
}

static void hnd_01(void)
{
    HANDLE it = event();
    /* Nothing in between may open a handle, which could get the same value. */
    const char *once = DID(CloseHandle(it));
    const char *twice = DID(CloseHandle(it));
    say("%s, again: %s, NULL: %s", once, twice, DID(CloseHandle(NULL)));
}

static void hnd_02(void)
{
    HANDLE it = event();
    DWORD flags = 77;
    say("%s", DID(GetHandleInformation(it, &flags)));
    say("%u,", (unsigned)flags);
    CloseHandle(it);
    say("closed: %s, set: %s", DID(GetHandleInformation(it, &flags)), DID(SetHandleInformation(it, 1, 1)));
}

static void hnd_03(void)
{
    HANDLE it = event();
    DWORD flags = 77;
    say("%s", DID(SetHandleInformation(it, HANDLE_FLAG_PROTECT_FROM_CLOSE, HANDLE_FLAG_PROTECT_FROM_CLOSE)));
    GetHandleInformation(it, &flags);
    say("%u,", (unsigned)flags);
    say("close: %s,", DID(CloseHandle(it)));
    say("still good: %s,", DID(SetEvent(it)));
    SetHandleInformation(it, HANDLE_FLAG_PROTECT_FROM_CLOSE, 0);
    say("then: %s", DID(CloseHandle(it)));
}

static void hnd_04(void)
{
    HANDLE it = event();
    say("%s, %s", (ULONG_PTR)it % 4 ? "odd" : "a multiple of 4", (ULONG_PTR)it >> 31 ? "large" : "below 2^31");
    CloseHandle(it);
}

static void hnd_05(void)
{
    HANDLE one = event(), two = event();
    say("%s,", one == two ? "same" : "different");
    say("%s", DID(SetEvent(one)));
    say("%s", WAITED(WaitForSingleObject(two, 0)));
    CloseHandle(one);
    CloseHandle(two);
}

/* Ten thousand at once. */
static void hnd_06(void)
{
    static HANDLE many[10000];
    int i, good = 0;
    for (i = 0; i < 10000; i++)
        many[i] = event();
    for (i = 0; i < 10000; i++)
        good += SetEvent(many[i]) && CloseHandle(many[i]);
    say("%d", good);
}

static void hnd_07(void)
{
    say("%lld %lld", (long long)(LONG_PTR)GetCurrentProcess(), (long long)(LONG_PTR)GetCurrentThread());
}

static const struct fact facts[] = {
    {"HND-01", hnd_01}, {"HND-02", hnd_02}, {"HND-03", hnd_03}, {"HND-04", hnd_04},
    {"HND-05", hnd_05}, {"HND-06", hnd_06}, {"HND-07", hnd_07}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
