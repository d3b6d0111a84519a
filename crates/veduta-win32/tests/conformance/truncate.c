/* Cutting off, replacing and deleting a file that is mapped. */
#include "report.h"

struct mapping {
    const WCHAR *path;
    HANDLE file, section;
    volatile unsigned char *view;
};

static struct mapping map_file(DWORD length)
{
    struct mapping it;
    it.path = new_file(length);
    it.file = open_file(it.path, READ_WRITE | DELETE);
    it.section = CreateFileMappingW(it.file, NULL, PAGE_READWRITE, 0, 0, NULL);
    it.view = map(it.section, FILE_MAP_WRITE);
    return it;
}

static void release(struct mapping *it)
{
    if (it->view)
        unmap(it->view);
    if (it->section)
        CloseHandle(it->section);
    if (it->file != INVALID_HANDLE_VALUE)
        CloseHandle(it->file);
    DeleteFileW(it->path);
}

static void tr_02(void)
{
    struct mapping it = map_file(8192);
    NEED(it.view);
    say("same: %s,", DID(set_length(it.file, 8192)));
    say("larger: %s,", DID(set_length(it.file, 20000)));
    say("length %lld", length_of(it.file));
    release(&it);
}

static void tr_05(void)
{
    struct mapping it = map_file(8192);
    NEED(it.view);
    CloseHandle(it.section);
    it.section = NULL;
    say("%s,", DID(set_length(it.file, 4096)));
    say("length %lld", length_of(it.file));
    release(&it);
}

static void tr_07(void)
{
    struct mapping it = map_file(8192);
    NEED(it.view);
    say("%s,", OPENED(CreateFileW(it.path, READ_WRITE, SHARE_ALL, NULL, TRUNCATE_EXISTING, 0, NULL)));
    say("length %lld", length_of(it.file));
    release(&it);
}

static void tr_08(void)
{
    struct mapping it = map_file(8192);
    NEED(it.view);
    unmap(it.view);
    CloseHandle(it.section);
    it.view = NULL;
    it.section = NULL;
    say("%s,", DID(set_length(it.file, 4096)));
    say("length %lld", length_of(it.file));
    release(&it);
}

static BOOL dispose(HANDLE file)
{
    FILE_DISPOSITION_INFO how;
    how.DeleteFile = TRUE;
    return SetFileInformationByHandle(file, FileDispositionInfo, &how, sizeof how);
}

static void tr_10(void)
{
    struct mapping it = map_file(8192);
    NEED(it.view);
    say("%s,", DID(dispose(it.file)));
    say("%s;", there(it.path));
    unmap(it.view);
    it.view = NULL;
    say("section only: %s,", DID(dispose(it.file)));
    say("%s", there(it.path));
    release(&it);
}

static void tr_11(void)
{
    struct mapping it = map_file(8192);
    NEED(it.view);
    say("%s,", DID(DeleteFileW(it.path)));
    unmap(it.view);
    CloseHandle(it.section);
    CloseHandle(it.file);
    say("afterwards %s", there(it.path));
    DeleteFileW(it.path);
}

static void tr_13(void)
{
    struct mapping it = map_file(8192);
    HANDLE other;
    NEED(it.view);
    CloseHandle(it.file);
    it.file = INVALID_HANDLE_VALUE;
    say("%s", OPENED(other = CreateFileW(it.path, READ_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                         OPEN_EXISTING, 0, NULL)));
    CloseHandle(other);
    release(&it);
}

static void tr_14(void)
{
    const WCHAR *path = new_file(8192);
    HANDLE file = CreateFileW(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE made = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
    NEED(made);
    CloseHandle(file);
    say("%s", OPENED(file = CreateFileW(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL)));
    CloseHandle(file);
    CloseHandle(made);
}

static const struct fact facts[] = {
    {"TR-02/03", tr_02}, {"TR-05", tr_05}, {"TR-07", tr_07}, {"TR-08", tr_08}, {"TR-10", tr_10},
    {"TR-11", tr_11},    {"TR-13", tr_13}, {"TR-14", tr_14}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
