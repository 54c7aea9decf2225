#include "base/compat.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#ifdef __linux__
#include <linux/futex.h>
#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#else
#include <sys/event.h>
#endif
#ifdef __FreeBSD__
#include <malloc_np.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/procctl.h>
#include <sys/sysctl.h>
#include <sys/types.h>
#include <sys/umtx.h>
#endif
#ifdef __APPLE__
#include <sys/random.h>
#endif

/* --- text --- */

#ifdef __APPLE__
void *memrchr(const void *text, int character, size_t len)
{
    const unsigned char *const at = text;
    while (len > 0)
        if (at[--len] == (unsigned char)character) return (void *)(uintptr_t)(at + len);
    return NULL;
}

char *strchrnul(const char *text, int character)
{
    char *const found = strchr(text, character);
    return found != NULL ? found : (char *)(uintptr_t)text + strlen(text);
}

struct order {
    int (*compare)(const void *left, const void *right, void *context);
    void *context;
};

static int order_compare(void *order_given, const void *left, const void *right)
{
    const struct order *const order = order_given;
    return order->compare(left, right, order->context);
}

#undef qsort_r
void compat_qsort_r(void *base, size_t count, size_t size,
                    int (*compare)(const void *left, const void *right, void *context),
                    void *context)
{
    struct order order = {compare, context};
    qsort_r(base, count, size, &order, order_compare);
}
#endif

/* --- memory --- */

#ifdef __APPLE__
size_t malloc_size(const void *memory);
#endif

size_t memory_block_size(void *memory)
{
#ifdef __APPLE__
    return malloc_size(memory);
#else
    return malloc_usable_size(memory);
#endif
}

bool random_bytes(void *bytes, size_t len)
{
#ifdef __APPLE__
    return getentropy(bytes, len) == 0;
#else
    return getrandom(bytes, len, 0) == (ssize_t)len;
#endif
}

bool page_populate(char *page)
{
#ifdef MADV_POPULATE_READ
    return madvise(page, (size_t)sysconf(_SC_PAGESIZE), MADV_POPULATE_READ) == 0;
#else
    (void)page;
    return false;
#endif
}

/* --- descriptors --- */

#ifndef __linux__
static bool flags_set(int fd, bool closes, bool blocks_not)
{
    if (closes && fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return false;
    return !blocks_not || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}
#endif

int file_unnamed(const char *name)
{
#ifdef __APPLE__
    char path[] = "/tmp/clickstream.XXXXXX";
    (void)name;
    const int fd = mkstemp(path);
    if (fd >= 0) (void)unlink(path);
    if (fd >= 0) (void)flags_set(fd, true, false);
    return fd;
#else
    return memfd_create(name, MFD_CLOEXEC);
#endif
}

void pipe_widen(int fd, int bytes)
{
#ifdef F_SETPIPE_SZ
    (void)fcntl(fd, F_SETPIPE_SZ, bytes);
#else
    (void)fd;
    (void)bytes;
#endif
}

bool waker_open(int *wait, int *wake)
{
#ifdef __APPLE__
    int ends[2];
    if (pipe(ends) != 0) return false;
    *wait = ends[0];
    *wake = ends[1];
    return flags_set(ends[0], true, true) && flags_set(ends[1], true, true);
#else
    *wait = *wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return *wait >= 0;
#endif
}

void waker_wake(int wake)
{
    const int saved = errno;
    const uint64_t one = 1;
    (void)!write(wake, &one, sizeof one);
    errno = saved;
}

void descriptors_close(int from)
{
#if defined(__linux__)
    (void)syscall(SYS_close_range, (unsigned)from, UINT_MAX, 0u);
#elif defined(__FreeBSD__)
    closefrom(from);
#else
    for (int fd = from, end = (int)sysconf(_SC_OPEN_MAX); fd < end; fd++)
        (void)close(fd);
#endif
}

#ifdef __APPLE__
#undef socket
int compat_socket(int domain, int type, int protocol)
{
    const int fd = socket(domain, type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK), protocol);
    if (fd >= 0) (void)flags_set(fd, (type & SOCK_CLOEXEC) != 0, (type & SOCK_NONBLOCK) != 0);
    return fd;
}

int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    const int accepted = accept(fd, address, len);
    if (accepted >= 0)
        (void)flags_set(accepted, (flags & SOCK_CLOEXEC) != 0, (flags & SOCK_NONBLOCK) != 0);
    return accepted;
}

int pipe2(int ends[2], int flags)
{
    if (pipe(ends) != 0) return -1;
    for (int i = 0; i < 2; i++)
        if (!flags_set(ends[i], (flags & O_CLOEXEC) != 0, (flags & O_NONBLOCK) != 0)) return -1;
    return 0;
}

/* No mask is ever given. */
int ppoll(struct pollfd *entries, nfds_t count, const struct timespec *timeout,
          const sigset_t *mask)
{
    (void)mask;
    if (timeout == NULL) return poll(entries, count, -1);
    const int64_t ms = (int64_t)timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000;
    return poll(entries, count, ms < INT_MAX ? (int)ms : INT_MAX);
}

