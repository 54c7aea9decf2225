/*
 * input.h - where bytes come from: files, compressed files, FIFOs, standard input.
 *
 * Regular files are one stream, one after the other, or side by side with --interleave; each FIFO
 * is a stream of its own, read as data arrives. What is compressed, or not in UTF-8, goes through
 * filters (coding.h, filter.h); its first bytes say so. A compressed file that is damaged ends
 * where it cannot be read any further. An input's unread bytes lie in one piece, data + start to
 * data + end, with SCAN_PADDING readable bytes behind; the block is reused by the next read, so
 * what borrows from it is good until then.
 */
#ifndef CS_INPUT_H
#define CS_INPUT_H

#include <stdbool.h>
#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/slice.h"
#include "source/coding.h"
#include "source/filter.h"

/* A decompressor, what hands it bytes that were read already, and what makes UTF-8 of its text. */
#define INPUT_FILTERS 3

enum framing { FRAMING_AUTO, FRAMING_NONE, FRAMING_KCAT, FRAMING_ENVELOPE, FRAMING_SIZED };

struct input {
    const char *name;   /* as given; "-" is standard input */
    char *label;        /* "clicks [3]", where it brings a topic's partition; owned; or NULL */
    int fd;             /* -1: not open (yet, or any more) */
    bool regular;       /* never waits */
    bool ended;         /* no more bytes will come */
    bool discarding;    /* inside a line that was too long */
    bool begun;         /* the first line has been looked at */
    void *reading;      /* a translator's, see command.h; NULL: records are JSON events */
    struct buffer kept; /* with --state: the reading as bytes, of an earlier run or for the next */
    enum framing framing;
    struct partition *partition; /* of unframed records, or of the last framed one; before the first
                                    record a stand-in that holds time back */
    const int64_t *reached_us;   /* the largest event_time of that partition; NULL: it has none */
    int64_t number;              /* its partition's while unframed */
    int64_t bound;               /* the only partition that its frames may name; -1: any */
    uint64_t frame_left;         /* of a frame that is too long: so many bytes are still to come, */
    uint64_t frame_passed; /* and so many have been passed over, which consumed does not count */
    char *data;
    size_t start, end, cap;
    unsigned ample;    /* so many reads in a row have needed little of it */
    uint64_t consumed; /* bytes of the input before data + start */
    uint64_t lines;    /* lines before data + start */
    uint64_t dev, ino; /* of a regular file */
    uint64_t size;     /* of a regular file, or 0 */
    uint64_t stop;     /* read no further than to this byte; 0: to the end */
    uint64_t until;    /* a record that begins there or behind is not taken; 0: all are */
    /* What its bytes go through. */
    const struct coding *coding; /* NULL: it is not compressed, as far as is known */
    const char *charset;         /* NULL: UTF-8, as far as is known */
    struct filter filter[INPUT_FILTERS];
    int filters;
    bool settled;        /* its first bytes have been looked at, and those behind the filters */
    bool last_word;      /* the coding's last program reads it */
    bool damaged;        /* it could not be decompressed to its end */
    bool refused;        /* it is none that we could read: nothing of it is used */
    uint64_t offset;     /* of a regular file: where it was when we got it */
    uint32_t trailer;    /* its last four bytes */
    uint64_t brought;    /* bytes that have come out of the filters */
    uint64_t passed;     /* so many of them an earlier run has had */
    uint64_t skip;       /* of what the filters will bring: bytes that we have had already */
    struct buffer ahead; /* what they have brought before it was this input's turn */
    size_t ahead_taken;  /* of ahead */
    bool ahead_ended;    /* there is no more */
    uint32_t head_len;   /* so many of the file's first bytes are in head */
    struct id head;      /* XXH3-128 of them */
    bool torn; /* with --state: ends in an incomplete line, which is left for the next run */
};

struct inputs {
    struct input *input;
    int count;
    bool interleave;
    bool has_streams;       /* some are no regular files */
    int first;              /* all before have ended */
    struct pollfd *entries; /* scratch for poll: one per input that waits, and wake_fd */
    struct input **who;
    const char *encoding; /* of all inputs; NULL: as their first bytes say. Set before they open */
    int jobs;             /* decompressors at once; 0 is 1. Set before they open */
    int begun;            /* before this one, decompressors have been begun */
    int damaged;          /* how many inputs are */
    int wake_fd;          /* becomes readable when a signal has come */
    /* Which of two that could be read is further behind: negative, 0, positive. NULL: of regular
     * files that is the one with the smaller watermark, and streams are read in turn. */
    int (*order)(const void *context, const struct input *a, const struct input *b);
    const void *context;
    uint64_t bytes_read;
    uint64_t bytes_total; /* of all regular files, 0: not known */
};

/* Opens what the operands name (none: standard input). What cannot be opened is exit 1 before
 * anything is read; an encoding that nobody knows, an archive and a program that is missing are
 * exit 2. */
void inputs_open(struct inputs *inputs, char **operands, int count, bool interleave);

void inputs_release(struct inputs *inputs);

enum input_status {
    INPUT_DATA, /* *input has new bytes, or has just ended */
    INPUT_WAIT, /* nothing can be read now */
    INPUT_END,  /* every input has ended */
};

/* Reads a block from an input that has something, without waiting. */
enum input_status inputs_next(struct inputs *inputs, struct input **input);

/* Waits until something can be read, a signal has come or timeout_us is over (INT64_MAX: never).
 * Returns how long it has waited, in microseconds. */
int64_t inputs_wait(struct inputs *inputs, int64_t timeout_us);

/* Marks bytes as used. */
void input_consume(struct input *input, size_t bytes);

/* Goes on behind so many bytes (of what the decompressor prints, when there is one; before anything
 * is read then) and lines: what has been read is forgotten. */
void input_seek(struct input *input, uint64_t consumed, uint64_t lines);

/* Is the input a file that the next run finds again: regular, and named? */
bool input_lasts(const struct input *input);

/* Is it a file read through filters, so that places in it are those in what comes out of them? */
bool input_filtered(const struct input *input);

/* What messages call it. */
const char *input_label(const struct input *input);

/* Sees to it that head covers the file's beginning as far as it has been read. */
void input_head_update(struct input *input);

#endif
