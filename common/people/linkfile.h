/*
 * linkfile.h - --links: which known id stands behind an anonymous one, as a file of NDJSON.
 *
 *     {"member":"session_id","anonymous":"s1","known":"u1","since":"2026-01-01T00:00:00.000Z",
 *      "last":"2026-01-02T00:00:00.000Z"}
 *
 * since is when it was said first, last when it was said last; between them nobody else was named.
 * A line says just that: known was named together with anonymous at these two times. Files that
 * others have made may leave out last (then it is since) and member (then it is the first one).
 * Nothing in it is believed: a line that says something else ends the run before anything is read,
 * and is named with its number.
 */
#ifndef CS_LINKFILE_H
#define CS_LINKFILE_H

#include "people/people.h"

/* A file in whose directory nothing can be written is die_usage. */
void linkfile_check(const char *path);

/* Reads a file into people, where there is one. Anything wrong is die_usage. */
void linkfile_read(struct people *people, const char *path);

/* Writes what people know, in the place of the file: the old one or the new one is there at any
 * time. */
void linkfile_write(const struct people *people, const char *path);

#endif
