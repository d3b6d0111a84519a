/* filecopy: copies a file through two mappings, one window after the other.

     filecopy [/y] [/v] [/q] [/w:MiB] source destination

   Exit codes: 0 copied, 1 failed, 2 wrong usage, 3 the destination exists, 4 the copy differs. */
#include <windows.h>
#include <tchar.h>
#include <stdio.h>

#define EXIT_COPIED 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_EXISTS 3
#define EXIT_DIFFERS 4

#define MEBIBYTE (1024 * 1024)
#define DEFAULT_WINDOW_MIB 4
#define DOTS 10

typedef struct _OPTIONS {
    LPCTSTR pszSource;
    LPCTSTR pszDestination;
    BOOL fOverwrite;
    BOOL fVerify;
    BOOL fQuiet;
    DWORD dwWindowMiB;
} OPTIONS;

/* One side of the copy. */
typedef struct _SIDE {
    LPCTSTR pszName;
    HANDLE hFile;
    HANDLE hMapping;
    LPBYTE pView;
} SIDE;

static void ReportError(LPCTSTR pszWhat, LPCTSTR pszName, DWORD dwError)
{
    LPTSTR pszText = NULL;
    DWORD cch = FormatMessage(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS,
                              NULL, dwError, MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT), (LPTSTR)&pszText, 0, NULL);

    /* The system's texts end with a line break. */
    while (cch > 0 && (pszText[cch - 1] == TEXT('\n') || pszText[cch - 1] == TEXT('\r') || pszText[cch - 1] == TEXT(' ')))
        pszText[--cch] = TEXT('\0');

    _ftprintf(stderr, TEXT("filecopy: %s %s: error %lu: %s\n"), pszWhat, pszName, dwError, cch ? pszText : TEXT("unknown error"));
    LocalFree(pszText);
}

static int Usage(void)
{
    _ftprintf(stderr, TEXT("usage: filecopy [/y] [/v] [/q] [/w:MiB] source destination\n"));
    _ftprintf(stderr, TEXT("  /y      overwrite an existing destination\n"));
    _ftprintf(stderr, TEXT("  /v      compare the copy with the source\n"));
    _ftprintf(stderr, TEXT("  /q      say nothing if all goes well\n"));
    _ftprintf(stderr, TEXT("  /w:MiB  size of the windows, %d if not given\n"), DEFAULT_WINDOW_MIB);
    return EXIT_USAGE;
}

static BOOL ParseOptions(int argc, TCHAR *argv[], OPTIONS *pOptions)
{
    int i;

    ZeroMemory(pOptions, sizeof(*pOptions));
    pOptions->dwWindowMiB = DEFAULT_WINDOW_MIB;

    for (i = 1; i < argc; i++) {
        /* On Windows an option and a path from the root look alike; /y and the like are options. */
        if (_tcsicmp(argv[i], TEXT("/y")) == 0)
            pOptions->fOverwrite = TRUE;
        else if (_tcsicmp(argv[i], TEXT("/v")) == 0)
            pOptions->fVerify = TRUE;
        else if (_tcsicmp(argv[i], TEXT("/q")) == 0)
            pOptions->fQuiet = TRUE;
        else if (_tcsnicmp(argv[i], TEXT("/w:"), 3) == 0)
            pOptions->dwWindowMiB = (DWORD)_tcstoul(argv[i] + 3, NULL, 10);
        else if (!pOptions->pszSource)
            pOptions->pszSource = argv[i];
        else if (!pOptions->pszDestination)
            pOptions->pszDestination = argv[i];
        else
            return FALSE;
    }

    return pOptions->pszDestination != NULL && pOptions->dwWindowMiB >= 1 && pOptions->dwWindowMiB <= 1024;
}

static BOOL IsSameFile(HANDLE hFirst, HANDLE hSecond)
{
    BY_HANDLE_FILE_INFORMATION first, second;

    return GetFileInformationByHandle(hFirst, &first) && GetFileInformationByHandle(hSecond, &second) &&
           first.dwVolumeSerialNumber == second.dwVolumeSerialNumber && first.nFileIndexHigh == second.nFileIndexHigh &&
           first.nFileIndexLow == second.nFileIndexLow;
}

