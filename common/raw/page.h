/*
 * page.h - --pages: which page views are pages that somebody has got to see.
 *
 * Looked at are events of the type page_view only. One is no page when its status is neither 2xx
 * nor 304, when its method is not GET, or when the path of its page_url ends like that of a static
 * file. A member that an event does not have says nothing against it.
 */
#ifndef CS_PAGE_H
#define CS_PAGE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "event/event.h"
#include "event/schema.h"

/* A zeroed struct calls everything a page. */
struct pages {
    bool wanted;
    int status_slot, method_slot;
    struct buffer plain;
};

/* Asks for the members. */
void pages_want(struct pages *pages, struct schema *schema);

bool pages_keep(struct pages *pages, const struct event *ev);

/* Is what follows the last dot of a path that of a static file, of something to load, or of what is
 * for robots only? */
bool page_is_static(struct slice path);

void pages_release(struct pages *pages);

#endif
