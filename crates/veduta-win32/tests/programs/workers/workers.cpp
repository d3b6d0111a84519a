// workers: the CRC-32 of a file, by a pool of threads over one mapping.
//
//   workers FILE [/threads:N] [/chunk:KIB] [/delay:MS] [/stop:CHUNKS]
//
// The threads wait for a timer to start, take chunks from a queue, and send each result to the main thread as an APC.
// /stop ends them after so many results, in the middle of the work. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 stopped.
#include <windows.h>
#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include <tchar.h>
#include <deque>
#include <map>
#include <vector>

class CriticalSection {
public:
    CriticalSection() { InitializeCriticalSectionAndSpinCount(&m_section, 4000); }
    ~CriticalSection() { DeleteCriticalSection(&m_section); }
    CRITICAL_SECTION *Get() { return &m_section; }

    class Lock {
    public:
        explicit Lock(CriticalSection &section) : m_section(section.Get()) { EnterCriticalSection(m_section); }
        ~Lock() { LeaveCriticalSection(m_section); }

    private:
        Lock(const Lock &);
        Lock &operator=(const Lock &);
        CRITICAL_SECTION *m_section;
    };

private:
    CriticalSection(const CriticalSection &);
    CriticalSection &operator=(const CriticalSection &);
    CRITICAL_SECTION m_section;
};

struct Options {
    LPCTSTR file;
    DWORD threads;
    DWORD chunkKiB;
    DWORD delay;
    DWORD stop;
};

struct Chunk {
    DWORD index;
    const BYTE *bytes;
    DWORD count;
};

struct Result {
    DWORD index;
    DWORD crc;
    DWORD thread;
};

// What the threads have in common.
struct Pool {
    CriticalSection section;
    CONDITION_VARIABLE changed;
    std::deque<Chunk> queue;
    bool closed;

    HANDLE start;
    HANDLE stop;
    HANDLE collector;
    DWORD slot;
    volatile LONG running;
    volatile LONG ticks;

    // The collector's alone: only its APCs touch these.
    std::vector<Result> results;
    DWORD stopAfter;
};

static Pool *g_pool;
static DWORD g_table[256];

static int Fail(LPCTSTR what)
{
    const DWORD error = GetLastError();
    LPTSTR text = NULL;
    FormatMessage(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0,
                  reinterpret_cast<LPTSTR>(&text), 0, NULL);
    _ftprintf(stderr, _T("workers: cannot %s: error %lu: %s"), what, error, text ? text : _T("\n"));
    LocalFree(text);
    return 1;
}

static void MakeTable()
{
    for (DWORD i = 0; i < 256; i++) {
        DWORD value = i;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0xEDB88320 : value >> 1;
        g_table[i] = value;
    }
}

static DWORD Crc(const BYTE *bytes, DWORD count)
{
    DWORD crc = 0xFFFFFFFF;
    for (DWORD i = 0; i < count; i++)
        crc = crc >> 8 ^ g_table[(crc ^ bytes[i]) & 0xFF];
    return ~crc;
}

// An APC: runs in the main thread, while it waits alertably.
static VOID CALLBACK Collect(ULONG_PTR data)
{
    Result *result = reinterpret_cast<Result *>(data);
    g_pool->results.push_back(*result);
    delete result;
    if (g_pool->results.size() == g_pool->stopAfter)
        SetEvent(g_pool->stop);
}

// Another APC, of the timer that ticks.
static VOID CALLBACK Tick(LPVOID argument, DWORD, DWORD)
{
    InterlockedIncrement(static_cast<volatile LONG *>(argument));
}

// The next chunk; false at the end, or when told to stop.
static bool Next(Pool &pool, Chunk *chunk)
{
    CriticalSection::Lock lock(pool.section);
    while (pool.queue.empty() && !pool.closed)
        SleepConditionVariableCS(&pool.changed, pool.section.Get(), INFINITE);
    if (pool.queue.empty() || WaitForSingleObject(pool.stop, 0) == WAIT_OBJECT_0)
        return false;
    *chunk = pool.queue.front();
    pool.queue.pop_front();
    return true;
}

static void Work(Pool &pool)
{
    Chunk chunk;
    while (Next(pool, &chunk)) {
        Result *result = new Result;
        result->index = chunk.index;
        result->crc = Crc(chunk.bytes, chunk.count);
        result->thread = GetCurrentThreadId();
        // The count of this thread's chunks is where only it sees it.
        TlsSetValue(pool.slot, reinterpret_cast<LPVOID>(reinterpret_cast<ULONG_PTR>(TlsGetValue(pool.slot)) + 1));
        if (!QueueUserAPC(Collect, pool.collector, reinterpret_cast<ULONG_PTR>(result)))
            delete result;
    }
}