static BOOL MapWindow(SIDE *pSide, DWORD dwAccess, ULONGLONG ullOffset, SIZE_T cb)
{
    ULARGE_INTEGER uliOffset;

    uliOffset.QuadPart = ullOffset;
    pSide->pView = (LPBYTE)MapViewOfFile(pSide->hMapping, dwAccess, uliOffset.HighPart, uliOffset.LowPart, cb);
    if (!pSide->pView) {
        ReportError(TEXT("cannot map"), pSide->pszName, GetLastError());
        return FALSE;
    }
    return TRUE;
}

static void UnmapWindow(SIDE *pSide)
{
    if (pSide->pView) {
        UnmapViewOfFile(pSide->pView);
        pSide->pView = NULL;
    }
}

static void CloseSide(SIDE *pSide)
{
    UnmapWindow(pSide);
    if (pSide->hMapping) {
        CloseHandle(pSide->hMapping);
        pSide->hMapping = NULL;
    }
    if (pSide->hFile != INVALID_HANDLE_VALUE) {
        CloseHandle(pSide->hFile);
        pSide->hFile = INVALID_HANDLE_VALUE;
    }
}

/* Goes through both files window by window, and copies or compares. */
static int Walk(SIDE *pSource, SIDE *pDestination, ULONGLONG ullSize, SIZE_T cbWindow, BOOL fCompare, BOOL fQuiet)
{
    ULONGLONG ullDone;
    DWORD dwDots = 0;
    int nResult = EXIT_COPIED;

    for (ullDone = 0; ullDone < ullSize && nResult == EXIT_COPIED;) {
        SIZE_T cb = ullSize - ullDone < cbWindow ? (SIZE_T)(ullSize - ullDone) : cbWindow;

        if (!MapWindow(pSource, FILE_MAP_READ, ullDone, cb) ||
            !MapWindow(pDestination, fCompare ? FILE_MAP_READ : FILE_MAP_WRITE, ullDone, cb)) {
            nResult = EXIT_FAILED;
        } else if (!fCompare) {
            CopyMemory(pDestination->pView, pSource->pView, cb);
        } else if (memcmp(pDestination->pView, pSource->pView, cb) != 0) {
            SIZE_T i = 0;
            while (pDestination->pView[i] == pSource->pView[i])
                i++;
            _ftprintf(stderr, TEXT("filecopy: the copy differs at offset %I64u\n"), ullDone + i);
            nResult = EXIT_DIFFERS;
        }

        UnmapWindow(pDestination);
        UnmapWindow(pSource);

        ullDone += cb;
        for (; !fQuiet && dwDots < ullDone * DOTS / ullSize; dwDots++) {
            _fputts(TEXT("."), stdout);
            fflush(stdout);
        }
    }
    if (!fQuiet && dwDots > 0)
        _fputts(TEXT("\n"), stdout);
    return nResult;
}

