/* Files: making, reading, writing, removing. */
#include "report.h"

static HANDLE create(const WCHAR *path, DWORD access, DWORD how)
{
    return CreateFileW(path, access, SHARE_ALL, NULL, how, FILE_ATTRIBUTE_NORMAL, NULL);
}

/* ok and the last error, or INVALID and the last error. */
static const char *attempt(const WCHAR *path, DWORD access, DWORD how)
{
    HANDLE file;
    unsigned error;
    SetLastError(MARK);
    file = create(path, access, how);
    error = last();
    if (file == INVALID_HANDLE_VALUE)
        return text("INVALID %u", error);
    CloseHandle(file);
    return text("ok %u", error);
}

static const WCHAR *missing(void) { return path_of(unique()); }
static const WCHAR *missing_directory(void) { return path_of(text("%s\\x", unique())); }

static const WCHAR *new_directory(void)
{
    const WCHAR *path = path_of(unique());
    CreateDirectoryW(path, NULL);
    return path;
}

/* Whether there is one, and what the last error says about it, is documented for the two that say ALWAYS. */
static void fil_01(void)
{
    const WCHAR *path = missing();
    say("CREATE_ALWAYS: %s,", attempt(path, READ_WRITE, CREATE_ALWAYS));
    say("again: %s,", attempt(path, READ_WRITE, CREATE_ALWAYS));
    path = missing();
    say("OPEN_ALWAYS: %s,", attempt(path, READ_WRITE, OPEN_ALWAYS));
    say("again: %s", attempt(path, READ_WRITE, OPEN_ALWAYS));
}

static void fil_02(void)
{
    const WCHAR *path = missing();
    HANDLE file = create(path, READ_WRITE, CREATE_NEW);
    say("CREATE_NEW: %s,", as_opened(file));
    CloseHandle(file);
    say("again: %s,", attempt(path, READ_WRITE, CREATE_NEW));
    say("OPEN_EXISTING: %s, TRUNCATE_EXISTING: %s", attempt(missing(), GENERIC_READ, OPEN_EXISTING),
        attempt(missing(), READ_WRITE, TRUNCATE_EXISTING));
}

static void fil_03(void)
{
    say("%s,", attempt(missing_directory(), READ_WRITE, CREATE_ALWAYS));
    say("%s,", attempt(missing_directory(), GENERIC_READ, OPEN_EXISTING));
    say("empty: %s", attempt(wide(""), GENERIC_READ, OPEN_EXISTING));
}

static void fil_04(void)
{
    const WCHAR *path = new_file(10);
    say("0: %s, 6: %s,", attempt(path, READ_WRITE, 0), attempt(path, READ_WRITE, 6));
    say("TRUNCATE_EXISTING without the right to write: %s,", attempt(path, GENERIC_READ, TRUNCATE_EXISTING));
    say("length %lld", length_at(path));
}

static void fil_05(void)
{
    const WCHAR *path = new_file(10);
    HANDLE file;
    say("%s,", OPENED(file = create(path, READ_WRITE, TRUNCATE_EXISTING)));
    CloseHandle(file);
    say("length %lld,", length_at(path));
    path = new_file(10);
    CloseHandle(create(path, READ_WRITE, CREATE_ALWAYS));
    say("CREATE_ALWAYS: length %lld,", length_at(path));
    path = new_file(10);
    CloseHandle(create(path, READ_WRITE, OPEN_ALWAYS));
    say("OPEN_ALWAYS: length %lld", length_at(path));
}

