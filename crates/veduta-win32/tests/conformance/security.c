/* Security descriptors, as far as programs need them to make objects. */
#include "report.h"

static void sds_01(void)
{
    SECURITY_DESCRIPTOR it;
    say("%s,", DID(InitializeSecurityDescriptor(&it, SECURITY_DESCRIPTOR_REVISION)));
    say("%s,", DID(IsValidSecurityDescriptor(&it)));
    say("revision 2: %s", DID(InitializeSecurityDescriptor(&it, 2)));
}

static void sds_02(void)
{
    SECURITY_DESCRIPTOR it;
    BOOL present = 7, defaulted = 7;
    PACL list = (PACL)&it;
    InitializeSecurityDescriptor(&it, SECURITY_DESCRIPTOR_REVISION);
    say("%s", DID(GetSecurityDescriptorDacl(&it, &present, &list, &defaulted)));
    say("%d,", (int)present);
    say("%s", DID(SetSecurityDescriptorDacl(&it, TRUE, NULL, FALSE)));
    say("%s", DID(GetSecurityDescriptorDacl(&it, &present, &list, &defaulted)));
    say("%d %d %s", (int)present, (int)defaulted, list ? "a list" : "no list");
}

/* The descriptor that lets everybody do everything. */
static void sds_03(void)
{
    SECURITY_DESCRIPTOR it;
    SECURITY_ATTRIBUTES how = {sizeof how, &it, FALSE};
    HANDLE a, b, c, d;
    InitializeSecurityDescriptor(&it, SECURITY_DESCRIPTOR_REVISION);
    SetSecurityDescriptorDacl(&it, TRUE, NULL, FALSE);
    say("%s", MADE(a = CreateMutexW(&how, FALSE, wide("%s", unique()))));
    say("%s", MADE(b = CreateEventW(&how, FALSE, FALSE, wide("%s", unique()))));
    say("%s", MADE(c = CreateSemaphoreW(&how, 1, 1, wide("%s", unique()))));
    say("%s", MADE(d = CreateFileMappingW(INVALID_HANDLE_VALUE, &how, PAGE_READWRITE, 0, 4096, wide("%s", unique()))));
    CloseHandle(a);
    CloseHandle(b);
    CloseHandle(c);
    CloseHandle(d);
}

static const struct fact facts[] = {{"SDS-01", sds_01}, {"SDS-02", sds_02}, {"SDS-03", sds_03}, {NULL, NULL}};
static const struct role roles[] = {{NULL, NULL}};
REPORT(facts, roles)
