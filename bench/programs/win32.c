/* What Windows has, for the driver (src/program.rs says how it asks), which has it built for Linux and for Windows, and asks both in turn.
 *
 * "contended" is as in posix.c: one mutex that this process and a partner lock and unlock without pause, counting under it, until both together
 * have done so COUNT times. "death" is from just before the end of the partner that owns a mutex until a thread that waits for it has it.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL = 64 << 10, PAGE = 4096, PAGES = 1024 };

/* What the names of one program and its partners begin with: it ends in the program's process identifier. */
static char base[64];
static LARGE_INTEGER frequency;
/* Signaled by a partner that is ready. */
static HANDLE here;

static void fail(const char *what)
{
    fprintf(stderr, "%s: error %u\n", what, (unsigned)GetLastError());
    ExitProcess(1);
}

static HANDLE need(HANDLE handle, const char *what)
{
    if (handle == NULL || handle == INVALID_HANDLE_VALUE)
        fail(what);
    return handle;
}

static const char *name(const char *of)
{
    static char text[96];
    sprintf(text, "%s %s", base, of);
    return text;
}

static LONGLONG now(void)
{
    LARGE_INTEGER counter;
    QueryPerformanceCounter(&counter);
    return counter.QuadPart;
}

/* In nanoseconds. */
static double since(LONGLONG begun)
{
    return (double)(now() - begun) * 1e9 / (double)frequency.QuadPart;
}

static HANDLE created_event(const char *of)
{
    return need(CreateEventA(NULL, FALSE, FALSE, name(of)), "CreateEvent");
}

static HANDLE opened_event(const char *of)
{
    return need(OpenEventA(EVENT_ALL_ACCESS, FALSE, name(of)), "OpenEvent");
}

static HANDLE created_mutex(const char *of)
{
    return need(CreateMutexA(NULL, FALSE, name(of)), "CreateMutex");
}

static HANDLE created_section(const char *of, DWORD size)
{
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, size, name(of));
    if (GetLastError() == ERROR_ALREADY_EXISTS)
        fail("CreateFileMapping");
    return need(section, "CreateFileMapping");
}

static HANDLE opened_section(const char *of)
{
    return need(OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, name(of)), "OpenFileMapping");
}

static void *mapped(HANDLE section, DWORD access)
{
    void *view = MapViewOfFile(section, access, 0, 0, 0);
    if (view == NULL)
        fail("MapViewOfFile");
    return view;
}

static void unmap(void *view)
{
    if (!UnmapViewOfFile(view))
        fail("UnmapViewOfFile");
}

static void give(HANDLE event)
{
    if (!SetEvent(event))
        fail("SetEvent");
}

static void take(HANDLE object)
{
    if (WaitForSingleObject(object, INFINITE) != WAIT_OBJECT_0)
        fail("WaitForSingleObject");
}

static void release(HANDLE mutex)
{
    if (!ReleaseMutex(mutex))
        fail("ReleaseMutex");
}

/* Partners: processes that end with this one, if not before. */

struct partner {
    HANDLE process;
    struct partner *next;
};

static struct partner *partners;

static HANDLE started(const char *role)
{
    char program[MAX_PATH], line[MAX_PATH + 96];
    STARTUPINFOA startup;
    PROCESS_INFORMATION process;

    if (!GetModuleFileNameA(NULL, program, sizeof program))
        fail("GetModuleFileName");
    sprintf(line, "\"%s\" %s \"%s\"", program, role, base);
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process))
        fail("CreateProcess");
    CloseHandle(process.hThread);
    return process.hProcess;
}

/* Starts one that stays, and waits until it says that it is here. */
static void partner(const char *role)
{
    struct partner *partner = malloc(sizeof *partner);
    if (partner == NULL)
        fail("malloc");
    partner->process = started(role);
    partner->next = partners;
    partners = partner;
    take(here);
}

static DWORD WINAPI end_with(void *parent)
{
    take(parent);
    ExitProcess(0);
}

/* Names. */

static void hold(void)
{
    created_section("theirs", SMALL);
    opened_section("both");
    give(here);
    Sleep(INFINITE);
}

static void hold_elsewhere(void)
{
    static HANDLE both;
    if (both == NULL) {
        both = created_section("both", SMALL);
        partner("hold");
    }
}

static double create(DWORD size, long count)
{
    LONGLONG begun = now();
    long done;
    for (done = 0; done < count; done++)
        CloseHandle(created_section("created", size));
    return since(begun);
}

static double open_by_name(DWORD size, long count)
{
    LONGLONG begun;
    long done;
    (void)size;
    hold_elsewhere();
    begun = now();
    for (done = 0; done < count; done++)
        CloseHandle(opened_section("theirs"));
    return since(begun);
}

