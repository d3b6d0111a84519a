/* Processes: starting, arguments, environment, exit codes. */
#include "report.h"

static int leave(int argc, char **argv)
{
    (void)argc;
    ExitProcess((UINT)strtoul(argv[0], NULL, 0));
}

static int hang(int argc, char **argv)
{
    HANDLE ready = meeting(argv[0]);
    (void)argc;
    SetEvent(ready);
    Sleep(SOON);
    return 99;
}

static HANDLE hanging(void)
{
    const char *meet = unique();
    HANDLE ready = meeting(meet), child = start(FALSE, "hang %s", meet);
    if (!child || !met(ready))
        say("[no child: %u]", last());
    CloseHandle(ready);
    return child;
}

/* All 32 bits of an exit code arrive. */
static void prc_01(void)
{
    say("%#x", PLAY(FALSE, "leave 0"));
    say("%#x", PLAY(FALSE, "leave 1000"));
    say("%#x", PLAY(FALSE, "leave 0x12345678"));
    say("%#x", PLAY(FALSE, "leave 0xC0000005"));
}

static void prc_02(void)
{
    HANDLE child = hanging();
    DWORD code = 0;
    say("%s", DID(GetExitCodeProcess(child, &code)));
    say("%u %s,", (unsigned)code, WAITED(WaitForSingleObject(child, 0)));
    say("%s,", DID(TerminateProcess(child, 0xABCDEF01)));
    say("%s", WAITED(WaitForSingleObject(child, SOON)));
    GetExitCodeProcess(child, &code);
    say("%#x,", (unsigned)code);
    say("again: %s", DID(TerminateProcess(child, 1)));
    CloseHandle(child);
}

static void prc_03(void)
{
    HANDLE child = hanging(), other = OpenProcess(SYNCHRONIZE, FALSE, GetProcessId(child));
    DWORD code;
    NEED(other);
    say("terminate: %s, exit code: %s, wait: %s,", DID(TerminateProcess(other, 1)),
        DID(GetExitCodeProcess(other, &code)), WAITED(WaitForSingleObject(other, 0)));
    CloseHandle(other);
    other = OpenProcess(PROCESS_TERMINATE, FALSE, GetProcessId(child));
    say("PROCESS_TERMINATE: %s, wait: %s", DID(TerminateProcess(other, 3)), WAITED(WaitForSingleObject(other, 0)));
    CloseHandle(other);
    say("%u", (unsigned)ended(child));
}

static void prc_04(void)
{
    say("0: %s, none: %s", OPENED(OpenProcess(SYNCHRONIZE, FALSE, 0)),
        OPENED(OpenProcess(SYNCHRONIZE, FALSE, 0x7FFFFFF0)));
}

static void prc_05(void)
{
    STARTUPINFOW how;
    PROCESS_INFORMATION child;
    WCHAR command[64];
    memset(&how, 0, sizeof how);
    how.cb = sizeof how;
    lstrcpyW(command, wide("nothing-of-this-name"));
    say("%s,", DID(CreateProcessW(NULL, command, NULL, NULL, FALSE, 0, NULL, NULL, &how, &child)));
    say("%s,", DID(CreateProcessW(path_of("nothing.exe"), NULL, NULL, NULL, FALSE, 0, NULL, NULL, &how, &child)));
    say("%s", DID(CreateProcessW(path_of("nothing\\x.exe"), NULL, NULL, NULL, FALSE, 0, NULL, NULL, &how, &child)));
}

/* What the words of a command line become, by the documented rules. */
static const char *const words[] = {"plain", "two words", "", "a\"b", "back\\slash", "end\\", "c\\\"d", "\\\\", "tab\there"};
#define WORDS (int)(sizeof words / sizeof *words)

static int words_role(int argc, char **argv)
{
    int i;
    if (argc != WORDS)
        return 100 + argc;
    for (i = 0; i < WORDS; i++)
        if (strcmp(argv[i], words[i]) != 0)
            return i + 1;
    return 0;
}

static void prc_06(void)
{
    say("%u", PLAY(FALSE, "words plain \"two words\" \"\" a\\\"b back\\slash end\\ c\\\\\\\"d \"\\\\\\\\\" \"tab\there\""));
}

