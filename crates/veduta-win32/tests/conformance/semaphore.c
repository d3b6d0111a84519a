/* Semaphores. */
#include "report.h"

static HANDLE create(LONG count, LONG most)
{
    return CreateSemaphoreW(NULL, count, most, NULL);
}

static const char *look(HANDLE semaphore)
{
    return WAITED(WaitForSingleObject(semaphore, 0));
}

static void sem_01(void)
{
    say("2 of 1: %s, -1 of 1: %s, 0 of 0: %s, 0 of -1: %s", MADE(create(2, 1)), MADE(create(-1, 1)),
        MADE(create(0, 0)), MADE(create(0, -1)));
}

static void sem_05(void)
{
    HANDLE it = create(1, 5);
    LONG before = -7;
    say("%s", DID(ReleaseSemaphore(it, 2, &before)));
    say("%d,", (int)before);
    say("%s", DID(ReleaseSemaphore(it, 1, &before)));
    say("%d,", (int)before);
    say("%s", DID(ReleaseSemaphore(it, 1, NULL)));
    CloseHandle(it);
}

static void sem_07(void)
{
    HANDLE it = create(1, 2);
    LONG before = -7;
    say("%s", DID(ReleaseSemaphore(it, 2, &before)));
    say("%d,", (int)before);
    say("%s", look(it));
    say("%s", look(it));
    CloseHandle(it);
}

static void sem_10(void)
{
    HANDLE it = create(2, 2);
    say("%s", DID(ReleaseSemaphore(it, 1, NULL)));
    CloseHandle(it);
}

static void sem_11(void)
{
    HANDLE it = create(1, 2);
    LONG before = -7;
    say("%s", DID(ReleaseSemaphore(it, 0, &before)));
    say("%d, -1: %s", (int)before, DID(ReleaseSemaphore(it, -1, NULL)));
    CloseHandle(it);
}

static void sem_13(void)
{
    HANDLE it = create(2, 2);
    say("%s", look(it));
    say("%s", look(it));
    say("%s", look(it));
    CloseHandle(it);
}

static void sem_14(void)
{
    const char *name = unique();
    HANDLE first = CreateSemaphoreW(NULL, 1, 2, wide("%s", name)), second;
    LONG before = -7;
    say("%s,", MADE(second = CreateSemaphoreW(NULL, 5, 9, wide("%s", name))));
    say("%s", DID(ReleaseSemaphore(second, 1, &before)));
    say("%d,", (int)before);
    say("%s", DID(ReleaseSemaphore(second, 1, NULL)));
    CloseHandle(first);
    CloseHandle(second);
}

static int take(int argc, char **argv)
{
    HANDLE it = OpenSemaphoreW(SYNCHRONIZE, FALSE, wide("%s", argv[0]));
    (void)argc;
    return it ? (int)WaitForSingleObject(it, 0) : -(int)last();
}

static void sem_18(void)
{
    const char *name = unique();
    HANDLE it = CreateSemaphoreW(NULL, 2, 2, wide("%s", name));
    LONG before = -7;
    say("child: %s,", as_waited(PLAY(FALSE, "take %s", name)));
    ReleaseSemaphore(it, 1, &before);
    say("%d", (int)before);
    CloseHandle(it);
}

static void sem_20(void)
{
    HANDLE it = create(1, 2), event = CreateEventW(NULL, TRUE, FALSE, NULL);
    CloseHandle(it);
    say("%s, event: %s", DID(ReleaseSemaphore(it, 1, NULL)), DID(ReleaseSemaphore(event, 1, NULL)));
    CloseHandle(event);
}

static void sem_rule_01(void)
{
    const char *name = unique();
    HANDLE it = CreateSemaphoreW(NULL, 2, 5, wide("%s", name));
    HANDLE waits = OpenSemaphoreW(SYNCHRONIZE, FALSE, wide("%s", name));
    HANDLE posts = OpenSemaphoreW(SEMAPHORE_MODIFY_STATE, FALSE, wide("%s", name));
    say("SYNCHRONIZE: %s %s,", DID(ReleaseSemaphore(waits, 1, NULL)), look(waits));
    say("SEMAPHORE_MODIFY_STATE: %s %s", DID(ReleaseSemaphore(posts, 1, NULL)), look(posts));
    CloseHandle(it);
    CloseHandle(waits);
    CloseHandle(posts);
}

static const struct fact facts[] = {
    {"SEM-01", sem_01}, {"SEM-05/06", sem_05},    {"SEM-07/08", sem_07}, {"SEM-10", sem_10},
    {"SEM-11", sem_11}, {"SEM-13", sem_13},       {"SEM-14/15/16", sem_14}, {"SEM-18/19", sem_18},
    {"SEM-20", sem_20}, {"SEM-rule-01", sem_rule_01}, {NULL, NULL},
};
static const struct role roles[] = {{"take", take}, {NULL, NULL}};
REPORT(facts, roles)