static double touch(const char *of, long count)
{
    LONGLONG begun;
    long done;
    hold_elsewhere();
    begun = now();
    for (done = 0; done < count; done++) {
        HANDLE section = opened_section(of);
        volatile char *view = mapped(section, FILE_MAP_WRITE);
        *view = 1;
        unmap((void *)view);
        CloseHandle(section);
    }
    return since(begun);
}

static double open_and_map(DWORD size, long count)
{
    (void)size;
    return touch("theirs", count);
}

static double open_and_map_held(DWORD size, long count)
{
    (void)size;
    return touch("both", count);
}

/* Views. */

static double map(DWORD size, long count)
{
    HANDLE section = need(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, size, NULL), "CreateFileMapping");
    LONGLONG begun = now();
    double time;
    long done;
    for (done = 0; done < count; done++)
        unmap(mapped(section, FILE_MAP_WRITE));
    time = since(begun);
    CloseHandle(section);
    return time;
}

static HANDLE temporary_file(DWORD size)
{
    static const char page[PAGE] = {1};
    char directory[MAX_PATH], path[MAX_PATH];
    DWORD done, written;
    HANDLE file;
    if (!GetTempPathA(sizeof directory, directory) || !GetTempFileNameA(directory, "ben", 0, path))
        fail("GetTempFileName");
    file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    need(file, "CreateFile");
    for (done = 0; done < size; done += PAGE)
        if (!WriteFile(file, page, PAGE, &written, NULL) || written != PAGE)
            fail("WriteFile");
    return file;
}

static double copy_on_write(DWORD size, long count)
{
    static HANDLE section;
    double time = 0;
    if (section == NULL)
        section = need(CreateFileMappingA(temporary_file(size), NULL, PAGE_WRITECOPY, 0, 0, NULL), "CreateFileMapping");
    for (; count > 0; count -= PAGES) {
        volatile char *view = mapped(section, FILE_MAP_COPY);
        long page, pages = count < PAGES ? count : PAGES;
        LONGLONG begun = now();
        for (page = 0; page < pages; page++)
            view[page * PAGE] = 2;
        time += since(begun);
        unmap((void *)view);
    }
    return time;
}

/* Waiting. */

static void answer(void)
{
    HANDLE ping = opened_event("ping"), pong = opened_event("pong");
    give(here);
    for (;;) {
        take(ping);
        give(pong);
    }
}

static double event(DWORD size, long count)
{
    static HANDLE ping, pong;
    LONGLONG begun;
    long done;
    (void)size;
    if (ping == NULL) {
        ping = created_event("ping");
        pong = created_event("pong");
        partner("answer");
    }
    begun = now();
    for (done = 0; done < count; done++) {
        give(ping);
        take(pong);
    }
    return since(begun);
}

static void signal_last(void)
{
    HANDLE go = opened_event("go"), last = opened_event("last");
    give(here);
    for (;;) {
        take(go);
        give(last);
    }
}

static double any(DWORD objects, long count)
{
    static HANDLE go, many[MAXIMUM_WAIT_OBJECTS];
    LONGLONG begun;
    long done;
    if (go == NULL) {
        DWORD object;
        for (object = 0; object < MAXIMUM_WAIT_OBJECTS - 1; object++)
            many[object] = need(CreateEventA(NULL, FALSE, FALSE, NULL), "CreateEvent");
        many[object] = created_event("last");
        go = created_event("go");
        partner("signal");
    }
    begun = now();
    for (done = 0; done < count; done++) {
        give(go);
        if (WaitForMultipleObjects(objects, many + MAXIMUM_WAIT_OBJECTS - objects, FALSE, INFINITE) != WAIT_OBJECT_0 + objects - 1)
            fail("WaitForMultipleObjects");
    }
    return since(begun);
}

/* Mutexes. */

static double uncontended(DWORD size, long count)
{
    static HANDLE mutex;
    LONGLONG begun;
    long done;
    (void)size;
    if (mutex == NULL)
        mutex = created_mutex("mutex");
    begun = now();
    for (done = 0; done < count; done++) {
        take(mutex);
        release(mutex);
    }
    return since(begun);
}

struct contest {
    LONG done, wanted; /* the mutex guards them, during a turn */
    volatile LONG begun; /* which turn */
};

static void contend(HANDLE mutex, struct contest *contest)
{
    LONG done;
    do {
        take(mutex);
        done = contest->done;
        if (done < contest->wanted)
            contest->done = done + 1;
        release(mutex);
    } while (done < contest->wanted);
}

static void contend_again(void)
{
    HANDLE mutex = created_mutex("contended"), again = opened_event("again"), ready = opened_event("ready");
    struct contest *contest = mapped(opened_section("contest"), FILE_MAP_WRITE);
    LONG turn;
    give(here);
    for (turn = 1;; turn++) {
        take(again);
        give(ready);
        while (contest->begun < turn)
            SwitchToThread();
        contend(mutex, contest);
    }
}

