/*
 * paths.h - the files a run has been told of: what each is for, and that no two are the same one.
 *
 * A file that is read and cut, or written by two, is lost without a word. So every name is noted
 * with what will be done with it, and all of them are looked at before the first is opened. Files
 * are known by device and inode; what is not there yet, by its directory and its last name, behind
 * symbolic links that lead nowhere so far. May be the same: names that are only read; those of late
 * records and of rejects; devices such as /dev/null; and what the process has been given as
 * standard output and standard error, which is written to through the one descriptor and never cut.
 *
 *     paths_note("--output", "rows", PATH_WRITTEN);
 *     paths_note("--state", "state", PATH_STATE);
 *     paths_check();
 */
#ifndef CS_PATHS_H
#define CS_PATHS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

enum path_use {
    PATH_READ,     /* an input, a view, a map */
    PATH_WRITTEN,  /* cut, then written; a FIFO and a device as they are */
    PATH_RECORDS,  /* the same; rejects and late records may share it */
    PATH_REPORT,   /* replaced by FILE.new */
    PATH_STATE,    /* read, and replaced by FILE.new; locked by FILE.lock */
    PATH_SEGMENTS, /* a directory of the run's own */
    PATH_STREAM,   /* a descriptor that the process has been given */
};

/* Notes a name, which is borrowed; option is what it was given for, or NULL for an operand. */
void paths_note(const char *option, const char *name, enum path_use use);

/* Notes standard input (read) or standard output, where no name says so. */
void paths_note_stream(const char *what, int fd, bool read);

/* Exit 2 where two names stand for one file, or one for something that is no file of its use. Says
 * so where an input is there twice. */
void paths_check(void);

/* Do both names stand for the same file now? */
bool paths_same(const char *one, const char *other);

/* The descriptor that a name such as /dev/stdout stands for, 1 or 2, or -1. Opened anew, a file
 * behind it would be written from its start, over what other rows and messages have put there. */
int path_stream(const char *name);

/* Opens the directory that a name is in; *len: so many bytes of the name say which, up to its last
 * slash. NULL: it cannot be opened. */
DIR *path_directory(const char *name, size_t *len);

/* The directory that a path is in, as a string of its own; a slash at its end is nothing. */
char *path_parent(const char *path);

/* The name of the file that a name leads to by symbolic links, as a string of its own: who replaces
 * that file by another one leaves the links as they are, and by whatever name it is called, what
 * stands beside it (a lock) is the same. It need not be there yet. A link that somebody else has
 * put into a directory like /tmp leads nowhere. */
char *path_followed(const char *path);

/* fsyncs that directory, so that what has been made or renamed there stays. */
void directory_sync(const char *path);

/* Gives back what was noted. */
void paths_release(void);

#endif
