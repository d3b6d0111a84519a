// peek: prints a counter that others have open, without counting. Another program with the same counter.c in it.
#include <windows.h>
#include <stdio.h>
#include <string.h>
#include "counter.h"

static int Hold(PCOUNTER counter)
{
    char line[16];

    // Until the one who started it lets go.
    printf("holding\n");
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL)
        line[0] = 0;
    COUNTER_VALUES values = {};
    CounterRead(counter, &values);
    printf("%ld users, %ld counted\n", values.lUsers, values.lInterlocked);
    printf(CounterClose(counter) ? "last one out\n" : "others still count\n");
    return 0;
}

int main(int argc, char *argv[])
{
    if (argc < 2) {
        fprintf(stderr, "usage: peek NAME [/hold]\n");
        return 2;
    }

    // Look before opening: opening would make it.
    char name[MAX_PATH];
    sprintf_s(name, "Local\\counter.%s", argv[1]);
    HANDLE mapping = OpenFileMappingA(FILE_MAP_READ, FALSE, name);
    if (mapping == NULL && GetLastError() != ERROR_FILE_NOT_FOUND) {
        fprintf(stderr, "peek: error %lu\n", GetLastError());
        return 1;
    }
    if (mapping == NULL && argc == 2) {
        printf("there is no such counter\n");
        return 3;
    }

    BOOL first = FALSE;
    PCOUNTER counter = CounterOpen(argv[1], &first);
    if (mapping != NULL)
        CloseHandle(mapping);
    if (counter == NULL) {
        fprintf(stderr, "peek: error %lu\n", GetLastError());
        return 1;
    }
    printf(first ? "made the counter\n" : "opened the counter\n");
    if (argc > 2)
        return Hold(counter);

    COUNTER_VALUES values = {};
    CounterRead(counter, &values);
    printf("%ld users, %ld counted\n", values.lUsers, values.lInterlocked);
    CounterClose(counter);
    return 0;
}