static double contended(DWORD size, long count)
{
    static HANDLE mutex, again, ready;
    static struct contest *contest;
    LONGLONG begun;
    if (mutex == NULL) {
        mutex = created_mutex("contended");
        again = created_event("again");
        ready = created_event("ready");
        contest = mapped(created_section("contest", size), FILE_MAP_WRITE);
        partner("contend");
    }
    /* Once the partner is ready it has left the last turn, and looks for the next one to begin: nobody has to be woken then. */
    give(again);
    take(ready);
    contest->done = 0;
    contest->wanted = count;
    begun = now();
    InterlockedIncrement(&contest->begun);
    contend(mutex, contest);
    return since(begun);
}

static void own(void)
{
    take(created_mutex("estate"));
    give(here);
    Sleep(INFINITE);
}

struct heir {
    HANDLE mutex;
    LONGLONG begun;
    double time;
};

static DWORD WINAPI inherit(void *with)
{
    struct heir *heir = with;
    if (WaitForSingleObject(heir->mutex, INFINITE) != WAIT_ABANDONED)
        fail("the owner's end");
    heir->time = since(heir->begun);
    release(heir->mutex);
    return 0;
}

static double death(DWORD size, long count)
{
    static struct heir heir;
    double time = 0;
    (void)size;
    if (heir.mutex == NULL)
        heir.mutex = created_mutex("estate");
    for (; count > 0; count--) {
        HANDLE owner = started("own"), waiter;
        take(here);
        waiter = need(CreateThread(NULL, 0, inherit, &heir, 0, NULL), "CreateThread");
        Sleep(1); /* until it waits */
        heir.begun = now();
        if (!TerminateProcess(owner, 0))
            fail("TerminateProcess");
        take(waiter);
        time += heir.time;
        take(owner);
        CloseHandle(waiter);
        CloseHandle(owner);
    }
    return time;
}

static const struct work {
    const char *what;
    double (*turn)(DWORD size, long count);
    DWORD size; /* of what is worked on, in bytes or in objects */
} WORKS[] = {
    {"create", create, SMALL},
    {"open", open_by_name, SMALL},
    {"openmap", open_and_map, SMALL},
    {"openmap-held", open_and_map_held, SMALL},
    {"map64k", map, SMALL},
    {"map1g", map, 1 << 30},
    {"cow", copy_on_write, PAGE * PAGES},
    {"event", event, 0},
    {"any1", any, 1},
    {"any8", any, 8},
    {"any64", any, MAXIMUM_WAIT_OBJECTS},
    {"lock", uncontended, 0},
    {"contended", contended, sizeof(struct contest)},
    {"death", death, 0},
};

static const struct role {
    const char *called;
    void (*play)(void);
} ROLES[] = {{"hold", hold}, {"answer", answer}, {"signal", signal_last}, {"contend", contend_again}, {"own", own}};

static void play(const char *called)
{
    DWORD parent = strtoul(strrchr(base, ' '), NULL, 10);
    const struct role *role = ROLES;
    here = opened_event("here");
    need(CreateThread(NULL, 0, end_with, need(OpenProcess(SYNCHRONIZE, FALSE, parent), "OpenProcess"), 0, NULL), "CreateThread");
    while (strcmp(role->called, called) != 0)
        role++;
    role->play();
}

/* Which of the two this is. */
static const char *version(void)
{
#ifdef _WIN32
    static char text[64];
    const char *(CDECL *wine)(void) = (void *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version");
    sprintf(text, "Wine %s", wine == NULL ? "is not here: this is Windows" : wine());
    return text;
#else
    return "veduta-win32";
#endif
}

int main(int argc, char **argv)
{
    char line[128], what[32];
    long count;

    QueryPerformanceFrequency(&frequency);
    if (argc == 3) {
        strcpy(base, argv[2]);
        play(argv[1]);
        return 0;
    }
    sprintf(base, "Local\\bench %u", (unsigned)GetCurrentProcessId());
    here = created_event("here");
    while (fgets(line, sizeof line, stdin) != NULL && sscanf(line, "%31s %ld", what, &count) == 2) {
        const struct work *work = WORKS, *end = WORKS + sizeof WORKS / sizeof *WORKS;
        while (work < end && strcmp(work->what, what) != 0)
            work++;
        if (work < end)
            printf("%.0f\n", work->turn(work->size, count));
        else
            puts(strcmp(what, "version") == 0 ? version() : "-");
        fflush(stdout);
    }
    for (; partners != NULL; partners = partners->next)
        TerminateProcess(partners->process, 0);
    return 0;
}
