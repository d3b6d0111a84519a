/* Linux tells upper from lower case in file names, and much source says <Windows.h>. */
#include <windows.h>
