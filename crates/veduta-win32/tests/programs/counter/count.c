/* count: counts together with other processes.

     count NAME STEPS PROCESSES    starts the processes, lets them count at the same time, and prints the total
     count NAME STEPS /meet:N      counts by itself, as soon as N processes have the counter open; the last one out prints the total

   The total must be exact. */
#include <windows.h>
#include <tchar.h>
#include <stdio.h>
#include <stdlib.h>
#include "counter.h"

#define MOST_PROCESSES 16
#define PATIENCE 30000

/* Exit codes of those that count. */
#define CHILD_JOINED 10
#define CHILD_WAS_FIRST 11

static int Fail(LPCTSTR pszWhat, DWORD dwError)
{
    TCHAR szText[256];
    DWORD cch = FormatMessage(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK, NULL,
                              dwError, 0, szText, _countof(szText), NULL);
    _ftprintf(stderr, TEXT("count: cannot %s: error %lu: %s\n"), pszWhat, dwError, cch ? szText : TEXT("unknown error"));
    return 1;
}

static BOOL CountUp(PCOUNTER pCounter, DWORD dwSteps)
{
    DWORD i;

    for (i = 0; i < dwSteps; i++) {
        CounterIncrement(pCounter);
        if (!CounterAdd(pCounter, (LONG)(i % 7) - 2))
            return FALSE;
    }
    return TRUE;
}

static void Print(const COUNTER_VALUES *pValues)
{
    _tprintf(TEXT("counted %ld without the mutex, %I64d with it, sum %I64d, at most %ld users\n"), pValues->lInterlocked,
             pValues->llLocked, pValues->llSum, pValues->lMostUsers);
}

static int CountAsChild(LPCTSTR pszName, DWORD dwSteps, LPCTSTR pszGate)
{
    BOOL fFirst = FALSE;
    PCOUNTER pCounter = CounterOpen(pszName, &fFirst);
    HANDLE hGate;
    DWORD dwWaited;

    if (!pCounter)
        return Fail(TEXT("open the counter"), GetLastError());
    hGate = OpenEvent(SYNCHRONIZE, FALSE, pszGate);
    if (!hGate)
        return Fail(TEXT("open the gate"), GetLastError());
    dwWaited = WaitForSingleObject(hGate, PATIENCE);
    CloseHandle(hGate);
    if (dwWaited != WAIT_OBJECT_0)
        return Fail(TEXT("pass the gate"), dwWaited);
    if (!CountUp(pCounter, dwSteps))
        return Fail(TEXT("count"), GetLastError());
    CounterClose(pCounter);
    return fFirst ? CHILD_WAS_FIRST : CHILD_JOINED;
}

