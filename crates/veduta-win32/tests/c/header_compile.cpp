// header_compile.c as C++, with the standard library's headers around it, and what only C++ has.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cwchar>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "header_compile.c"

#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <sstream>
#include <type_traits>

static_assert(sizeof(WCHAR) == 2, "WCHAR");
static_assert(sizeof(TEXT("ab")) == 3 * sizeof(TCHAR), "TEXT");
static_assert(std::is_same<SIZE_T, std::size_t>::value, "SIZE_T");

int header_compile_cpp()
{
    char narrow[8];
    WCHAR wide[8];
    strcpy_s(narrow, "x");
    sprintf_s(narrow, "%d", 1);
    _snprintf_s(narrow, _TRUNCATE, "%s", "long text");
    wcscpy_s(wide, std::basic_string<WCHAR>(1, 'x').c_str());
    swprintf_s(wide, VEDUTA_WIDE("%d"), 1);
    DWORD volatile count = 0;
    std::int64_t volatile total = 0;
    long volatile native = 0;
    InterlockedIncrement(&count);
    InterlockedExchangeAdd64(&total, 2);
    InterlockedDecrement(&native);
    std::basic_string<TCHAR> name(TEXT("a"));
    return std::min(3, std::max(1, 2)) + static_cast<int>(_countof(wide)) + static_cast<int>(name.size());
}
