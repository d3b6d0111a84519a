/* pager: works on files that are much bigger than what is mapped of them at one time.

     pager make FILE GIB                 a sparse file with patterns at some places
     pager find FILE TEXT [FROM [TO]]    the offsets at which the text is found
     pager show FILE OFFSET [BYTES]      a dump
     pager edit FILE OFFSET TEXT         writes the text over what is there
     pager map FILE OFFSET               what VirtualQuery says of views there

   Numbers may be decimal, or hexadecimal with 0x. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found. */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GIBIBYTE (1024ULL * 1024 * 1024)
#define VIEW_BYTES (16 * 1024 * 1024)
#define LINE_BYTES 16

/* A part of a file that slides. */
typedef struct PAGER {
    HANDLE file;
    HANDLE mapping;
    ULONGLONG size;
    DWORD access;
    DWORD granularity;
    BYTE *view;
    ULONGLONG start;
    SIZE_T length;
} PAGER;

static int fail(const char *what)
{
    DWORD error = GetLastError();
    char text[256] = "";
    FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK, NULL, error,
                   MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT), text, sizeof(text), NULL);
    fprintf(stderr, "pager: cannot %s: error %lu: %s\n", what, error, text);
    return 1;
}

static void pager_close(PAGER *pager)
{
    if (pager->view)
        UnmapViewOfFile(pager->view);
    if (pager->mapping)
        CloseHandle(pager->mapping);
    if (pager->file != INVALID_HANDLE_VALUE)
        CloseHandle(pager->file);
}

static BOOL pager_open(PAGER *pager, const char *name, BOOL write)
{
    SYSTEM_INFO info;
    DWORD low, high = 0;

    memset(pager, 0, sizeof(*pager));
    GetSystemInfo(&info);
    pager->granularity = info.dwAllocationGranularity;
    pager->access = write ? FILE_MAP_WRITE : FILE_MAP_READ;
    pager->file = CreateFileA(name, write ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, FILE_FLAG_RANDOM_ACCESS, NULL);
    if (pager->file == INVALID_HANDLE_VALUE) {
        fail("open the file");
        return FALSE;
    }
    low = GetFileSize(pager->file, &high);
    if (low == INVALID_FILE_SIZE && GetLastError() != NO_ERROR) {
        fail("get the size");
        pager_close(pager);
        return FALSE;
    }
    pager->size = (ULONGLONG)high << 32 | low;
    pager->mapping = CreateFileMappingA(pager->file, NULL, write ? PAGE_READWRITE : PAGE_READONLY, 0, 0, NULL);
    if (!pager->mapping) {
        fail("make the mapping");
        pager_close(pager);
        return FALSE;
    }
    return TRUE;
}

/* A pointer to the byte at the offset, and how many follow it in the view. At least `wanted` do, unless the file ends. */
static BYTE *pager_at(PAGER *pager, ULONGLONG offset, SIZE_T wanted, SIZE_T *follow)
{
    if (offset >= pager->size) {
        SetLastError(ERROR_HANDLE_EOF);
        return NULL;
    }
    if (wanted > pager->size - offset)
        wanted = (SIZE_T)(pager->size - offset);
    if (!pager->view || offset < pager->start || offset + wanted > pager->start + pager->length) {
        if (pager->view)
            UnmapViewOfFile(pager->view);
        pager->start = offset - offset % pager->granularity;
        pager->length = VIEW_BYTES;
        if (pager->length < offset - pager->start + wanted)
            pager->length = (SIZE_T)(offset - pager->start) + wanted;
        if (pager->length > pager->size - pager->start)
            pager->length = (SIZE_T)(pager->size - pager->start);
        pager->view = MapViewOfFile(pager->mapping, pager->access, (DWORD)(pager->start >> 32), (DWORD)pager->start, pager->length);
        if (!pager->view)
            return NULL;
    }
    *follow = (SIZE_T)(pager->start + pager->length - offset);
    return pager->view + (offset - pager->start);
}

