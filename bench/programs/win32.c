/* What is timed, written once for Windows: the driver has it built for Linux and for Windows, and asks both in turn.
 *
 * Reads lines "WHAT COUNT" from standard input, does WHAT so often, and answers with the nanoseconds that all of it took.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char base[64];
static HANDLE section, mutex, ping, pong, partner;

static void fail(const char *what)
{
    fprintf(stderr, "%s: error %u\n", what, (unsigned)GetLastError());
    exit(1);
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

/* The partner of the ping-pong: answers each ping. It holds a section that nobody else has open. */
static int answer(void)
{
    need(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 65536, name("theirs")), "CreateFileMapping");
    ping = need(OpenEventA(EVENT_ALL_ACCESS, FALSE, name("ping")), "OpenEvent");
    pong = need(OpenEventA(EVENT_ALL_ACCESS, FALSE, name("pong")), "OpenEvent");
    for (;;) {
        if (WaitForSingleObject(ping, 60000) != WAIT_OBJECT_0)
            return 0;
        if (!SetEvent(pong))
            fail("SetEvent");
    }
}

static void start_partner(void)
{
    char program[MAX_PATH], line[MAX_PATH + 96];
    STARTUPINFOA startup;
    PROCESS_INFORMATION process;

    ping = need(CreateEventA(NULL, FALSE, FALSE, name("ping")), "CreateEvent");
    pong = need(CreateEventA(NULL, FALSE, FALSE, name("pong")), "CreateEvent");
    if (!GetModuleFileNameA(NULL, program, sizeof program))
        fail("GetModuleFileName");
    sprintf(line, "\"%s\" answer \"%s\"", program, base);
    memset(&startup, 0, sizeof startup);
    startup.cb = sizeof startup;
    if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process))
        fail("CreateProcess");
    CloseHandle(process.hThread);
    partner = process.hProcess;
}

static void open_by_name(void)
{
    CloseHandle(need(OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, name("section")), "OpenFileMapping"));
}

static void reach(void)
{
    CloseHandle(need(OpenFileMappingA(FILE_MAP_ALL_ACCESS, FALSE, name("theirs")), "OpenFileMapping"));
}

static void map(void)
{
    void *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    if (view == NULL || !UnmapViewOfFile(view))
        fail("MapViewOfFile");
}

static void lock(void)
{
    if (WaitForSingleObject(mutex, INFINITE) != WAIT_OBJECT_0 || !ReleaseMutex(mutex))
        fail("WaitForSingleObject");
}

static void rally(void)
{
    if (!SetEvent(ping) || WaitForSingleObject(pong, 60000) != WAIT_OBJECT_0)
        fail("SetEvent");
}

int main(int argc, char **argv)
{
    char line[128], what[32];
    long count, done;
    LARGE_INTEGER frequency, begun, ended;

    if (argc == 3 && strcmp(argv[1], "answer") == 0) {
        strcpy(base, argv[2]);
        return answer();
    }
    sprintf(base, "Local\\bench %u", (unsigned)GetCurrentProcessId());
    section = need(CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 65536, name("section")),
                   "CreateFileMapping");
    mutex = need(CreateMutexA(NULL, FALSE, name("mutex")), "CreateMutex");
    QueryPerformanceFrequency(&frequency);
    while (fgets(line, sizeof line, stdin) != NULL && sscanf(line, "%31s %ld", what, &count) == 2) {
        void (*turn)(void) = strcmp(what, "open") == 0    ? open_by_name
                             : strcmp(what, "reach") == 0 ? reach
                             : strcmp(what, "map") == 0   ? map
                             : strcmp(what, "lock") == 0  ? lock
                                                          : rally;
        if ((turn == rally || turn == reach) && partner == NULL) {
            start_partner();
            rally();
        }
        QueryPerformanceCounter(&begun);
        for (done = 0; done < count; done++)
            turn();
        QueryPerformanceCounter(&ended);
        printf("%.0f\n", (double)(ended.QuadPart - begun.QuadPart) * 1e9 / (double)frequency.QuadPart);
        fflush(stdout);
    }
    if (partner != NULL)
        TerminateProcess(partner, 0);
    return 0;
}
