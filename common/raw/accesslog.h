/*
 * accesslog.h - lines of a web server's access log: the common and the combined format.
 *
 *     [VHOST[:PORT] ]CLIENT IDENT USER [DD/Mon/YYYY:HH:MM:SS +ZZZZ] "REQUEST" STATUS BYTES
 *     [ "REFERRER" "USER AGENT"][ EXTRA]
 *
 * as Apache and nginx write them. Servers escape quotes in what clients send, so a quoted string
 * ends at the first quote without a backslash; USER and REQUEST are whatever the client said.
 * The client is an address or a host's name (host.h), and a user may have blanks in its name: so
 * what is not of this form but has more words in front (a list of addresses, syslog's prefix) would
 * be read as a strange client or user. It is refused, with the place where it stopped fitting;
 * logformat.h reads such lines when it is told how they are made.
 * The request is METHOD TARGET PROTOCOL; what does not look like that is a target without a method,
 * since scanners and broken clients send anything.
 */
#ifndef CS_ACCESSLOG_H
#define CS_ACCESSLOG_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "event/outline.h"
#include "raw/misfit.h"

/* Slices of the line; text NULL: "-" or absent. Quoted strings still have their escapes. */
struct accesslog {
    struct slice vhost; /* with the port if the line has it */
    struct slice ip;    /* or a host's name; without brackets */
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

/* Takes a line (without its end) apart; false when it is not one, and where that showed. */
bool accesslog_parse(struct slice line, struct accesslog *out, struct misfit *misfit);

/* METHOD TARGET PROTOCOL; a target may hold blanks, and before HTTP/1.0 there was no protocol. */
void accesslog_request(struct slice request, struct slice *method, struct slice *target);

/* Is the word how a log says that the client is not known? "unix:" is nginx's for one without an
 * address. */
bool accesslog_nobody(struct slice word);

/* Can this be a user's name? One with blanks can. But where something stands before the client that
 * does not belong there, the client itself ends up in the user: then a "-" or an address is among
 * the words. */
bool accesslog_user_fits(struct slice user, struct misfit *misfit);

/* Adds it as a JSON object on one line: event_type (page_view), event_time, page_url, user_id, ip,
 * method, status, bytes, referrer, user_agent, and vhost and extra where they are. status and bytes
 * are numbers. Of the escapes \" and \\ are undone, others (\x22) stay as text. The line is valid
 * UTF-8. out is empty. */
void accesslog_print(struct buffer *out, const struct accesslog *entry, struct outline *outline);

#endif