static int Copy(const OPTIONS *pOptions)
{
    SIDE source = { NULL, INVALID_HANDLE_VALUE, NULL, NULL };
    SIDE destination = { NULL, INVALID_HANDLE_VALUE, NULL, NULL };
    LARGE_INTEGER liSize, liPosition, liFrequency, liStart, liEnd;
    FILETIME ftWritten;
    SYSTEM_INFO info;
    SIZE_T cbWindow;
    BOOL fMade = FALSE;
    int nResult = EXIT_FAILED;

    source.pszName = pOptions->pszSource;
    destination.pszName = pOptions->pszDestination;

    GetSystemInfo(&info);
    cbWindow = (SIZE_T)pOptions->dwWindowMiB * MEBIBYTE;
    cbWindow -= cbWindow % info.dwAllocationGranularity;

    source.hFile = CreateFile(source.pszName, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
    if (source.hFile == INVALID_HANDLE_VALUE) {
        ReportError(TEXT("cannot open"), source.pszName, GetLastError());
        goto cleanup;
    }
    if (!GetFileSizeEx(source.hFile, &liSize) || !GetFileTime(source.hFile, NULL, NULL, &ftWritten)) {
        ReportError(TEXT("cannot ask about"), source.pszName, GetLastError());
        goto cleanup;
    }

    /* Look before CREATE_ALWAYS empties it: it may be the source by another name. */
    destination.hFile = CreateFile(destination.pszName, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
    if (destination.hFile == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_EXISTS) {
        if (!pOptions->fOverwrite) {
            _ftprintf(stderr, TEXT("filecopy: %s exists; /y overwrites it\n"), destination.pszName);
            nResult = EXIT_EXISTS;
            goto cleanup;
        }
        destination.hFile = CreateFile(destination.pszName, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
        if (destination.hFile != INVALID_HANDLE_VALUE) {
            BOOL fSame = IsSameFile(source.hFile, destination.hFile);
            CloseHandle(destination.hFile);
            if (fSame) {
                destination.hFile = INVALID_HANDLE_VALUE;
                _ftprintf(stderr, TEXT("filecopy: source and destination are the same file\n"));
                goto cleanup;
            }
        }
        destination.hFile = CreateFile(destination.pszName, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    }
    if (destination.hFile == INVALID_HANDLE_VALUE) {
        ReportError(TEXT("cannot create"), destination.pszName, GetLastError());
        goto cleanup;
    }
    fMade = TRUE;

    QueryPerformanceFrequency(&liFrequency);
    QueryPerformanceCounter(&liStart);

    if (!SetFilePointerEx(destination.hFile, liSize, &liPosition, FILE_BEGIN) || !SetEndOfFile(destination.hFile)) {
        ReportError(TEXT("cannot set the size of"), destination.pszName, GetLastError());
        goto cleanup;
    }

    /* Nothing can be mapped of an empty file, and nothing need be copied. */
    if (liSize.QuadPart > 0) {
        source.hMapping = CreateFileMapping(source.hFile, NULL, PAGE_READONLY, 0, 0, NULL);
        if (!source.hMapping) {
            ReportError(TEXT("cannot make a mapping of"), source.pszName, GetLastError());
            goto cleanup;
        }
        destination.hMapping = CreateFileMapping(destination.hFile, NULL, PAGE_READWRITE, 0, 0, NULL);
        if (!destination.hMapping) {
            ReportError(TEXT("cannot make a mapping of"), destination.pszName, GetLastError());
            goto cleanup;
        }
    }

    if (!pOptions->fQuiet)
        _tprintf(TEXT("copying %I64d bytes in %I64u windows of %Iu bytes\n"), liSize.QuadPart,
                 ((ULONGLONG)liSize.QuadPart + cbWindow - 1) / cbWindow, cbWindow);
    nResult = Walk(&source, &destination, (ULONGLONG)liSize.QuadPart, cbWindow, FALSE, pOptions->fQuiet);
    if (nResult != EXIT_COPIED)
        goto cleanup;
    QueryPerformanceCounter(&liEnd);

    if (pOptions->fVerify) {
        nResult = Walk(&source, &destination, (ULONGLONG)liSize.QuadPart, cbWindow, TRUE, TRUE);
        if (nResult != EXIT_COPIED)
            goto cleanup;
        if (!pOptions->fQuiet)
            _tprintf(TEXT("the copy is equal\n"));
    }

    /* Last, or the writing would change it again. */
    if (!SetFileTime(destination.hFile, NULL, NULL, &ftWritten))
        ReportError(TEXT("cannot set the time of"), destination.pszName, GetLastError());

    if (!pOptions->fQuiet) {
        double seconds = (double)(liEnd.QuadPart - liStart.QuadPart) / (double)liFrequency.QuadPart;
        _tprintf(TEXT("copied in %.1f ms\n"), seconds * 1000.0);
    }

cleanup:
    CloseSide(&destination);
    CloseSide(&source);
    if (fMade && nResult != EXIT_COPIED && !DeleteFile(pOptions->pszDestination))
        ReportError(TEXT("cannot delete"), pOptions->pszDestination, GetLastError());
    return nResult;
}

int _tmain(int argc, TCHAR *argv[])
{
    OPTIONS options;

    if (!ParseOptions(argc, argv, &options))
        return Usage();
    return Copy(&options);
}
