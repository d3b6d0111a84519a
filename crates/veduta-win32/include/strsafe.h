/* String functions that always end the string and say when something was cut. All inline. */
#ifndef VEDUTA_STRSAFE_H
#define VEDUTA_STRSAFE_H

#include <string.h>

#include <winerror.h>
#include <veduta/format.h>
#include <veduta_win32.h>

#define STRSAFE_MAX_CCH 2147483647
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007a)
#define STRSAFE_E_INVALID_PARAMETER ((HRESULT)0x80070057)
#define STRSAFE_E_END_OF_FILE ((HRESULT)0x80070026)

typedef LPSTR STRSAFE_LPSTR;
typedef LPCSTR STRSAFE_LPCSTR;
typedef LPWSTR STRSAFE_LPWSTR;
typedef LPCWSTR STRSAFE_LPCWSTR;

static inline HRESULT StringCchLengthA(LPCSTR psz, size_t cchMax, size_t *pcchLength)
{
    size_t length = 0;
    HRESULT result = STRSAFE_E_INVALID_PARAMETER;
    if (psz && cchMax <= STRSAFE_MAX_CCH) {
        while (length < cchMax && psz[length])
            length++;
        if (length < cchMax)
            result = S_OK;
    }
    if (pcchLength)
        *pcchLength = result == S_OK ? length : 0;
    return result;
}

static inline HRESULT StringCchCopyNA(LPSTR pszDest, size_t cchDest, LPCSTR pszSrc, size_t cchToCopy)
{
    size_t i = 0;
    if (cchDest == 0 || cchDest > STRSAFE_MAX_CCH)
        return STRSAFE_E_INVALID_PARAMETER;
    while (i < cchToCopy && i < cchDest && pszSrc[i]) {
        pszDest[i] = pszSrc[i];
        i++;
    }
    if (i < cchDest) {
        pszDest[i] = 0;
        return S_OK;
    }
    pszDest[cchDest - 1] = 0;
    return STRSAFE_E_INSUFFICIENT_BUFFER;
}

static inline HRESULT StringCchCopyA(LPSTR pszDest, size_t cchDest, LPCSTR pszSrc)
{
    return StringCchCopyNA(pszDest, cchDest, pszSrc, STRSAFE_MAX_CCH);
}

static inline HRESULT StringCchCatNA(LPSTR pszDest, size_t cchDest, LPCSTR pszSrc, size_t cchToAppend)
{
    size_t length;
    HRESULT result = StringCchLengthA(pszDest, cchDest, &length);
    return FAILED(result) ? result : StringCchCopyNA(pszDest + length, cchDest - length, pszSrc, cchToAppend);
}

static inline HRESULT StringCchCatA(LPSTR pszDest, size_t cchDest, LPCSTR pszSrc)
{
    return StringCchCatNA(pszDest, cchDest, pszSrc, STRSAFE_MAX_CCH);
}

