// ring: one process produces messages, another consumes them, through a ring buffer in a named section.
//
//   ring /run NAME COUNT              starts both and prints what they say
//   ring /run NAME COUNT /kill:WHERE  starts a third that kills the producer in the middle: WHERE is "inside" (while it owns the ring) or "outside"
//   ring /producer NAME COUNT [/stall:WHERE]
//   ring /consumer NAME
//   ring /killer NAME
//
// Exit codes: 0 all is well, 1 something failed, 2 wrong usage, 3 was killed, 4 the producer died.
#define NOMINMAX
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <algorithm>
#include <string>
#include <vector>

namespace {

const int EXIT_OK = 0;
const int EXIT_FAILED = 1;
const int EXIT_USAGE = 2;
const int EXIT_KILLED = 3;
const int EXIT_PRODUCER_DIED = 4;

const DWORD PATIENCE = 30000;
const DWORD CAPACITY = 64 * 1024;
const DWORD LONGEST_MESSAGE = 5000;

struct Error {
    std::wstring what;
    DWORD code;
};

void Report(const Error &error)
{
    LPWSTR text = NULL;
    DWORD length = FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                                  error.code, 0, reinterpret_cast<LPWSTR>(&text), 0, NULL);
    while (length > 0 && text[length - 1] <= L' ')
        text[--length] = L'\0';
    fwprintf(stderr, L"ring: cannot %s: error %lu: %s\n", error.what.c_str(), error.code, length ? text : L"unknown error");
    LocalFree(text);
}

// Owns a handle.
class Handle {
public:
    explicit Handle(HANDLE handle = NULL) : m_handle(handle) {}
    Handle(Handle &&other) : m_handle(other.Release()) {}
    ~Handle() { Close(); }

    Handle &operator=(Handle &&other)
    {
        if (this != &other) {
            Close();
            m_handle = other.Release();
        }
        return *this;
    }

    HANDLE Get() const { return m_handle; }

    HANDLE *Put()
    {
        Close();
        return &m_handle;
    }

    HANDLE Release()
    {
        HANDLE handle = m_handle;
        m_handle = NULL;
        return handle;
    }

    void Close()
    {
        if (m_handle != NULL && m_handle != INVALID_HANDLE_VALUE)
            CloseHandle(m_handle);
        m_handle = NULL;
    }

private:
    Handle(const Handle &);
    Handle &operator=(const Handle &);

    HANDLE m_handle;
};

Handle Checked(HANDLE handle, const wchar_t *what)
{
    if (handle == NULL || handle == INVALID_HANDLE_VALUE)
        throw Error{what, GetLastError()};
    return Handle(handle);
}

// What lies in the section.
struct Shared {
    DWORD size;
    DWORD capacity;
    DWORD producer;
    BOOL finished;
    // Bytes ever written and read: their difference is what is in the ring.
    ULONGLONG written;
    ULONGLONG read;
    BYTE bytes[CAPACITY];
};

struct MessageHeader {
    DWORD length;
    DWORD sequence;
    DWORD checksum;
};

