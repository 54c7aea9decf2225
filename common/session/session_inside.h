/*
 * session_inside.h - what the files of session.h share.
 */
#ifndef CS_SESSION_INSIDE_H
#define CS_SESSION_INSIDE_H

#include "session/session.h"

/* Is the next stretch within the gap of this one, and nothing else ends the session between? */
bool session_linked(const struct sessions *sessions, const struct stretch *stretch,
                    const struct stretch *next);

/* The last stretch of the part that begins with first. */
uint32_t session_part_end(const struct sessions *sessions, uint32_t first);

/* The first stretch of a timeline's first part that is not printed yet. */
uint32_t session_first_open(const struct sessions *sessions, uint32_t timeline);

/* Merges what no cut can fall between any more. */
void sessions_tidy(struct sessions *sessions, uint32_t timeline);

#endif
