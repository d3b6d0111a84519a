/* Wine 8 has no bcryptprimitives.dll, and Rust's standard library takes one function of it: random bytes for its hash maps. */
#include <windows.h>
/* After windows.h, whose types it uses. */
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(unsigned char *bytes, SIZE_T count)
{
    const ULONG at_most = 1u << 30;

    while (count) {
        ULONG part = count < at_most ? (ULONG)count : at_most;

        /* Callers do not look at what is returned: as on Windows, there is no failure. */
        if (!RtlGenRandom(bytes, part))
            __builtin_trap();
        bytes += part;
        count -= part;
    }
    return TRUE;
}
