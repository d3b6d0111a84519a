//! Mutexes, events, semaphores and timers: the kernel's own.
