/* Clocks and dates. */
#include "report.h"

static void tim_01(void)
{
    LARGE_INTEGER frequency, before, after;
    int i, backwards = 0;
    say("%s", DID(QueryPerformanceFrequency(&frequency)));
    say("%s,", DID(QueryPerformanceCounter(&before)));
    for (i = 0; i < 10000; i++) {
        QueryPerformanceCounter(&after);
        backwards += after.QuadPart < before.QuadPart;
        before = after;
    }
    say("frequency %s, backwards %d", frequency.QuadPart > 0 ? "positive" : "0", backwards);
}

static void tim_02(void)
{
    ULONGLONG before = GetTickCount64(), after;
    DWORD small = GetTickCount();
    Sleep(100);
    after = GetTickCount64();
    say("%s,", after - before >= 85 ? "not before" : "too early");
    say("%s", GetTickCount() - small >= 85 ? "not before" : "too early");
}

static void tim_03(void)
{
    FILETIME epoch = {0xD53E8000, 0x019DB1DE}, back;
    SYSTEMTIME date;
    say("%s", DID(FileTimeToSystemTime(&epoch, &date)));
    say("%u-%u-%u %u:%u:%u.%u day %u,", date.wYear, date.wMonth, date.wDay, date.wHour, date.wMinute, date.wSecond,
        date.wMilliseconds, date.wDayOfWeek);
    say("%s", DID(SystemTimeToFileTime(&date, &back)));
    say("%ld,", (long)CompareFileTime(&epoch, &back));
    date.wMonth = 13;
    say("month 13: %s,", DID(SystemTimeToFileTime(&date, &back)));
    date.wMonth = 2;
    date.wDay = 30;
    say("30 February: %s", DID(SystemTimeToFileTime(&date, &back)));
}

static void tim_04(void)
{
    FILETIME now, then;
    SYSTEMTIME date;
    GetSystemTimeAsFileTime(&now);
    GetSystemTime(&date);
    Sleep(50);
    GetSystemTimeAsFileTime(&then);
    say("%ld, %s", (long)CompareFileTime(&now, &then), date.wYear >= 2024 ? "this age" : "another age");
}

static const struct fact facts[] = {
    {"TIM-01", tim_01}, {"TIM-02", tim_02}, {"TIM-03", tim_03}, {"TIM-04", tim_04}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
