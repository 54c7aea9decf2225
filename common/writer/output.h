/*
 * output.h - a file or pipe that rows, rejects or late records go to.
 *
 * Bytes gather in memory and go out in whole rows at output_flush; every write and the final close
 * are checked (a failure is exit 1; a closed pipe kills with SIGPIPE, as everywhere). position is
 * what a state records (mark.h): the length up to the last flush.
 */
#ifndef CS_OUTPUT_H
#define CS_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buffer.h"

struct output {
    const char *name; /* for messages; borrowed */
    int fd;
    struct buffer buffer; /* whole rows, and the one being made at its end */
    /* Whole rows behind those, still where they were read, and where lines may be lent from for
     * now; NULL: none, nowhere. */
    const char *lent, *lent_end, *lender, *lender_end;
    uint64_t position;       /* bytes written so far, in the file when it is one */
    uint64_t skip;           /* so many bytes more are out already: they are not written again */
    bool file;               /* opened by name: synced before a state is saved */
    bool regular;            /* opened by name, and a regular file: cut, measured, opened anew */
    bool (*may_write)(void); /* NULL: always; while it says no, rows gather */
    void (*wrote)(struct slice bytes); /* NULL, or sees all that is written */
};

/* Standard output. */
void output_standard(struct output *output);

/* A file: made when it is not there. Rows go to its end, wherever that is when they are written:
 * somebody may empty it meanwhile. Until output_cut or output_go_on position is 0. /dev/stdout and
 * /dev/stderr are what the process has been given. */
void output_file(struct output *output, const char *name);

/* Cuts a regular file to length bytes, and goes on there; anything else stays as it is. */
void output_cut(struct output *output, uint64_t length);

/* Goes on at the end of a regular file. */
void output_go_on(struct output *output);

/* What is there of a regular file that was opened by name; corrects position, where somebody has
 * cut the file shorter. False: it is none. */
bool output_measure(struct output *output, struct stat *stat);

/* Closes a file of rows, after a flush, and opens what has its name now, made when it is not
 * there. Anything but a regular file that was opened by name stays. */
void output_reopen(struct output *output);

/* A file that is made anew: what has its name is taken away, not written to, and no link is
 * followed, so that nobody who may write to the directory says where the bytes go. Returns the
 * descriptor. */
int output_create(const char *name, mode_t mode);

/* Writes bytes that are whole rows, now; what has gathered has to be flushed before. */
void output_write(struct output *output, struct slice bytes);

/* Adds whole rows that lie elsewhere, with nothing lent before them: written from there when that
 * pays, else copied. */
void output_add(struct output *output, struct slice bytes);

/* Until output_settle, lines in there stay as they are and where they are. NULL, NULL: no more. */
static inline void output_lender(struct output *output, const char *begin, const char *end)
{
    output->lender = begin;
    output->lender_end = end;
}

/* Takes what is lent, by output_add, before the lender goes or something else follows. */
void output_settle(struct output *output);

/* Adds a line, without its newline, and a newline: no byte of it is touched where it is lent and
 * follows the last one. */
static inline void output_line(struct output *output, struct slice line)
{
    const char *const end = line.text + line.len;
    if (__builtin_expect(line.text < output->lender || end >= output->lender_end || *end != '\n',
                         0)) {
        output_settle(output);
        buffer_add_slice(&output->buffer, line);
        buffer_add_char(&output->buffer, '\n');
        return;
    }
    if (output->lent_end != line.text) {
        output_settle(output);
        output->lent = line.text;
    }
    output->lent_end = end + 1;
}

/* Writes what has gathered, if it may. */
void output_flush(struct output *output);

/* Flushes once a good deal has gathered. Between rows. */
static inline void output_row_done(struct output *output)
{
    if (__builtin_expect(output->buffer.len >= (size_t)128 << 10, 0)) output_flush(output);
}

/* Flushes and fsyncs a file. */
void output_sync(struct output *output);

/* Flushes, closes, frees. */
void output_close(struct output *output);

#endif
