// std::wstring with 16-bit wchar_t. libstdc++.so has its own for 32 bits; wchar.h keeps programs from using it. Needs -fshort-wchar and the library;
// run it with the address sanitizer as well. Returns the number of failures.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <windows.h>

static int failures;

#define CHECK(condition) ((condition) ? (void)0 : (void)(failures++, std::fprintf(stderr, "header_wstring.cpp:%d: %s\n", __LINE__, #condition)))

int wmain(int argc, wchar_t *argv[])
{
    std::wstring text = L"hello";
    for (int i = 0; i < 20; i++)
        text += L" wide world";
    CHECK(text.size() == 5 + 20 * 11);
    text.append(text);
    text.insert(3, L"abc");
    text.replace(0, 2, L"ZZZZZ");
    CHECK(text.substr(0, 16) == L"ZZZZZlabclo wide");
    CHECK(text.find(L"world") == 17 && text.find_first_of(L"xyw") == 12 && text.rfind(L"hello") != std::wstring::npos);
    text.resize(600, L'x');
    CHECK(text.size() == 600 && text[599] == L'x' && std::count(text.begin() + 456, text.end(), L'x') == 144);
    std::wstring copy = text;
    copy.push_back(L'!');
    CHECK(copy > text && copy.compare(0, 600, text) == 0 && wcslen(copy.c_str()) == 601);
    std::map<std::wstring, int> numbers;
    numbers[L"one"] = 1;
    numbers[L"two"] = 2;
    numbers[std::wstring(L"o") + L"ne"] = 3;
    CHECK(numbers.size() == 2 && numbers[L"one"] == 3);
    CHECK(std::stoi(std::wstring(L"77")) == 77 && std::to_wstring(42) == L"42" && std::to_wstring(1.5) == L"1.500000");
    std::vector<std::wstring> many(100, L"a string that is too long for the object itself");
    std::sort(many.begin(), many.end());
    CHECK(many.front() == many.back());
    wchar_t buffer[32];
    swprintf_s(buffer, L"%s %d", L"row", 7);
    CHECK(std::wstring(buffer) == L"row 7" && swprintf(buffer, L"%c", L'x') == 1);
    CHECK(argc >= 1 && argv[argc] == nullptr);
    std::u16string other(u"independent of all this");
    CHECK(other.size() == 23);
    return failures;
}
