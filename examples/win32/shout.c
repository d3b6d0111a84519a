/* shout: one process says, another hears it in capitals. Written for Windows; not a line of it knows of Linux.

     shout /hear         waits for words, prints them, until it is told to stop
     shout word...       says the words to the one who hears
     shout /stop         ends the one who hears

   The words travel in a named section (file mapping). Two events tell that there are words in it, and that there is room for the next. */
#include <windows.h>
#include <stdio.h>
#include <wchar.h>
#include <wctype.h>

#define PATIENCE_MS 10000

typedef struct MESSAGE {
    DWORD stop;
    DWORD length;
    WCHAR text[256];
} MESSAGE;

typedef struct CHANNEL {
    HANDLE section;
    HANDLE said;
    HANDLE heard;
    MESSAGE *message;
} CHANNEL;

/* Says what failed, in the system's words, and gives the exit code for it. */
static int complain(const WCHAR *what, DWORD error)
{
    WCHAR *words = NULL;
    DWORD length = FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
        error, MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT), (LPWSTR)&words, 0, NULL);
    while (length > 0 && iswspace(words[length - 1]))
        words[--length] = 0;
    fwprintf(stderr, L"shout: %ls: %ls (%lu)\n", what, length ? words : L"no words for it", error);
    LocalFree(words);
    return 1;
}

static BOOL map_message(CHANNEL *channel)
{
    channel->message = (MESSAGE *)MapViewOfFile(channel->section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, sizeof(MESSAGE));
    return channel->message != NULL;
}

static void leave(CHANNEL *channel)
{
    if (channel->message)
        UnmapViewOfFile(channel->message);
    if (channel->heard)
        CloseHandle(channel->heard);
    if (channel->said)
        CloseHandle(channel->said);
    if (channel->section)
        CloseHandle(channel->section);
}

static int hear(void)
{
    CHANNEL channel = { NULL, NULL, NULL, NULL };
    int result = 0;
    channel.section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof(MESSAGE), L"Local\\shout");
    if (channel.section && GetLastError() == ERROR_ALREADY_EXISTS)
        result = complain(L"somebody hears already", ERROR_ALREADY_EXISTS);
    else if (!channel.section || !map_message(&channel))
        result = complain(L"cannot make the section", GetLastError());
    /* The clients look for `heard` last: who finds it finds all. */
    else if (!(channel.said = CreateEventW(NULL, FALSE, FALSE, L"Local\\shout.said")) ||
             !(channel.heard = CreateEventW(NULL, FALSE, TRUE, L"Local\\shout.heard")))
        result = complain(L"cannot make the events", GetLastError());

    while (result == 0) {
        DWORD i, stop;
        if (WaitForSingleObject(channel.said, INFINITE) != WAIT_OBJECT_0) {
            result = complain(L"cannot wait", GetLastError());
            break;
        }
        for (i = 0; i < channel.message->length && i < ARRAYSIZE(channel.message->text); i++)
            wprintf(L"%lc", (wint_t)towupper(channel.message->text[i]));
        wprintf(L"\n");
        fflush(stdout);
        stop = channel.message->stop;
        SetEvent(channel.heard);
        if (stop)
            break;
    }
    leave(&channel);
    return result;
}

static int say(const WCHAR *text, DWORD stop)
{
    CHANNEL channel = { NULL, NULL, NULL, NULL };
    int result = 0;
    DWORD waited;
    channel.heard = OpenEventW(SYNCHRONIZE, FALSE, L"Local\\shout.heard");
    if (channel.heard)
        channel.said = OpenEventW(EVENT_MODIFY_STATE, FALSE, L"Local\\shout.said");
    if (channel.said)
        channel.section = OpenFileMappingW(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, L"Local\\shout");
    if (!channel.section || !map_message(&channel)) {
        result = complain(L"nobody hears", GetLastError());
    } else if ((waited = WaitForSingleObject(channel.heard, PATIENCE_MS)) != WAIT_OBJECT_0) {
        result = complain(L"no answer", waited == WAIT_TIMEOUT ? WAIT_TIMEOUT : GetLastError());
    } else {
        lstrcpynW(channel.message->text, text, ARRAYSIZE(channel.message->text));
        channel.message->length = (DWORD)wcslen(channel.message->text);
        channel.message->stop = stop;
        SetEvent(channel.said);
    }
    leave(&channel);
    return result;
}

int wmain(int argc, wchar_t *argv[])
{
    WCHAR text[256] = L"";
    int i;
    if (argc < 2) {
        fwprintf(stderr, L"usage: shout /hear | shout /stop | shout word...\n");
        return 2;
    }
    if (lstrcmpiW(argv[1], L"/hear") == 0)
        return hear();
    if (lstrcmpiW(argv[1], L"/stop") == 0)
        return say(L"goodbye", 1);
    for (i = 1; i < argc; i++) {
        if (wcslen(text) + wcslen(argv[i]) + 2 > ARRAYSIZE(text))
            return complain(L"too many words", ERROR_INSUFFICIENT_BUFFER);
        if (i > 1)
            wcscat(text, L" ");
        wcscat(text, argv[i]);
    }
    return say(text, 0);
}
