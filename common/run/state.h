/*
 * state.h - the file of --state: how it is locked, written, read and refused.
 *
 *     clickstream state 1\n  TOOL\n                     readable with head(1)
 *     text: the options the state is bound to (option_fingerprint)
 *     body: named sections (checkpoint.c), packed (pack.h)
 *     XXH3-128 of everything before, 16 bytes, canonical (big-endian)
 *
 * The file is only ever replaced: FILE.new is written and fsynced, renamed, and the directory
 * fsynced. A crash leaves the old state or the new one, whole. The same state is the same bytes: no
 * times, no names of processes or machines, tables in an order of their own. The lock is flock(2)
 * on FILE.lock, which is never removed: removing it would let two processes hold locks on two files
 * of that name. A process forked while it is held (saver.h) holds it too, so nobody reads the state
 * while a saving child of a dead run may still replace it. FILE is opened once the lock is held,
 * not before.
 *
 * Ids of people are in the state, and others may have rights in its directory: so FILE and
 * FILE.lock are for their owner alone (0600, whatever the umask), FILE.new is never one that was
 * there, no link is followed to it or to the lock, and in a directory such as /tmp nothing is taken
 * that somebody else has put there. Refusals are exit 3 (a person is needed), failures of the disk
 * exit 1 with the old state untouched.
 */
#ifndef CS_STATE_H
#define CS_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "base/slice.h"

struct stat;

/* Takes the lock for the process's life; exit 3 when another process has it. */
void state_lock(const char *path);

/* Reads the state into file and checks that it is whole and was made by the tool; in is where the
 * options begin, and borrows from file. False: there is none yet. */
bool state_read(const char *path, const char *tool, struct buffer *file, struct unpack *in);

/* Takes the options off: exit 3, naming those that differ from now. One that the state does not
 * have, because the release that wrote it had no such option, differs where this run names it. */
void state_options(const char *path, struct unpack *in, struct slice now);

/* The reader has taken all it knows out of in: exit 3 when that made no sense, or something is
 * left. */
void state_end(const char *path, const struct unpack *in, bool good);

/* A state on its way to FILE.new. The body is added to buffer, which hands it on a mebibyte at a
 * time: a state of hundreds of megabytes is never in memory as a whole. */
struct state_file {
    struct buffer buffer; /* first: its drain finds the rest */
    const char *path;     /* borrowed */
    char *name;           /* path.new */
    int fd;
    void *hash; /* XXH3_state_t: of what has been handed on */
};

void state_begin(struct state_file *file, const char *path, const char *tool, struct slice options);

/* Adds the checksum, and makes it the state, durably. */
void state_commit(struct state_file *file);

/* For what is at a path already, whose stat is given: exit 3 when the directory is one where
 * everybody may make files (sticky) and it is neither ours nor the directory's owner's. */
void owner_check(const char *path, const struct stat *there);

/* A run that was killed gives its memory back before its locks, and its saving child goes after it:
 * hence some patience. */
#define LOCK_PATIENCE_US INT64_C(500000)

/* Takes an flock on fd, trying so long; false: another process has it. */
bool lock_take(int fd, int64_t patience_us);

#endif
