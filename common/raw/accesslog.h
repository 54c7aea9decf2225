/*
 * accesslog.h - lines of a web server's access log: the common and the combined format.
 *
 *     [VHOST:PORT ]IP IDENT USER [DD/Mon/YYYY:HH:MM:SS +ZZZZ] "REQUEST" STATUS BYTES
 *     [ "REFERRER" "USER AGENT"][ EXTRA]
 *
 * as Apache and nginx write them. Servers escape quotes in what clients send, so a quoted string
 * ends at the first quote without a backslash; IP, USER and REQUEST are whatever the client said.
 * The request is METHOD TARGET PROTOCOL; what does not look like that is a target without a method,
 * since scanners and broken clients send anything.
 */
#ifndef CS_ACCESSLOG_H
#define CS_ACCESSLOG_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

/* Slices of the line; text NULL: "-" or absent. Quoted strings still have their escapes. */
struct accesslog {
    struct slice vhost; /* with the port */
    struct slice ip;    /* or a host's name */
    struct slice user;
    struct slice time; /* 17/May/2015:10:05:03 +0000, checked for its form only */
    struct slice method;
    struct slice target;
    struct slice status;
    struct slice bytes;
    struct slice referrer;
    struct slice user_agent;
    struct slice extra; /* what a server was told to add behind */
};

/* Takes a line (without its end) apart; false when it is not one. */
bool accesslog_parse(struct slice line, struct accesslog *out);

/* Adds it as a JSON object on one line: event_type (page_view), event_time, page_url, user_id, ip,
 * method, status, bytes, referrer, user_agent, and vhost and extra where they are. status and bytes
 * are numbers. Of the escapes \" and \\ are undone, others (\x22) stay as text. The line is valid
 * UTF-8. */
void accesslog_print(struct buffer *out, const struct accesslog *entry);

#endif
