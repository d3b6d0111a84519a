"""What Python's own modules do, for the driver (src/program.rs says how it asks).

"contended" is as in posix.c: one lock that this process and a partner acquire and release without pause, counting under it, until
both together have done so COUNT times.

There is no "open", because SharedMemory always maps, and "create" maps for the same reason. There is no "death": a lock stays locked
when its owner dies. There is no "any1": connections can be waited for together (multiprocessing.connection.wait), events cannot.
"""
import ctypes
import mmap
import multiprocessing
import os
import platform
import signal
import sys
import tempfile
import time
from multiprocessing.shared_memory import SharedMemory

SMALL = 64 << 10
PAGE = 4096
PAGES = 1024
PR_SET_PDEATHSIG = 1


def timed(count, act):
    """Does it so often; says how many nanoseconds all of it took."""
    times = range(count)
    begun = time.monotonic_ns()
    for _ in times:
        act()
    return time.monotonic_ns() - begun


def partner(role, *arguments):
    """Starts a process that ends with this one."""
    multiprocessing.Process(target=as_partner, args=(role, *arguments), daemon=True).start()


def as_partner(role, *arguments):
    # Daemonic processes are ended by a parent that exits, not with one that is killed.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    role(*arguments)


class Held:
    """Shared memory that a partner holds, and this process, too, if it keeps it. It is removed with this object."""

    def __init__(self, keep):
        self.memory = SharedMemory(create=True, size=SMALL)
        self.name = self.memory.name
        ready = multiprocessing.Semaphore(0)
        partner(hold, self.name, ready)
        ready.acquire()
        if not keep:
            self.memory.close()

    def __del__(self):
        self.memory.close()
        self.memory.unlink()


def hold(name, ready):
    _memory = SharedMemory(name=name)
    ready.release()
    signal.pause()


def create():
    def act():
        memory = SharedMemory(create=True, size=SMALL)
        memory.close()
        memory.unlink()

    return lambda count: timed(count, act)


def open_and_map(keep):
    held = Held(keep)

    def act():
        memory = SharedMemory(name=held.name)
        memory.buf[0] = 1
        memory.close()

    return lambda count: timed(count, act)


def map_all(size):
    descriptor = os.memfd_create("bench-python")
    os.truncate(descriptor, size)
    return lambda count: timed(count, lambda: mmap.mmap(descriptor, size).close())


def copy_on_write():
    file = tempfile.TemporaryFile()
    file.write(b"\1" * (PAGE * PAGES))
    file.flush()

    def turn(count):
        nanoseconds = 0
        for done in range(0, count, PAGES):
            pages = range(0, min(count - done, PAGES) * PAGE, PAGE)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as view:
                begun = time.monotonic_ns()
                for page in pages:
                    view[page] = 2
                nanoseconds += time.monotonic_ns() - begun
        return nanoseconds

    return turn


def event():
    ping, pong = multiprocessing.Semaphore(0), multiprocessing.Semaphore(0)
    partner(answer, ping, pong)

    def act():
        ping.release()
        pong.acquire()

    return lambda count: timed(count, act)


def answer(ping, pong):
    while True:
        ping.acquire()
        pong.release()


def uncontended():
    lock = multiprocessing.Lock()

    def act():
        with lock:
            pass

    return lambda count: timed(count, act)


class Contest:
    def __init__(self):
        self.lock = multiprocessing.Lock()
        self.go, self.here = multiprocessing.Semaphore(0), multiprocessing.Semaphore(0)
        # The lock guards the counts, during a turn.
        self.done, self.wanted, self.begun = (multiprocessing.RawValue("q") for _ in range(3))

    def contend(self):
        while True:
            with self.lock:
                if self.done.value >= self.wanted.value:
                    return
                self.done.value += 1

    def again_and_again(self):
        turn = 0
        while True:
            turn += 1
            self.go.acquire()
            self.here.release()
            while self.begun.value < turn:
                os.sched_yield()
            self.contend()

    def turn(self, count):
        # Once the partner is here it has left the last turn, and looks for the next one to begin: nobody has to be woken then.
        self.go.release()
        self.here.acquire()
        self.done.value = 0
        self.wanted.value = count
        begun = time.monotonic_ns()
        self.begun.value += 1
        self.contend()
        return time.monotonic_ns() - begun


def contended():
    contest = Contest()
    partner(contest.again_and_again)
    return contest.turn


def ring(size):
    receiver, sender = multiprocessing.Pipe(duplex=False)
    expected = multiprocessing.RawValue("q")
    received = multiprocessing.Semaphore(0)
    partner(receive, receiver, expected, received)
    message = bytes(b"\1" * size)

    def turn(count):
        if count == 0:
            return 0
        expected.value = count
        begun = time.monotonic_ns()
        for _ in range(count):
            sender.send_bytes(message)
        received.acquire()
        return time.monotonic_ns() - begun

    return turn


def receive(receiver, expected, received):
    seen = 0
    while True:
        receiver.recv_bytes()
        seen += 1
        if seen == expected.value:
            seen = 0
            received.release()


# How each work is set up.
WORKS = {
    "create": create,
    "openmap": lambda: open_and_map(keep=False),
    "openmap-held": lambda: open_and_map(keep=True),
    "map64k": lambda: map_all(SMALL),
    "map1g": lambda: map_all(1 << 30),
    "cow": copy_on_write,
    "event": event,
    "lock": uncontended,
    "contended": contended,
    "ring64": lambda: ring(64),
    "ring4k": lambda: ring(4 << 10),
    "ring1m": lambda: ring(1 << 20),
}


def main():
    # Whoever interrupts the driver ends our input, and then names are removed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ready = {}
    for line in sys.stdin:
        what, count = line.split()
        if what == "version":
            print(platform.python_version(), flush=True)
        elif what in WORKS:
            if what not in ready:
                ready[what] = WORKS[what]()
            print(ready[what](int(count)), flush=True)
        else:
            print("-", flush=True)


if __name__ == "__main__":
    main()
