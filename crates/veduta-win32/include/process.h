/* Threads as the C runtime starts them, and the process's number. */
#ifndef VEDUTA_PROCESS_H
#define VEDUTA_PROCESS_H

#include <crtdefs.h>
#include <minwindef.h>

typedef void (__cdecl *_beginthread_proc_type)(void *);
typedef unsigned (__stdcall *_beginthreadex_proc_type)(void *);

#ifdef __cplusplus
extern "C" {
#endif

WINBASEAPI uintptr_t WINAPI _beginthread(_beginthread_proc_type start_address, unsigned stack_size, void *arglist);
WINBASEAPI uintptr_t WINAPI _beginthreadex(void *security, unsigned stack_size, _beginthreadex_proc_type start_address, void *arglist, unsigned initflag, unsigned *thrdaddr);
WINBASEAPI DECLSPEC_NORETURN void WINAPI _endthread(void);
WINBASEAPI DECLSPEC_NORETURN void WINAPI _endthreadex(unsigned retval);
WINBASEAPI int WINAPI _getpid(void);

#ifdef __cplusplus
}
#endif

#endif
