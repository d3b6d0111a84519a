/* Pipes without names. */
#include "report.h"

static void pip_01(void)
{
    HANDLE from, to;
    char bytes[16] = "";
    DWORD count = 0;
    say("%s,", DID(CreatePipe(&from, &to, NULL, 0)));
    say("%s", DID(WriteFile(to, "hello", 5, &count, NULL)));
    say("%u,", (unsigned)count);
    say("%s", DID(ReadFile(from, bytes, 2, &count, NULL)));
    say("%u %.2s,", (unsigned)count, bytes);
    say("%s", DID(ReadFile(from, bytes, sizeof bytes, &count, NULL)));
    say("%u %.3s", (unsigned)count, bytes);
    CloseHandle(from);
    CloseHandle(to);
}

static void pip_02(void)
{
    HANDLE from, to;
    char bytes[16] = "";
    DWORD count = 77;
    NEED(CreatePipe(&from, &to, NULL, 0) && WriteFile(to, "xy", 2, &count, NULL));
    CloseHandle(to);
    say("what is left: %s", DID(ReadFile(from, bytes, sizeof bytes, &count, NULL)));
    say("%u,", (unsigned)count);
    say("then: %s", DID(ReadFile(from, bytes, sizeof bytes, &count, NULL)));
    say("%u", (unsigned)count);
    CloseHandle(from);
}

static void pip_03(void)
{
    HANDLE from, to;
    DWORD count;
    NEED(CreatePipe(&from, &to, NULL, 0));
    CloseHandle(from);
    say("%s", DID(WriteFile(to, "xy", 2, &count, NULL)));
    CloseHandle(to);
}

static void pip_04(void)
{
    HANDLE from, to;
    char byte;
    DWORD count;
    NEED(CreatePipe(&from, &to, NULL, 0));
    say("write the end to read: %s, read the end to write: %s", DID(WriteFile(from, "x", 1, &count, NULL)),
        DID(ReadFile(to, &byte, 1, &count, NULL)));
    CloseHandle(from);
    CloseHandle(to);
}

static void pip_05(void)
{
    HANDLE from, to;
    char bytes[4] = "";
    DWORD count = 77, available = 77;
    NEED(CreatePipe(&from, &to, NULL, 0));
    say("%s", DID(PeekNamedPipe(from, NULL, 0, NULL, &available, NULL)));
    say("%u,", (unsigned)available);
    WriteFile(to, "abc", 3, &count, NULL);
    say("%s", DID(PeekNamedPipe(from, bytes, 2, &count, &available, NULL)));
    say("%u of %u %.2s,", (unsigned)count, (unsigned)available, bytes);
    ReadFile(from, bytes, 3, &count, NULL);
    say("still there: %u,", (unsigned)count);
    CloseHandle(to);
    say("broken: %s", DID(PeekNamedPipe(from, NULL, 0, NULL, &available, NULL)));
    CloseHandle(from);
}

/* What a child writes to its standard output. */
static int speak(int argc, char **argv)
{
    DWORD count;
    char heard[16];
    HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE), in = GetStdHandle(STD_INPUT_HANDLE);
    (void)argc;
    (void)argv;
    if (!ReadFile(in, heard, 3, &count, NULL) || count != 3)
        return 1;
    return WriteFile(out, heard, 3, &count, NULL) && WriteFile(out, "!", 1, &count, NULL) ? 0 : 2;
}

static void pip_06(void)
{
    static WCHAR program[MAX_PATH + 1], command[3 * MAX_PATH];
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    HANDLE in, feed, out, hear;
    STARTUPINFOW how;
    PROCESS_INFORMATION child;
    char heard[16] = "";
    DWORD count = 0, total = 0;
    NEED(CreatePipe(&in, &feed, &inherit, 0) && CreatePipe(&hear, &out, &inherit, 0));
    SetHandleInformation(feed, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(hear, HANDLE_FLAG_INHERIT, 0);
    memset(&how, 0, sizeof how);
    how.cb = sizeof how;
    how.dwFlags = STARTF_USESTDHANDLES;
    how.hStdInput = in;
    how.hStdOutput = out;
    how.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    GetModuleFileNameW(NULL, program, MAX_PATH);
    lstrcpyW(command, wide("\""));
    lstrcatW(command, program);
    lstrcatW(command, wide("\" . role speak"));
    NEED(CreateProcessW(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &how, &child));
    CloseHandle(in);
    CloseHandle(out);
    CloseHandle(child.hThread);
    NEED(WriteFile(feed, "hey", 3, &count, NULL));
    while (total < 8 && ReadFile(hear, heard + total, 8 - total, &count, NULL))
        total += count;
    say("%.*s, error %u,", (int)total, heard, last());
    say("exit code %u", (unsigned)ended(child.hProcess));
    CloseHandle(feed);
    CloseHandle(hear);
}

static const struct fact facts[] = {
    {"PIP-01", pip_01}, {"PIP-02", pip_02}, {"PIP-03", pip_03}, {"PIP-04", pip_04},
    {"PIP-05", pip_05}, {"PIP-06", pip_06}, {NULL, NULL},
};
static const struct role roles[] = {{"speak", speak}, {NULL, NULL}};
REPORT(facts, roles)
