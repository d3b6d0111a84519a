/* What the conformance programs share.
 *
 * A program has a table of facts. Each fact observes something and says it on a line of its own that begins with the
 * fact's id: no addresses, process ids or times, so that the lines of two systems can be compared.
 *
 *   PROGRAM DIRECTORY [FIRST]          observes all facts, or those from number FIRST on
 *   PROGRAM DIRECTORY role NAME ...    is a child that a fact started
 *
 * Files are made in DIRECTORY, which is GetTempPath's if it is not given. */
#ifndef REPORT_H
#define REPORT_H

/* Else mingw's printf knows no %llx. */
#define __USE_MINGW_ANSI_STDIO 1
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

struct fact {
    const char *id;
    void (*observe)(void);
};

/* What a child does; its exit code is what it returns. */
struct role {
    const char *name;
    int (*play)(int argc, char **argv);
};

/* Milliseconds after which what was awaited will not come any more. */
#define SOON 20000
/* A last error that no function sets: it shows whether one was set. */
#define MARK 0x2BAD
#define KIB64 0x10000u

static WCHAR directory[MAX_PATH + 1];

/* ---- text ---- */

/* Says more on the fact's line. */
static inline void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    putchar(' ');
    vprintf(format, arguments);
    va_end(arguments);
    fflush(stdout);
}

/* A place for a string that is needed until thirty others were asked for. */
static inline char *slot(void)
{
    static __thread char slots[32][400];
    static __thread unsigned next;
    return slots[next++ % 32];
}

static inline const char *text(const char *format, ...)
{
    char *out = slot();
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out, 400, format, arguments);
    va_end(arguments);
    return out;
}

/* ASCII as UTF-16; good until fifteen others were asked for. */
static inline const WCHAR *wide(const char *format, ...)
{
    static __thread WCHAR slots[16][800];
    static __thread unsigned next;
    char narrow[800];
    WCHAR *out = slots[next++ % 16];
    size_t i = 0;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(narrow, sizeof narrow, format, arguments);
    va_end(arguments);
    do {
        out[i] = (unsigned char)narrow[i];
    } while (narrow[i++]);
    return out;
}

/* A name that no other object has, without blanks. */
static inline const char *unique(void)
{
    static LONG count;
    return text("conformance-%u-%u", (unsigned)GetCurrentProcessId(), (unsigned)InterlockedIncrement(&count));
}

/* ---- what calls answer ---- */

static inline unsigned last(void)
{
    return (unsigned)GetLastError();
}

/* Leaves the fact if what it is built on is missing. */
#define NEED(condition)                                     \
    do {                                                    \
        if (!(condition)) {                                 \
            say("[line %d: error %u]", __LINE__, last()); \
            return;                                         \
        }                                                   \
    } while (0)

static inline const char *as_done(BOOL ok)
{
    return ok ? "TRUE" : text("FALSE %u", last());
}

/* TRUE, or FALSE and the error. */
#define DID(call) as_done((SetLastError(MARK), (call)))

static inline const char *as_quiet(BOOL ok)
{
    return ok && last() != MARK ? text("TRUE, sets %u", last()) : as_done(ok);
}

/* As DID, but says also when a call that succeeds sets the last error. */
#define QUIETLY(call) as_quiet((SetLastError(MARK), (call)))

static inline const char *as_made(HANDLE handle)
{
    unsigned error = last();
    if (handle == NULL)
        return text("NULL %u", error);
    if (handle == INVALID_HANDLE_VALUE)
        return text("INVALID %u", error);
    return error == 0 ? "new" : error == ERROR_ALREADY_EXISTS ? "exists" : text("ok, sets %u", error);
}

/* Of a function that creates: new, exists, or NULL and the error. */
#define MADE(call) as_made((SetLastError(MARK), (call)))

static inline const char *as_opened(HANDLE handle)
{
    unsigned error = last();
    if (handle == NULL)
        return text("NULL %u", error);
    if (handle == INVALID_HANDLE_VALUE)
        return text("INVALID %u", error);
    return "ok";
}

/* Of a function that opens: ok, or NULL and the error. */
#define OPENED(call) as_opened((SetLastError(MARK), (call)))

static inline const char *as_mapped(const volatile void *view)
{
    return view ? "ok" : text("NULL %u", last());
}

/* Of a function that maps or allocates: ok, or NULL and the error. */
#define MAPPED(call) as_mapped((SetLastError(MARK), (call)))