static unsigned __stdcall Worker(void *argument)
{
    Pool &pool = *static_cast<Pool *>(argument);
    InterlockedIncrement(&pool.running);

    const HANDLE gates[2] = {pool.stop, pool.start};
    if (WaitForMultipleObjects(2, gates, FALSE, INFINITE) == WAIT_OBJECT_0 + 1)
        Work(pool);

    InterlockedDecrement(&pool.running);
    // The exit code tells how many chunks it did.
    return static_cast<unsigned>(reinterpret_cast<ULONG_PTR>(TlsGetValue(pool.slot)));
}

struct Filler {
    Pool *pool;
    const BYTE *bytes;
    ULONGLONG size;
    DWORD chunkBytes;
};

// Puts all chunks into the queue; a thread of its own.
static DWORD WINAPI Fill(LPVOID argument)
{
    const Filler &filler = *static_cast<Filler *>(argument);
    Pool &pool = *filler.pool;
    DWORD index = 0;
    for (ULONGLONG offset = 0; offset < filler.size; offset += filler.chunkBytes) {
        Chunk chunk = {index++, filler.bytes + offset, filler.chunkBytes};
        if (filler.size - offset < chunk.count)
            chunk.count = static_cast<DWORD>(filler.size - offset);
        {
            CriticalSection::Lock lock(pool.section);
            pool.queue.push_back(chunk);
        }
        WakeConditionVariable(&pool.changed);
    }
    {
        CriticalSection::Lock lock(pool.section);
        pool.closed = true;
    }
    WakeAllConditionVariable(&pool.changed);
    return index;
}

// Waits until all have ended. The results arrive as APCs meanwhile.
static bool WaitForAll(const std::vector<HANDLE> &threads)
{
    for (;;) {
        const DWORD waited = WaitForMultipleObjectsEx(static_cast<DWORD>(threads.size()), threads.data(), TRUE, 60000, TRUE);
        if (waited == WAIT_IO_COMPLETION)
            continue;
        if (waited < WAIT_OBJECT_0 + threads.size())
            break;
        if (waited == WAIT_TIMEOUT)
            SetLastError(ERROR_TIMEOUT);
        return false;
    }
    // What was queued by the last of them.
    while (SleepEx(0, TRUE) == WAIT_IO_COMPLETION)
        ;
    return true;
}

