/* OpenFileMapping, and the rights that a handle carries. */
#include "report.h"

/* A view's protection, or the error. */
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

struct pair {
    HANDLE first, second;
};

static HANDLE named(DWORD protect, const char *name)
{
    return CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, protect, 0, 4096, wide("%s", name));
}

/* A section, and a second handle opened with some rights, of which it says whether it was. */
static struct pair open_with(DWORD protect, DWORD access)
{
    const char *name = unique();
    struct pair pair;
    pair.first = named(protect, name);
    say("%s:", OPENED(pair.second = OpenFileMappingW(access, FALSE, wide("%s", name))));
    return pair;
}

/* The same by creating once more. */
static struct pair create_with(DWORD protect, DWORD again)
{
    const char *name = unique();
    struct pair pair;
    pair.first = named(protect, name);
    say("%s:", MADE(pair.second = named(again, name)));
    return pair;
}

static void done(struct pair pair)
{
    CloseHandle(pair.first);
    if (pair.second)
        CloseHandle(pair.second);
}

static void opn_01(void)
{
    struct pair pair = open_with(PAGE_READWRITE, FILE_MAP_READ);
    say("W=%s ALL=%s", view_of(pair.second, FILE_MAP_WRITE), view_of(pair.second, FILE_MAP_ALL_ACCESS));
    done(pair);
}

static void opn_02(void)
{
    struct pair pair = open_with(PAGE_READWRITE, FILE_MAP_READ);
    say("R=%s C=%s 0=%s", view_of(pair.second, FILE_MAP_READ), view_of(pair.second, FILE_MAP_COPY),
        view_of(pair.second, 0));
    done(pair);
}

static void opn_07(void)
{
    struct pair pair = open_with(PAGE_READWRITE, FILE_MAP_WRITE);
    say("C=%s", view_of(pair.second, FILE_MAP_COPY));
    done(pair);
}

static void opn_08(void)
{
    struct pair pair = open_with(PAGE_READWRITE, FILE_MAP_WRITE);
    volatile unsigned char *view = map(pair.second, FILE_MAP_WRITE);
    say("W=%s R|W=%s", view_of(pair.second, FILE_MAP_WRITE), view_of(pair.second, FILE_MAP_READ | FILE_MAP_WRITE));
    NEED(view);
    view[7] = 42;
    say("reads %d", view[7]);
    unmap(view);
    done(pair);
}

static void opn_11(void)
{
    struct pair pair = open_with(PAGE_READWRITE, FILE_MAP_ALL_ACCESS);
    say("ALL=%s", view_of(pair.second, FILE_MAP_ALL_ACCESS));
    done(pair);
}

static void opn_12(void)
{
    struct pair pair = open_with(PAGE_READWRITE, GENERIC_READ);
    say("R=%s W=%s", view_of(pair.second, FILE_MAP_READ), view_of(pair.second, FILE_MAP_WRITE));
    done(pair);
}

static void opn_13(void)
{
    struct pair pair = open_with(PAGE_READWRITE, GENERIC_WRITE);
    say("W=%s R=%s", view_of(pair.second, FILE_MAP_WRITE), view_of(pair.second, FILE_MAP_READ));
    done(pair);
}

static void opn_15(void)
{
    say("A: %s, W: %s", OPENED(OpenFileMappingA(FILE_MAP_READ, FALSE, NULL)),
        OPENED(OpenFileMappingW(FILE_MAP_READ, FALSE, NULL)));
}

static void opn_17(void)
{
    done(open_with(PAGE_READWRITE, 0));
}

static void opn_19(void)
{
    struct pair pair = open_with(PAGE_READONLY, FILE_MAP_WRITE);
    say("W=%s", view_of(pair.second, FILE_MAP_WRITE));
    done(pair);
}

static void opn_21(void)
{
    struct pair pair = create_with(PAGE_READONLY, PAGE_READWRITE);
    say("W=%s", view_of(pair.second, FILE_MAP_WRITE));
    done(pair);
}

static void opn_24(void)
{
    struct pair pair = create_with(PAGE_READWRITE, PAGE_READONLY);
    say("W=%s", view_of(pair.second, FILE_MAP_WRITE));
    done(pair);
}

static void opn_25(void)
{
    struct pair pair = open_with(PAGE_EXECUTE_READ, FILE_MAP_EXECUTE | FILE_MAP_READ);
    say("X|R=%s", view_of(pair.second, FILE_MAP_EXECUTE | FILE_MAP_READ));
    done(pair);
}

static void opn_rule_01(void)
{
    struct pair pair = open_with(PAGE_READWRITE, FILE_MAP_EXECUTE | FILE_MAP_READ);
    say("X|R=%s R=%s", view_of(pair.second, FILE_MAP_EXECUTE | FILE_MAP_READ), view_of(pair.second, FILE_MAP_READ));
    done(pair);
}

/* Access 0 tells who is there from who is not: the name is looked up before the rights are. */
static void opn_rule_02(void)
{
    const char *name = unique();
    say("section: %s,", OPENED(OpenFileMappingW(0, FALSE, wide("%s", name))));
    say("mutex: %s,", OPENED(OpenMutexW(0, FALSE, wide("%s", name))));
    say("event: %s,", OPENED(OpenEventW(0, FALSE, wide("%s", name))));
    say("semaphore: %s,", OPENED(OpenSemaphoreW(0, FALSE, wide("%s", name))));
    say("timer: %s", OPENED(OpenWaitableTimerW(0, FALSE, wide("%s", name))));
}

static const struct fact facts[] = {
    {"OPN-01/05", opn_01}, {"OPN-02/03/04", opn_02}, {"OPN-07", opn_07},    {"OPN-08/09", opn_08},
    {"OPN-11", opn_11},    {"OPN-12", opn_12},       {"OPN-13", opn_13},    {"OPN-15/16", opn_15},
    {"OPN-17", opn_17},    {"OPN-19/20", opn_19},    {"OPN-21/22", opn_21}, {"OPN-24", opn_24},
    {"OPN-25", opn_25},    {"OPN-rule-01", opn_rule_01}, {"OPN-rule-02", opn_rule_02},
    {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