static inline const char *as_waited(DWORD result)
{
    if (result == WAIT_FAILED)
        return text("FAILED %u", last());
    if (result == WAIT_TIMEOUT)
        return "timeout";
    if (result == WAIT_IO_COMPLETION)
        return "apc";
    if (result == WAIT_OBJECT_0)
        return "signaled";
    if (result < WAIT_OBJECT_0 + MAXIMUM_WAIT_OBJECTS)
        return text("signaled+%u", (unsigned)(result - WAIT_OBJECT_0));
    if (result == WAIT_ABANDONED_0)
        return "abandoned";
    if (result > WAIT_ABANDONED_0 && result < WAIT_ABANDONED_0 + MAXIMUM_WAIT_OBJECTS)
        return text("abandoned+%u", (unsigned)(result - WAIT_ABANDONED_0));
    return text("%#x", (unsigned)result);
}

/* signaled, signaled+INDEX, abandoned, timeout, apc, or FAILED and the error. */
#define WAITED(call) as_waited((SetLastError(MARK), (call)))

static inline const char *untouched(void)
{
    return last() == MARK ? "untouched" : text("error %u", last());
}

/* ---- memory ---- */

static inline const char *protection(DWORD protect)
{
    const char *more = "";
    if (protect & PAGE_NOCACHE)
        more = "|NOCACHE";
    if (protect & PAGE_WRITECOMBINE)
        more = "|WRITECOMBINE";
    if (protect & PAGE_GUARD)
        more = "|GUARD";
    switch (protect & 0xFF) {
    case 0: return text("0%s", more);
    case PAGE_NOACCESS: return text("NOACCESS%s", more);
    case PAGE_READONLY: return text("READONLY%s", more);
    case PAGE_READWRITE: return text("READWRITE%s", more);
    case PAGE_WRITECOPY: return text("WRITECOPY%s", more);
    case PAGE_EXECUTE: return text("EXECUTE%s", more);
    case PAGE_EXECUTE_READ: return text("EXECUTE_READ%s", more);
    case PAGE_EXECUTE_READWRITE: return text("EXECUTE_READWRITE%s", more);
    case PAGE_EXECUTE_WRITECOPY: return text("EXECUTE_WRITECOPY%s", more);
    }
    return text("%#x", (unsigned)protect);
}

static inline MEMORY_BASIC_INFORMATION query(const volatile void *address)
{
    MEMORY_BASIC_INFORMATION about;
    memset(&about, 0, sizeof about);
    VirtualQuery((const void *)address, &about, sizeof about);
    return about;
}

static inline const char *state(const MEMORY_BASIC_INFORMATION *about)
{
    const char *state = about->State == MEM_COMMIT    ? "COMMIT"
                        : about->State == MEM_RESERVE ? "RESERVE"
                        : about->State == MEM_FREE    ? "FREE"
                                                      : text("%#x", (unsigned)about->State);
    const char *type = about->Type == MEM_MAPPED    ? "MAPPED"
                       : about->Type == MEM_PRIVATE ? "PRIVATE"
                       : about->Type == MEM_IMAGE   ? "IMAGE"
                       : about->Type == 0           ? "0"
                                                    : text("%#x", (unsigned)about->Type);
    return text("%s %s", state, type);
}

/* How large the region at an address is, in hexadecimal. */
static inline const char *size_of(const volatile void *address)
{
    return text("%#llx", (unsigned long long)query(address).RegionSize);
}

/* A section without file and name. */
static inline HANDLE section(DWORD protect, DWORD size)
{
    return CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, protect, 0, size, NULL);
}

static inline volatile unsigned char *map(HANDLE section, DWORD access)
{
    return MapViewOfFile(section, access, 0, 0, 0);
}

static inline BOOL unmap(volatile void *view)
{
    return UnmapViewOfFile((const void *)view);
}

/* ---- files ---- */

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define READ_WRITE (GENERIC_READ | GENERIC_WRITE)
#define ALL_USES (GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE)

/* A path in the directory. */
static inline const WCHAR *path_of(const char *name)
{
    static WCHAR slots[16][MAX_PATH + 100];
    static unsigned next;
    WCHAR *out = slots[next++ % 16];
    lstrcpyW(out, directory);
    if (out[lstrlenW(out) - 1] != '\\')
        lstrcatW(out, wide("\\"));
    lstrcatW(out, wide("%s", name));
    return out;
}

