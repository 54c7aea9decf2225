/*
 * referrer.h - which search engine, network or other site a visitor came from, by the referrer.
 *
 * Known are the sites of a list (lists.h): HOST or HOST/PATH, a tab, the traffic source. A host
 * that is not in it is looked for without its first label, and so on, so that all of a site's hosts
 * need not be listed; a path counts up to its second piece, the longest first.
 */
#ifndef CS_REFERRER_H
#define CS_REFERRER_H

#include "base/buffer.h"
#include "base/slice.h"
#include "base/table.h"
#include "raw/url.h"

struct referrers {
    struct buffer list; /* referrers.txt */
    struct table sites; /* struct referrer_site */
    struct buffer key;  /* of the site looked for */
};

/* Reads the list, as lists_read. */
void referrers_read(struct referrers *referrers, const char *directory);

/* The source of a referrer: as the list says, or else its host in lower case without www. The
 * result has VALUE_PADDING readable bytes behind and is good until the next call; text NULL: it has
 * no host. */
struct slice referrers_source(struct referrers *referrers, const struct url *url);

void referrers_release(struct referrers *referrers);

#endif
