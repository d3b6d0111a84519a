/* Single keys from the terminal, as samples use them to wait: "press a key". Without a terminal these read standard input. */
#ifndef VEDUTA_CONIO_H
#define VEDUTA_CONIO_H

#include <poll.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

static inline int veduta_key(int echo)
{
    struct termios before, now;
    unsigned char key;
    int terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    fflush(stdout);
    if (terminal) {
        now = before;
        now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &now);
    }
    int count = (int)read(STDIN_FILENO, &key, 1);
    if (terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    if (count != 1)
        return EOF;
    if (echo) {
        putchar(key);
        fflush(stdout);
    }
    return key;
}

static inline int _getch(void)
{
    return veduta_key(0);
}

static inline int _getche(void)
{
    return veduta_key(1);
}

/* True if a key, or in a terminal a line, waits to be read. */
static inline int _kbhit(void)
{
    struct pollfd input = { STDIN_FILENO, POLLIN, 0 };
    return poll(&input, 1, 0) == 1;
}

static inline int _putch(int character)
{
    int result = putchar(character);
    fflush(stdout);
    return result;
}

#endif
