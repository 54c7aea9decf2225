/*
 * same.h - does the row that cs-parse prints of a line mean what the line meant?
 *
 * Both are read by reference.h, which shares no code with the scanner or the printer. Names and
 * values are compared with their escapes undone and without the white space between values, so only
 * what JSON calls equal is equal.
 */
#ifndef CS_SAME_H
#define CS_SAME_H

#include "base/buffer.h"
#include "event/schema.h"
#include "reference.h"

/* Adds valid JSON in a form of its own: strings as their length and their bytes. */
static inline void same_normal(struct buffer *out, struct slice json)
{
    for (const char *p = json.text, *end = p + json.len; p < end;) {
        if (*p != '"') {
            if (strchr(" \t\r", *p) == NULL) buffer_add_char(out, *p);
            p++;
            continue;
        }
        const char *from = ++p;
        for (; *p != '"'; p++)
            if (*p == '\\') p++;
        const struct slice inside = {.text = from, .len = (size_t)(p - from)};
        char *plain = buffer_reserve(out, inside.len + 24) + 24;
        const size_t len = reference_plain(plain, inside);
        buffer_printf(out, "\"%016zx:%c", len, '"');
        memmove(out->data + out->len, plain, len);
        out->len += len;
        p++;
    }
}

/* What a canonical member is to be printed as: text, or null. */
static inline void same_canonical(struct buffer *out, const struct reference_member *member)
{
    if (member == NULL || member->kind == KIND_NULL) {
        buffer_add_literal(out, "null");
    } else if (member->kind == KIND_STRING) {
        same_normal(out, member->text);
    } else {
        struct buffer quoted = {0};
        buffer_printf(&quoted, "\"%.*s\"", (int)member->text.len, member->text.text);
        same_normal(out, buffer_slice(&quoted));
        buffer_release(&quoted);
    }
}

static inline int same_slot(const struct schema *schema, struct slice key)
{
    static char plain[1 << 16];
    if (key.len > sizeof plain) return -1;
    const int slot =
        schema_find(schema, (struct slice){.text = plain, .len = reference_plain(plain, key)});
    return slot < SLOT_CANONICAL ? slot : -1;
}

/* Adds what the members of the line come to: the twelve in their order, then the others. */
static inline void same_members(struct buffer *out, const struct schema *schema,
                                const struct reference *ref)
{
    for (int slot = 0; slot < SLOT_CANONICAL; slot++) {
        const struct reference_member *last = NULL;
        for (int i = 0; i < ref->members; i++)
            if (same_slot(schema, ref->member[i].key) == slot) last = &ref->member[i];
        same_canonical(out, last);
        buffer_add_char(out, '\n');
    }
    for (int i = 0; i < ref->members; i++) {
        const struct reference_member *member = &ref->member[i];
        if (same_slot(schema, member->key) >= 0) continue;
        const struct slice name = {.text = member->key.text - 1, .len = member->key.len + 2};
        same_normal(out, name);
        buffer_add_char(out, ':');
        same_normal(out, member->text);
        buffer_add_char(out, '\n');
    }
}

/* NULL: the row is one line without a control, valid JSON, and means what the line, which is valid,
 * means. Else what is wrong. */
static inline const char *same_wrong(const struct schema *schema, struct slice line,
                                     struct slice row)
{
    static struct reference from, to;
    struct buffer wanted = {0}, got = {0};
    reference_read(&from, line);
    reference_read(&to, row);
    if (from.members == REFERENCE_MEMBERS || to.members == REFERENCE_MEMBERS) return NULL;
    if (to.reason != REASON_NONE) return "the row is no valid JSON";
    for (size_t i = 0; i < row.len; i++) {
        const unsigned char byte = (unsigned char)row.text[i];
        if (byte < 0x20 || byte == 0x7f) return "a control in the row";
        if (byte == 0xc2 && (unsigned char)row.text[i + 1] < 0xa0) return "a C1 control in the row";
    }
    same_members(&wanted, schema, &from);
    same_members(&got, schema, &to);
    const bool same = slice_equal(buffer_slice(&wanted), buffer_slice(&got));
    buffer_release(&wanted);
    buffer_release(&got);
    return same ? NULL : "the row means something else";
}

#endif