DWORD Checksum(const BYTE *bytes, size_t count, DWORD start = 2166136261u)
{
    DWORD hash = start;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

class Ring {
public:
    // What the names of all its objects begin with.
    static std::wstring Base(const std::wstring &name) { return L"Local\\ring." + name; }

    explicit Ring(const std::wstring &name) : m_view(NULL), m_abandoned(false)
    {
        const std::wstring base = Base(name);
        m_mutex = Checked(CreateMutexW(NULL, FALSE, (base + L".mutex").c_str()), L"make the mutex");
        m_data = Checked(CreateEventW(NULL, FALSE, FALSE, (base + L".data").c_str()), L"make the data event");
        m_room = Checked(CreateEventW(NULL, FALSE, FALSE, (base + L".room").c_str()), L"make the room event");
        m_stalled = Checked(CreateEventW(NULL, TRUE, FALSE, (base + L".stalled").c_str()), L"make the stalled event");

        // Whoever comes first prepares the section; the mutex keeps the other from seeing it half prepared.
        m_abandoned = !Lock();
        m_section = Checked(CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof(Shared), (base + L".section").c_str()),
                            L"make the section");
        const bool first = GetLastError() != ERROR_ALREADY_EXISTS;
        m_view = static_cast<Shared *>(MapViewOfFile(m_section.Get(), FILE_MAP_ALL_ACCESS, 0, 0, sizeof(Shared)));
        if (m_view == NULL) {
            Error error = {L"map the section", GetLastError()};
            Unlock();
            throw error;
        }
        if (first) {
            m_view->size = sizeof(Shared);
            m_view->capacity = CAPACITY;
        }
        const bool same = m_view->size == sizeof(Shared) && m_view->capacity == CAPACITY;
        Unlock();
        if (!same)
            throw Error{L"use a ring of another version", ERROR_REVISION_MISMATCH};
    }

    ~Ring()
    {
        if (m_view != NULL)
            UnmapViewOfFile(m_view);
    }

    // False if the one who owned the ring died.
    bool Lock()
    {
        switch (WaitForSingleObject(m_mutex.Get(), PATIENCE)) {
        case WAIT_OBJECT_0:
            return true;
        case WAIT_ABANDONED:
            return false;
        case WAIT_TIMEOUT:
            throw Error{L"get the mutex", WAIT_TIMEOUT};
        default:
            throw Error{L"wait for the mutex", GetLastError()};
        }
    }

    // Whether its owner had died when it was opened.
    bool WasAbandoned() const { return m_abandoned; }

    void Unlock() { ReleaseMutex(m_mutex.Get()); }

    Shared *operator->() const { return m_view; }
    HANDLE Data() const { return m_data.Get(); }
    HANDLE Room() const { return m_room.Get(); }
    HANDLE Stalled() const { return m_stalled.Get(); }

    DWORD Free() const { return CAPACITY - static_cast<DWORD>(m_view->written - m_view->read); }

    // Puts bytes behind those that are there; they count once `written` is moved.
    void Put(ULONGLONG at, const void *bytes, DWORD count)
    {
        const DWORD start = static_cast<DWORD>(at % CAPACITY);
        const DWORD first = std::min(count, CAPACITY - start);
        CopyMemory(m_view->bytes + start, bytes, first);
        CopyMemory(m_view->bytes, static_cast<const BYTE *>(bytes) + first, count - first);
    }

    void Take(ULONGLONG at, void *bytes, DWORD count) const
    {
        const DWORD start = static_cast<DWORD>(at % CAPACITY);
        const DWORD first = std::min(count, CAPACITY - start);
        CopyMemory(bytes, m_view->bytes + start, first);
        CopyMemory(static_cast<BYTE *>(bytes) + first, m_view->bytes, count - first);
    }

private:
    Ring(const Ring &);
    Ring &operator=(const Ring &);

    Handle m_mutex;
    Handle m_data;
    Handle m_room;
    Handle m_stalled;
    Handle m_section;
    Shared *m_view;
    bool m_abandoned;
};

// Sizes and contents follow from the sequence number, so that runs can be compared.
std::vector<BYTE> MakeMessage(DWORD sequence)
{
    DWORD state = sequence * 2654435761u + 12345;
    std::vector<BYTE> bytes((state >> 8) % LONGEST_MESSAGE);
    for (size_t i = 0; i < bytes.size(); i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = static_cast<BYTE>(state >> 24);
    }
    return bytes;
}

void Totals(const wchar_t *verb, DWORD messages, ULONGLONG bytes, DWORD checksum)
{
    wprintf(L"%s %lu messages, %I64u bytes, checksum %08lX\n", verb, messages, bytes, checksum);
    fflush(stdout);
}

