/* How long objects, names and bytes live. */
#include "report.h"

static HANDLE create(const char *name)
{
    return CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, wide("%s", name));
}

static HANDLE open_name(const char *name)
{
    return OpenFileMappingW(FILE_MAP_ALL_ACCESS, FALSE, wide("%s", name));
}

static void lt_01(void)
{
    HANDLE made = create(unique());
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    MEMORY_BASIC_INFORMATION about;
    NEED(view);
    view[9] = 9;
    CloseHandle(made);
    about = query(view);
    say("%s, reads %d", state(&about), view[9]);
    unmap(view);
}

static void lt_03(void)
{
    const char *name = unique();
    HANDLE made = create(name);
    volatile unsigned char *old = map(made, FILE_MAP_WRITE), *view;
    NEED(old);
    old[9] = 9;
    CloseHandle(made);
    say("%s,", MADE(made = create(name)));
    view = map(made, FILE_MAP_WRITE);
    NEED(view);
    say("reads %d,", view[9]);
    view[9] = 1;
    say("the old view %d", old[9]);
    unmap(old);
    unmap(view);
    CloseHandle(made);
}

static void lt_06(void)
{
    const char *name = unique();
    HANDLE first = create(name), second = create(name), third;
    CloseHandle(first);
    say("%s,", OPENED(third = open_name(name)));
    CloseHandle(third);
    CloseHandle(second);
    say("%s", OPENED(open_name(name)));
}

static void lt_09(void)
{
    const WCHAR *path = new_file(8192);
    HANDLE file = open_file(path, READ_WRITE), made = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    CloseHandle(made);
    CloseHandle(file);
    view[5000] = 33;
    unmap(view);
    file = open_file(path, GENERIC_READ);
    say("reads %d", byte_at(file, 5000));
    CloseHandle(file);
}

static void lt_11(void)
{
    HANDLE made = section(PAGE_READWRITE, KIB64);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    view[9] = 9;
    unmap(view);
    view = map(made, FILE_MAP_READ);
    NEED(view);
    say("reads %d", view[9]);
    unmap(view);
    CloseHandle(made);
}

static int hold(int argc, char **argv)
{
    HANDLE made = create(argv[0]), ready = meeting(argv[1]);
    (void)argc;
    if (!made || !SetEvent(ready))
        return 1;
    Sleep(SOON);
    return 2;
}

static void lt_13(void)
{
    const char *name = unique(), *meet = unique();
    HANDLE ready = meeting(meet), child = start(FALSE, "hold %s %s", name, meet), made;
    NEED(child && met(ready));
    say("%s,", OPENED(made = open_name(name)));
    CloseHandle(made);
    say("%s,", DID(TerminateProcess(child, 7)));
    say("exit code %u,", (unsigned)ended(child));
    say("%s", OPENED(open_name(name)));
    CloseHandle(ready);
}

static void lt_14(void)
{
    const char *name = unique();
    HANDLE made = create(name);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    CloseHandle(made);
    unmap(view);
    say("%s", OPENED(open_name(name)));
}

static void lt_18(void)
{
    say("%s,", DID(CloseHandle(GetCurrentProcess())));
    say("%s", DID(CloseHandle(GetCurrentProcess())));
}

static void lt_19(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096);
    say("%s", QUIETLY(CloseHandle(made)));
}

static void lt_21(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096);
    say("%s", WAITED(WaitForSingleObject(made, 0)));
    CloseHandle(made);
}

static void lt_22(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096);
    DWORD type;
    SetLastError(MARK);
    type = GetFileType(made);
    say("%u, %s", (unsigned)type, untouched());
    CloseHandle(made);
}

static const struct fact facts[] = {
    {"LT-01", lt_01}, {"LT-03/04/05", lt_03}, {"LT-06/07", lt_06}, {"LT-09/10", lt_09}, {"LT-11", lt_11},
    {"LT-13", lt_13}, {"LT-14", lt_14},       {"LT-18", lt_18},    {"LT-19", lt_19},    {"LT-21", lt_21},
    {"LT-22", lt_22}, {NULL, NULL},
};
static const struct role roles[] = {{"hold", hold}, {NULL, NULL}};
REPORT(facts, roles)
