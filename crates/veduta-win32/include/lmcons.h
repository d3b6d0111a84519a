/* The longest name of a user, for GetUserName. */
#ifndef VEDUTA_LMCONS_H
#define VEDUTA_LMCONS_H

#define UNLEN 256

#endif