/* What a disk's own memory holds is written, too. */
int fdatasync(int fd)
{
    return fcntl(fd, F_FULLFSYNC) == 0 ? 0 : fsync(fd);
}
#endif

/* --- processes --- */

#ifdef __APPLE__
/* Of mach-o/dyld.h, as malloc_size is of malloc/malloc.h: they want newer compilers than all else.
 */
int _NSGetExecutablePath(char *path, uint32_t *size);
#endif

bool parent_death_signal(int signal)
{
#if defined(__linux__)
    return prctl(PR_SET_PDEATHSIG, signal) == 0;
#elif defined(__FreeBSD__)
    return procctl(P_PID, 0, PROC_PDEATHSIG_CTL, &signal) == 0;
#else
    (void)signal;
    return true;
#endif
}

void core_none(void)
{
#ifdef __linux__
    (void)prctl(PR_SET_DUMPABLE, 0);
#else
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#endif
}

void process_rename(const char *name)
{
#if defined(__linux__)
    (void)prctl(PR_SET_NAME, name);
#elif defined(__FreeBSD__)
    setproctitle("-%s", name);
#else
    (void)name;
#endif
}

bool program_path(char *path, size_t size)
{
#if defined(__linux__)
    const ssize_t len = readlink("/proc/self/exe", path, size - 1);
    if (len <= 0) return false;
    path[len] = '\0';
    return true;
#elif defined(__FreeBSD__)
    const int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};
    return sysctl(name, 4, path, &size, NULL, 0) == 0;
#else
    char found[PATH_MAX];
    char real[PATH_MAX];
    uint32_t room = sizeof found;
    if (_NSGetExecutablePath(found, &room) != 0 || realpath(found, real) == NULL) return false;
    if (strlen(real) >= size) return false;
    strcpy(path, real);
    return true;
#endif
}

/* macOS has no such call that is public: there somebody who sleeps looks again every 100 us. */
void word_wait(_Atomic uint32_t *word, uint32_t seen, const struct timespec *timeout)
{
#if defined(__linux__)
    (void)syscall(SYS_futex, word, FUTEX_WAIT, seen, timeout, NULL, 0);
#elif defined(__FreeBSD__)
    struct timespec time = timeout != NULL ? *timeout : (struct timespec){0};
    (void)_umtx_op((void *)word, UMTX_OP_WAIT_UINT, seen,
                   timeout != NULL ? (void *)sizeof time : NULL, timeout != NULL ? &time : NULL);
#else
    const struct timespec pause = {.tv_nsec = 100000};
    (void)timeout;
    if (*word == seen) (void)nanosleep(&pause, NULL);
#endif
}

void word_wake(_Atomic uint32_t *word)
{
#if defined(__linux__)
    (void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
#elif defined(__FreeBSD__)
    (void)_umtx_op((void *)word, UMTX_OP_WAKE, INT_MAX, NULL, NULL);
#else
    (void)word;
#endif
}

/* --- many descriptors --- */

#ifndef __linux__
int epoll_create1(int flags)
{
    const int queue = kqueue();
    if (queue >= 0) (void)flags_set(queue, (flags & EPOLL_CLOEXEC) != 0, false);
    return queue;
}

int epoll_ctl(int queue, int what, int fd, struct epoll_event *event)
{
    struct kevent change;
    const uint32_t wanted = event != NULL ? event->events : EPOLLIN;
    void *const data = event != NULL ? event->data.ptr : NULL;
    const unsigned short how = what == EPOLL_CTL_DEL ? EV_DELETE : EV_ADD;
    const unsigned short edge = (wanted & EPOLLET) != 0 ? EV_CLEAR : 0;
    if ((wanted & EPOLLIN) != 0) {
        EV_SET(&change, (uintptr_t)fd, EVFILT_READ, how | edge, 0, 0, data);
        if (kevent(queue, &change, 1, NULL, 0, NULL) != 0) return -1;
    }
    if ((wanted & EPOLLOUT) == 0) return 0;
    EV_SET(&change, (uintptr_t)fd, EVFILT_WRITE, how | edge, 0, 0, data);
    return kevent(queue, &change, 1, NULL, 0, NULL);
}

int epoll_wait(int queue, struct epoll_event *events, int count, int timeout_ms)
{
    enum { AT_ONCE = 64 };
    struct kevent found[AT_ONCE];
    const struct timespec timeout = {.tv_sec = timeout_ms / 1000,
                                     .tv_nsec = (long)(timeout_ms % 1000) * 1000000};
    const int number = kevent(queue, NULL, 0, found, count < AT_ONCE ? count : AT_ONCE,
                              timeout_ms < 0 ? NULL : &timeout);
    for (int i = 0; i < number; i++) {
        events[i].events = found[i].filter == EVFILT_READ ? EPOLLIN : EPOLLOUT;
        if ((found[i].flags & EV_EOF) != 0) events[i].events |= EPOLLRDHUP;
        if ((found[i].flags & EV_ERROR) != 0) events[i].events |= EPOLLERR;
        events[i].data.ptr = found[i].udata;
    }
    return number;
}
#endif
