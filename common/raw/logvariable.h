/*
 * logvariable.h - the variables of nginx's and Apache's log formats: which member each becomes, and
 * what may stand in its place.
 *
 * One table for each server; a variable that is in none is text under its own name.
 */
#ifndef CS_LOGVARIABLE_H
#define CS_LOGVARIABLE_H

#include <stdbool.h>

#include "base/slice.h"

enum log_kind {
    LOG_TEXT,
    LOG_WORD,     /* text without blanks */
    LOG_IDENT,    /* a word that mostly is missing, and then is no member */
    LOG_HOST,     /* an address or a name */
    LOG_USER,     /* text that accesslog.h takes for a user */
    LOG_NUMBER,   /* a number */
    LOG_MEASURE,  /* a number, or several: then text */
    LOG_LIST,     /* addresses with commas between, of proxies */
    LOG_REQUEST,  /* METHOD TARGET PROTOCOL: members method and page_url */
    LOG_URL,      /* the page's, or its path */
    LOG_QUERY,    /* what may stand right behind a path */
    LOG_TIME,     /* 17/May/2015:10:05:03 +0000 */
    LOG_BRACKET,  /* the same in brackets */
    LOG_ISO,      /* RFC 3339 */
    LOG_EPOCH,    /* seconds since 1970, or smaller units */
    LOG_MILLIS,   /* a duration, printed in seconds */
    LOG_MICROS,   /* a duration, printed in seconds */
    LOG_STRFTIME, /* a time as %{...}t describes it */
};

struct log_variable {
    struct slice name;   /* as the server calls it */
    struct slice member; /* empty: the name */
    enum log_kind kind;
};

/* nginx's $NAME. */
struct log_variable logvariable_nginx(struct slice name);

/* Apache's %{ARGUMENT}DIRECTIVE. With an argument that is a time's format, LOG_STRFTIME. False: no
 * such directive. */
bool logvariable_apache(char directive, struct slice argument, struct log_variable *variable);

/* How fine a kind of time is; 0: it is none. */
int logvariable_time_rank(enum log_kind kind);

#endif
