#include "counter.h"
#include <tchar.h>
#include <stdlib.h>

#define COUNTER_SIGNATURE 0x544e5543

typedef struct _COUNTER_SHARED {
    DWORD dwSignature;
    volatile LONG lUsers;
    volatile LONG lMostUsers;
    volatile LONG lInterlocked;
    /* These two under the mutex only. */
    LONGLONG llLocked;
    LONGLONG llSum;
} COUNTER_SHARED;

struct _COUNTER {
    HANDLE hMutex;
    HANDLE hMapping;
    COUNTER_SHARED *pShared;
};

static BOOL Lock(PCOUNTER pCounter)
{
    DWORD dwWaited = WaitForSingleObject(pCounter->hMutex, INFINITE);

    /* Who died with it may have left one of two numbers unchanged; for a counter that will do. */
    return dwWaited == WAIT_OBJECT_0 || dwWaited == WAIT_ABANDONED;
}

PCOUNTER CounterOpen(LPCTSTR pszName, BOOL *pfFirst)
{
    TCHAR szName[MAX_PATH];
    PCOUNTER pCounter;
    DWORD dwError;
    LONG lUsers;

    if (!pszName || !*pszName || _tcslen(pszName) > MAX_PATH - 32) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    pCounter = (PCOUNTER)HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*pCounter));
    if (!pCounter) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }

    _stprintf_s(szName, _countof(szName), TEXT("Local\\counter.%s.mutex"), pszName);
    pCounter->hMutex = CreateMutex(NULL, FALSE, szName);
    if (!pCounter->hMutex)
        goto failed;

    /* Under the mutex, so that nobody sees the counter before it is prepared, or while the last one leaves. */
    if (!Lock(pCounter))
        goto failed;

    _stprintf_s(szName, _countof(szName), TEXT("Local\\counter.%s"), pszName);
    pCounter->hMapping = CreateFileMapping(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof(COUNTER_SHARED), szName);
    if (!pCounter->hMapping)
        goto failed_locked;
    *pfFirst = GetLastError() != ERROR_ALREADY_EXISTS;

    pCounter->pShared = (COUNTER_SHARED *)MapViewOfFile(pCounter->hMapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
    if (!pCounter->pShared)
        goto failed_locked;
    if (*pfFirst) {
        /* New memory is zero. */
        pCounter->pShared->dwSignature = COUNTER_SIGNATURE;
    } else if (pCounter->pShared->dwSignature != COUNTER_SIGNATURE) {
        SetLastError(ERROR_INVALID_DATA);
        goto failed_locked;
    }
    lUsers = InterlockedIncrement(&pCounter->pShared->lUsers);
    for (;;) {
        LONG lMost = pCounter->pShared->lMostUsers;
        if (lMost >= lUsers || InterlockedCompareExchange(&pCounter->pShared->lMostUsers, lUsers, lMost) == lMost)
            break;
    }
    ReleaseMutex(pCounter->hMutex);
    return pCounter;

failed_locked:
    dwError = GetLastError();
    ReleaseMutex(pCounter->hMutex);
    SetLastError(dwError);

failed:
    dwError = GetLastError();
    if (pCounter->pShared)
        UnmapViewOfFile(pCounter->pShared);
    if (pCounter->hMapping)
        CloseHandle(pCounter->hMapping);
    if (pCounter->hMutex)
        CloseHandle(pCounter->hMutex);
    HeapFree(GetProcessHeap(), 0, pCounter);
    SetLastError(dwError);
    return NULL;
}

BOOL CounterClose(PCOUNTER pCounter)
{
    BOOL fLast;

    if (!pCounter)
        return FALSE;
    Lock(pCounter);
    fLast = InterlockedDecrement(&pCounter->pShared->lUsers) == 0;
    UnmapViewOfFile(pCounter->pShared);
    CloseHandle(pCounter->hMapping);
    ReleaseMutex(pCounter->hMutex);
    CloseHandle(pCounter->hMutex);
    HeapFree(GetProcessHeap(), 0, pCounter);
    return fLast;
}

LONG CounterIncrement(PCOUNTER pCounter)
{
    return InterlockedIncrement(&pCounter->pShared->lInterlocked);
}

BOOL CounterAdd(PCOUNTER pCounter, LONG lAmount)
{
    if (!Lock(pCounter))
        return FALSE;
    pCounter->pShared->llLocked++;
    pCounter->pShared->llSum += lAmount;
    return ReleaseMutex(pCounter->hMutex);
}

BOOL CounterRead(PCOUNTER pCounter, COUNTER_VALUES *pValues)
{
    if (!Lock(pCounter))
        return FALSE;
    pValues->lUsers = pCounter->pShared->lUsers;
    pValues->lMostUsers = pCounter->pShared->lMostUsers;
    pValues->lInterlocked = pCounter->pShared->lInterlocked;
    pValues->llLocked = pCounter->pShared->llLocked;
    pValues->llSum = pCounter->pShared->llSum;
    return ReleaseMutex(pCounter->hMutex);
}
