/*
 * head.h - a file's first bytes, by which it is known again.
 *
 * Device and inode say which file it is until somebody removes it: then the next one may get its
 * inode. What begins otherwise is another file, whatever its number.
 */
#ifndef CS_HEAD_H
#define CS_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"

/* So many at most; fewer when the file is shorter. */
#define HEAD_BYTES 4096

/* Hashes (id.h) the first len bytes of a file, at most HEAD_BYTES; name is for messages. False: it
 * has fewer. Of none it is ID_NONE. */
bool head_read(const char *name, int fd, uint32_t len, struct id *head);

#endif
