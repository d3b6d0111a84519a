/* The names that _UNICODE chooses: the functions for WCHAR text, or those for char. */
#ifndef VEDUTA_TCHAR_H
#define VEDUTA_TCHAR_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include <winnt.h>
#include <corecrt_string.h>
#include <corecrt_wstring.h>
#include <corecrt_stdio.h>
#include <corecrt_wstdio.h>
#include <wchar.h>
#include <wmain.h>

#if defined(_UNICODE) != defined(UNICODE)
#warning "UNICODE and _UNICODE should both be defined, or neither: here TCHAR follows UNICODE, and the _t functions _UNICODE"
#endif

#ifdef _UNICODE

typedef WCHAR _TCHAR;
typedef WCHAR _TUCHAR, _TXCHAR;
typedef wint_t _TINT;
#define _TEOF WEOF
#define __T(quote) VEDUTA_WIDE(quote)

#define _tcslen veduta_wcslen
#define _tcsnlen veduta_wcsnlen
#define _tcscpy veduta_wcscpy
#define _tcsncpy veduta_wcsncpy
#define _tcscat veduta_wcscat
#define _tcsncat veduta_wcsncat
#define _tcscmp veduta_wcscmp
#define _tcsncmp veduta_wcsncmp
#define _tcsicmp _wcsicmp
#define _tcsnicmp _wcsnicmp
#define _tcschr veduta_wcschr
#define _tcsrchr veduta_wcsrchr
#define _tcsstr veduta_wcsstr
#define _tcspbrk veduta_wcspbrk
#define _tcsspn veduta_wcsspn
#define _tcscspn veduta_wcscspn
#define _tcsdup _wcsdup
#define _tcsupr _wcsupr
#define _tcslwr _wcslwr
#define _tcstok_s wcstok_s
#define _tcscpy_s wcscpy_s
#define _tcsncpy_s wcsncpy_s
#define _tcscat_s wcscat_s
#define _tcsncat_s wcsncat_s

#define _tcstol veduta_wcstol
#define _tcstoul veduta_wcstoul
#define _tcstoll veduta_wcstoll
#define _tcstoull veduta_wcstoull
#define _tcstoi64 _wcstoi64
#define _tcstoui64 _wcstoui64
#define _tcstod veduta_wcstod
#define _ttoi _wtoi
#define _ttol _wtol
#define _ttoi64 _wtoi64
#define _ttof _wtof
#define _tstoi _wtoi
#define _tstol _wtol
#define _tstof _wtof
#define _itot _itow
#define _ltot _ltow
#define _ultot _ultow
#define _i64tot _i64tow
#define _ui64tot _ui64tow

#define _tprintf veduta_wprintf
#define _tprintf_s veduta_wprintf
#define _ftprintf veduta_fwprintf
#define _ftprintf_s veduta_fwprintf
#define _stprintf _swprintf
#define _stprintf_s swprintf_s
#define _sntprintf _snwprintf
#define _sntprintf_s _snwprintf_s
#define _sctprintf _scwprintf
#define _vtprintf veduta_vwprintf
#define _vftprintf veduta_vfwprintf
#define _vstprintf _vswprintf
#define _vstprintf_s vswprintf_s
#define _vsntprintf _vsnwprintf
#define _vsntprintf_s _vsnwprintf_s
#define _vsctprintf _vscwprintf
#define _fputts veduta_fputws
#define _fgetts veduta_fgetws
#define _putts _putws
#define _tfopen _wfopen
#define _tfopen_s _wfopen_s

#define _totupper towupper
#define _totlower towlower
#define _istalpha iswalpha
#define _istdigit iswdigit
#define _istxdigit iswxdigit
#define _istalnum iswalnum
#define _istspace iswspace
#define _istupper iswupper
#define _istlower iswlower
#define _istpunct iswpunct
#define _istprint iswprint
#define _istcntrl iswcntrl

#define _tmain wmain
#define _tWinMain wWinMain

#else

typedef char _TCHAR;
typedef unsigned char _TUCHAR;
typedef char _TXCHAR;
typedef int _TINT;
#define _TEOF EOF
#define __T(quote) quote

#define _tcslen strlen
#define _tcsnlen strnlen
#define _tcscpy strcpy
#define _tcsncpy strncpy
#define _tcscat strcat
#define _tcsncat strncat
#define _tcscmp strcmp
#define _tcsncmp strncmp
#define _tcsicmp _stricmp
#define _tcsnicmp _strnicmp
#define _tcschr strchr
#define _tcsrchr strrchr
#define _tcsstr strstr
#define _tcspbrk strpbrk
#define _tcsspn strspn
#define _tcscspn strcspn
#define _tcsdup _strdup
#define _tcsupr _strupr
#define _tcslwr _strlwr
#define _tcstok_s strtok_s
#define _tcscpy_s strcpy_s
#define _tcsncpy_s strncpy_s
#define _tcscat_s strcat_s
#define _tcsncat_s strncat_s

#define _tcstol strtol
#define _tcstoul strtoul
#define _tcstoll strtoll
#define _tcstoull strtoull
#define _tcstoi64 _strtoi64
#define _tcstoui64 _strtoui64
#define _tcstod strtod
#define _ttoi atoi
#define _ttol atoi
#define _ttoi64 _atoi64
#define _ttof atof
#define _tstoi atoi
#define _tstol atoi
#define _tstof atof
#define _itot _itoa
#define _ltot _ltoa
#define _ultot _ultoa
#define _i64tot _i64toa
#define _ui64tot _ui64toa

#define _tprintf veduta_printf
#define _tprintf_s veduta_printf
#define _ftprintf veduta_fprintf
#define _ftprintf_s veduta_fprintf
#define _stprintf veduta_sprintf
#define _stprintf_s sprintf_s
#define _sntprintf _snprintf
#define _sntprintf_s _snprintf_s
#define _sctprintf _scprintf
#define _vtprintf veduta_vprintf
#define _vftprintf veduta_vfprintf
#define _vstprintf veduta_vsprintf
#define _vstprintf_s vsprintf_s
#define _vsntprintf _vsnprintf
#define _vsntprintf_s _vsnprintf_s
#define _vsctprintf _vscprintf
#define _fputts fputs
#define _fgetts fgets
#define _putts puts
#define _tfopen fopen
#define _tfopen_s fopen_s

#define _totupper toupper
#define _totlower tolower
#define _istalpha isalpha
#define _istdigit isdigit
#define _istxdigit isxdigit
#define _istalnum isalnum
#define _istspace isspace
#define _istupper isupper
#define _istlower islower
#define _istpunct ispunct
#define _istprint isprint
#define _istcntrl iscntrl

#define _tmain main
#define _tWinMain WinMain

#endif

#define _T(quote) __T(quote)
#define _TEXT(quote) __T(quote)

/* One TCHAR is one step: neither UTF-8 nor UTF-16 sequences are skipped whole. */
#define _tcsinc(at) ((at) + 1)
#define _tcsdec(start, at) ((at) > (start) ? (at) - 1 : NULL)
#define _tcsnextc(at) (*(at))

#endif
