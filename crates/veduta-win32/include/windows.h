/* Win32 on Linux: files, sections (file mappings), events, mutexes, semaphores, timers, threads and processes, with their own names.
   Each subject has its header, as in the Windows SDK; this one includes them all. docs/win32.md tells what differs from Windows. */
#ifndef VEDUTA_WINDOWS_H
#define VEDUTA_WINDOWS_H

#include <windef.h>
#include <winbase.h>
#include <winerror.h>
#include <winnls.h>
#include <winuser.h>

#include <crtdefs.h>
#include <corecrt_string.h>
#include <corecrt_wstring.h>
#include <corecrt_stdio.h>
#include <corecrt_wstdio.h>
#include <wchar.h>
#include <wmain.h>

#ifndef WIN32_LEAN_AND_MEAN
#include <mmsystem.h>
#include <shellapi.h>
#endif

#endif