static int expect_variable(int argc, char **argv)
{
    char value[64] = "";
    DWORD length = GetEnvironmentVariableA("VEDUTA_CONFORMANCE", value, sizeof value);
    (void)argc;
    if (argv[0][0] == '-')
        return length == 0 && last() == ERROR_ENVVAR_NOT_FOUND ? 0 : 1;
    return strcmp(value, argv[0]) == 0 ? 0 : 1;
}

static void prc_07(void)
{
    WCHAR value[16];
    const WCHAR *name = wide("VEDUTA_CONFORMANCE");
    SetLastError(MARK);
    say("%u", (unsigned)GetEnvironmentVariableW(name, value, 16));
    say("%u,", last());
    say("%s,", DID(SetEnvironmentVariableW(name, wide("seven77"))));
    say("%u", (unsigned)GetEnvironmentVariableW(name, value, 16));
    say("%u", (unsigned)GetEnvironmentVariableW(name, value, 8));
    say("%u", (unsigned)GetEnvironmentVariableW(name, value, 7));
    say("%u,", (unsigned)GetEnvironmentVariableW(name, NULL, 0));
    say("child: %u,", PLAY(FALSE, "variable seven77"));
    say("%s,", DID(SetEnvironmentVariableW(name, NULL)));
    say("%u,", (unsigned)GetEnvironmentVariableW(name, value, 16));
    say("child: %u", PLAY(FALSE, "variable -"));
}

static void prc_08(void)
{
    static WCHAR program[MAX_PATH + 1], command[3 * MAX_PATH];
    STARTUPINFOW how;
    PROCESS_INFORMATION child;
    GetModuleFileNameW(NULL, program, MAX_PATH);
    lstrcpyW(command, wide("\""));
    lstrcatW(command, program);
    lstrcatW(command, wide("\" . role leave 17"));
    memset(&how, 0, sizeof how);
    how.cb = sizeof how;
    NEED(CreateProcessW(program, command, NULL, NULL, FALSE, CREATE_SUSPENDED, NULL, NULL, &how, &child));
    say("%s, %s,", child.dwProcessId == GetProcessId(child.hProcess) ? "its id" : "another id",
        child.dwThreadId ? "a thread" : "no thread");
    say("%s,", WAITED(WaitForSingleObject(child.hProcess, 50)));
    say("resume %d,", (int)ResumeThread(child.hThread));
    say("%u", (unsigned)ended(child.hProcess));
    CloseHandle(child.hThread);
}

static int crash(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    *(volatile int *)(ULONG_PTR)16 = 1;
    return 1;
}

static void prc_09(void)
{
    say("%#x", PLAY(FALSE, "crash"));
}

static int directory_role(int argc, char **argv)
{
    WCHAR here[MAX_PATH + 1];
    (void)argc;
    (void)argv;
    GetCurrentDirectoryW(MAX_PATH, here);
    return lstrcmpiW(here, directory) == 0 ? 0 : 1;
}

static void prc_10(void)
{
    WCHAR before[MAX_PATH + 1];
    GetCurrentDirectoryW(MAX_PATH, before);
    say("%s,", DID(SetCurrentDirectoryW(directory)));
    say("child: %u,", PLAY(FALSE, "directory"));
    say("missing: %s", DID(SetCurrentDirectoryW(path_of(unique()))));
    SetCurrentDirectoryW(before);
}

static void prc_11(void)
{
    DWORD code = 0;
    say("%s", DID(GetExitCodeProcess(GetCurrentProcess(), &code)));
    say("%u, %s,", (unsigned)code, WAITED(WaitForSingleObject(GetCurrentProcess(), 0)));
    say("%s", GetProcessId(GetCurrentProcess()) == GetCurrentProcessId() ? "its id" : "another id");
}

static const struct fact facts[] = {
    {"PRC-01", prc_01}, {"PRC-02", prc_02}, {"PRC-03", prc_03}, {"PRC-04", prc_04}, {"PRC-05", prc_05},
    {"PRC-06", prc_06}, {"PRC-07", prc_07}, {"PRC-08", prc_08}, {"PRC-09", prc_09}, {"PRC-10", prc_10},
    {"PRC-11", prc_11}, {NULL, NULL},
};
static const struct role roles[] = {
    {"leave", leave}, {"hang", hang},   {"words", words_role},         {"variable", expect_variable},
    {"crash", crash}, {"directory", directory_role}, {NULL, NULL},
};
REPORT(facts, roles)
