/* Paths, and what the functions say that tell them. */
#include "report.h"

/* A path in the directory without what is common to all. */
static const char *below(const WCHAR *path)
{
    char *out = slot();
    int i, from = lstrlenW(directory);
    if (lstrlenW(path) < from)
        return "elsewhere";
    for (i = 0; i < from; i++)
        if (path[i] != directory[i])
            return "elsewhere";
    for (i = from; path[i] && i - from < 399; i++)
        out[i - from] = (char)path[i];
    out[i - from] = 0;
    return out;
}

static const char *full(const char *name)
{
    WCHAR out[2 * MAX_PATH];
    DWORD length = GetFullPathNameW(path_of(name), 2 * MAX_PATH, out, NULL);
    return length == (DWORD)lstrlenW(out) ? below(out) : "another length";
}

static void pth_01(void)
{
    say("%s %s %s %s %s %s", full("a"), full("a\\..\\b"), full(".\\c"), full("d\\.\\e"), full("f/g"), full("h\\"));
}

static void pth_02(void)
{
    WCHAR out[MAX_PATH + 100], before[MAX_PATH + 1], *file = NULL;
    DWORD length, needed;
    GetCurrentDirectoryW(MAX_PATH, before);
    NEED(SetCurrentDirectoryW(directory));
    length = GetFullPathNameW(wide("x\\name"), MAX_PATH + 100, out, &file);
    say("%s, file part at %d,", below(out), (int)(length - (file - out)));
    needed = GetFullPathNameW(wide("x\\name"), 3, out, &file);
    say("too short: %s,", needed == length + 1 ? "length with the zero" : "another");
    GetFullPathNameW(wide(".."), MAX_PATH + 100, out, NULL);
    say("..: %s", lstrlenW(out) < lstrlenW(directory) ? "shorter" : "not shorter");
    SetCurrentDirectoryW(before);
}

static void pth_03(void)
{
    WCHAR out[MAX_PATH + 1], few[4];
    DWORD length = GetModuleFileNameW(NULL, out, MAX_PATH);
    say("%s,", length == (DWORD)lstrlenW(out) ? "its length" : "another length");
    SetLastError(MARK);
    length = GetModuleFileNameW(NULL, few, 4);
    say("too short: %u", (unsigned)length);
    say("%u, ends in %s,", last(), few[3] == 0 ? "a zero" : "a letter of it");
    say("missing module: %s", GetModuleHandleW(wide("no-such-module")) ? "found" : text("NULL %u", last()));
}

static void pth_04(void)
{
    WCHAR out[MAX_PATH + 1];
    DWORD length = GetCurrentDirectoryW(MAX_PATH, out), needed = GetCurrentDirectoryW(1, out);
    say("too short: %s", needed == length + 1 ? "length with the zero" : "another");
}

/* Both slashes separate. */
static void pth_05(void)
{
    const char *name = unique();
    HANDLE file;
    NEED(CreateDirectoryW(path_of(name), NULL));
    say("%s,", OPENED(file = CreateFileW(path_of(text("%s/x", name)), READ_WRITE, 0, NULL, CREATE_NEW, 0, NULL)));
    CloseHandle(file);
    say("%s,", there(path_of(text("%s\\x", name))));
    say("%s,", there(path_of(text("%s\\..\\%s\\.\\x", name, name))));
    say("%s", there(path_of(text("%s\\\\x", name))));
}

/* The A functions are the same functions. */
static void pth_06(void)
{
    char path[2 * MAX_PATH];
    HANDLE file;
    const char *name = unique();
    WideCharToMultiByte(CP_UTF8, 0, path_of(name), -1, path, sizeof path, NULL, NULL);
    say("%s,", OPENED(file = CreateFileA(path, READ_WRITE, 0, NULL, CREATE_NEW, 0, NULL)));
    CloseHandle(file);
    say("%s, attributes %s,", there(path_of(name)), GetFileAttributesA(path) == INVALID_FILE_ATTRIBUTES ? "none" : "some");
    say("%s,", DID(DeleteFileA(path)));
    say("%s,", there(path_of(name)));
    say("directory: %s", DID(CreateDirectoryA(path, NULL)));
    say("%s", DID(RemoveDirectoryA(path)));
}

static void pth_07(void)
{
    const char *name = unique();
    HANDLE a, b, c;
    say("mutex: %s,", MADE(a = CreateMutexA(NULL, FALSE, name)));
    say("%s,", OPENED(b = OpenMutexW(SYNCHRONIZE, FALSE, wide("%s", name))));
    CloseHandle(a);
    CloseHandle(b);
    say("event: %s,", MADE(a = CreateEventA(NULL, TRUE, FALSE, name)));
    say("%s,", OPENED(b = OpenEventW(SYNCHRONIZE, FALSE, wide("%s", name))));
    CloseHandle(a);
    CloseHandle(b);
    say("semaphore: %s,", MADE(a = CreateSemaphoreW(NULL, 1, 1, wide("%s", name))));
    say("%s,", OPENED(b = OpenSemaphoreA(SYNCHRONIZE, FALSE, name)));
    say("as an event: %s", OPENED(c = OpenEventA(SYNCHRONIZE, FALSE, name)));
    CloseHandle(a);
    CloseHandle(b);
}

static const struct fact facts[] = {
    {"PTH-01", pth_01}, {"PTH-02", pth_02}, {"PTH-03", pth_03}, {"PTH-04", pth_04}, {"PTH-05", pth_05},
    {"PTH-06", pth_06}, {"PTH-07", pth_07}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
