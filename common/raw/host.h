/*
 * host.h - addresses and names of hosts, as servers write them in logs.
 *
 * An IPv4 address is four numbers up to 255, an IPv6 address what inet_pton takes, with a zone
 * behind it (%eth0) and in brackets if need be. A name is letters, digits, '-', '_' and dots
 * between labels that are not empty; the last label is no number, so that nothing is a name that
 * was meant for an address.
 */
#ifndef CS_HOST_H
#define CS_HOST_H

#include <stdbool.h>

#include "base/slice.h"

enum host_kind { HOST_NONE, HOST_IPV4, HOST_IPV6, HOST_NAME };

/* The host at the front of text: what it is, and *host without brackets. Returns behind it, or NULL
 * when there is none. What follows is for the caller to judge. */
const char *host_take(struct slice text, struct slice *host, enum host_kind *kind);

/* What all of the word is. */
enum host_kind host_of(struct slice word);

/* Is it an address, and no name? */
bool host_is_address(struct slice word);

#endif
