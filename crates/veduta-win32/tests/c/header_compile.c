/* Uses the headers as source does; compiled with warnings as errors, by several compilers and in several languages, also as C++ (header_compile.cpp
   includes it), with and without -fshort-wchar and UNICODE. Nothing is run. */
#include <windows.h>
#include <conio.h>
#include <lmcons.h>
#include <strsafe.h>
#include <tchar.h>
#include <process.h>
#include <sddl.h>
#include <shellapi.h>
#include <veduta_win32.h>
/* A second time, and in the other order: the guards hold. */
#include <memoryapi.h>
#include <winnt.h>
#include <windows.h>

__declspec(dllexport) int header_compile(void);
static __declspec(thread) int per_thread;
typedef struct __declspec(align(64)) line { LONG volatile value; } line;
C_ASSERT(sizeof(line) == 64);
DECLARE_HANDLE(HWIDGET);

static __forceinline DWORD doubled(_In_ DWORD value)
{
    return value * 2;
}

static unsigned __stdcall thread_ex(void *context)
{
    UNREFERENCED_PARAMETER(context);
    return 0;
}

static DWORD WINAPI thread(LPVOID context)
{
    line *shared = CONTAINING_RECORD(context, line, value);
    return (DWORD)shared->value;
}

static BYTE FAR PASCAL old_style(CONST INT size)
{
    LPBYTE room = (LPBYTE)_alloca((size_t)size);
    room[0] = 1;
    return room[0];
}

static VOID CALLBACK apc(ULONG_PTR parameter)
{
    UNREFERENCED_PARAMETER(parameter);
}

static LONG interlocked(void)
{
    LONG volatile word = 0;
    LONG64 volatile quad = 0;
    SHORT volatile half = 0;
    PVOID volatile pointer = NULL;
    InterlockedIncrement(&word);
    InterlockedDecrementRelease(&word);
    InterlockedExchangeAdd64(&quad, 5);
    InterlockedAdd64(&quad, -5);
    InterlockedAnd64(&quad, 1);
    InterlockedOrAcquire(&word, 2);
    InterlockedXor(&word, 2);
    InterlockedIncrement16(&half);
    InterlockedCompareExchange16(&half, 1, 0);
    InterlockedExchangePointer(&pointer, NULL);
    InterlockedCompareExchangePointerAcquire(&pointer, NULL, NULL);
    InterlockedBitTestAndSet(&word, 3);
    MemoryBarrier();
    YieldProcessor();
    WriteRelease(&word, 1);
    return ReadAcquire(&word) + InterlockedCompareExchange(&word, 2, 1) + _InterlockedExchange(&word, 3);
}

static int objects(void)
{
    SECURITY_ATTRIBUTES attributes = { sizeof attributes, NULL, TRUE };
    HANDLE section = CreateFileMapping(INVALID_HANDLE_VALUE, &attributes, PAGE_READWRITE | SEC_COMMIT, 0, 65536, NULL);
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    HANDLE mutex = CreateMutexA(NULL, FALSE, "Local\\x");
    HANDLE both[2];
    LPVOID view = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    MEMORY_BASIC_INFORMATION region;
    LARGE_INTEGER due;
    CRITICAL_SECTION critical;
    WIN32_MEMORY_RANGE_ENTRY range;
    SECURITY_DESCRIPTOR descriptor;
    STARTUPINFO startup;
    PROCESS_INFORMATION process;
    TCHAR text[MAX_PATH];
    OVERLAPPED overlapped;
    both[0] = event;
    both[1] = mutex;
    ZeroMemory(&startup, sizeof(startup));
    ZeroMemory(&overlapped, sizeof(overlapped));
    SecureZeroMemory(&process, sizeof(process));
    overlapped.Offset = 1;
    startup.cb = sizeof(startup);
    due.QuadPart = -10000LL;
    due.LowPart |= 1;
    due.u.HighPart = -1;
    range.VirtualAddress = view;
    range.NumberOfBytes = 4096;
    VirtualQuery(view, &region, sizeof(region));
    PrefetchVirtualMemory(GetCurrentProcess(), 1, &range, 0);
    MapViewOfFile2(section, GetCurrentProcess(), 0, NULL, 0, 0, PAGE_READONLY);
    InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION);
    SetSecurityDescriptorDacl(&descriptor, TRUE, NULL, FALSE);
    InitializeCriticalSection(&critical);
    EnterCriticalSection(&critical);
    LeaveCriticalSection(&critical);
    QueueUserAPC(apc, GetCurrentThread(), 0);
    CloseHandle(CreateThread(NULL, 0, thread, view, 0, NULL));
    CloseHandle((HANDLE)_beginthreadex(NULL, 0, thread_ex, NULL, 0, NULL));
    if (WaitForMultipleObjects(2, both, FALSE, INFINITE) == WAIT_OBJECT_0 + 1)
        return (int)HRESULT_FROM_WIN32(GetLastError());
    FormatMessage(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, GetLastError(),
        MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT), text, ARRAYSIZE(text), NULL);
    CreateProcess(NULL, text, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &startup, &process);
    return UnmapViewOfFile(view) && CloseHandle(section);
}

static int text(void)
{
    TCHAR buffer[64];
    WCHAR wide[16];
    char narrow[16];
    const __int64 big = 1;
    size_t length = _tcslen(_T("abc")) + lstrlen(TEXT("abc"));
    _tcscpy_s(buffer, _countof(buffer), _T("x"));
    _stprintf_s(buffer, _countof(buffer), _T("%lu %I64d %s"), (DWORD)1, big, _T("y"));
    _sntprintf(buffer, _countof(buffer), _T("%d"), 1);
    wsprintf(buffer, TEXT("%s"), TEXT("z"));
    StringCchPrintf(buffer, _countof(buffer), TEXT("%s"), TEXT("s"));
    StringCbCat(buffer, sizeof(buffer), TEXT("t"));
    _tprintf(_T("%s\n"), buffer);
    _snprintf(narrow, sizeof narrow, "%lu", (DWORD)2);
    strcpy_s(narrow, sizeof narrow, "n");
    _itow(5, wide, 10);
    length += (size_t)_wtoi(wide) + (size_t)_ttoi(_T("7"));
    if (_tcsicmp(buffer, _T("q")) == 0 || _stricmp(narrow, "Q") == 0 || _wcsicmp(wide, wide) != 0)
        length++;
    if (_tcschr(buffer, _T('/')) && _istdigit(_totupper(buffer[0])))
        length++;
    if (_kbhit())
        length += (size_t)_getch() + UNLEN;
    return (int)length;
}

static void body(void *context)
{
    *(volatile char *)context = 1;
}

int header_compile(void)
{
    veduta_fault fault;
    per_thread = (int)doubled(1) + (int)HIWORD(MAKELONG(1, 2));
    per_thread += veduta_guarded(body, &per_thread, &fault);
    return interlocked() + objects() + text() + old_style(4) + per_thread;
}

int _tmain(int argc, TCHAR *argv[])
{
    return argc > 1 ? (int)_tcslen(argv[1]) : header_compile();
}
