/*
 * compat.h - what the C library of Linux has and others have not: musl, FreeBSD, macOS.
 *
 * Who needs one of these includes this header instead of the system's: the name and the meaning are
 * those of Linux. Where a system can do nothing of the kind, it is done without, and said here.
 * packaging/portable compiles every file for all of them.
 */
#ifndef CS_COMPAT_H
#define CS_COMPAT_H

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef __APPLE__
#include <libkern/OSByteOrder.h>
#include <xlocale.h>
#define htobe16(x) OSSwapHostToBigInt16(x)
#define htobe32(x) OSSwapHostToBigInt32(x)
#define htobe64(x) OSSwapHostToBigInt64(x)
#define htole32(x) OSSwapHostToLittleInt32(x)
#define htole64(x) OSSwapHostToLittleInt64(x)
#define be16toh(x) OSSwapBigToHostInt16(x)
#define be32toh(x) OSSwapBigToHostInt32(x)
#define be64toh(x) OSSwapBigToHostInt64(x)
#define le16toh(x) OSSwapLittleToHostInt16(x)
#define le32toh(x) OSSwapLittleToHostInt32(x)
#define le64toh(x) OSSwapLittleToHostInt64(x)
#define htole16(x) OSSwapHostToLittleInt16(x)
#define htobe8(x) (x)
#define st_mtim st_mtimespec
#elif defined(__FreeBSD__)
#include <sys/endian.h>
#include <sys/random.h>
#include <xlocale.h>
#else
#include <endian.h>
#include <sys/random.h>
#endif

#if defined(__APPLE__) || defined(__FreeBSD__)
extern char **environ;
#endif

#ifdef __FreeBSD__
#define MAP_NORESERVE 0 /* nothing is reserved there */
#endif

/* --- text --- */

/* The first such character; there is one. */
#ifndef __GLIBC__
static inline void *rawmemchr(const void *text, int character)
{
    return memchr(text, character, PTRDIFF_MAX);
}
#endif

#ifdef __APPLE__
void *memrchr(const void *text, int character, size_t len);
char *strchrnul(const char *text, int character);

/* The comparison's context last, as elsewhere. */
void compat_qsort_r(void *base, size_t count, size_t size,
                    int (*compare)(const void *left, const void *right, void *context),
                    void *context);
#define qsort_r compat_qsort_r
#endif

/* --- memory --- */

/* How large the C library's block is. */
size_t memory_block_size(void *memory);

/* Random bytes; false: there are none. */
bool random_bytes(void *bytes, size_t len);

/* Enters a page of a mapped file into the page table, and those around it that are in memory; a
 * file that has been cut off is no fault here. False: it cannot be done, as before Linux 5.14. */
bool page_populate(char *page);

/* --- descriptors --- */

/* A file without a name; -1: errno says why. */
int file_unnamed(const char *name);

/* Asks for a pipe of so many bytes: fewer switches. Linux alone does. */
void pipe_widen(int fd, int bytes);

/* A descriptor to be waited for by one and written to by signal handlers, 8 bytes a time: the same
 * one twice, or a pipe's ends. Neither blocks; both are closed by exec. False: errno says why. */
bool waker_open(int *wait, int *wake);

/* Writes to it, as a signal handler may: errno is as before. */
void waker_wake(int wake);

/* Closes all from that one on. */
void descriptors_close(int from);

#ifdef __APPLE__
#define SOCK_CLOEXEC 0x10000000
#define SOCK_NONBLOCK 0x20000000
int compat_socket(int domain, int type, int protocol);
int accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int pipe2(int ends[2], int flags);
int ppoll(struct pollfd *entries, nfds_t count, const struct timespec *timeout,
          const sigset_t *mask);
int fdatasync(int fd);
#define socket compat_socket
#endif

/* --- processes --- */

/* This process gets that signal when its parent ends; false: errno says why. macOS has nothing of
 * the kind: there a child goes on until it finds its pipes closed. */
bool parent_death_signal(int signal);

/* What crashes leaves no core file. */
void core_none(void);

/* What ps shows, at most 15 bytes, where the system lets a process say so. */
void process_rename(const char *name);

/* The path of this program; false: it cannot be found out. */
bool program_path(char *path, size_t size);

/* Sleeps while the word, which several processes share, is that value; or for no reason; or, with a
 * timeout, until that much time has passed. */
void word_wait(_Atomic uint32_t *word, uint32_t seen, const struct timespec *timeout);
void word_wake(_Atomic uint32_t *word);

/* --- many descriptors --- */

#ifdef __linux__
#include <sys/epoll.h>
#else
/* As much of epoll as is used here, on kqueue. EPOLLRDHUP comes with EPOLLIN. */
#define EPOLLIN 1u
#define EPOLLOUT 4u
#define EPOLLERR 8u
#define EPOLLHUP 16u
#define EPOLLRDHUP 0x2000u
#define EPOLLET 0x80000000u
#define EPOLL_CLOEXEC O_CLOEXEC
#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2

struct epoll_event {
    uint32_t events;
    union {
        void *ptr;
        int fd;
        uint64_t u64;
    } data;
};

int epoll_create1(int flags);
int epoll_ctl(int queue, int what, int fd, struct epoll_event *event);
int epoll_wait(int queue, struct epoll_event *events, int count, int timeout_ms);
#endif

#endif
