/*
 * foreign.h - what an input looks like that holds no events a line each, and what makes events of
 * it.
 *
 * Only for a word of advice, so it says nothing where it is not sure. Known by their first bytes:
 * tables of databases, web pages, text of Python; what is compressed or in UTF-16 by its mark is
 * not met here. Known by how their lines look: what --from=auto knows (sniff.h), and JSON with
 * something around it.
 */
#ifndef CS_FOREIGN_H
#define CS_FOREIGN_H

#include <stdbool.h>

#include "base/slice.h"

struct foreign {
    const char *what; /* "CSV", "a zip archive" */
    const char *way;  /* a command, to be followed by FILE: "cs-parse --from=csv" */
};

/* Does the beginning of an input look like something else than events, one a line? */
bool foreign_looks(struct slice head, struct foreign *foreign);

#endif
