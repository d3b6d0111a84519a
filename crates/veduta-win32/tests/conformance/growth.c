/* The last page of a view, and files that grow. */
#include "report.h"

static void pg_03(void)
{
    HANDLE file = file_of(100, READ_WRITE), made = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    view[200] = 55;
    say("flush %s,", DID(FlushViewOfFile((void *)view, 0)));
    say("reads %d, length %lld, byte 200 of the file %d", view[200], length_of(file), byte_at(file, 200));
    unmap(view);
    CloseHandle(made);
    CloseHandle(file);
}

static void pg_05(void)
{
    HANDLE file = file_of(100, READ_WRITE), made = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    say("last byte: %s,", IsBadReadPtr((void *)(view + 4095), 1) ? "bad" : "readable");
    say("the next: %s", IsBadReadPtr((void *)(view + 4096), 1) ? "bad" : "readable");
    unmap(view);
    CloseHandle(made);
    CloseHandle(file);
}

static void pg_07(void)
{
    HANDLE file = file_of(100, READ_WRITE), made = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    volatile unsigned char *view = map(made, FILE_MAP_WRITE);
    NEED(view);
    say("%s", DID(set_length(file, 9000)));
    say("length %lld", length_of(file));
    unmap(view);
    CloseHandle(made);
    CloseHandle(file);
}

static void pg_08(void)
{
    HANDLE file = file_of(100, READ_WRITE), made = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    volatile unsigned char *view;
    NEED(made && set_length(file, 9000));
    say("longer view: %s,", MAPPED(MapViewOfFile(made, FILE_MAP_READ, 0, 0, 9000)));
    view = map(made, FILE_MAP_READ);
    NEED(view);
    say("region %s", size_of(view));
    unmap(view);
    CloseHandle(made);
    CloseHandle(file);
}

static void pg_11(void)
{
    HANDLE file = file_of(100, READ_WRITE), old = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL), made;
    volatile unsigned char *view;
    NEED(old && set_length(file, 9000));
    say("%s,", MADE(made = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL)));
    view = MapViewOfFile(made, FILE_MAP_READ, 0, 0, 9000);
    NEED(view);
    say("region %s,", size_of(view));
    say("one byte more: %s", MAPPED(MapViewOfFile(made, FILE_MAP_READ, 0, 0, 9001)));
    unmap(view);
    CloseHandle(made);
    CloseHandle(old);
    CloseHandle(file);
}

static const struct fact facts[] = {
    {"PG-03/04", pg_03}, {"PG-05", pg_05}, {"PG-07", pg_07}, {"PG-08/09", pg_08}, {"PG-11", pg_11}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
