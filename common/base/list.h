/*
 * list.h - the pieces of an option's value: NEW=OLD,NEW=OLD or FIELD:old=new,old=new.
 *
 * A backslash takes the meaning from the character behind it, so that names and values may hold
 * commas, colons, equals signs and backslashes.
 */
#ifndef CS_LIST_H
#define CS_LIST_H

#include "base/buffer.h"

/* Adds the piece at *text to out, up to the first of the characters in stops that has no backslash
 * before it, and moves *text behind that. Returns that character, or 0 at the end (*text is there
 * then). */
char list_piece(const char **text, const char *stops, struct buffer *out);

#endif
