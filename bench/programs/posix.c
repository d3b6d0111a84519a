/* What POSIX and the C library have, for the driver (src/program.rs says how it asks).
 *
 * "contended" is one mutex that this process and a partner lock and unlock without pause, counting under it, until both together have done so
 * COUNT times: what counts is how often anybody gets it, so a mutex is not better for keeping the partner out, nor worse for letting it in.
 *
 * "death" is from just before the kill of the partner that owns a robust mutex until a thread that waits for it has it and was told.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SMALL = 64 << 10, PAGE = 4096, PAGES = 1024, OBJECTS = 64 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int need(int result, const char *what)
{
    if (result < 0)
        fail(what);
    return result;
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void *mapped(int fd, size_t size, int flags)
{
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (base == MAP_FAILED)
        fail("mmap");
    return base;
}

/* Memory that partners inherit. */
static void *shared(size_t size)
{
    return mapped(-1, size, MAP_SHARED | MAP_ANONYMOUS);
}

/* Starts a process that ends with this one, if not before. */
static pid_t partner(void (*role)(void *), void *with)
{
    pid_t parent = getpid();
    pid_t pid = need(fork(), "fork");
    if (pid == 0) {
        need(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
        if (getppid() == parent)
            role(with);
        _exit(0);
    }
    return pid;
}

static void hold(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

static void take(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        if (errno != EINTR)
            fail("sem_wait");
}

static void give(sem_t *semaphore)
{
    need(sem_post(semaphore), "sem_post");
}

/* Names. */

static char theirs[64], both[64];

static void forget(void)
{
    shm_unlink(theirs);
    shm_unlink(both);
}

static int created(const char *name, size_t size)
{
    int fd = need(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600), "shm_open");
    need(ftruncate(fd, (off_t)size), "ftruncate");
    return fd;
}

static int opened(const char *name)
{
    return need(shm_open(name, O_RDWR, 0), "shm_open");
}

/* An object that a partner holds. */
static int held_elsewhere(char *name, const char *suffix)
{
    int fd;
    sprintf(name, "/bench-posix-%d-%s", (int)getpid(), suffix);
    fd = created(name, SMALL);
    partner(hold, NULL);
    return fd;
}

static void hold_theirs(void)
{
    if (!*theirs)
        close(held_elsewhere(theirs, "theirs"));
}

static uint64_t create(size_t size, long count)
{
    char name[64];
    uint64_t begun;
    sprintf(name, "/bench-posix-%d-created", (int)getpid());
    begun = now();
    for (long done = 0; done < count; done++) {
        close(created(name, size));
        need(shm_unlink(name), "shm_unlink");
    }
    return now() - begun;
}

static uint64_t open_by_name(size_t size, long count)
{
    uint64_t begun;
    (void)size;
    hold_theirs();
    begun = now();
    for (long done = 0; done < count; done++)
        close(opened(theirs));
    return now() - begun;
}

static uint64_t touch(const char *name, size_t size, long count)
{
    uint64_t begun = now();
    for (long done = 0; done < count; done++) {
        int fd = opened(name);
        volatile char *view = mapped(fd, size, MAP_SHARED);
        *view = 1;
        munmap((void *)view, size);
        close(fd);
    }
    return now() - begun;
}

static uint64_t open_and_map(size_t size, long count)
{
    hold_theirs();
    return touch(theirs, size, count);
}

static uint64_t open_and_map_held(size_t size, long count)
{
    if (!*both)
        held_elsewhere(both, "both");
    return touch(both, size, count);
}

/* Views. */

static uint64_t map(size_t size, long count)
{
    int fd = need(memfd_create("bench-posix", MFD_CLOEXEC), "memfd_create");
    uint64_t begun, time;
    need(ftruncate(fd, (off_t)size), "ftruncate");
    begun = now();
    for (long done = 0; done < count; done++)
        munmap(mapped(fd, size, MAP_SHARED), size);
    time = now() - begun;
    close(fd);
    return time;
}

static uint64_t copy_on_write(size_t size, long count)
{
    static FILE *file;
    uint64_t time = 0;
    if (file == NULL) {
        static const char page[PAGE] = {1};
        file = tmpfile();
        if (file == NULL)
            fail("tmpfile");
        for (size_t written = 0; written < size; written += PAGE)
            if (write(fileno(file), page, PAGE) != PAGE)
                fail("write");
    }
    while (count > 0) {
        volatile char *view = mapped(fileno(file), size, MAP_PRIVATE);
        size_t pages = count < PAGES ? (size_t)count : PAGES;
        uint64_t begun = now();
        for (size_t page = 0; page < pages; page++)
            view[page * PAGE] = 2;
        time += now() - begun;
        munmap((void *)view, size);
        count -= PAGES;
    }
    return time;
}

/* Waiting. */

struct rally {
    sem_t ping, pong;
};

static void answer(void *with)
{
    struct rally *rally = with;
    for (;;) {
        take(&rally->ping);
        give(&rally->pong);
    }
}

static uint64_t event(size_t size, long count)
{
    static struct rally *rally;
    uint64_t begun;
    if (rally == NULL) {
        rally = shared(size);
        need(sem_init(&rally->ping, 1, 0), "sem_init");
        need(sem_init(&rally->pong, 1, 0), "sem_init");
        partner(answer, rally);
    }
    begun = now();
    for (long done = 0; done < count; done++) {
        give(&rally->ping);
        take(&rally->pong);
    }
    return now() - begun;
}

static void count_up(int fd)
{
    need(eventfd_write(fd, 1), "eventfd_write");
}

static void count_down(int fd)
{
    eventfd_t value;
    need(eventfd_read(fd, &value), "eventfd_read");
}

struct many {
    struct pollfd objects[OBJECTS];
    int go;
};

static void signal_last(void *with)
{
    const struct many *many = with;
    for (;;) {
        count_down(many->go);
        count_up(many->objects[OBJECTS - 1].fd);
    }
}

static uint64_t any(size_t size, long count)
{
    static struct many many = {.go = -1};
    struct pollfd *last = &many.objects[OBJECTS - 1];
    uint64_t begun;
    if (many.go < 0) {
        many.go = need(eventfd(0, EFD_CLOEXEC), "eventfd");
        for (size_t object = 0; object < OBJECTS; object++) {
            many.objects[object].fd = need(eventfd(0, EFD_CLOEXEC), "eventfd");
            many.objects[object].events = POLLIN;
        }
        partner(signal_last, &many);
    }
    begun = now();
    for (long done = 0; done < count; done++) {
        count_up(many.go);
        need(poll(last + 1 - size, size, -1), "poll");
        count_down(last->fd);
    }
    return now() - begun;
}

/* Mutexes. */

static void init_robust(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (pthread_mutex_init(mutex, &attributes) != 0)
        fail("pthread_mutex_init");
    pthread_mutexattr_destroy(&attributes);
}

static void lock(pthread_mutex_t *mutex)
{
    if (pthread_mutex_lock(mutex) != 0)
        fail("pthread_mutex_lock");
}

static void unlock(pthread_mutex_t *mutex)
{
    if (pthread_mutex_unlock(mutex) != 0)
        fail("pthread_mutex_unlock");
}

static uint64_t uncontended(size_t size, long count)
{
    static pthread_mutex_t *mutex;
    uint64_t begun;
    if (mutex == NULL) {
        mutex = shared(size);
        init_robust(mutex);
    }
    begun = now();
    for (long done = 0; done < count; done++) {
        lock(mutex);
        unlock(mutex);
    }
    return now() - begun;
}

struct contest {
    pthread_mutex_t mutex;
    long done, wanted; /* the mutex guards them, during a turn */
    sem_t go, here;
    atomic_long begun; /* which turn */
};

static void contend(struct contest *contest)
{
    long done;
    do {
        lock(&contest->mutex);
        done = contest->done;
        if (done < contest->wanted)
            contest->done = done + 1;
        unlock(&contest->mutex);
    } while (done < contest->wanted);
}

static void contend_again(void *with)
{
    struct contest *contest = with;
    for (long turn = 1;; turn++) {
        take(&contest->go);
        give(&contest->here);
        while (atomic_load(&contest->begun) < turn)
            sched_yield();
        contend(contest);
    }
}

static uint64_t contended(size_t size, long count)
{
    static struct contest *contest;
    uint64_t begun;
    if (contest == NULL) {
        contest = shared(size);
        init_robust(&contest->mutex);
        need(sem_init(&contest->go, 1, 0), "sem_init");
        need(sem_init(&contest->here, 1, 0), "sem_init");
        partner(contend_again, contest);
    }
    /* Once the partner is here it has left the last turn, and looks for the next one to begin: nobody has to be woken then. */
    give(&contest->go);
    take(&contest->here);
    contest->done = 0;
    contest->wanted = count;
    begun = now();
    atomic_fetch_add(&contest->begun, 1);
    contend(contest);
    return now() - begun;
}

struct estate {
    pthread_mutex_t mutex;
    sem_t owned;
    uint64_t inherited;
};

static void own(void *with)
{
    struct estate *estate = with;
    lock(&estate->mutex);
    give(&estate->owned);
    hold(NULL);
}

static void *inherit(void *with)
{
    struct estate *estate = with;
    if (pthread_mutex_lock(&estate->mutex) != EOWNERDEAD)
        fail("the owner's death");
    estate->inherited = now();
    if (pthread_mutex_consistent(&estate->mutex) != 0)
        fail("pthread_mutex_consistent");
    unlock(&estate->mutex);
    return NULL;
}

static uint64_t death(size_t size, long count)
{
    static struct estate *estate;
    uint64_t time = 0;
    if (estate == NULL) {
        estate = shared(size);
        init_robust(&estate->mutex);
        need(sem_init(&estate->owned, 1, 0), "sem_init");
    }
    for (long done = 0; done < count; done++) {
        const struct timespec until_it_sleeps = {.tv_nsec = 1000000};
        pid_t owner = partner(own, estate);
        pthread_t waiter;
        uint64_t begun;
        take(&estate->owned);
        if (pthread_create(&waiter, NULL, inherit, estate) != 0)
            fail("pthread_create");
        nanosleep(&until_it_sleeps, NULL);
        begun = now();
        need(kill(owner, SIGKILL), "kill");
        pthread_join(waiter, NULL);
        time += estate->inherited - begun;
        need(waitpid(owner, NULL, 0), "waitpid");
    }
    return time;
}

/* Messages. A message queue (mq_open) takes none of more than 8 KiB unless the administrator allows it, so a pipe does it. */

struct stream {
    size_t size;
    int from, to;
    char *message;
    atomic_long expected;
    sem_t received;
};

static void receive(void *with)
{
    struct stream *stream = with;
    for (long seen = 1;; seen++) {
        size_t got = 0;
        while (got < stream->size)
            got += (size_t)need((int)read(stream->from, stream->message + got, stream->size - got), "read");
        if (seen == atomic_load(&stream->expected)) {
            seen = 0;
            give(&stream->received);
        }
    }
}

static struct stream *stream_of(size_t size)
{
    static struct stream *streams[3];
    struct stream **stream = streams;
    int ends[2];
    while (*stream != NULL && (*stream)->size != size)
        stream++;
    if (*stream == NULL) {
        *stream = shared(sizeof **stream);
        need(pipe(ends), "pipe");
        (*stream)->size = size;
        (*stream)->from = ends[0];
        (*stream)->to = ends[1];
        (*stream)->message = malloc(size);
        if ((*stream)->message == NULL)
            fail("malloc");
        memset((*stream)->message, 1, size);
        need(sem_init(&(*stream)->received, 1, 0), "sem_init");
        partner(receive, *stream);
    }
    return *stream;
}

static uint64_t ring(size_t size, long count)
{
    struct stream *stream = stream_of(size);
    uint64_t begun = now();
    if (count == 0)
        return 0;
    atomic_store(&stream->expected, count);
    for (long done = 0; done < count; done++) {
        size_t put = 0;
        while (put < size)
            put += (size_t)need((int)write(stream->to, stream->message + put, size - put), "write");
    }
    take(&stream->received);
    return now() - begun;
}

static const struct work {
    const char *what;
    uint64_t (*turn)(size_t size, long count);
    size_t size; /* of what is worked on, in bytes or in objects */
} WORKS[] = {
    {"create", create, SMALL},
    {"open", open_by_name, SMALL},
    {"openmap", open_and_map, SMALL},
    {"openmap-held", open_and_map_held, SMALL},
    {"map64k", map, SMALL},
    {"map1g", map, 1 << 30},
    {"cow", copy_on_write, PAGE * PAGES},
    {"event", event, sizeof(struct rally)},
    {"any1", any, 1},
    {"any8", any, 8},
    {"any64", any, OBJECTS},
    {"lock", uncontended, sizeof(pthread_mutex_t)},
    {"contended", contended, sizeof(struct contest)},
    {"death", death, sizeof(struct estate)},
    {"ring64", ring, 64},
    {"ring4k", ring, 4 << 10},
    {"ring1m", ring, 1 << 20},
};

int main(void)
{
    char line[128], what[32];
    long count;

    /* Whoever interrupts the driver ends our input, and then names are removed. */
    signal(SIGINT, SIG_IGN);
    atexit(forget);
    while (fgets(line, sizeof line, stdin) != NULL && sscanf(line, "%31s %ld", what, &count) == 2) {
        const struct work *work = WORKS, *end = WORKS + sizeof WORKS / sizeof *WORKS;
        while (work < end && strcmp(work->what, what) != 0)
            work++;
        if (work < end)
            printf("%" PRIu64 "\n", work->turn(work->size, count));
        else if (strcmp(what, "version") == 0)
            printf("glibc %s\n", gnu_get_libc_version());
        else
            puts("-");
        fflush(stdout);
    }
    return 0;
}
