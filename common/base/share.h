/*
 * share.h - files that came with the tools: views, maps, lists, found by name.
 *
 * Installed they are in $(datadir)/clickstream. A build that is not installed has them in the tree
 * it lies in: the binary is in build, or in a directory of that.
 */
#ifndef CS_SHARE_H
#define CS_SHARE_H

#include <stdbool.h>

#include "base/buffer.h"

/* Where they are once installed: for messages. */
extern const char share_directory[];

/* Puts the path of the file of that kind ("views", "maps"; "": a list) in path, with a NUL behind:
 * its name as it is, or with the suffix ("" : none). False, and path is empty: there is none that
 * can be read.
 */
bool share_find(struct buffer *path, const char *kind, const char *name, const char *suffix);

/* The name of a file of that kind, without its suffix, that is nearest to a name that is none; the
 * caller frees it. NULL: none is near. */
char *share_meant(const char *kind, const char *name, const char *suffix);

#endif
