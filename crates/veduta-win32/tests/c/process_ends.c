/* How processes and threads of C end. The test that runs this says how. */
#include <windows.h>
#include <process.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static HANDLE main_thread;

static DWORD WINAPI goes_on(LPVOID unused)
{
    DWORD code = 0;
    (void)unused;
    /* The main thread is a thread like others: it ends, and is waited for. */
    if (WaitForSingleObject(main_thread, 60000) != WAIT_OBJECT_0)
        exit(101);
    if (!GetExitCodeThread(main_thread, &code) || code != 3)
        exit(102);
    return 0x0BADCAFE;
}

static DWORD WINAPI leaves_by_pthread(LPVOID code)
{
    pthread_exit(code);
    return 1;
}

static void *only_pthread(void *handle)
{
    HANDLE own = NULL;
    DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &own, 0, FALSE, DUPLICATE_SAME_ACCESS);
    *(HANDLE *)handle = own;
    ExitThread(0xABCD);
    return NULL;
}

static void at_exit(void)
{
    puts("handler");
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    DWORD code = 0;
    HANDLE thread;
    if (strcmp(how, "return") == 0)
        return (int)0xC0FFEE77;
    if (strcmp(how, "main thread leaves") == 0) {
        DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &main_thread, 0, FALSE, DUPLICATE_SAME_ACCESS);
        CloseHandle(CreateThread(NULL, 0, goes_on, NULL, 0, NULL));
        ExitThread(3);
    }
    if (strcmp(how, "only thread leaves") == 0)
        ExitThread(0x33445566);
    if (strcmp(how, "pthread_exit") == 0) {
        thread = CreateThread(NULL, 0, leaves_by_pthread, (LPVOID)(ULONG_PTR)0x1234, 0, NULL);
        WaitForSingleObject(thread, INFINITE);
        GetExitCodeThread(thread, &code);
        ExitProcess(code);
    }
    if (strcmp(how, "pthread") == 0) {
        pthread_t other;
        pthread_create(&other, NULL, only_pthread, &thread);
        pthread_join(other, NULL);
        WaitForSingleObject(thread, INFINITE);
        GetExitCodeThread(thread, &code);
        ExitProcess(code);
    }
    if (strcmp(how, "ExitProcess") == 0) {
        atexit(at_exit);
        printf("buffered ");
        ExitProcess(7);
    }
    return 100;
}