static int make(const char *name, ULONGLONG size)
{
    /* At the beginning, over the ends of views and of 4 GiB, and at the very end. */
    static const char pattern[] = "<pattern>";
    const ULONGLONG length = sizeof(pattern) - 1;
    const ULONGLONG places[] = { 0, 12345, VIEW_BYTES - 4, 1 * GIBIBYTE, 4 * GIBIBYTE - 5, 4 * GIBIBYTE + 65536, size - length };
    LARGE_INTEGER position;
    DWORD written, i;
    HANDLE file = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);

    if (file == INVALID_HANDLE_VALUE)
        return fail("make the file");
    position.QuadPart = (LONGLONG)size;
    if (!SetFilePointerEx(file, position, NULL, FILE_BEGIN) || !SetEndOfFile(file)) {
        fail("set the size");
        CloseHandle(file);
        DeleteFileA(name);
        return 1;
    }
    for (i = 0; i < ARRAYSIZE(places); i++) {
        if (places[i] + length > size)
            continue;
        position.QuadPart = (LONGLONG)places[i];
        if (!SetFilePointerEx(file, position, NULL, FILE_BEGIN) || !WriteFile(file, pattern, (DWORD)length, &written, NULL) ||
            written != length) {
            fail("write a pattern");
            CloseHandle(file);
            return 1;
        }
    }
    if (!GetFileSizeEx(file, &position)) {
        fail("get the size");
        CloseHandle(file);
        return 1;
    }
    printf("made %I64d bytes\n", position.QuadPart);
    CloseHandle(file);
    return 0;
}

static int find(const char *name, const char *text, ULONGLONG from, ULONGLONG to)
{
    const SIZE_T length = strlen(text);
    ULONGLONG offset, found = 0;
    PAGER pager;
    int result = 3;

    if (!pager_open(&pager, name, FALSE))
        return 1;
    if (to > pager.size)
        to = pager.size;
    for (offset = from; length > 0 && offset + length <= to;) {
        SIZE_T follow, count, i = 0;
        BYTE *bytes = pager_at(&pager, offset, length, &follow);
        if (!bytes) {
            result = fail("map a view");
            break;
        }
        /* As many places as the text fits at in this view. */
        count = follow - length + 1;
        if (count > to - length + 1 - offset)
            count = (SIZE_T)(to - length + 1 - offset);
        while (i < count) {
            BYTE *candidate = memchr(bytes + i, text[0], count - i);
            if (!candidate)
                break;
            if (memcmp(candidate, text, length) == 0) {
                printf("0x%09I64X\n", offset + (ULONGLONG)(candidate - bytes));
                found++;
                result = 0;
            }
            i = (SIZE_T)(candidate - bytes) + 1;
        }
        offset += count;
    }
    if (result != 1)
        printf("found %I64u times\n", found);
    pager_close(&pager);
    return result;
}