static inline HANDLE open_file(const WCHAR *path, DWORD access)
{
    return CreateFileW(path, access, SHARE_ALL, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
}

/* Makes a file of as many bytes, each the low byte of its position. */
static inline const WCHAR *new_file(DWORD length)
{
    const WCHAR *path = path_of(unique());
    HANDLE file = CreateFileW(path, READ_WRITE, SHARE_ALL, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    unsigned char block[4096];
    DWORD done = 0, i;
    if (file == INVALID_HANDLE_VALUE) {
        say("[no file: error %u]", last());
        return path;
    }
    for (i = 0; i < sizeof block; i++)
        block[i] = (unsigned char)i;
    while (length) {
        DWORD part = length < sizeof block ? length : (DWORD)sizeof block;
        if (!WriteFile(file, block, part, &done, NULL) || done != part)
            break;
        length -= part;
    }
    CloseHandle(file);
    return path;
}

/* A new file of as many bytes, open. */
static inline HANDLE file_of(DWORD length, DWORD access)
{
    return open_file(new_file(length), access);
}

static inline long long length_of(HANDLE file)
{
    LARGE_INTEGER length;
    return GetFileSizeEx(file, &length) ? length.QuadPart : -1;
}

/* The length of the file at a path, or -1. */
static inline long long length_at(const WCHAR *path)
{
    HANDLE file = open_file(path, 0);
    long long length = length_of(file);
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    return length;
}

static inline BOOL set_length(HANDLE file, LONG length)
{
    SetLastError(0);
    return SetFilePointer(file, length, NULL, FILE_BEGIN) == (DWORD)length && SetEndOfFile(file);
}

/* The byte at a position of a file, or -1. */
static inline int byte_at(HANDLE file, LONG position)
{
    unsigned char byte;
    DWORD count = 0;
    SetFilePointer(file, position, NULL, FILE_BEGIN);
    return ReadFile(file, &byte, 1, &count, NULL) && count == 1 ? byte : -1;
}

static inline const char *there(const WCHAR *path)
{
    return GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES ? "gone" : "there";
}

/* ---- threads and processes ---- */

static inline HANDLE thread(DWORD(WINAPI *body)(void *), void *argument)
{
    return CreateThread(NULL, 0, body, argument, 0, NULL);
}

/* Waits until a thread or process has ended; its exit code. */
static inline DWORD ended(HANDLE who)
{
    DWORD code = 0xDEAD;
    if (WaitForSingleObject(who, SOON) != WAIT_OBJECT_0)
        return 0xBAD;
    if (!GetExitCodeProcess(who, &code))
        GetExitCodeThread(who, &code);
    CloseHandle(who);
    return code;
}

/* Starts this program in a role; FORMAT gives the role and its arguments. */
static inline HANDLE start(BOOL inherit, const char *format, ...)
{
    static WCHAR program[MAX_PATH + 1], command[2 * MAX_PATH + 800];
    STARTUPINFOW how;
    PROCESS_INFORMATION process;
    char role[700];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(role, sizeof role, format, arguments);
    va_end(arguments);
    memset(&how, 0, sizeof how);
    how.cb = sizeof how;
    GetModuleFileNameW(NULL, program, MAX_PATH);
    lstrcpyW(command, wide("\""));
    lstrcatW(command, program);
    lstrcatW(command, wide("\" \""));
    lstrcatW(command, directory);
    lstrcatW(command, wide("\" role %s", role));
    if (!CreateProcessW(program, command, NULL, NULL, inherit, 0, NULL, NULL, &how, &process))
        return NULL;
    CloseHandle(process.hThread);
    return process.hProcess;
}

/* Starts a role and waits for its exit code. */
#define PLAY(inherit, ...) play(start(inherit, __VA_ARGS__))
static inline unsigned play(HANDLE process)
{
    return process ? (unsigned)ended(process) : 0xBAD0000u + last();
}

/* An auto-reset event that processes meet at. */
static inline HANDLE meeting(const char *name)
{
    return CreateEventW(NULL, FALSE, FALSE, wide("%s", name));
}

static inline BOOL met(HANDLE event)
{
    return WaitForSingleObject(event, SOON) == WAIT_OBJECT_0;
}

/* A handle value on a command line, and back. */
static inline const char *number(HANDLE handle)
{
    return text("%llu", (unsigned long long)(ULONG_PTR)handle);
}

static inline HANDLE handle_from(const char *number)
{
    return (HANDLE)(ULONG_PTR)strtoull(number, NULL, 10);
}

/* ---- the program ---- */

static inline int report(int argc, char **argv, const struct fact *facts, const struct role *roles)
{
    int i = 0;
    if (argc > 1)
        MultiByteToWideChar(CP_UTF8, 0, argv[1], -1, directory, MAX_PATH);
    else
        GetTempPathW(MAX_PATH, directory);
    if (argc > 3 && strcmp(argv[2], "role") == 0) {
        for (; roles->name; roles++)
            if (strcmp(roles->name, argv[3]) == 0)
                return roles->play(argc - 4, argv + 4);
        return 0xBAD;
    }
    if (argc > 2)
        i = atoi(argv[2]);
    for (; facts[i].id; i++) {
        fputs(facts[i].id, stdout);
        fflush(stdout);
        facts[i].observe();
        putchar('\n');
        fflush(stdout);
    }
    return 0;
}

/* Ends a program: `facts` and `roles` end with a row of zeros. */
#define REPORT(facts, roles)         \
    int main(int argc, char **argv)  \
    {                                \
        return report(argc, argv, facts, roles); \
    }

#endif