static inline HRESULT StringCchVPrintfA(LPSTR pszDest, size_t cchDest, LPCSTR pszFormat, va_list argList)
{
    if (cchDest == 0 || cchDest > STRSAFE_MAX_CCH)
        return STRSAFE_E_INVALID_PARAMETER;
    long long length = veduta_format_buffer(pszDest, cchDest, 0, pszFormat, argList);
    if (length >= 0 && (size_t)length < cchDest)
        return S_OK;
    pszDest[cchDest - 1] = 0;
    return length < 0 ? STRSAFE_E_INVALID_PARAMETER : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static inline HRESULT StringCchPrintfA(LPSTR pszDest, size_t cchDest, LPCSTR pszFormat, ...)
{
    va_list arguments;
    va_start(arguments, pszFormat);
    HRESULT result = StringCchVPrintfA(pszDest, cchDest, pszFormat, arguments);
    va_end(arguments);
    return result;
}

static inline HRESULT StringCbCopyA(LPSTR pszDest, size_t cbDest, LPCSTR pszSrc)
{
    return StringCchCopyA(pszDest, cbDest / sizeof(char), pszSrc);
}

static inline HRESULT StringCbCatA(LPSTR pszDest, size_t cbDest, LPCSTR pszSrc)
{
    return StringCchCatA(pszDest, cbDest / sizeof(char), pszSrc);
}

static inline HRESULT StringCbLengthA(LPCSTR psz, size_t cbMax, size_t *pcbLength)
{
    HRESULT result = StringCchLengthA(psz, cbMax / sizeof(char), pcbLength);
    if (pcbLength)
        *pcbLength *= sizeof(char);
    return result;
}

static inline HRESULT StringCbPrintfA(LPSTR pszDest, size_t cbDest, LPCSTR pszFormat, ...)
{
    va_list arguments;
    va_start(arguments, pszFormat);
    HRESULT result = StringCchVPrintfA(pszDest, cbDest / sizeof(char), pszFormat, arguments);
    va_end(arguments);
    return result;
}

static inline HRESULT StringCchLengthW(LPCWSTR psz, size_t cchMax, size_t *pcchLength)
{
    size_t length = 0;
    HRESULT result = STRSAFE_E_INVALID_PARAMETER;
    if (psz && cchMax <= STRSAFE_MAX_CCH) {
        while (length < cchMax && psz[length])
            length++;
        if (length < cchMax)
            result = S_OK;
    }
    if (pcchLength)
        *pcchLength = result == S_OK ? length : 0;
    return result;
}

static inline HRESULT StringCchCopyNW(LPWSTR pszDest, size_t cchDest, LPCWSTR pszSrc, size_t cchToCopy)
{
    size_t i = 0;
    if (cchDest == 0 || cchDest > STRSAFE_MAX_CCH)
        return STRSAFE_E_INVALID_PARAMETER;
    while (i < cchToCopy && i < cchDest && pszSrc[i]) {
        pszDest[i] = pszSrc[i];
        i++;
    }
    if (i < cchDest) {
        pszDest[i] = 0;
        return S_OK;
    }
    pszDest[cchDest - 1] = 0;
    return STRSAFE_E_INSUFFICIENT_BUFFER;
}

static inline HRESULT StringCchCopyW(LPWSTR pszDest, size_t cchDest, LPCWSTR pszSrc)
{
    return StringCchCopyNW(pszDest, cchDest, pszSrc, STRSAFE_MAX_CCH);
}

static inline HRESULT StringCchCatNW(LPWSTR pszDest, size_t cchDest, LPCWSTR pszSrc, size_t cchToAppend)
{
    size_t length;
    HRESULT result = StringCchLengthW(pszDest, cchDest, &length);
    return FAILED(result) ? result : StringCchCopyNW(pszDest + length, cchDest - length, pszSrc, cchToAppend);
}

static inline HRESULT StringCchCatW(LPWSTR pszDest, size_t cchDest, LPCWSTR pszSrc)
{
    return StringCchCatNW(pszDest, cchDest, pszSrc, STRSAFE_MAX_CCH);
}

static inline HRESULT StringCchVPrintfW(LPWSTR pszDest, size_t cchDest, LPCWSTR pszFormat, va_list argList)
{
    if (cchDest == 0 || cchDest > STRSAFE_MAX_CCH)
        return STRSAFE_E_INVALID_PARAMETER;
    long long length = veduta_format_buffer(pszDest, cchDest, 1, pszFormat, argList);
    if (length >= 0 && (size_t)length < cchDest)
        return S_OK;
    pszDest[cchDest - 1] = 0;
    return length < 0 ? STRSAFE_E_INVALID_PARAMETER : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static inline HRESULT StringCchPrintfW(LPWSTR pszDest, size_t cchDest, LPCWSTR pszFormat, ...)
{
    va_list arguments;
    va_start(arguments, pszFormat);
    HRESULT result = StringCchVPrintfW(pszDest, cchDest, pszFormat, arguments);
    va_end(arguments);
    return result;
}

static inline HRESULT StringCbCopyW(LPWSTR pszDest, size_t cbDest, LPCWSTR pszSrc)
{
    return StringCchCopyW(pszDest, cbDest / sizeof(WCHAR), pszSrc);
}

static inline HRESULT StringCbCatW(LPWSTR pszDest, size_t cbDest, LPCWSTR pszSrc)
{
    return StringCchCatW(pszDest, cbDest / sizeof(WCHAR), pszSrc);
}

static inline HRESULT StringCbLengthW(LPCWSTR psz, size_t cbMax, size_t *pcbLength)
{
    HRESULT result = StringCchLengthW(psz, cbMax / sizeof(WCHAR), pcbLength);
    if (pcbLength)
        *pcbLength *= sizeof(WCHAR);
    return result;
}

static inline HRESULT StringCbPrintfW(LPWSTR pszDest, size_t cbDest, LPCWSTR pszFormat, ...)
{
    va_list arguments;
    va_start(arguments, pszFormat);
    HRESULT result = StringCchVPrintfW(pszDest, cbDest / sizeof(WCHAR), pszFormat, arguments);
    va_end(arguments);
    return result;
}

#define StringCchLength VEDUTA_AW(StringCchLength)
#define StringCchCopyN VEDUTA_AW(StringCchCopyN)
#define StringCchCopy VEDUTA_AW(StringCchCopy)
#define StringCchCatN VEDUTA_AW(StringCchCatN)
#define StringCchCat VEDUTA_AW(StringCchCat)
#define StringCchVPrintf VEDUTA_AW(StringCchVPrintf)
#define StringCchPrintf VEDUTA_AW(StringCchPrintf)
#define StringCbCopy VEDUTA_AW(StringCbCopy)
#define StringCbCat VEDUTA_AW(StringCbCat)
#define StringCbLength VEDUTA_AW(StringCbLength)
#define StringCbPrintf VEDUTA_AW(StringCbPrintf)

#endif
