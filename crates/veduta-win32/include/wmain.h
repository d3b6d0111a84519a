/* wmain and wWinMain: the C library starts main, so each of these names is a macro for the text
       main(int, char **) { return ...(the function below) } int veduta_user_...
   and `int wmain(int argc, wchar_t *argv[]) {` becomes a main and the beginning of the function that main calls. That function may have
   the parameters that wmain may have, fewer than two as well. Do not declare wmain before its definition. tchar.h and windows.h include this. */
#ifndef VEDUTA_WMAIN_H
#define VEDUTA_WMAIN_H

#include <windef.h>
#include <libloaderapi.h>
#include <processenv.h>
#include <veduta_win32.h>

#ifdef __cplusplus
#define VEDUTA_C_LINKAGE extern "C"
#else
#define VEDUTA_C_LINKAGE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Other names for the two functions, with the parameters that we call them with. */
int veduta_call_wmain(int argc, WCHAR **argv) __asm__("veduta_user_wmain");
int veduta_call_wwinmain(HINSTANCE instance, HINSTANCE previous, WCHAR *command_line, int show) __asm__("veduta_user_wwinmain");
int veduta_call_winmain(HINSTANCE instance, HINSTANCE previous, char *command_line, int show) __asm__("veduta_user_winmain");

#ifdef __cplusplus
}
#endif

/* The command line after the program's name, which may be in quotes. */
static inline WCHAR *veduta_arguments_w(void)
{
    WCHAR *text = GetCommandLineW();
    int quoted = 0;
    for (; *text && (quoted || (*text != ' ' && *text != '\t')); text++)
        quoted ^= *text == '"';
    while (*text == ' ' || *text == '\t')
        text++;
    return text;
}

static inline char *veduta_arguments_a(void)
{
    char *text = GetCommandLineA();
    int quoted = 0;
    for (; *text && (quoted || (*text != ' ' && *text != '\t')); text++)
        quoted ^= *text == '"';
    while (*text == ' ' || *text == '\t')
        text++;
    return text;
}

#define wmain                                                                                                                         \
    main(int veduta_argc, char **veduta_argv)                                                                                         \
    {                                                                                                                                 \
        return veduta_wide_main(veduta_call_wmain, veduta_argc, veduta_argv);                                                         \
    }                                                                                                                                 \
    VEDUTA_C_LINKAGE int veduta_user_wmain

/* 10 is SW_SHOWDEFAULT. */
#define wWinMain                                                                                                                      \
    main(void)                                                                                                                        \
    {                                                                                                                                 \
        return veduta_call_wwinmain(GetModuleHandleW(NULL), NULL, veduta_arguments_w(), 10);                                          \
    }                                                                                                                                 \
    VEDUTA_C_LINKAGE int veduta_user_wwinmain

#define WinMain                                                                                                                       \
    main(void)                                                                                                                        \
    {                                                                                                                                 \
        return veduta_call_winmain(GetModuleHandleA(NULL), NULL, veduta_arguments_a(), 10);                                           \
    }                                                                                                                                 \
    VEDUTA_C_LINKAGE int veduta_user_winmain

#endif
