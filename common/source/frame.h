/*
 * frame.h - records as kcat prints them: `PARTITION OFFSET SIZE PAYLOAD` (-f '%p %o %S %s\n'), the
 * same with key and time, `PARTITION OFFSET @TIME KEYSIZE SIZE KEY PAYLOAD`
 * (-f '%p %o @%T %K %S %k %s\n'), `PARTITION\tOFFSET\tJSON` (-f '%p\t%o\t%s\n') and the envelope of
 * -J.
 *
 * A payload is what strangers have sent. Where a line end closes the frame, one inside the payload
 * lets its author write the next frame. So a frame that comes from a topic says how many bytes its
 * payload has, and whatever those are, the next frame begins behind them. Nothing is searched for:
 * where no frame is in its place, nobody can say where the next one begins, and none is taken. A
 * key is a stranger's, too, and has its size. Headers have none: kcat's %h writes names and values
 * as they are, so only the envelope has them, where they are JSON.
 *
 * A size of -1 is a record without a payload. A size of -2 is no record: whoever started kcat says
 * that it came to the partition's end, and that the next record's offset will be that one or more.
 * It may be more than one behind the last record's: the ends of transactions have offsets, too. A
 * size of -3 is no record either: what is before that offset is done with, for whoever reads the
 * frame. Either nothing was left of it, or it is none of his.
 */
#ifndef CS_FRAME_H
#define CS_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "source/input.h"

struct frame {
    int64_t partition, offset;
    bool is_end;          /* no record: all before that offset has been read */
    bool is_past;         /* no record: nothing before that offset will come */
    struct slice payload; /* ends in a newline with SCAN_PADDING readable bytes behind */
    struct frame_about {
        bool known;       /* the frame has a key and a time, if only to say that there is none */
        bool json;        /* the key is a JSON value; else bytes */
        struct slice key; /* text NULL: none */
        int64_t time_ms;  /* since 1970; below 0: none */
        struct slice headers; /* JSON: [NAME, VALUE, ...]; text NULL: the frame has none */
    } about;
};

/* What stands at a place where a sized frame is due. */
enum frame_found {
    FRAME_WHOLE,
    FRAME_PART,   /* it may be one when more has come */
    FRAME_LONG,   /* its payload has more bytes than a line may have; it need not be all there */
    FRAME_BROKEN, /* it is none */
};

/* The numbers that a sized frame begins with. */
struct frame_head {
    int64_t partition, offset;
    int64_t size;     /* of the payload; -1: there is none; -2: an end; -3: what is past */
    bool has_key;     /* and a time */
    int64_t time_ms;  /* -1: none */
    int64_t key_size; /* -1: none */
    size_t len;       /* so many bytes, and behind them ... */
    uint64_t rest;    /* ... so many, the line end included */
};

/* Reads them. FRAME_PART: they are not all there yet. Never FRAME_LONG. */
enum frame_found frame_head_read(const char *data, const char *end, struct frame_head *head);

/* Finds the sized frame at data. final: behind end nothing will come, and the last line end may be
 * missing. FRAME_WHOLE: *behind is behind it. FRAME_LONG: *bytes is how many it has in all, and the
 * payload is empty. What else there is of frame may be looked at when frame->offset is not -1. */
enum frame_found frame_find(const char *data, const char *end, bool final, struct frame *frame,
                            const char **behind, uint64_t *bytes);

/* Adds one that is no record, but for the line end: an end, or what is past. */
void frame_print_bare(struct buffer *out, int64_t partition, int64_t offset, bool is_end);

/* Adds a sized frame, but for the line end. */
void frame_print(struct buffer *out, int64_t partition, int64_t offset, struct slice payload);

/* Does an input that begins so bring sized frames, or does it take more to know (FRAME_PART)?
 * FRAME_BROKEN: it does not. */
enum frame_found frame_guess_sized(const char *data, const char *end, bool final);

/* How the first of these lines is framed. Unless frames were asked for, an object is an envelope
 * only if it has no members but those of kcat -J, its topic among them: an event may have a
 * partition, an offset and a payload of its own. */
enum framing frame_guess(const char *data, const char *end, bool asked);

/* Takes a line apart; payload borrows from it. */
bool frame_read(struct slice line, struct frame *frame);

/* Is the line an end as it stands between envelopes, "PARTITION OFFSET -2 "? Then frame is that. */
bool frame_is_end(struct slice line, struct frame *frame);

/* Takes an envelope apart; the payload is unescaped into scratch. False: no envelope, or neither
 * text nor null in it. */
bool envelope_read(struct slice line, struct frame *frame, struct buffer *scratch);

#endif
