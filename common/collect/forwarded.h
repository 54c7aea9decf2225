/*
 * forwarded.h - who a request is of, where proxies stand between.
 *
 * A proxy adds the address it was asked from at the right end of X-Forwarded-For (or Forwarded, RFC
 * 7239); what stands further left, whoever is there has written. So the header counts only when
 * the peer is a trusted proxy, and is read from right to left: past trusted proxies, to the first
 * address that is none. What is no address ends the way: then it is the last proxy's own. Of the
 * two headers only the one that the proxies are known to write is looked at, as they pass on the
 * other one from strangers.
 */
#ifndef CS_FORWARDED_H
#define CS_FORWARDED_H

#include <stddef.h>

#include "collect/peer.h"
#include "collect/request.h"

struct forwarded {
    struct network *trusted; /* owned */
    size_t count;
    bool standard; /* Forwarded, and not X-Forwarded-For */
};

/* The client of a request that a peer has brought. */
struct peer forwarded_client(const struct forwarded *forwarded, const struct request *request,
                             struct peer peer);

#endif
