/*
 * json.h - JSON strings: undoing escapes, and writing them.
 *
 * Escapes written: \" \\ \b \f \n \r \t and \u00XX for the other control characters and
 * DEL. Everything else, valid UTF-8 included, is written as it is (C1 controls
 * U+0080-U+009F come out as \u00XX: terminals obey them).
 */
#ifndef CS_JSON_H
#define CS_JSON_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

/* Undoes the escapes of a string's inside that the scanner has accepted (so no error is
 * possible). out must have room for inside.len bytes and may be inside.text itself; returns the
 * length, never longer. */
size_t json_unescape(char *out, struct slice inside);

/* The same, faster, where sixteen bytes behind inside are readable, sixteen bytes behind out's room
 * are writable, and the two lie apart. */
size_t json_unescape_padded(char *out, struct slice inside);

/* What the escape of c stands for, which is not \u. */
char json_meaning(char c);

/* Is the text ASCII that needs no escapes? Then it is the inside of a string as it is. */
bool json_is_plain(struct slice text);

/* Adds text with escapes and without quotes; text is valid UTF-8. */
void json_add_escaped(struct buffer *out, struct slice text);

/* Adds a string's inside that has its escapes already: only DEL and C1 controls are changed. */
void json_add_inside(struct buffer *out, struct slice inside);

/* Adds valid JSON, a value or a whole row, so that no byte of it is a control: those in its strings
 * are escaped, white space between its values that is one (tab, carriage return) becomes a blank.
 * It means the same. */
void json_add_text(struct buffer *out, struct slice text);

/* Adds valid JSON without blanks between its values, and with the escapes of json_add_escaped: the
 * same bytes, whoever has written it. Numbers keep their digits, and members their order. */
void json_add_compact(struct buffer *out, struct slice text);

/* json_add_text where the text has nothing to escape, and is ASCII; else false, and nothing is
 * added. A text of more than 256 bytes is not looked at. */
bool json_add_plain(struct buffer *out, struct slice text);

/* The same for whoever has room for JSON_PLAIN_MAX bytes, in quotes: returns behind it, or NULL. */
#define JSON_PLAIN_MAX (256 + 2)
char *json_write_plain(char *to, struct slice text);

/* json_add_escaped with quotes around. */
void json_add_string(struct buffer *out, struct slice text);

#endif
