/*
 * mapfile.h - --map-file: files of jq programs, one behind the other.
 *
 * A file is what is named, or a map that came with the tools: segment is segment.jq. Of several,
 * each gets what the one before it gives, so that a map for a format and one for what is wanted of
 * it need not be one file.
 */
#ifndef CS_MAPFILE_H
#define CS_MAPFILE_H

#include "base/buffer.h"
#include "base/option.h"

/* Adds the program of all files, at least one. A file that cannot be read or, of several, compiled
 * is die_usage. */
void mapfile_read(struct buffer *program, const struct option_list *files);

void mapfile_release(void);

#endif