static int show(const char *name, ULONGLONG offset, ULONGLONG count)
{
    PAGER pager;
    int result = 0;

    if (!pager_open(&pager, name, FALSE))
        return 1;
    while (count > 0 && result == 0) {
        SIZE_T follow, i;
        BYTE *bytes = pager_at(&pager, offset, LINE_BYTES, &follow);
        if (!bytes) {
            result = fail("map a view");
            break;
        }
        if (follow > LINE_BYTES)
            follow = LINE_BYTES;
        if (follow > count)
            follow = (SIZE_T)count;
        printf("%09I64X ", offset);
        for (i = 0; i < LINE_BYTES; i++)
            i < follow ? printf(" %02X", bytes[i]) : printf("   ");
        printf("  ");
        for (i = 0; i < follow; i++)
            putchar(bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.');
        putchar('\n');
        offset += follow;
        count -= follow;
        if (offset == pager.size)
            break;
    }
    pager_close(&pager);
    return result;
}

static int edit(const char *name, ULONGLONG offset, const char *text)
{
    const SIZE_T length = strlen(text);
    SIZE_T follow;
    BYTE *bytes;
    PAGER pager;
    int result = 0;

    if (!pager_open(&pager, name, TRUE))
        return 1;
    bytes = pager_at(&pager, offset, length, &follow);
    if (!bytes) {
        result = fail("map a view");
    } else if (follow < length) {
        /* Views do not make files longer. */
        SetLastError(ERROR_HANDLE_EOF);
        result = fail("write behind the end");
    } else {
        memcpy(bytes, text, length);
        if (!FlushViewOfFile(bytes, length) || !FlushFileBuffers(pager.file))
            result = fail("write it to the disk");
        else
            printf("wrote %Iu bytes at 0x%09I64X\n", length, offset);
    }
    pager_close(&pager);
    return result;
}

static const char *protection(DWORD protect)
{
    switch (protect) {
    case 0: return "-";
    case PAGE_NOACCESS: return "PAGE_NOACCESS";
    case PAGE_READONLY: return "PAGE_READONLY";
    case PAGE_READWRITE: return "PAGE_READWRITE";
    case PAGE_WRITECOPY: return "PAGE_WRITECOPY";
    default: return "another protection";
    }
}

/* Prints the regions from the address on, up to the end of the view that it is in. */
static BOOL print_regions(const BYTE *view)
{
    const BYTE *address = view;
    MEMORY_BASIC_INFORMATION region;

    for (;;) {
        if (VirtualQuery(address, &region, sizeof(region)) != sizeof(region)) {
            fail("query");
            return FALSE;
        }
        if (region.AllocationBase != (PVOID)view)
            return TRUE;
        printf("  +0x%08Ix  0x%08Ix bytes  %s %s  %s, allocated %s\n", (SIZE_T)((BYTE *)region.BaseAddress - view), region.RegionSize,
               region.State == MEM_COMMIT ? "MEM_COMMIT" : region.State == MEM_RESERVE ? "MEM_RESERVE" : "MEM_FREE",
               region.Type == MEM_MAPPED ? "MEM_MAPPED" : region.Type == MEM_PRIVATE ? "MEM_PRIVATE" : "no type",
               protection(region.Protect), protection(region.AllocationProtect));
        address = (BYTE *)region.BaseAddress + region.RegionSize;
    }
}

static int map(const char *name, ULONGLONG offset)
{
    MEMORY_BASIC_INFORMATION region;
    BYTE *view, *copy = NULL;
    SYSTEM_INFO info;
    SIZE_T follow;
    DWORD old, page;
    PAGER pager;
    int result = 1;

    if (!pager_open(&pager, name, TRUE))
        return 1;
    GetSystemInfo(&info);
    page = info.dwPageSize;
    if (!pager_at(&pager, offset, 1, &follow)) {
        fail("map a view");
        goto done;
    }
    view = pager.view;
    printf("view of 0x%Ix bytes at offset 0x%09I64X:\n", pager.length, pager.start);
    if (!print_regions(view))
        goto done;

    if (!VirtualProtect(view + page, page, PAGE_READONLY, &old)) {
        fail("protect a page");
        goto done;
    }
    printf("second page was %s, is read-only:\n", protection(old));
    if (!print_regions(view))
        goto done;
    if (!VirtualProtect(view + page, page, old, &old)) {
        fail("give the page back");
        goto done;
    }

    copy = MapViewOfFile(pager.mapping, FILE_MAP_COPY, (DWORD)(pager.start >> 32), (DWORD)pager.start, 4 * page);
    if (!copy) {
        fail("map a copy");
        goto done;
    }
    printf("copy of 4 pages:\n");
    if (!print_regions(copy))
        goto done;
    copy[0] ^= 0xff;
    printf("a byte changed in the copy: the file's is %s\n", copy[0] == view[0] ? "changed" : "the same");

    UnmapViewOfFile(view);
    pager.view = NULL;
    if (VirtualQuery(view, &region, sizeof(region)) && region.State == MEM_FREE && !region.AllocationBase)
        printf("nothing is where the view was\n");
    result = 0;

done:
    if (copy)
        UnmapViewOfFile(copy);
    pager_close(&pager);
    return result;
}

static int usage(void)
{
    fprintf(stderr, "usage: pager make FILE GIB\n"
                    "       pager find FILE TEXT [FROM [TO]]\n"
                    "       pager show FILE OFFSET [BYTES]\n"
                    "       pager edit FILE OFFSET TEXT\n"
                    "       pager map FILE OFFSET\n");
    return 2;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";

    if (argc == 4 && _stricmp(verb, "make") == 0)
        return make(argv[2], _strtoui64(argv[3], NULL, 0) * GIBIBYTE);
    if (argc >= 4 && argc <= 6 && _stricmp(verb, "find") == 0)
        return find(argv[2], argv[3], argc > 4 ? _strtoui64(argv[4], NULL, 0) : 0, argc > 5 ? _strtoui64(argv[5], NULL, 0) : (ULONGLONG)-1);
    if ((argc == 4 || argc == 5) && _stricmp(verb, "show") == 0)
        return show(argv[2], _strtoui64(argv[3], NULL, 0), argc > 4 ? _strtoui64(argv[4], NULL, 0) : 64);
    if (argc == 5 && _stricmp(verb, "edit") == 0)
        return edit(argv[2], _strtoui64(argv[3], NULL, 0), argv[4]);
    if (argc == 4 && _stricmp(verb, "map") == 0)
        return map(argv[2], _strtoui64(argv[3], NULL, 0));
    return usage();
}