static int Sum(const Options &options, const BYTE *bytes, ULONGLONG size)
{
    Pool pool;
    InitializeConditionVariable(&pool.changed);
    pool.closed = false;
    pool.running = pool.ticks = 0;
    pool.stopAfter = options.stop;
    g_pool = &pool;

    pool.slot = TlsAlloc();
    if (pool.slot == TLS_OUT_OF_INDEXES)
        return Fail(_T("get a slot"));
    pool.start = CreateWaitableTimer(NULL, TRUE, NULL);
    pool.stop = CreateEvent(NULL, TRUE, FALSE, NULL);
    HANDLE ticker = CreateWaitableTimer(NULL, FALSE, NULL);
    // GetCurrentThread() would mean the worker itself there.
    if (!pool.start || !pool.stop || !ticker ||
        !DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &pool.collector, 0, FALSE, DUPLICATE_SAME_ACCESS))
        return Fail(_T("make what the threads need"));

    std::vector<HANDLE> threads;
    for (DWORD i = 0; i < options.threads; i++) {
        unsigned id = 0;
        HANDLE thread = reinterpret_cast<HANDLE>(_beginthreadex(NULL, 0, Worker, &pool, CREATE_SUSPENDED, &id));
        if (!thread || GetThreadId(thread) != id)
            return Fail(_T("start a thread"));
        threads.push_back(thread);
    }
    // None runs before all are there.
    _tprintf(_T("%lu threads suspended, %ld running\n"), options.threads, pool.running);
    for (size_t i = 0; i < threads.size(); i++) {
        if (ResumeThread(threads[i]) != 1)
            return Fail(_T("resume a thread"));
    }

    LARGE_INTEGER due, frequency, before, after;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&before);
    due.QuadPart = -10000LL;
    if (!SetWaitableTimer(ticker, &due, 5, Tick, const_cast<LONG *>(&pool.ticks), FALSE))
        return Fail(_T("set the ticking timer"));
    due.QuadPart = -10000LL * options.delay;
    if (!SetWaitableTimer(pool.start, &due, 0, NULL, NULL, FALSE))
        return Fail(_T("set the starting timer"));

    Filler filler = {&pool, bytes, size, options.chunkKiB * 1024};
    DWORD fillerId = 0;
    HANDLE filling = CreateThread(NULL, 64 * 1024, Fill, &filler, 0, &fillerId);
    if (!filling)
        return Fail(_T("start the filling thread"));

    // The ticks arrive only in alertable waits: this one sees those before the start.
    while (WaitForSingleObjectEx(pool.start, INFINITE, TRUE) == WAIT_IO_COMPLETION)
        ;
    QueryPerformanceCounter(&after);
    const LONGLONG waited = (after.QuadPart - before.QuadPart) * 1000 / frequency.QuadPart;
    _tprintf(_T("started after the delay: %s\n"), waited + 1 >= static_cast<LONGLONG>(options.delay) ? _T("yes") : _T("no"));

    threads.push_back(filling);
    if (!WaitForAll(threads))
        return Fail(_T("see the threads end"));
    CancelWaitableTimer(ticker);
    _tprintf(_T("ticked meanwhile: %s\n"), pool.ticks > 0 ? _T("yes") : _T("no"));

    DWORD chunks = 0, done = 0;
    GetExitCodeThread(filling, &chunks);
    for (size_t i = 0; i + 1 < threads.size(); i++) {
        DWORD code = 0;
        if (!GetExitCodeThread(threads[i], &code) || code == STILL_ACTIVE)
            return Fail(_T("get an exit code"));
        done += code;
    }
    const bool stopped = WaitForSingleObject(pool.stop, 0) == WAIT_OBJECT_0;

    std::map<DWORD, DWORD> crcs;
    for (size_t i = 0; i < pool.results.size(); i++)
        crcs[pool.results[i].index] = pool.results[i].crc;
    int code = 0;
    if (crcs.size() != pool.results.size() || done != pool.results.size()) {
        _tprintf(_T("%lu chunks done, %lu results, %lu different\n"), done, static_cast<DWORD>(pool.results.size()),
                 static_cast<DWORD>(crcs.size()));
        code = 1;
    } else if (stopped) {
        _tprintf(_T("stopped: some of %lu chunks are done\n"), chunks);
        code = 3;
    } else {
        for (std::map<DWORD, DWORD>::const_iterator it = crcs.begin(); it != crcs.end(); ++it)
            _tprintf(_T("chunk %lu: %08lX\n"), it->first, it->second);
        _tprintf(_T("%lu of %lu chunks, %I64u bytes\n"), done, chunks, size);
    }

    for (size_t i = 0; i < threads.size(); i++)
        CloseHandle(threads[i]);
    CloseHandle(ticker);
    CloseHandle(pool.collector);
    CloseHandle(pool.stop);
    CloseHandle(pool.start);
    TlsFree(pool.slot);
    return code;
}

static bool Number(LPCTSTR argument, LPCTSTR name, DWORD *value)
{
    const size_t length = _tcslen(name);
    if (_tcsnicmp(argument, name, length) != 0)
        return false;
    *value = _tcstoul(argument + length, NULL, 10);
    return true;
}

int _tmain(int argc, TCHAR *argv[])
{
    Options options = {NULL, 4, 64, 20, 0};
    for (int i = 1; i < argc; i++) {
        if (Number(argv[i], _T("/threads:"), &options.threads) || Number(argv[i], _T("/chunk:"), &options.chunkKiB) ||
            Number(argv[i], _T("/delay:"), &options.delay) || Number(argv[i], _T("/stop:"), &options.stop))
            continue;
        if (options.file != NULL)
            options.threads = 0;
        options.file = argv[i];
    }
    if (options.file == NULL || options.threads == 0 || options.threads >= MAXIMUM_WAIT_OBJECTS || options.chunkKiB == 0) {
        _ftprintf(stderr, _T("usage: workers FILE [/threads:N] [/chunk:KIB] [/delay:MS] [/stop:CHUNKS]\n"));
        return 2;
    }
    MakeTable();

    HANDLE file = CreateFile(options.file, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return Fail(_T("open the file"));
    LARGE_INTEGER size = {};
    int code;
    HANDLE mapping = NULL;
    const BYTE *view = NULL;
    if (!GetFileSizeEx(file, &size))
        code = Fail(_T("get the size"));
    else if ((mapping = CreateFileMapping(file, NULL, PAGE_READONLY, 0, 0, NULL)) == NULL)
        code = Fail(_T("make the mapping"));
    else if ((view = static_cast<const BYTE *>(MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, 0))) == NULL)
        code = Fail(_T("map the file"));
    else
        code = Sum(options, view, static_cast<ULONGLONG>(size.QuadPart));

    if (view != NULL)
        UnmapViewOfFile(view);
    if (mapping != NULL)
        CloseHandle(mapping);
    CloseHandle(file);
    return code;
}
