/* A program that knows nothing of veduta: it makes, opens and uses objects by Windows' own calls.
 *
 *   peer create NAME SIZE PROTECTION TEXT   makes a section, and keeps it until it reads a line; then says what stands in it
 *   peer open NAME TEXT                     opens a section: its size, and what stands in it; leaves TEXT there
 *   peer given TEXT                         reads the number of a handle to a section; says what stands in it, and leaves TEXT there
 *   peer rights NAME                        who may do what with a section: a line RIGHTS USER for each entry of its list
 *   peer set NAME                           sets an event
 *   peer abandon NAME                       acquires a mutex, and ends
 *   peer post NAME                          releases a semaphore once, and says what it was before
 */
#include <windows.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed(const char *what) {
    printf("%s: error %lu\n", what, GetLastError());
    return 1;
}

static int create(char **words) {
    char line[16];
    SetLastError(12345);
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, strtoul(words[2], NULL, 0), 0,
                                        strtoul(words[1], NULL, 0), words[0]);
    if (!section) return failed("create");
    printf("last error %lu\n", GetLastError());
    fflush(stdout);
    DWORD access = strtoul(words[2], NULL, 0) == PAGE_READONLY ? FILE_MAP_READ : FILE_MAP_WRITE;
    char *view = MapViewOfFile(section, access, 0, 0, 0);
    if (!view) return failed("map");
    if (access == FILE_MAP_WRITE) strcpy(view, words[3]);
    printf("ready\n");
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin)) return failed("read");
    printf("%s\n", view);
    return 0;
}

static int open(char **words) {
    MEMORY_BASIC_INFORMATION region;
    HANDLE section = OpenFileMappingA(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, words[0]);
    if (!section) return failed("open");
    char *view = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    if (!view) return failed("map");
    VirtualQuery(view, &region, sizeof region);
    printf("%lu bytes: %s\n", (unsigned long)region.RegionSize, view);
    strcpy(view, words[1]);
    return 0;
}

static int given(char **words) {
    char line[32];
    if (!fgets(line, sizeof line, stdin)) return failed("read");
    char *view = MapViewOfFile((HANDLE)(size_t)strtoull(line, NULL, 10), FILE_MAP_WRITE, 0, 0, 0);
    if (!view) return failed("map");
    printf("%s\n", view);
    strcpy(view, words[0]);
    return 0;
}

static int rights(char **words) {
    char buffer[4096], *user;
    DWORD length;
    BOOL present, defaulted;
    ACL *list;
    HANDLE section = OpenFileMappingA(READ_CONTROL, FALSE, words[0]);
    if (!section) return failed("open");
    if (!GetKernelObjectSecurity(section, DACL_SECURITY_INFORMATION, buffer, sizeof buffer, &length)) return failed("ask");
    if (!GetSecurityDescriptorDacl(buffer, &present, &list, &defaulted) || !present) return failed("find");
    for (DWORD i = 0; i < list->AceCount; i++) {
        ACCESS_ALLOWED_ACE *entry;
        if (!GetAce(list, i, (void **)&entry) || !ConvertSidToStringSidA(&entry->SidStart, &user)) return failed("convert");
        printf("%#lx %s\n", entry->Mask, user);
    }
    return 0;
}

static int set(char **words) {
    HANDLE event = OpenEventA(EVENT_MODIFY_STATE, FALSE, words[0]);
    return event && SetEvent(event) ? 0 : failed("set");
}

static int leave(char **words) {
    HANDLE mutex = OpenMutexA(SYNCHRONIZE, FALSE, words[0]);
    return mutex && WaitForSingleObject(mutex, 0) == WAIT_OBJECT_0 ? 0 : failed("acquire");
}

static int post(char **words) {
    LONG before;
    HANDLE semaphore = OpenSemaphoreA(SEMAPHORE_MODIFY_STATE, FALSE, words[0]);
    if (!semaphore || !ReleaseSemaphore(semaphore, 1, &before)) return failed("release");
    printf("%ld\n", before);
    return 0;
}

int main(int count, char **words) {
    static const struct {
        const char *verb;
        int words, (*act)(char **);
    } verbs[] = {{"create", 4, create}, {"open", 2, open}, {"given", 1, given}, {"rights", 1, rights}, {"set", 1, set}, {"abandon", 1, leave}, {"post", 1, post}};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (count == verbs[i].words + 2 && !strcmp(words[1], verbs[i].verb)) return verbs[i].act(words + 2);
    printf("no such verb\n");
    return 2;
}