// Waits to be killed, and says so to the killer.
void Stall(Ring &ring)
{
    SetEvent(ring.Stalled());
    Sleep(PATIENCE);
    throw Error{L"be killed", WAIT_TIMEOUT};
}

int Produce(const std::wstring &name, DWORD count, const std::wstring &stall)
{
    Ring ring(name);
    ring.Lock();
    ring->producer = GetCurrentProcessId();
    ring.Unlock();
    SetEvent(ring.Data());

    ULONGLONG total = 0;
    DWORD checksum = Checksum(NULL, 0);
    for (DWORD sequence = 0; sequence < count; sequence++) {
        const std::vector<BYTE> message = MakeMessage(sequence);
        MessageHeader header = {static_cast<DWORD>(message.size()), sequence, Checksum(message.data(), message.size())};
        const bool half = stall == L"inside" && sequence == count / 2;
        const DWORD needed = sizeof(header) + header.length;

        if (stall == L"outside" && sequence == count / 2)
            Stall(ring);

        ring.Lock();
        while (ring.Free() < needed) {
            ring.Unlock();
            if (WaitForSingleObject(ring.Room(), PATIENCE) != WAIT_OBJECT_0)
                throw Error{L"get room in the ring", WAIT_TIMEOUT};
            ring.Lock();
        }
        ring.Put(ring->written, &header, sizeof(header));
        if (half)
            Stall(ring);
        ring.Put(ring->written + sizeof(header), message.data(), header.length);
        ring->written += needed;
        ring.Unlock();
        SetEvent(ring.Data());

        total += header.length;
        checksum = Checksum(message.data(), message.size(), checksum);
    }

    ring.Lock();
    ring->finished = TRUE;
    ring.Unlock();
    SetEvent(ring.Data());

    // The section lives as long as somebody has it open: stay until all of it is read.
    for (bool drained = false; !drained;) {
        ring.Lock();
        drained = ring->read == ring->written;
        ring.Unlock();
        if (!drained && WaitForSingleObject(ring.Room(), PATIENCE) != WAIT_OBJECT_0)
            throw Error{L"see the ring empty", WAIT_TIMEOUT};
    }
    Totals(L"produced", count, total, checksum);
    return EXIT_OK;
}

bool TellIfDead(bool dead)
{
    if (dead)
        wprintf(L"WAIT_ABANDONED: the producer died while it owned the ring\n");
    return dead;
}

int Consume(const std::wstring &name)
{
    Ring ring(name);
    Handle producer;
    DWORD messages = 0, checksum = Checksum(NULL, 0);
    ULONGLONG total = 0;
    bool died = TellIfDead(ring.WasAbandoned()), finished = false;
    std::vector<BYTE> message;

    while (!finished) {
        died = TellIfDead(!ring.Lock()) || died;
        // What is behind `written` is half a message, and is not looked at.
        if (ring->read != ring->written) {
            MessageHeader header;
            ring.Take(ring->read, &header, sizeof(header));
            if (header.length > LONGEST_MESSAGE || header.sequence != messages) {
                ring.Unlock();
                fwprintf(stderr, L"ring: message %lu has length %lu and number %lu\n", messages, header.length, header.sequence);
                return EXIT_FAILED;
            }
            message.resize(header.length);
            ring.Take(ring->read + sizeof(header), message.data(), header.length);
            ring->read += sizeof(header) + header.length;
            ring.Unlock();
            SetEvent(ring.Room());

            if (Checksum(message.data(), message.size()) != header.checksum) {
                fwprintf(stderr, L"ring: message %lu is damaged\n", messages);
                return EXIT_FAILED;
            }
            messages++;
            total += header.length;
            checksum = Checksum(message.data(), message.size(), checksum);
            continue;
        }
        finished = ring->finished || died;
        const DWORD id = ring->producer;
        ring.Unlock();
        if (finished)
            break;

        bool gone = false;
        if (producer.Get() == NULL && id != 0) {
            producer = Handle(OpenProcess(SYNCHRONIZE, FALSE, id));
            gone = producer.Get() == NULL;
            if (gone && GetLastError() != ERROR_INVALID_PARAMETER)
                throw Error{L"open the producer", GetLastError()};
        }
        if (!gone) {
            const HANDLE handles[2] = {ring.Data(), producer.Get()};
            switch (WaitForMultipleObjects(producer.Get() ? 2 : 1, handles, FALSE, PATIENCE)) {
            case WAIT_OBJECT_0:
                break;
            case WAIT_OBJECT_0 + 1:
                gone = true;
                break;
            case WAIT_TIMEOUT:
                throw Error{L"get a message", WAIT_TIMEOUT};
            default:
                throw Error{L"wait for a message", GetLastError()};
            }
        }
        if (gone) {
            // It may have finished, or died with the mutex, just after we looked.
            died = TellIfDead(!ring.Lock()) || died;
            if (!died && !ring->finished && ring->read == ring->written) {
                wprintf(L"the producer died\n");
                died = true;
            }
            ring.Unlock();
        }
    }
    Totals(L"consumed", messages, total, checksum);
    return died ? EXIT_PRODUCER_DIED : EXIT_OK;
}

