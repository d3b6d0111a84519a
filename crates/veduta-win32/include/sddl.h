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

#ifdef __cplusplus
}
#endif

#endif
