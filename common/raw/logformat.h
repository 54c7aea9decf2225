/*
 * logformat.h - --log-format: how a server was told to write its log, as a list of fields with
 * literals between them.
 *
 * The text is nginx's log_format or Apache's LogFormat, the whole directive or what stands in its
 * quotes, or the name of a format that is well known. Which of both it is, the first '$' or '%'
 * says. It is compiled once; logline.h then takes lines apart from left to right, a byte at most
 * twice, without going back.
 *
 * What a variable means is a row of a table (logvariable.h): the member it becomes and what may
 * stand there. The first variable for a member gets it; others keep their own name. Of several
 * times the finest is event_time. Two variables with nothing between are one where both are pieces
 * of the page's URL; a path may follow anything, since it begins with '/'; others are refused,
 * because nobody can tell where the first ends.
 */
#ifndef CS_LOGFORMAT_H
#define CS_LOGFORMAT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "raw/logvariable.h"

#define LOGFORMAT_FIELDS_MAX 64
#define LOGFORMAT_PADDING 32

/* How the server writes what it could not write as it is. */
enum log_escape {
    LOG_ESCAPE_BYTES, /* \xHH and, Apache, \" \\ \n and the like; "-" is nothing */
    LOG_ESCAPE_JSON,  /* as in JSON; empty is nothing */
    LOG_ESCAPE_NONE,  /* empty is nothing */
};

struct log_field {
    struct slice before; /* the literal in front of it */
    enum log_kind kind;
    struct slice member;   /* `,"name":`; empty: it is not printed */
    int slot;              /* of a member that is canonical; else -1 */
    struct slice strftime; /* LOG_STRFTIME */
    bool strict;           /* it ends by itself */
    bool quoted;           /* quotes around it: it ends at the first that is not escaped */
    bool to_slash;         /* nothing stands behind it but a path */
    bool address;          /* a list that ip is the first of */
    const char *no_value;  /* what a misfit says: of the value, */
    const char *no_before; /* of the literal in front, */
    const char *no_end;    /* of what ends it */
};

struct logformat {
    struct log_field field[LOGFORMAT_FIELDS_MAX + 1]; /* the one behind the last is but a literal */
    size_t count;
    bool open; /* more may follow after a blank: the member extra */
    enum log_escape escape;
    struct buffer source; /* the format, without the directive around it; */
    struct buffer text;   /* what the slices and phrases point into; behind each slice
                             LOGFORMAT_PADDING bytes are readable */
    struct buffer plain;  /* scratch: a value without its escapes */
};

/* Compiles the text. Returns NULL, or what is wrong with it as a phrase, good until the next call.
 * A zeroed struct is fine; logformat_release in any case. */
const char *logformat_compile(struct logformat *format, struct slice text);

void logformat_release(struct logformat *format);

#endif