int Kill(const std::wstring &name)
{
    // Without the mutex: the producer may own it.
    const std::wstring base = Ring::Base(name);
    Handle stalled = Checked(CreateEventW(NULL, TRUE, FALSE, (base + L".stalled").c_str()), L"make the stalled event");
    if (WaitForSingleObject(stalled.Get(), PATIENCE) != WAIT_OBJECT_0)
        throw Error{L"see the producer stall", WAIT_TIMEOUT};

    Handle section = Checked(OpenFileMappingW(FILE_MAP_READ, FALSE, (base + L".section").c_str()), L"open the section");
    const Shared *shared = static_cast<const Shared *>(MapViewOfFile(section.Get(), FILE_MAP_READ, 0, 0, 0));
    if (shared == NULL)
        throw Error{L"map the section", GetLastError()};
    const DWORD id = shared->producer;
    UnmapViewOfFile(shared);

    Handle producer = Checked(OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, id), L"open the producer");
    if (!TerminateProcess(producer.Get(), EXIT_KILLED))
        throw Error{L"terminate the producer", GetLastError()};
    if (WaitForSingleObject(producer.Get(), PATIENCE) != WAIT_OBJECT_0)
        throw Error{L"see the producer's end", WAIT_TIMEOUT};
    wprintf(L"killed the producer\n");
    return EXIT_OK;
}

// This program once more, with a pipe for what it says.
class Child {
public:
    Child(const wchar_t *role, const std::wstring &arguments) : m_role(role)
    {
        WCHAR self[MAX_PATH];
        const DWORD length = GetModuleFileNameW(NULL, self, MAX_PATH);
        if (length == 0 || length == MAX_PATH)
            throw Error{L"tell the program's name", length ? ERROR_INSUFFICIENT_BUFFER : GetLastError()};
        std::wstring text = L"\"" + std::wstring(self, length) + L"\" /" + role + L" " + arguments;
        std::vector<WCHAR> commandLine(text.begin(), text.end());
        commandLine.push_back(L'\0');

        SECURITY_ATTRIBUTES inheritable = {sizeof(inheritable), NULL, TRUE};
        Handle write;
        if (!CreatePipe(m_output.Put(), write.Put(), &inheritable, 0))
            throw Error{L"make a pipe", GetLastError()};
        // Only the end that it writes to is for the child.
        if (!SetHandleInformation(m_output.Get(), HANDLE_FLAG_INHERIT, 0))
            throw Error{L"keep the pipe", GetLastError()};

        STARTUPINFOW startup = {};
        startup.cb = sizeof(startup);
        startup.dwFlags = STARTF_USESTDHANDLES;
        startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
        startup.hStdOutput = write.Get();
        startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
        PROCESS_INFORMATION information = {};
        if (!CreateProcessW(self, commandLine.data(), NULL, NULL, TRUE, 0, NULL, NULL, &startup, &information))
            throw Error{L"start " + m_role, GetLastError()};
        m_process = Handle(information.hProcess);
        CloseHandle(information.hThread);
    }

