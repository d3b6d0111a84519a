/* Security descriptors as text. */
#ifndef VEDUTA_SDDL_H
#define VEDUTA_SDDL_H

#include <minwinbase.h>

#define SDDL_REVISION_1 1
#define SDDL_REVISION 1

#ifdef __cplusplus
extern "C" {
#endif

WINBASEAPI BOOL WINAPI ConvertStringSecurityDescriptorToSecurityDescriptorA(LPCSTR StringSecurityDescriptor, DWORD StringSDRevision, PSECURITY_DESCRIPTOR *SecurityDescriptor, PULONG SecurityDescriptorSize);
WINBASEAPI BOOL WINAPI ConvertStringSecurityDescriptorToSecurityDescriptorW(LPCWSTR StringSecurityDescriptor, DWORD StringSDRevision, PSECURITY_DESCRIPTOR *SecurityDescriptor, PULONG SecurityDescriptorSize);
#define ConvertStringSecurityDescriptorToSecurityDescriptor VEDUTA_AW(ConvertStringSecurityDescriptorToSecurityDescriptor)
WINBASEAPI BOOL WINAPI ConvertSecurityDescriptorToStringSecurityDescriptorA(PSECURITY_DESCRIPTOR SecurityDescriptor, DWORD RequestedStringSDRevision, SECURITY_INFORMATION SecurityInformation, LPSTR *StringSecurityDescriptor, PULONG StringSecurityDescriptorLen);
WINBASEAPI BOOL WINAPI ConvertSecurityDescriptorToStringSecurityDescriptorW(PSECURITY_DESCRIPTOR SecurityDescriptor, DWORD RequestedStringSDRevision, SECURITY_INFORMATION SecurityInformation, LPWSTR *StringSecurityDescriptor, PULONG StringSecurityDescriptorLen);
#define ConvertSecurityDescriptorToStringSecurityDescriptor VEDUTA_AW(ConvertSecurityDescriptorToStringSecurityDescriptor)
WINBASEAPI BOOL WINAPI ConvertStringSidToSidA(LPCSTR StringSid, PSID *Sid);
WINBASEAPI BOOL WINAPI ConvertStringSidToSidW(LPCWSTR StringSid, PSID *Sid);
#define ConvertStringSidToSid VEDUTA_AW(ConvertStringSidToSid)
WINBASEAPI BOOL WINAPI ConvertSidToStringSidA(PSID Sid, LPSTR *StringSid);
WINBASEAPI BOOL WINAPI ConvertSidToStringSidW(PSID Sid, LPWSTR *StringSid);
#define ConvertSidToStringSid VEDUTA_AW(ConvertSidToStringSid)

#ifdef __cplusplus
}
#endif

#endif