static int CountWithChildren(LPCTSTR pszName, DWORD dwSteps, DWORD dwProcesses)
{
    HANDLE ahProcesses[MOST_PROCESSES];
    TCHAR szSelf[MAX_PATH], szGate[MAX_PATH];
    COUNTER_VALUES values;
    DWORD dwStarted = 0, dwJoined = 0, dwCode, i;
    HANDLE hGate = NULL;
    BOOL fFirst = FALSE;
    PCOUNTER pCounter = NULL;
    int nResult = 1;

    _stprintf_s(szGate, _countof(szGate), TEXT("Local\\count.%s.%lu"), pszName, GetCurrentProcessId());
    hGate = CreateEvent(NULL, TRUE, FALSE, szGate);
    if (!hGate || GetLastError() == ERROR_ALREADY_EXISTS) {
        Fail(TEXT("make the gate"), GetLastError());
        goto cleanup;
    }
    pCounter = CounterOpen(pszName, &fFirst);
    if (!pCounter) {
        Fail(TEXT("open the counter"), GetLastError());
        goto cleanup;
    }
    _tprintf(fFirst ? TEXT("made the counter\n") : TEXT("opened the counter\n"));
    fflush(stdout);

    GetModuleFileName(NULL, szSelf, _countof(szSelf));
    for (; dwStarted < dwProcesses; dwStarted++) {
        TCHAR szCommandLine[2 * MAX_PATH + 64];
        STARTUPINFO startup;
        PROCESS_INFORMATION process;

        ZeroMemory(&startup, sizeof(startup));
        startup.cb = sizeof(startup);
        _stprintf_s(szCommandLine, _countof(szCommandLine), TEXT("\"%s\" %s %lu \"/gate:%s\""), szSelf, pszName, dwSteps, szGate);
        if (!CreateProcess(NULL, szCommandLine, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process)) {
            Fail(TEXT("start a process"), GetLastError());
            goto cleanup;
        }
        CloseHandle(process.hThread);
        ahProcesses[dwStarted] = process.hProcess;
    }

    /* All of them at once. A process that fails does not come; then the waiting below ends. */
    for (i = 0; i < PATIENCE; i++) {
        if (!CounterRead(pCounter, &values) || values.lUsers == (LONG)dwProcesses + 1 ||
            WaitForMultipleObjects(dwStarted, ahProcesses, FALSE, 1) != WAIT_TIMEOUT)
            break;
    }
    SetEvent(hGate);

    if (WaitForMultipleObjects(dwStarted, ahProcesses, TRUE, PATIENCE) != WAIT_OBJECT_0) {
        Fail(TEXT("see all of them end"), WAIT_TIMEOUT);
        goto cleanup;
    }
    for (i = 0; i < dwStarted; i++) {
        if (GetExitCodeProcess(ahProcesses[i], &dwCode) && dwCode == CHILD_JOINED)
            dwJoined++;
    }
    if (!CounterRead(pCounter, &values)) {
        Fail(TEXT("read the counter"), GetLastError());
        goto cleanup;
    }
    _tprintf(TEXT("%lu of %lu processes joined\n"), dwJoined, dwProcesses);
    Print(&values);
    if (dwJoined == dwProcesses && values.lInterlocked == (LONG)(dwSteps * dwProcesses) &&
        values.llLocked == (LONGLONG)dwSteps * dwProcesses)
        nResult = 0;
    else
        _tprintf(TEXT("that is wrong\n"));

cleanup:
    if (pCounter && CounterClose(pCounter))
        _tprintf(TEXT("last one out\n"));
    for (i = 0; i < dwStarted; i++)
        CloseHandle(ahProcesses[i]);
    if (hGate)
        CloseHandle(hGate);
    return nResult;
}

static int CountWithOthers(LPCTSTR pszName, DWORD dwSteps, LONG lMeet)
{
    COUNTER_VALUES values;
    BOOL fFirst = FALSE, fCounted;
    DWORD i;
    PCOUNTER pCounter = CounterOpen(pszName, &fFirst);

    if (!pCounter)
        return Fail(TEXT("open the counter"), GetLastError());
    for (i = 0; CounterRead(pCounter, &values) && values.lMostUsers < lMeet; i++) {
        if (i == PATIENCE) {
            CounterClose(pCounter);
            return Fail(TEXT("meet the others"), WAIT_TIMEOUT);
        }
        Sleep(1);
    }
    fCounted = CountUp(pCounter, dwSteps);
    /* Before it is closed: afterwards there may be nothing to read. */
    CounterRead(pCounter, &values);
    if (CounterClose(pCounter)) {
        _tprintf(TEXT("last one out\n"));
        Print(&values);
    }
    _tprintf(fFirst ? TEXT("was the first\n") : TEXT("was not the first\n"));
    return fCounted ? 0 : 1;
}

int _tmain(int argc, TCHAR *argv[])
{
    DWORD dwSteps;

    if (argc != 4 || (dwSteps = _tcstoul(argv[2], NULL, 10)) == 0) {
        _ftprintf(stderr, TEXT("usage: count NAME STEPS PROCESSES | count NAME STEPS /meet:N\n"));
        return 2;
    }
    if (_tcsnicmp(argv[3], TEXT("/gate:"), 6) == 0)
        return CountAsChild(argv[1], dwSteps, argv[3] + 6);
    if (_tcsnicmp(argv[3], TEXT("/meet:"), 6) == 0)
        return CountWithOthers(argv[1], dwSteps, _ttol(argv[3] + 6));
    return CountWithChildren(argv[1], dwSteps, min(_tcstoul(argv[3], NULL, 10), MOST_PROCESSES));
}