    HANDLE Process() const { return m_process.Get(); }

    // Prints what it said, until it ends, and how it ended.
    int Finish()
    {
        std::string said;
        char buffer[512];
        DWORD count = 0;
        while (ReadFile(m_output.Get(), buffer, sizeof(buffer), &count, NULL) && count > 0)
            said.append(buffer, count);
        if (GetLastError() != ERROR_BROKEN_PIPE)
            throw Error{L"read from the pipe", GetLastError()};

        if (WaitForSingleObject(m_process.Get(), PATIENCE) != WAIT_OBJECT_0)
            throw Error{L"see the end of " + m_role, WAIT_TIMEOUT};
        DWORD code = 0;
        if (!GetExitCodeProcess(m_process.Get(), &code))
            throw Error{L"get the exit code", GetLastError()};

        for (size_t start = 0; start < said.size();) {
            size_t end = said.find_first_of("\r\n", start);
            if (end == std::string::npos)
                end = said.size();
            if (end > start)
                wprintf(L"%s: %S\n", m_role.c_str(), said.substr(start, end - start).c_str());
            start = end + 1;
        }
        wprintf(L"%s: exit code %lu\n", m_role.c_str(), code);
        return static_cast<int>(code);
    }

private:
    std::wstring m_role;
    Handle m_output;
    Handle m_process;
};

int Run(const std::wstring &name, DWORD count, const std::wstring &kill)
{
    std::wstring arguments = name + L" " + std::to_wstring(count);
    if (!kill.empty())
        arguments += L" /stall:" + kill;

    // Open here too, so that all of it is still there if one comes when the other has gone.
    Ring ring(name);
    Child consumer(L"consumer", name);
    Child producer(L"producer", arguments);
    if (!kill.empty()) {
        Child killer(L"killer", name);
        killer.Finish();
    }
    const HANDLE both[2] = {consumer.Process(), producer.Process()};
    if (WaitForMultipleObjects(2, both, TRUE, 2 * PATIENCE) != WAIT_OBJECT_0)
        throw Error{L"see both end", WAIT_TIMEOUT};
    const int consumed = consumer.Finish();
    const int produced = producer.Finish();
    return (produced == EXIT_OK) == kill.empty() ? consumed : EXIT_FAILED;
}

int Usage()
{
    fwprintf(stderr, L"usage: ring /run NAME COUNT [/kill:inside | /kill:outside]\n"
                     L"       ring /producer NAME COUNT [/stall:inside | /stall:outside]\n"
                     L"       ring /consumer NAME\n"
                     L"       ring /killer NAME\n");
    return EXIT_USAGE;
}

}

int wmain(int argc, wchar_t *argv[])
{
    if (argc < 3)
        return Usage();
    const std::wstring role = argv[1], name = argv[2];
    const DWORD count = argc > 3 ? wcstoul(argv[3], NULL, 10) : 0;
    std::wstring where;
    if (argc > 4) {
        const std::wstring option = argv[4];
        const size_t colon = option.find(L':');
        if (colon == std::wstring::npos)
            return Usage();
        where = option.substr(colon + 1);
    }

    try {
        if (role == L"/run" && count > 0)
            return Run(name, count, where);
        if (role == L"/producer" && count > 0)
            return Produce(name, count, where);
        if (role == L"/consumer")
            return Consume(name);
        if (role == L"/killer")
            return Kill(name);
    } catch (const Error &error) {
        Report(error);
        return EXIT_FAILED;
    }
    return Usage();
}
