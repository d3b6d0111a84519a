/* Sharing modes: who may open a file that is open already. One line for each way to open it first; in it, for each
 * access of the second opener, a character for each of its share modes: `.` opens, `x` is ERROR_SHARING_VIOLATION. */
#include "report.h"

static const struct {
    const char *name;
    DWORD access;
} accesses[] = {{"0", 0}, {"R", GENERIC_READ}, {"W", GENERIC_WRITE}, {"RW", READ_WRITE}, {"D", DELETE}};

static const struct {
    const char *name;
    DWORD share;
} shares[] = {
    {"0", 0},
    {"R", FILE_SHARE_READ},
    {"W", FILE_SHARE_WRITE},
    {"RW", FILE_SHARE_READ | FILE_SHARE_WRITE},
    {"D", FILE_SHARE_DELETE},
    {"RWD", SHARE_ALL},
};

static HANDLE open_as(const WCHAR *path, DWORD access, DWORD share)
{
    return CreateFileW(path, access, share, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
}

static void first(size_t access, size_t share)
{
    const WCHAR *path = new_file(10);
    HANDLE held = open_as(path, accesses[access].access, shares[share].share);
    size_t i, j;
    NEED(held != INVALID_HANDLE_VALUE);
    say("%s share %s:", accesses[access].name, shares[share].name);
    for (i = 0; i < 5; i++) {
        char seen[8] = "";
        for (j = 0; j < 6; j++) {
            HANDLE other = open_as(path, accesses[i].access, shares[j].share);
            seen[j] = other != INVALID_HANDLE_VALUE ? '.' : last() == ERROR_SHARING_VIOLATION ? 'x' : '?';
            if (other != INVALID_HANDLE_VALUE)
                CloseHandle(other);
        }
        say("%s %s", accesses[i].name, seen);
    }
    CloseHandle(held);
    DeleteFileW(path);
}

#define SHARES(n, access)                                          \
    static void shr_##n##0(void) { first(access, 0); }             \
    static void shr_##n##1(void) { first(access, 1); }             \
    static void shr_##n##2(void) { first(access, 2); }             \
    static void shr_##n##3(void) { first(access, 3); }             \
    static void shr_##n##4(void) { first(access, 4); }             \
    static void shr_##n##5(void) { first(access, 5); }
SHARES(0, 0)
SHARES(1, 1)
SHARES(2, 2)
SHARES(3, 3)
SHARES(4, 4)
#define ROWS(n)                                                                              \
    {"SHR-" #n "0", shr_##n##0}, {"SHR-" #n "1", shr_##n##1}, {"SHR-" #n "2", shr_##n##2},   \
        {"SHR-" #n "3", shr_##n##3}, {"SHR-" #n "4", shr_##n##4}, {"SHR-" #n "5", shr_##n##5}

/* Another process meets the same rules. */
static int try(int argc, char **argv)
{
    HANDLE file = open_as(path_of(argv[0]), READ_WRITE, (DWORD)atoi(argv[1]));
    (void)argc;
    return file == INVALID_HANDLE_VALUE ? (int)last() : 0;
}

static void shr_50(void)
{
    const char *name = unique();
    HANDLE held = CreateFileW(path_of(name), READ_WRITE, FILE_SHARE_READ, NULL, CREATE_NEW, 0, NULL);
    NEED(held != INVALID_HANDLE_VALUE);
    say("child: %u,", PLAY(FALSE, "try %s 7", name));
    CloseHandle(held);
    held = CreateFileW(path_of(name), READ_WRITE, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL);
    say("child: %u", PLAY(FALSE, "try %s 7", name));
    say("%u,", PLAY(FALSE, "try %s 1", name));
    CloseHandle(held);
    say("child: %u", PLAY(FALSE, "try %s 0", name));
}

/* A process that ends gives up what it had open. */
static int hold(int argc, char **argv)
{
    HANDLE ready = meeting(argv[1]), file = open_as(path_of(argv[0]), READ_WRITE, 0);
    (void)argc;
    if (file == INVALID_HANDLE_VALUE)
        return 1;
    SetEvent(ready);
    Sleep(SOON);
    return 0;
}

static void shr_51(void)
{
    const char *name = unique(), *meet = unique();
    HANDLE ready = meeting(meet), child, file = CreateFileW(path_of(name), READ_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
    NEED(file != INVALID_HANDLE_VALUE);
    CloseHandle(file);
    child = start(FALSE, "hold %s %s", name, meet);
    NEED(child && met(ready));
    say("%s,", OPENED(open_as(path_of(name), GENERIC_READ, SHARE_ALL)));
    TerminateProcess(child, 0);
    ended(child);
    say("%s", OPENED(file = open_as(path_of(name), GENERIC_READ, SHARE_ALL)));
    CloseHandle(file);
    CloseHandle(ready);
}

static const struct fact facts[] = {
    ROWS(0), ROWS(1), ROWS(2), ROWS(3), ROWS(4), {"SHR-50", shr_50}, {"SHR-51", shr_51}, {NULL, NULL},
};
static const struct role roles[] = {{"try", try}, {"hold", hold}, {NULL, NULL}};
REPORT(facts, roles)
