/* FormatMessage. */
#include "report.h"

static const char *format(DWORD flags, const char *source, DWORD_PTR *arguments)
{
    char *out = slot();
    DWORD length;
    SetLastError(MARK);
    length = FormatMessageA(flags | FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_ARGUMENT_ARRAY, source, 0, 0, out, 200,
                            (va_list *)arguments);
    return length ? text("%u [%s]", (unsigned)length, out) : text("0 %u", last());
}

static void msg_01(void)
{
    DWORD_PTR arguments[2] = {(DWORD_PTR) "one", 42};
    say("%s,", format(0, "%1 and %2!d!", arguments));
    say("%s,", format(0, "%2!u! %1", arguments));
    say("%s,", format(0, "%2!04x!", arguments));
    say("%s,", format(0, "100%% %.", arguments));
    say("%s", format(FORMAT_MESSAGE_IGNORE_INSERTS, "%1 stays", arguments));
}

static void msg_02(void)
{
    char *out = NULL;
    DWORD length = FormatMessageA(FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_ALLOCATE_BUFFER, "hello", 0, 0,
                                  (char *)&out, 0, NULL);
    say("%u [%s],", (unsigned)length, out ? out : "NULL");
    say("%s", LocalFree(out) ? "not freed" : "freed");
}

static void msg_03(void)
{
    char few[4];
    SetLastError(MARK);
    say("too short: %u", (unsigned)FormatMessageA(FORMAT_MESSAGE_FROM_STRING, "hello", 0, 0, few, 4, NULL));
    say("%u,", last());
    SetLastError(MARK);
    say("no message: %u", (unsigned)FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 0x0EADBEEF, 0, few, 4, NULL));
    say("%u", last());
}

/* What an error is called differs with the language; that it is a line does not. */
static void msg_04(void)
{
    WCHAR out[256];
    DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, ERROR_FILE_NOT_FOUND,
                                  0, out, 256, NULL);
    say("%s,", length > 4 && length == (DWORD)lstrlenW(out) ? "a text" : "no text");
    say("ends in %x %x", length > 1 ? out[length - 2] : 0, length > 1 ? out[length - 1] : 0);
}

static const struct fact facts[] = {
    {"MSG-01", msg_01}, {"MSG-02", msg_02}, {"MSG-03", msg_03}, {"MSG-04", msg_04}, {NULL, NULL},
};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
