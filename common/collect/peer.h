/*
 * peer.h - addresses of clients, and networks of them.
 *
 * IPv4 addresses are kept as they are mapped into IPv6 (::ffff:a.b.c.d), so one kind of number is
 * compared everywhere. Who comes by a Unix socket has no address.
 */
#ifndef CS_PEER_H
#define CS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/slice.h"

/* An address as text, with a NUL. */
enum { PEER_TEXT_BYTES = 48 };

struct peer {
    unsigned char bytes[16]; /* IPv6, or IPv4 mapped into it */
    bool is_unix;            /* it came by a Unix socket: bytes say nothing */
};

struct peer peer_of(const struct sockaddr *address, socklen_t len);

/* Reads an address; brackets, a port and a zone behind it are passed over. False: it is none. */
bool peer_parse(struct slice text, struct peer *peer);

bool peer_is_ipv4(const struct peer *peer);

/* Without its last bits: 24 of IPv4, 48 of IPv6 stay. */
struct peer peer_cut(struct peer peer);

/* Writes it, returns its length. */
size_t peer_print(const struct peer *peer, char text[PEER_TEXT_BYTES]);

/* A network: 10.0.0.0/8, 2001:db8::/32, one address, or the word unix. */
struct network {
    struct peer base;
    int bits; /* of 128 */
};

/* NULL, or the phrase that says what is wrong. */
const char *network_parse(struct slice text, struct network *network);

bool network_has(const struct network *network, const struct peer *peer);

#endif