static void fil_06(void)
{
    const WCHAR *path = new_directory();
    HANDLE directory;
    say("%s,", attempt(path, GENERIC_READ, OPEN_EXISTING));
    say("CREATE_ALWAYS: %s,", attempt(path, READ_WRITE, CREATE_ALWAYS));
    directory = CreateFileW(path, GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    say("FILE_FLAG_BACKUP_SEMANTICS: %s", as_opened(directory));
    CloseHandle(directory);
}

static void fil_07(void)
{
    static const char *const names[] = {"a*b", "a?b", "a<b", "a>b", "a\"b", "a|b"};
    size_t i;
    for (i = 0; i < 6; i++)
        say("%s", attempt(path_of(names[i]), READ_WRITE, CREATE_ALWAYS));
}

/* Names differ by more than letter case. */
static void fil_08(void)
{
    const char *name = unique();
    CloseHandle(create(path_of(text("%s-name", name)), READ_WRITE, CREATE_NEW));
    say("%s", attempt(path_of(text("%s-NAME", name)), GENERIC_READ, OPEN_EXISTING));
}

static void fil_10(void)
{
    HANDLE file = file_of(10, READ_WRITE);
    char bytes[32];
    DWORD count = 77;
    say("%s", DID(ReadFile(file, bytes, sizeof bytes, &count, NULL)));
    say("%u,", (unsigned)count);
    say("at the end: %s", QUIETLY(ReadFile(file, bytes, sizeof bytes, &count, NULL)));
    say("%u", (unsigned)count);
    CloseHandle(file);
}

static void fil_11(void)
{
    const WCHAR *path = new_file(10);
    HANDLE reader = open_file(path, GENERIC_READ), writer = open_file(path, GENERIC_WRITE);
    char byte = 0;
    DWORD count = 77;
    say("write: %s", DID(WriteFile(reader, "x", 1, &count, NULL)));
    say("%u,", (unsigned)count);
    count = 77;
    say("read: %s", DID(ReadFile(writer, &byte, 1, &count, NULL)));
    say("%u,", (unsigned)count);
    say("SetEndOfFile: %s, FlushFileBuffers: %s", DID(SetEndOfFile(reader)), DID(FlushFileBuffers(reader)));
    CloseHandle(reader);
    CloseHandle(writer);
}

static void fil_12(void)
{
    HANDLE file = file_of(10, READ_WRITE);
    LARGE_INTEGER to, at;
    say("to -1: %#x", (unsigned)SetFilePointer(file, -1, NULL, FILE_BEGIN));
    say("%u,", last());
    say("-11 from the end: %#x", (unsigned)SetFilePointer(file, -11, NULL, FILE_END));
    say("%u,", last());
    say("method 3: %#x", (unsigned)SetFilePointer(file, 0, NULL, 3));
    say("%u,", last());
    say("-4 from the end: %u,", (unsigned)SetFilePointer(file, -4, NULL, FILE_END));
    say("+2: %u,", (unsigned)SetFilePointer(file, 2, NULL, FILE_CURRENT));
    to.QuadPart = -20;
    say("Ex: %s,", DID(SetFilePointerEx(file, to, NULL, FILE_CURRENT)));
    to.QuadPart = 5000000000ll;
    say("%s", DID(SetFilePointerEx(file, to, &at, FILE_BEGIN)));
    say("%lld, length %lld", (long long)at.QuadPart, length_of(file));
    CloseHandle(file);
}

/* What is written behind the end leaves zeros before it. */
static void fil_13(void)
{
    HANDLE file = file_of(10, READ_WRITE);
    DWORD count = 0;
    SetFilePointer(file, 5000, NULL, FILE_BEGIN);
    say("nothing: %s", DID(WriteFile(file, "x", 0, &count, NULL)));
    say("length %lld,", length_of(file));
    say("%s", DID(WriteFile(file, "x", 1, &count, NULL)));
    say("length %lld,", length_of(file));
    say("reads %d", byte_at(file, 9));
    say("%d", byte_at(file, 10));
    say("%d", byte_at(file, 4999));
    say("%d", byte_at(file, 5000));
    CloseHandle(file);
}

static void fil_14(void)
{
    HANDLE file = file_of(10, READ_WRITE);
    OVERLAPPED where;
    unsigned char byte = 0;
    DWORD count = 77;
    memset(&where, 0, sizeof where);
    where.Offset = 7;
    say("at 7: %s", DID(ReadFile(file, &byte, 1, &count, &where)));
    say("%u, reads %d,", (unsigned)count, byte);
    say("then at %u,", (unsigned)SetFilePointer(file, 0, NULL, FILE_CURRENT));
    where.Offset = 10;
    say("at the end: %s", DID(ReadFile(file, &byte, 1, &count, &where)));
    say("%u", (unsigned)count);
    CloseHandle(file);
}

static void fil_15(void)
{
    const WCHAR *path = new_file(10);
    HANDLE one = CreateFileW(path, FILE_APPEND_DATA | SYNCHRONIZE, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL);
    DWORD count;
    NEED(one != INVALID_HANDLE_VALUE);
    SetFilePointer(one, 0, NULL, FILE_BEGIN);
    say("%s,", DID(WriteFile(one, "abc", 3, &count, NULL)));
    CloseHandle(one);
    one = open_file(path, GENERIC_READ);
    say("length %lld, reads %d", length_of(one), byte_at(one, 0));
    say("%d", byte_at(one, 10));
    CloseHandle(one);
}

static void fil_16(void)
{
    HANDLE file = file_of(10, READ_WRITE);
    char byte;
    DWORD count;
    LARGE_INTEGER length;
    CloseHandle(file);
    say("read: %s, write: %s, size: %s, seek: %#x", DID(ReadFile(file, &byte, 1, &count, NULL)),
        DID(WriteFile(file, "x", 1, &count, NULL)), DID(GetFileSizeEx(file, &length)),
        (unsigned)SetFilePointer(file, 0, NULL, FILE_CURRENT));
}

static void fil_17(void)
{
    HANDLE file = file_of(10, READ_WRITE);
    DWORD high = 77;
    LONG up = 1;
    say("%u,", (unsigned)GetFileSize(file, &high));
    say("high %u,", (unsigned)high);
    SetFilePointer(file, 5, &up, FILE_BEGIN);
    say("SetEndOfFile: %s,", DID(SetEndOfFile(file)));
    say("%u,", (unsigned)GetFileSize(file, &high));
    say("high %u", (unsigned)high);
    SetFilePointer(file, 0, NULL, FILE_BEGIN);
    SetEndOfFile(file);
    CloseHandle(file);
}

static void fil_20(void)
{
    const WCHAR *path = new_file(10), *directory = new_directory();
    say("file: %s", DID(DeleteFileW(path)));
    say("%s,", there(path));
    say("missing: %s, in a missing directory: %s, directory: %s", DID(DeleteFileW(missing())),
        DID(DeleteFileW(missing_directory())), DID(DeleteFileW(directory)));
}

static void fil_21(void)
{
    const WCHAR *path = new_file(10);
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    say("open: %s", DID(DeleteFileW(path)));
    say("%s,", there(path));
    CloseHandle(file);
    file = CreateFileW(path, GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL);
    say("open for all: %s,", DID(DeleteFileW(path)));
    CloseHandle(file);
    say("%s", there(path));
}

static void fil_22(void)
{
    const WCHAR *path = missing();
    HANDLE file = CreateFileW(path, READ_WRITE | DELETE, SHARE_ALL, NULL, CREATE_NEW, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    say("%s,", as_opened(file));
    say("%s,", there(path));
    CloseHandle(file);
    say("closed: %s", there(path));
}

static void fil_23(void)
{
    const WCHAR *path = new_directory();
    say("exists: %s, parent missing: %s,", DID(CreateDirectoryW(path, NULL)),
        DID(CreateDirectoryW(missing_directory(), NULL)));
    say("remove: %s,", DID(RemoveDirectoryW(path)));
    say("again: %s,", DID(RemoveDirectoryW(path)));
    say("file: %s", DID(RemoveDirectoryW(new_file(1))));
}

static void fil_24(void)
{
    const char *name = unique();
    CreateDirectoryW(path_of(name), NULL);
    CloseHandle(create(path_of(text("%s\\x", name)), READ_WRITE, CREATE_NEW));
    say("not empty: %s,", DID(RemoveDirectoryW(path_of(name))));
    DeleteFileW(path_of(text("%s\\x", name)));
    say("empty: %s", DID(RemoveDirectoryW(path_of(name))));
}

static void fil_30(void)
{
    const WCHAR *path = new_file(10);
    DWORD found;
    say("missing: %#x", (unsigned)GetFileAttributesW(missing()));
    say("%u,", last());
    say("in a missing directory: %#x", (unsigned)GetFileAttributesW(missing_directory()));
    say("%u,", last());
    say("directory: %#x,", (unsigned)(GetFileAttributesW(new_directory()) & FILE_ATTRIBUTE_DIRECTORY));
    found = GetFileAttributesW(path);
    say("file: %#x", (unsigned)(found & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_READONLY)));
}

static void fil_31(void)
{
    const WCHAR *path = new_file(10);
    say("%s:", DID(SetFileAttributesW(path, FILE_ATTRIBUTE_READONLY)));
    say("%#x,", (unsigned)(GetFileAttributesW(path) & FILE_ATTRIBUTE_READONLY));
    say("write: %s, read: %.2s,", attempt(path, GENERIC_WRITE, OPEN_EXISTING),
        attempt(path, GENERIC_READ, OPEN_EXISTING));
    say("delete: %s,", DID(DeleteFileW(path)));
    say("CREATE_ALWAYS: %s,", attempt(path, READ_WRITE, CREATE_ALWAYS));
    say("%s:", DID(SetFileAttributesW(path, FILE_ATTRIBUTE_NORMAL)));
    say("%#x,", (unsigned)(GetFileAttributesW(path) & FILE_ATTRIBUTE_READONLY));
    say("missing: %s", DID(SetFileAttributesW(missing(), FILE_ATTRIBUTE_NORMAL)));
}

static void fil_40(void)
{
    const WCHAR *one = new_file(10), *two = new_file(20), *three = missing();
    say("%s", DID(MoveFileExW(one, two, 0)));
    say("%lld,", length_at(two));
    say("replace: %s", DID(MoveFileExW(one, two, MOVEFILE_REPLACE_EXISTING)));
    say("%s %lld,", there(one), length_at(two));
    say("new: %s", DID(MoveFileExW(two, three, 0)));
    say("%lld,", length_at(three));
    say("missing: %s, into a missing directory: %s", DID(MoveFileExW(missing(), missing(), 0)),
        DID(MoveFileExW(three, missing_directory(), 0)));
}

static void fil_41(void)
{
    const WCHAR *one = new_file(10), *two = new_file(20), *three = missing();
    say("exists: %s", DID(CopyFileW(one, two, TRUE)));
    say("%lld,", length_at(two));
    say("over: %s", DID(CopyFileW(one, two, FALSE)));
    say("%lld,", length_at(two));
    say("new: %s", DID(CopyFileW(one, three, TRUE)));
    say("%lld,", length_at(three));
    say("missing: %s, into a missing directory: %s", DID(CopyFileW(missing(), missing(), FALSE)),
        DID(CopyFileW(one, missing_directory(), FALSE)));
}

static void fil_42(void)
{
    const WCHAR *one = new_file(10), *directory = new_directory(), *other = missing();
    HANDLE held = CreateFileW(one, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    say("open: %s,", DID(MoveFileExW(one, missing(), 0)));
    CloseHandle(held);
    say("directory: %s", DID(MoveFileW(directory, other)));
    say("%s %s", there(directory), there(other));
}

static void fil_50(void)
{
    WCHAR name[MAX_PATH + 1];
    UINT number;
    int tail;
    number = GetTempFileNameW(directory, wide("abcde"), 0, name);
    tail = lstrlenW(name);
    say("%s, %s, length %lld, .%c%c%c,", number ? "number" : "0", there(name), length_at(name), name[tail - 3] | 32,
        name[tail - 2] | 32, name[tail - 1] | 32);
    DeleteFileW(name);
    number = GetTempFileNameW(directory, wide("abc"), 0x12345, name);
    say("%#x, %s,", (unsigned)number, there(name));
    SetLastError(MARK);
    number = GetTempFileNameW(missing_directory(), wide("abc"), 0, name);
    say("in a missing directory: %u %u", (unsigned)number, last());
}

static void fil_51(void)
{
    WCHAR path[MAX_PATH + 1];
    DWORD length = GetTempPathW(MAX_PATH, path), needed;
    say("%s, ends in %c,", length == (DWORD)lstrlenW(path) ? "its length" : "another length", path[length - 1]);
    needed = GetTempPathW(1, path);
    say("too short: %s", needed == length + 1 ? "length with the zero" : "another");
}

static void fil_60(void)
{
    HANDLE file = file_of(10, READ_WRITE), from, to;
    NEED(CreatePipe(&from, &to, NULL, 0));
    say("file %u, pipe %u,", (unsigned)GetFileType(file), (unsigned)GetFileType(from));
    CloseHandle(file);
    SetLastError(MARK);
    say("closed %u", (unsigned)GetFileType(file));
    say("%s", untouched());
    CloseHandle(from);
    CloseHandle(to);
}

static void fil_61(void)
{
    const WCHAR *path = new_file(10);
    HANDLE file = open_file(path, READ_WRITE), other = open_file(path, GENERIC_READ);
    BY_HANDLE_FILE_INFORMATION one, two;
    say("%s", DID(GetFileInformationByHandle(file, &one)));
    say("%s", DID(GetFileInformationByHandle(other, &two)));
    say("size %u, links %u, %s", (unsigned)one.nFileSizeLow, (unsigned)one.nNumberOfLinks,
        one.nFileIndexLow == two.nFileIndexLow && one.dwVolumeSerialNumber == two.dwVolumeSerialNumber ? "the same file"
                                                                                                       : "two files");
    CloseHandle(file);
    CloseHandle(other);
}

static void fil_62(void)
{
    HANDLE file = file_of(10, READ_WRITE);
    FILETIME set = {0x2EB00000, 0x01D00000}, got = {0, 0};
    say("%s", DID(SetFileTime(file, NULL, NULL, &set)));
    say("%s", DID(GetFileTime(file, NULL, NULL, &got)));
    say("%s", CompareFileTime(&set, &got) == 0 ? "the same time" : "another time");
    CloseHandle(file);
}

static const struct fact facts[] = {
    {"FIL-01", fil_01}, {"FIL-02", fil_02}, {"FIL-03", fil_03}, {"FIL-04", fil_04}, {"FIL-05", fil_05},
    {"FIL-06", fil_06}, {"FIL-07", fil_07}, {"FIL-08", fil_08}, {"FIL-10", fil_10}, {"FIL-11", fil_11},
    {"FIL-12", fil_12}, {"FIL-13", fil_13}, {"FIL-14", fil_14}, {"FIL-15", fil_15}, {"FIL-16", fil_16},
    {"FIL-17", fil_17}, {"FIL-20", fil_20}, {"FIL-21", fil_21}, {"FIL-22", fil_22}, {"FIL-23", fil_23},
    {"FIL-24", fil_24}, {"FIL-30", fil_30}, {"FIL-31", fil_31}, {"FIL-40", fil_40}, {"FIL-41", fil_41},
    {"FIL-42", fil_42}, {"FIL-50", fil_50}, {"FIL-51", fil_51}, {"FIL-60", fil_60}, {"FIL-61", fil_61},
    {"FIL-62", fil_62}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
