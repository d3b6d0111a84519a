/* Handles that children inherit. */
#include "report.h"

static HANDLE inheritable(DWORD protect)
{
    SECURITY_ATTRIBUTES how = {sizeof how, NULL, TRUE};
    return CreateFileMappingW(INVALID_HANDLE_VALUE, &how, protect, 0, 4096, NULL);
}

static const char *flags(HANDLE handle)
{
    DWORD flags = 0xBAD;
    if (!GetHandleInformation(handle, &flags))
        return text("FALSE %u", last());
    return text("flags %u", (unsigned)flags);
}

/* Maps the section of a handle value: 0 and byte 0 is one more, or the error. */
static int use(int argc, char **argv)
{
    volatile unsigned char *view;
    (void)argc;
    view = map(handle_from(argv[0]), FILE_MAP_WRITE);
    if (!view)
        return (int)last();
    view[0]++;
    return 0;
}

static int set(int argc, char **argv)
{
    (void)argc;
    return SetEvent(handle_from(argv[0])) ? 0 : (int)last();
}

static void ih_01(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096);
    say("%s", flags(made));
    CloseHandle(made);
}

static void ih_02(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096);
    say("child: %u", PLAY(TRUE, "use %s", number(made)));
    CloseHandle(made);
}

static void ih_05(void)
{
    HANDLE made = inheritable(PAGE_READWRITE);
    say("child: %u", PLAY(FALSE, "use %s", number(made)));
    CloseHandle(made);
}

static void ih_06(void)
{
    HANDLE made = inheritable(PAGE_READWRITE);
    say("%s,", flags(made));
    say("%s,", DID(SetHandleInformation(made, HANDLE_FLAG_INHERIT, 0)));
    say("%s,", flags(made));
    say("child: %u", PLAY(TRUE, "use %s", number(made)));
    CloseHandle(made);
}

static void ih_09(void)
{
    const char *name = unique();
    SECURITY_ATTRIBUTES how = {sizeof how, NULL, TRUE};
    HANDLE first = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, wide("%s", name)), second;
    say("%s,", MADE(second = CreateFileMappingW(INVALID_HANDLE_VALUE, &how, PAGE_READWRITE, 0, 4096, wide("%s", name))));
    say("%s, the first %s", flags(second), flags(first));
    CloseHandle(first);
    CloseHandle(second);
}

static void inh_01(void)
{
    HANDLE made = inheritable(PAGE_READWRITE);
    volatile unsigned char *view = map(made, FILE_MAP_READ);
    NEED(view);
    say("child: %u,", PLAY(TRUE, "use %s", number(made)));
    say("reads %d", view[0]);
    unmap(view);
    CloseHandle(made);
}

static void inh_02(void)
{
    SECURITY_ATTRIBUTES how = {sizeof how, NULL, TRUE};
    HANDLE event = CreateEventW(&how, TRUE, FALSE, NULL);
    say("child: %u,", PLAY(TRUE, "set %s", number(event)));
    say("%s", WAITED(WaitForSingleObject(event, 0)));
    CloseHandle(event);
}

/* The rights of a handle come along. */
static void inh_03(void)
{
    HANDLE made = inheritable(PAGE_READONLY);
    say("child: %u", PLAY(TRUE, "use %s", number(made)));
    CloseHandle(made);
}

/* A handle made inheritable afterwards. */
static void inh_04(void)
{
    HANDLE made = section(PAGE_READWRITE, 4096);
    say("%s,", DID(SetHandleInformation(made, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)));
    say("child: %u", PLAY(TRUE, "use %s", number(made)));
    CloseHandle(made);
}

/* A file goes on where the parent stopped, because it is one file object. */
static int read_on(int argc, char **argv)
{
    unsigned char byte;
    DWORD count;
    (void)argc;
    return ReadFile(handle_from(argv[0]), &byte, 1, &count, NULL) && count == 1 ? byte : (int)last() + 1000;
}

static void inh_05(void)
{
    SECURITY_ATTRIBUTES how = {sizeof how, NULL, TRUE};
    HANDLE file = CreateFileW(new_file(200), GENERIC_READ, SHARE_ALL, &how, OPEN_EXISTING, 0, NULL);
    SetFilePointer(file, 70, NULL, FILE_BEGIN);
    say("child: %u,", PLAY(TRUE, "read_on %s", number(file)));
    say("position %u", (unsigned)SetFilePointer(file, 0, NULL, FILE_CURRENT));
    CloseHandle(file);
}

/* A handle opened to be inherited, and its duplicate that is not. */
static void inh_06(void)
{
    const char *name = unique();
    HANDLE made = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, wide("%s", name));
    HANDLE other = OpenFileMappingW(FILE_MAP_ALL_ACCESS, TRUE, wide("%s", name)), copy;
    NEED(DuplicateHandle(GetCurrentProcess(), other, GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS));
    say("%s, %s, child: %u %u", flags(other), flags(copy), PLAY(TRUE, "use %s", number(other)),
        PLAY(TRUE, "use %s", number(copy)));
    CloseHandle(made);
    CloseHandle(other);
    CloseHandle(copy);
}

static const struct fact facts[] = {
    {"IH-01", ih_01},   {"IH-02", ih_02},   {"IH-05", ih_05},   {"IH-06", ih_06},   {"IH-09", ih_09},
    {"INH-01", inh_01}, {"INH-02", inh_02}, {"INH-03", inh_03}, {"INH-04", inh_04}, {"INH-05", inh_05},
    {"INH-06", inh_06}, {NULL, NULL},
};
static const struct role roles[] = {{"use", use}, {"set", set}, {"read_on", read_on}, {NULL, NULL}};
REPORT(facts, roles)
