/*
 * map.h - the program of --map: read, compiled, and which columns of the input it looks at.
 */
#ifndef CS_MAP_H
#define CS_MAP_H

#include "base/option.h"
#include "raw/format.h"

/* Every record goes through the program: text (--map), or what is in the files (--map-file);
 * without both it stays as it is. A header line has to name a column that the program reads by
 * name, if it reads none in another way. A program that cannot be read or compiled is die_usage. */
void map_set(struct format *format, const char *text, const struct option_list *files);

#endif
