/*
 * scan_kernel.h - the scanner's code, compiled once per instruction set.
 *
 * Included by scan_plain.c, scan_avx2.c, scan_avx512.c, scan_neon.c, each of which first defines
 *     struct block          64 bytes of a line
 *     block_load(p)         reads them
 *     block_quotes(b)       bit i: byte i is '"'
 *     block_specials(b)     bit i: byte i is '"', '\\', below 0x20 or above 0x7f
 *     block_slashes(b)      bit i: byte i is '\\'
 *     block_equal(b,c)      bit i: byte i is c
 *     block_pairs(b,c,d,e)  bit i: byte i of block b is c, and that of d is e
 *     block_digits(b)       bit i: byte i is a digit
 *     block_hex_letters(b)  bit i: byte i is one of a-f, A-F
 *     block_letter_d(b)     bit i: byte i is 'd' or 'D'
 *     block_letters(b)      bit i: byte i is one of /bfnrt
 *     block_highs(b)        bit i: byte i is above 0x7f
 *     block_bit(b,n)        bit i: bit n of byte i is set
 *     block_odd(b)          bit i: byte i is '\\', below 0x20 or above 0x7e
 *     block_newlines(b)     bit i: byte i is '\n'
 *     lowest_bit(bits)      the number of the lowest bit set, 64 if there is none; without a branch
 *     block_mismatch(b,n)   not 0: the bytes differ from node n's literal
 *     struct differ         whether some of many blocks differ from their literals: differ_none,
 *                           differ_add and differ_any
 *     SCAN_UNDO             undoes escapes, if not as json_unescape_padded, and writes rubbish up
 *                           to UNDO_ROOM bytes behind the text
 *     SCAN_KERNEL           the name of the function for one line
 *     SCAN_LINES            and of that for many
 * No byte behind the newline's padding is read: every load starts at or before the newline.
 */
#include <stddef.h>
#include <string.h>

#include "base/compat.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/number.h"
#include "base/prefetch.h"
#include "base/utf8.h"
#include "event/scan_inside.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define NULL_WORD UINT32_C(0x6c6c756e) /* "null", little-endian */
#define LINES_MAX 64                   /* in one call */
#define ODD_MANY 4                     /* a line in so many has escapes, or is not ASCII */
#define UNKNOWN_MANY 16                /* lines whose sign says nothing, one behind the other */

/* Keeps the compiler from turning what depends on the value into a branch: nulls come as they like.
 */
#define UNPREDICTABLE(value) __asm__("" : "+r"(value))

#include "event/scan_judge.h"

#ifndef SCAN_UNDO
#define SCAN_UNDO json_unescape_padded
#define UNDO_ROOM VALUE_PADDING
#endif

/* What went wrong where, from the functions below. */
struct fault {
    enum reason reason;
    const char *at; /* on or before the line's newline */
};

static const char *fault_set(struct fault *fault, enum reason reason, const char *at)
{
    fault->reason = reason;
    fault->at = at;
    return NULL;
}

static inline const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\r')
        p++;
    return p;
}

/* The first of the four digits at p that is none. */
static const char *hex_bad(const char *p)
{
    while (hex_value[(unsigned char)*p] <= 15)
        p++;
    return p;
}

/* Behind the escape that begins with the backslash at p, or NULL. */
static inline const char *skip_escape(const char *p, struct fault *fault)
{
    const char c = p[1];
    if (LIKELY(c == 'u')) {
        const uint32_t code = hex_four(p + 2);
        if (UNLIKELY(code > 0xffff)) return fault_set(fault, REASON_NOT_JSON, hex_bad(p + 2));
        if (LIKELY(code - 0xd800 > 0x7ff)) return p + 6;
        /* A surrogate: only a high one with a low one right behind it is a character. */
        if (code > 0xdbff || p[6] != '\\' || p[7] != 'u')
            return fault_set(fault, REASON_BAD_UTF8, p);
        const uint32_t low = hex_four(p + 8);
        if (low > 0xffff) return fault_set(fault, REASON_NOT_JSON, hex_bad(p + 8));
        if (low < 0xdc00 || low > 0xdfff) return fault_set(fault, REASON_BAD_UTF8, p);
        return p + 12;
    }
    switch (c) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return p + 2;
    default: return fault_set(fault, REASON_NOT_JSON, p + 1);
    }
}

/* The closing quote of the string whose inside begins at p, or NULL. Sets *escaped when it has
 * escapes. */
static const char *string_end(const char *p, bool *escaped, struct fault *fault)
{
    for (;;) {
        const struct block block = block_load(p);
        const uint64_t specials = block_specials(block);
        if (specials == 0) {
            p += 64;
            continue;
        }
        p += __builtin_ctzll(specials);
        const unsigned char c = (unsigned char)*p;
        if (c == '"') return p;
        if (c == '\\') {
            *escaped = true;
            p = skip_escape(p, fault);
            if (p == NULL) return NULL;
        } else if (c >= 0x80) {
            do {
                /* 4 bytes are readable: the newline and its padding are behind. */
                const size_t len = utf8_sequence(p, 4);
                if (len == 0) return fault_set(fault, REASON_BAD_UTF8, p);
                p += len;
            } while ((unsigned char)*p >= 0x80);
        } else {
            return fault_set(fault, REASON_NOT_JSON, p);
        }
    }
}

static inline const char *skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

/* Behind the number at p, or NULL. */
static const char *skip_number(const char *p, struct fault *fault)
{
    if (*p == '-') p++;
    const char *digits = p;
    p = skip_digits(p);
    if (p == digits) return fault_set(fault, REASON_NOT_JSON, p);
    if (*digits == '0' && p - digits > 1) return fault_set(fault, REASON_NOT_JSON, digits + 1);
    if (*p == '.') {
        digits = ++p;
        p = skip_digits(p);
        if (p == digits) return fault_set(fault, REASON_NOT_JSON, p);
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-') p++;
        digits = p;
        p = skip_digits(p);
        if (p == digits) return fault_set(fault, REASON_NOT_JSON, p);
    }
    return p;
}

/* Behind the word at p if it stands there, or NULL. */
static const char *skip_word(const char *p, const char *word, struct fault *fault)
{
    for (; *word != '\0'; word++, p++)
        if (*p != *word) return fault_set(fault, REASON_NOT_JSON, p);
    return p;
}

/* Behind the array or object at p, or NULL; depth is that of what is around it. */
static const char *skip_nested(const char *p, int depth, struct fault *fault)
{
    uint64_t objects[SCAN_DEPTH_MAX / 64 + 1] = {0}; /* bit d: depth d is an object */
    const int outside = depth;
    bool escaped = false;
    for (;;) {
        /* A value begins at p. */
        if (*p == '{' || *p == '[') {
            const bool object = *p == '{';
            if (++depth > SCAN_DEPTH_MAX) return fault_set(fault, REASON_TOO_DEEP, p);
            objects[depth / 64] &= ~(UINT64_C(1) << depth % 64);
            objects[depth / 64] |= (uint64_t)object << depth % 64;
            p = skip_blanks(p + 1);
            if (*p == (object ? '}' : ']')) goto close;
            if (object) goto name;
            continue;
        }
        if (*p == '"') {
            p = string_end(p + 1, &escaped, fault);
            if (p == NULL) return NULL;
            p++;
        } else if (*p == 't') {
            p = skip_word(p, "true", fault);
        } else if (*p == 'f') {
            p = skip_word(p, "false", fault);
        } else if (*p == 'n') {
            p = skip_word(p, "null", fault);
        } else {
            p = skip_number(p, fault);
        }
        if (p == NULL) return NULL;
    behind:
        p = skip_blanks(p);
        const bool in_object = (objects[depth / 64] >> depth % 64 & 1) != 0;
        if (*p == ',') {
            p = skip_blanks(p + 1);
            if (in_object) goto name;
            continue;
        }
        if (*p != (in_object ? '}' : ']')) return fault_set(fault, REASON_NOT_JSON, p);
    close:
        p++;
        if (--depth == outside) return p;
        goto behind;
    name:
        if (*p != '"') return fault_set(fault, REASON_NOT_JSON, p);
        p = string_end(p + 1, &escaped, fault);
        if (p == NULL) return NULL;
        p = skip_blanks(p + 1);
        if (*p != ':') return fault_set(fault, REASON_NOT_JSON, p);
        p = skip_blanks(p + 1);
    }
}

/* The value at p, at depth 1: behind it, or NULL. */
static const char *scan_value(const char *p, struct value *value, struct fault *fault)
{
    const char *from = p;
    bool escaped = false;
    switch (*p) {
    case '"':
        p = string_end(p + 1, &escaped, fault);
        if (p == NULL) return NULL;
        *value = (struct value){.text = from + 1,
                                .len = (uint32_t)(p - from - 1),
                                .kind = KIND_STRING,
                                .escaped = escaped};
        return p + 1;
    case 'n':
        p = skip_word(p, "null", fault);
        value->kind = KIND_NULL;
        break;
    case 't':
        p = skip_word(p, "true", fault);
        value->kind = KIND_TRUE;
        break;
    case 'f':
        p = skip_word(p, "false", fault);
        value->kind = KIND_FALSE;
        break;
    case '[':
    case '{':
        p = skip_nested(p, 1, fault);
        value->kind = *from == '[' ? KIND_ARRAY : KIND_OBJECT;
        break;
    default:
        p = skip_number(p, fault);
        value->kind = KIND_NUMBER;
        break;
    }
    if (p == NULL) return NULL;
    value->text = from;
    value->len = (uint32_t)(p - from);
    value->escaped = value->was_number = false;
    return p;
}

/* The node the hash knows for the member at p, or 0. */
static inline int find_by_hash(const struct scanner *scanner, int node, const char *p,
                               struct block block)
{
    /* `,"name":` or `, "name": `: the name lies between the first two quotes. Only '{' may open a
     * line and only ',' may come later, whatever is remembered. */
    if (p[0] != (node == NODE_ROOT ? '{' : ',')) return 0;
    const uint64_t quotes = block_quotes(block);
    const uint64_t behind = quotes & (quotes - 1);
    if (behind == 0) return 0;
    const uint32_t colon = (uint32_t)__builtin_ctzll(behind) + 1;
    const uint32_t len = colon + 1 + (p[colon + 1] == ' ');
    if (len >= LITERAL_MAX) return 0;
    const uint32_t place = literal_place(p, len);
    for (uint32_t i = 0; i < BY_LITERAL_PROBES; i++) {
        const int known = scanner->by_literal[(place + i) & (BY_LITERAL - 1)];
        if (known == 0) return 0;
        if (LIKELY(block_mismatch(block, &scanner->node[known]) == 0)) return known;
    }
    return 0;
}

/* The node whose literal stands at p: what followed last time, or whatever the hash knows; 0: none.
 */
static inline int find_node(struct scanner *scanner, int node, const char *p, struct block block)
{
    const struct node *nodes = scanner->node;
    /* Where members come in no order, looking at what followed last time is a waste. */
    const bool ordered = scanner->misses <= scanner->hits;
    if (LIKELY(ordered)) {
        for (int i = 0; i < SUCCESSORS; i++) {
            const int other = nodes[node].successor[i];
            if (LIKELY(block_mismatch(block, &nodes[other]) == 0)) {
                scanner->hits += other != 0;
                return other;
            }
        }
    }
    const int known = find_by_hash(scanner, node, p, block);
    if (ordered && known != 0) {
        scanner->misses += 4;
        scanner->node[node].successor[SUCCESSORS - 1] = (uint16_t)known;
    } else if (known == 0 && p[0] == '}') {
        /* The line's end is in no hash. */
        for (int i = 0; i < SUCCESSORS; i++) {
            const int other = nodes[node].successor[i];
            if (nodes[other].last && block_mismatch(block, &nodes[other]) == 0) return other;
        }
        const int last = scanner->last_node;
        if (node != NODE_ROOT && last != 0 && block_mismatch(block, &nodes[last]) == 0) return last;
    }
    return known;
}

/* What scan_member found. */
struct member {
    const char *key; /* its opening quote */
    int name;        /* index of the name, or -1: nobody's */
    int node;        /* its remembered form, or NODE_LOST */
    bool close;      /* not a member: the object's '}' */
    struct value value;
};

/* A member that stands in no remembered form: from the '{' or ',' (or '}') at p, or the blanks
 * before it, to behind its value; remembers its form as what follows node. NULL and a fault when it
 * is none. */
static const char *scan_member(struct scanner *scanner, const char *p, int node,
                               struct member *member, struct fault *fault)
{
    const char *literal = p;
    const bool first = node == NODE_ROOT;
    p = skip_blanks(p);
    member->close = false;
    if (!first && *p == '}') {
        member->close = true;
        return p + 1;
    }
    if (*p != (first ? '{' : ',')) return fault_set(fault, REASON_NOT_JSON, p);
    p = skip_blanks(p + 1);
    if (first && *p == '}') {
        member->close = true;
        return p + 1;
    }
    if (*p != '"') return fault_set(fault, REASON_NOT_JSON, p);
    member->key = p;
    bool escaped = false;
    const char *end = string_end(p + 1, &escaped, fault);
    if (end == NULL) return NULL;
    struct slice text = {.text = p + 1, .len = (size_t)(end - p - 1)};
    if (escaped) {
        char *plain = arena_take(&scanner->scratch, text.len);
        text = (struct slice){.text = plain, .len = json_unescape(plain, text)};
    }
    member->name = scanner_name(scanner, text);
    p = skip_blanks(end + 1);
    if (*p != ':') return fault_set(fault, REASON_NOT_JSON, p);
    p = skip_blanks(p + 1);
    member->node =
        scanner_learn(scanner, node, literal, (size_t)(p - literal), member->name, false);
    return scan_value(p, &member->value, fault);
}

/* Is what stands at p valid JSON, only not an object? Decides the reason for a line that does not
 * begin with '{'. */
static enum reason judge_other(const char *p, struct fault *fault)
{
    bool escaped = false;
    switch (*p) {
    case '"':
        p = string_end(p + 1, &escaped, fault);
        if (p != NULL) p++;
        break;
    case '[': p = skip_nested(p, 0, fault); break;
    case 'n': p = skip_word(p, "null", fault); break;
    case 't': p = skip_word(p, "true", fault); break;
    case 'f': p = skip_word(p, "false", fault); break;
    default: p = skip_number(p, fault); break;
    }
    if (p == NULL) return fault->reason;
    p = skip_blanks(p);
    fault->at = p;
    return *p == '\n' ? REASON_NOT_AN_OBJECT : REASON_NOT_JSON;
}

/* Refused: the line ends at the first newline from where the fault was found. */
static enum reason refuse(const char *text, struct event *ev, const char **next, enum reason reason,
                          const char *at)
{
    const char *end = rawmemchr(at, '\n');
    *next = end + 1;
    while (end > text && end[-1] == '\r')
        end--;
    ev->line = (struct slice){.text = text, .len = (size_t)(end - text)};
    return reason;
}

/* Undoes a string's escapes. */
static void settle_escapes(struct scanner *scanner, struct value *value)
{
    char *plain = arena_take(&scanner->scratch, value->len + UNDO_ROOM);
    value->len = (uint32_t)SCAN_UNDO(plain, value_slice(*value));
    arena_shrink(&scanner->scratch, plain + value->len);
    value->text = plain;
    value->escaped = false;
}

/* Undoes escapes in the slots of the mask that somebody needs, and reads --number text as numbers.
 */
static void settle(struct scanner *scanner, struct event *ev, uint64_t escaped)
{
    /* cs-parse prints strings as they came. */
    for (uint64_t left =
             escaped & scanner->needed & (scanner->all ? scanner->number : ~UINT64_C(0));
         left != 0; left &= left - 1) {
        struct value *value = &ev->value[__builtin_ctzll(left)];
        if (value->escaped)
            settle_escapes(scanner, value); /* a later member of the same name may be plain */
    }
    for (uint64_t left = scanner->number & scanner->needed; left != 0; left &= left - 1) {
        struct value *value = &ev->value[__builtin_ctzll(left)];
        if (value->kind != KIND_STRING) continue;
        const struct slice numeral = scanner_numeral(scanner, value_slice(*value));
        if (numeral.len == 0) continue;
        value->text = numeral.text;
        value->len = (uint32_t)numeral.len;
        value->kind = KIND_NUMBER;
        ev->recast = true;
    }
}

/* Hands the members noted for ev->rest to the event; they stay until scanner_clear. */
static inline void rest_keep(struct scanner *scanner, struct event *ev)
{
    ev->rest_count = scanner->rest_count;
    if (LIKELY(scanner->rest_count == 0)) return;
    const size_t bytes = scanner->rest_count * sizeof scanner->rest[0];
    char *kept = arena_take(&scanner->scratch, bytes + sizeof(void *));
    kept += -(uintptr_t)kept % sizeof(void *);
    memcpy(kept, scanner->rest, bytes);
    ev->rest = (const struct slice *)(const void *)kept;
}

/* Takes a value that went the general way to its slot, as its name wants it. */
static void take_member(struct scanner *scanner, struct event *ev, const struct member *member,
                        const char *end, uint64_t *escaped, bool *bad)
{
    const struct name *meant = member->name < 0 ? NULL : &scanner->name[member->name];
    if (member->value.kind != KIND_STRING && member->value.kind != KIND_NULL &&
        (meant == NULL || !meant->canonical))
        scanner->node[member->node].mixed = true;
    const int slot = meant == NULL ? scanner->dummy : meant->slot;
    struct value value = member->value;
    if (meant != NULL && meant->canonical) {
        if (value.kind >= KIND_ARRAY) {
            *bad = true;
        } else if (value.kind != KIND_STRING && value.kind != KIND_NULL) {
            value.was_number = value.kind == KIND_NUMBER;
            value.kind = KIND_STRING; /* a number or boolean is read as its text */
            ev->recast = true;
        }
    }
    ev->value[slot] = value;
    *escaped |= (uint64_t)value.escaped << (slot & 63);
    if (scanner->all && (meant == NULL || !meant->canonical))
        scanner_rest(scanner, member->name,
                     (struct slice){.text = member->key, .len = (size_t)(end - member->key)},
                     value);
}

/* The end (behind the closing quote) of the string that opens at v and has escapes, if all of it
 * lies in the block; else NULL, with a fault if it is wrong. */
static inline const char *string_in_block(const char *v, struct block block, struct fault *fault)
{
    uint64_t quotes = block_quotes(block) & ~UINT64_C(1);
    uint64_t slashes = block_slashes(block);
    const uint64_t others = block_specials(block) & ~quotes & ~slashes & ~UINT64_C(1);
    while (slashes != 0) {
        const unsigned at = (unsigned)__builtin_ctzll(slashes);
        if (quotes != 0 && (unsigned)__builtin_ctzll(quotes) < at) break; /* behind the string */
        if (others != 0 && (unsigned)__builtin_ctzll(others) < at) return NULL;
        const char *behind = skip_escape(v + at, fault);
        if (behind == NULL) return NULL;
        const unsigned len = (unsigned)(behind - v) - at;
        if (at + len >= 64) return NULL;
        const uint64_t escape = ((UINT64_C(1) << len) - 1) << at;
        quotes &= ~escape;
        slashes &= ~escape;
    }
    if (quotes == 0) return NULL;
    const unsigned end = (unsigned)__builtin_ctzll(quotes);
    if ((others & ((UINT64_C(1) << end) - 1)) != 0) return NULL;
    return v + end + 1;
}

#define NAME_BYTES 4 /* the last of a name, by which it is told */

/* A number by which the shape of a line is told: of its names, nested ones too, the last four
 * bytes, one after the other. A name ends where a colon follows a quote; text with escapes of
 * quotes may look like that, too, and has another sign for it. */
static inline uint32_t line_sign(const char *line, const char *newline)
{
    uint32_t sign = 0;
    /* Nothing in front of the line is read: a first name of one letter is passed by. */
    for (const char *p = line + NAME_BYTES + 1; p < newline; p += 64) {
        uint64_t colons = block_pairs(block_load(p - 1), '"', block_load(p), ':');
        if (UNLIKELY(newline - p < 64)) colons &= (UINT64_C(1) << (newline - p)) - 1;
        for (; colons != 0; colons &= colons - 1) {
            uint32_t word = scan_load32(p + lowest_bit(colons) - NAME_BYTES - 1);
            /* What stands in front of a name of one letter does not count. */
            if (UNLIKELY((word >> 16 & 0xff) == '"')) word >>= 8;
            sign = trail_hash(sign, (int)word);
        }
    }
    return sign;
}

enum reason SCAN_KERNEL(struct scanner *scanner, const char *text, struct event *ev,
                        const char **next)
{
    struct fault fault = {0};
    struct value *const values = ev->value;
    for (int slot = 0; slot < scanner->dummy; slot++)
        values[slot] = (struct value){0};
    ev->recast = ev->canonical = ev->clean = false;
    scanner->rest_count = 0;
    uint64_t escaped = 0;
    bool bad = false;
    int node = NODE_ROOT;
    const char *p = text;
    uint16_t trail[PATH_MAX_NODES];
    uint32_t hash = 0;
    int steps = 0;
    scanner->hits++; /* once in a while members may come in order again */
    for (;;) {
        const struct block block = block_load(p);
        const int found = find_node(scanner, node, p, block);
        struct member member;
        if (LIKELY(found != 0)) {
            struct node *const known = &scanner->node[found];
            node = found;
            trail[steps] = (uint16_t)found;
            hash = trail_hash(hash, found);
            steps += steps < PATH_MAX_NODES - 1;
            if (known->last) {
                *next = p + known->len;
                ev->line = (struct slice){.text = text, .len = (size_t)(p + 1 - text)};
                if (steps < PATH_MAX_NODES - 1) {
                    const int shape = shape_learn(scanner, trail, steps, hash);
                    if (shape != SHAPE_NONE)
                        shape_sign(&scanner->shapes, shape, line_sign(text, *next - 1));
                }
                break;
            }
            /* The value's end in the same 64 bytes, for null and for strings without anything
             * special. */
            const char *const v = p + known->len;
            const struct block value_block = block_load(v);
            const uint64_t quotes = block_quotes(value_block);
            const uint64_t specials = block_specials(value_block) & ~UINT64_C(1);
            const unsigned end = (unsigned)__builtin_ctzll(specials | UINT64_C(1) << 63);
            uint64_t word = scan_load32(v) ^ NULL_WORD;
            UNPREDICTABLE(word);
            const uint64_t string = -(uint64_t)(word != 0); /* all ones: not null */
            if (LIKELY(((quotes & quotes >> end & 1) | ~string) != 0)) {
                const uint64_t rest = ((uint64_t)KIND_STRING << 32 | (end - 1)) & string;
                struct value *const value = &values[known->slot];
                value->text = v + 1;
                memcpy((char *)value + offsetof(struct value, len), &rest, sizeof rest);
                known->wide |= ((known->len + end) & string) > 63;
                const char *behind = v + (4 + ((end - (uint64_t)3) & string));
                if (UNLIKELY(known->rest)) {
                    const char *key = rawmemchr(p, '"');
                    scanner_rest(scanner, known->name,
                                 (struct slice){.text = key, .len = (size_t)(behind - key)},
                                 *value);
                }
                p = behind;
                continue;
            }
            const char *behind = NULL;
            if ((quotes & 1) != 0 && v[end] == '\\') {
                behind = string_in_block(v, value_block, &fault);
                member.value =
                    (struct value){.text = v + 1,
                                   .len = behind == NULL ? 0 : (uint32_t)(behind - v - 2),
                                   .kind = KIND_STRING,
                                   .escaped = true};
                if (behind != NULL && !known->rest) {
                    known->wide |= known->len + (unsigned)(behind - v) > 64;
                    values[known->slot] = member.value;
                    escaped |= UINT64_C(1) << (known->slot & 63);
                    p = behind;
                    continue;
                }
            }
            member.key = rawmemchr(p, '"');
            member.name = known->name;
            member.node = found;
            if (behind == NULL)
                behind = scan_value(skip_blanks(v), &member.value,
                                    &fault); /* more blanks than last time */
            if (behind != NULL && member.value.kind == KIND_STRING)
                known->wide |= known->len + member.value.len + 2 > 64;
            p = behind;
        } else {
            steps = PATH_MAX_NODES - 1; /* not the usual line */
            if (node == NODE_ROOT) {
                p = skip_blanks(p);
                if (*p == '\n') {
                    *next = p + 1;
                    ev->line = (struct slice){.text = text, .len = 0};
                    return REASON_NONE;
                }
                if (*p != '{') {
                    const enum reason reason = judge_other(p, &fault);
                    return refuse(text, ev, next, reason, fault.at);
                }
                text = p;
            }
            const char *from = p;
            p = scan_member(scanner, p, node, &member, &fault);
            if (p != NULL && member.close) {
                ev->line = (struct slice){.text = text, .len = (size_t)(p - text)};
                p = skip_blanks(p);
                if (*p != '\n') return refuse(text, ev, next, REASON_NOT_JSON, p);
                *next = p + 1;
                if (*from == '}')
                    scanner_learn(scanner, node, from, (size_t)(p + 1 - from), -1, true);
                break;
            }
            if (p != NULL) node = member.node;
        }
        if (UNLIKELY(p == NULL)) return refuse(text, ev, next, fault.reason, fault.at);
        take_member(scanner, ev, &member, p, &escaped, &bad);
    }
    if (UNLIKELY((size_t)(*next - text) > LINE_MAX_BYTES + 1)) return REASON_TOO_LONG;
    if (UNLIKELY(bad) && scanner_bad_member(scanner, ev->line)) return REASON_BAD_MEMBER;
    if (UNLIKELY((escaped & scanner->needed) != 0 || scanner->number != 0))
        settle(scanner, ev, escaped);
    rest_keep(scanner, ev);
    return REASON_NONE;
}

/* What a line with something odd in it is to lanes. */
enum looks {
    LOOKS_PLAIN,   /* they can take it */
    LOOKS_ESCAPED, /* the same, with escapes, none of them of a quote */
    LOOKS_ODD,     /* line by line: wrong, or rare */
};

/* Are the escapes that begin at the slashes of a block valid, and of a usual kind: none of a quote
 * or a backslash, none that may be half of a surrogate pair? All of them end within the block. */
static inline bool escapes_usual(struct block block, uint64_t slashes)
{
    const uint64_t behind = slashes << 1;
    const uint64_t u = behind & block_equal(block, 'u');
    const uint64_t digits = block_digits(block);
    const uint64_t two = (block_hex_letters(block) | digits) >> 1;
    const uint64_t four = (two & two >> 1) & (two & two >> 1) >> 2;
    if (((behind & ~u & ~block_letters(block)) | (u & ~four)) != 0) return false;
    /* Surrogates begin with a D, and most others with a digit. */
    return (u & ~(digits >> 1)) == 0 || (u & block_letter_d(block) >> 1) == 0;
}

/* Judges all of the line that is not its members' business: control characters, escapes, UTF-8. */
static enum looks line_look(const char *line, const char *newline)
{
    uint64_t escaped = 0, high = 0;
    for (const char *p = line; p < newline;) {
        const struct block block = block_load(p);
        const uint64_t inside =
            newline - p < 64 ? (UINT64_C(1) << (newline - p)) - 1 : ~UINT64_C(0);
        const uint64_t odd = block_odd(block) & inside;
        const uint64_t slashes = block_slashes(block) & odd;
        const uint64_t highs = block_highs(block) & odd;
        if (odd != (slashes | highs)) return LOOKS_ODD;
        if (highs != 0 && (block_equal(block, '\xc2') & inside) != 0)
            return LOOKS_ODD; /* a C1 control? */
        high |= highs;
        escaped |= slashes;
        /* What may go on behind the block is looked at with the next one. */
        const uint64_t late = slashes & ~UINT64_C(0) << (64 - ESCAPE_MAX + 1);
        if (slashes != late && !escapes_usual(block, slashes & ~late)) return LOOKS_ODD;
        p += lowest_bit(late);
    }
    if (high != 0 && !utf8_valid((struct slice){.text = line, .len = (size_t)(newline - line)}))
        return LOOKS_ODD;
    return escaped != 0 ? LOOKS_ESCAPED : LOOKS_PLAIN;
}

/* Some lines side by side. */
struct lanes {
    const char *p[LANES];
    const char *limit[LANES]; /* behind the line's newline */
    struct value *values[LANES];
    uint64_t escaped[LANES]; /* a bit per slot whose string has escapes */
    struct differ differ;
    uint64_t wrong;
};

/* The closing quote of a string that opens at v and does not end in its block, from v; without one
 * on the line *wrong is set. *slashes: there is a backslash in it. */
static uint64_t string_far(const char *v, const char *limit, uint64_t *wrong, bool *slashes)
{
    for (const char *at = v + 64; at < limit; at += 64) {
        const struct block block = block_load(at);
        const uint64_t quotes = block_quotes(block);
        *slashes |= (block_slashes(block) & (quotes ^ (quotes - 1))) != 0;
        if (quotes != 0) return (uint64_t)(at - v) + lowest_bit(quotes);
    }
    *wrong = 1;
    return 64;
}

/* One member of all lanes: p[] at its literal, and then behind its value. Notes it in differ or
 * wrong unless each is the node's literal and null or a string. wide: the string need not end in
 * the literal's block. kept: the value is wanted. escapes: there may be some. */
static inline __attribute__((always_inline)) void scan_step(struct lanes *lanes, int count,
                                                            const struct node *node, bool wide,
                                                            bool kept, bool escapes)
{
    const int slot = node->slot;
    const unsigned len = node->len;
    uint64_t bad = 0, far = 0;
#pragma GCC unroll 4
    for (int lane = 0; lane < count; lane++) {
        const struct block block = block_load(lanes->p[lane]);
        const char *const v = lanes->p[lane] + len;
        differ_add(&lanes->differ, block, node);
        const struct block at_value = wide ? block_load(v) : block;
        const unsigned shift = wide ? 0 : len;
        const uint64_t quotes = block_quotes(at_value) >> shift;
        uint64_t string = -(quotes & 1); /* all ones: a string, or else null */
        UNPREDICTABLE(string);
        bad |= (scan_load32(v) ^ NULL_WORD) & ~string;
        /* Without its first bit: of a string's quotes the closing one comes next, of null's it does
         * not matter. */
        uint64_t end = lowest_bit(quotes & (quotes - 1));
        bool slash = false;
        if (kept && escapes)
            slash = (block_slashes(at_value) >> shift & ((UINT64_C(1) << (end & 63)) - 1)) != 0;
        if (wide && escapes && end == 64) {
            slash = block_slashes(at_value) != 0;
            end = string_far(v, lanes->limit[lane], &bad, &slash);
        } else if (wide && !escapes) {
            /* Whether it ends in its block nobody can predict: the next one is looked at, too. */
            const uint64_t more = 64 + lowest_bit(block_quotes(block_load(v + 64)));
            uint64_t in_first = -(uint64_t)(end != 64); /* all ones: it does */
            UNPREDICTABLE(in_first);
            end = (end & in_first) | (more & ~in_first);
            if (UNLIKELY((end & string) == 128))
                end = string_far(v, lanes->limit[lane], &bad, &slash);
        }
        far |= end;
        if (kept) {
            uint64_t rest = (uint64_t)KIND_STRING << 32 | (end - 1);
            if (escapes) {
                rest |= (uint64_t)slash << 40;
                lanes->escaped[lane] |= ((uint64_t)slash & string) << (slot & 63);
            }
            rest &= string;
            struct value *const value = &lanes->values[lane][slot];
            value->text = v + 1;
            memcpy((char *)value + offsetof(struct value, len), &rest, sizeof rest);
        }
        lanes->p[lane] = v + (4 + ((end - 3) & string));
    }
    lanes->wrong |= bad | (wide ? 0 : far >> 6);
}

/* A member of all lanes whose value may be anything. Not canonical: it means what it is. */
static void step_mixed(struct lanes *lanes, int count, const struct node *node)
{
    for (int lane = 0; lane < count; lane++) {
        struct value value;
        struct fault fault;
        differ_add(&lanes->differ, block_load(lanes->p[lane]), node);
        const char *const v = lanes->p[lane] + node->len;
        const char *behind = scan_value(v, &value, &fault);
        if (behind == NULL || behind >= lanes->limit[lane]) {
            lanes->wrong = 1;
            lanes->p[lane] = v;
            continue;
        }
        lanes->escaped[lane] |= (uint64_t)value.escaped << (node->slot & 63);
        lanes->values[lane][node->slot] = value;
        lanes->p[lane] = behind;
    }
}

/* All lanes along the nodes of a shape, in lockstep; what the lines are beside members line_look
 * knows. True: they were as expected in every byte; else nothing is known of any of them. */
static inline __attribute__((always_inline)) bool scan_lanes(
    struct scanner *scanner, const struct shape *shape, const char *const *starts,
    struct event *const *events, const uint8_t *which, int count, bool escapes)
{
    struct lanes lanes = {.differ = differ_none()};
    prefetch_lines(3 * count);
#pragma GCC unroll 4
    for (int lane = 0; lane < count; lane++) {
        lanes.p[lane] = starts[which[lane]];
        lanes.limit[lane] = starts[which[lane] + 1];
        lanes.values[lane] = events[which[lane]]->value;
    }
    const int last = shape->len - 1;
    for (int step = 0; step < last; step++) {
        const struct node *const node = &scanner->node[shape->node[step]];
        if (UNLIKELY(node->mixed)) {
            struct lanes there = lanes; /* those in registers have no address */
            step_mixed(&there, count, node);
            lanes = there;
        } else if (UNLIKELY(node->wide))
            scan_step(&lanes, count, node, true, true, escapes);
        else if (node->slot == scanner->dummy)
            scan_step(&lanes, count, node, false, false, escapes);
        else
            scan_step(&lanes, count, node, false, true, escapes);
    }
    const struct node *const node = &scanner->node[shape->node[last]];
#pragma GCC unroll 4
    for (int lane = 0; lane < count; lane++) {
        differ_add(&lanes.differ, block_load(lanes.p[lane]), node);
        lanes.wrong |= (uint64_t)(lanes.p[lane] + node->len != lanes.limit[lane]);
    }
    if (UNLIKELY(lanes.wrong != 0 || differ_any(&lanes.differ))) return false;
#pragma GCC unroll 4
    for (int lane = 0; lane < count; lane++) {
        if (lane > 0 && which[lane] == which[lane - 1]) break; /* a line in several lanes */
        struct event *const ev = events[which[lane]];
        const char *const start = starts[which[lane]];
        ev->line = (struct slice){.text = start, .len = (size_t)(lanes.p[lane] + 1 - start)};
        ev->recast = false;
        ev->clean = true; /* else it would be an odd one */
        ev->canonical = shape->canonical;
        ev->rest_count = 0;
        for (int i = 0; i < shape->missing_count; i++)
            lanes.values[lane][shape->missing[i]] = (struct value){0};
        if (UNLIKELY((lanes.escaped[lane] & scanner->needed) != 0 || scanner->number != 0))
            settle(scanner, ev, lanes.escaped[lane]);
    }
    return true;
}

static bool lanes_plain(struct scanner *scanner, const struct shape *shape,
                        const char *const *starts, struct event *const *events,
                        const uint8_t *which)
{
    return scan_lanes(scanner, shape, starts, events, which, LANES, false);
}

static bool lanes_few(struct scanner *scanner, const struct shape *shape, const char *const *starts,
                      struct event *const *events, const uint8_t *which)
{
    return scan_lanes(scanner, shape, starts, events, which, LANES_FEW, false);
}

static bool lanes_escaped(struct scanner *scanner, const struct shape *shape,
                          const char *const *starts, struct event *const *events,
                          const uint8_t *which)
{
    return scan_lanes(scanner, shape, starts, events, which, LANES, true);
}

/* The same for one block that has some newlines, or something odd; lines of them are known. */
static size_t find_in_block(const char *text, uint64_t newlines, uint64_t others, size_t lines,
                            size_t max, const char **starts, uint64_t *odd)
{
    for (; newlines != 0; newlines &= newlines - 1) {
        const uint64_t before = newlines ^ (newlines - 1); /* up to the newline */
        *odd |= (uint64_t)((others & before) != 0) << lines;
        others &= ~before;
        starts[++lines] = text + __builtin_ctzll(newlines) + 1;
        if (lines == max) return lines;
    }
    *odd |= (uint64_t)(others != 0) << lines;
    return lines;
}

/* What is known of lines that are judged, beside where they begin. */
struct judged {
    struct crossing crossing;
    uint64_t escaped;        /* a bit for each line that has escapes, and perhaps for others */
    unsigned slashed, highs; /* so many blocks had backslashes, or what is not ASCII */
};

/* What of a block lanes cannot take; the lines in front of it are known. */
static inline __attribute__((always_inline)) uint64_t block_judge(struct judged *judged,
                                                                  enum judge judge,
                                                                  struct block block,
                                                                  uint64_t newlines, uint64_t odd,
                                                                  size_t lines)
{
    if (judge == JUDGE_NONE) return odd;
    const uint64_t slashes = block_slashes(block);
    judged->slashed += slashes != 0;
    if (judge == JUDGE_ESCAPES)
        return (odd & ~slashes) | escapes_wrong(block, slashes, &judged->crossing);
    const uint64_t before = newlines ^ (newlines - 1); /* up to the first newline */
    judged->escaped |= (uint64_t)((slashes & before) != 0) << lines;
    judged->escaped |= (uint64_t)((slashes & ~before) != 0) << lines << 1;
    /* Lines of which some lie within one block are not told apart. */
    if (UNLIKELY((newlines & (newlines - 1)) != 0) && slashes != 0)
        judged->escaped |= ((UINT64_C(2) << __builtin_popcountll(newlines)) - 1) << lines;
    const uint64_t highs = block_highs(block);
    judged->highs += highs != 0;
    return oddities_wrong(block, odd, slashes, highs, &judged->crossing);
}

/* Notes where up to max lines begin: starts[0] is text, starts[n] behind the n-th newline; and
 * XX */
static inline __attribute__((always_inline)) size_t find_starts(const char *text, const char *end,
                                                                size_t max, const char **starts,
                                                                uint64_t *odd, enum judge judge,
                                                                struct judged *judged)
{
    size_t lines = 0;
    *odd = 0;
    starts[0] = text;
    for (; end - text >= 64; text += 64) {
        const struct block block = block_load(text);
        uint64_t newlines = block_newlines(block);
        uint64_t others = block_odd(block) & ~newlines;
        others = block_judge(judged, judge, block, newlines, others, lines);
        /* Nobody can predict which blocks hold a newline. */
        starts[lines + 1] = text + lowest_bit(newlines) + 1;
        if (LIKELY(others == 0 && (newlines & (newlines - 1)) == 0)) {
            lines += newlines != 0;
            if (UNLIKELY(lines == max)) return lines;
            continue;
        }
        if (newlines == 0) {
            *odd |= UINT64_C(1) << lines;
            continue;
        }
        lines = find_in_block(text, newlines, others, lines, max, starts, odd);
        if (lines == max) return lines;
    }
    if (text == end) return lines;
    const struct block block = block_load(text);
    const uint64_t inside = (UINT64_C(1) << (end - text)) - 1;
    const uint64_t newlines = block_newlines(block) & inside;
    uint64_t others = block_odd(block) & ~newlines;
    others = block_judge(judged, judge, block, newlines, others, lines);
    return find_in_block(text, newlines, others & inside, lines, max, starts, odd);
}

static size_t find_lines(const char *text, const char *end, size_t max, const char **starts,
                         uint64_t *odd)
{
    return find_starts(text, end, max, starts, odd, JUDGE_NONE, NULL);
}

/* The same where most lines have escapes: all are taken for such. */
static size_t find_escaped(const char *text, const char *end, size_t max, const char **starts,
                           uint64_t *odd, struct judged *judged)
{
    judged->escaped = ~UINT64_C(0);
    return find_starts(text, end, max, starts, odd, JUDGE_ESCAPES, judged);
}

/* And where many have something that is not ASCII, or escapes. */
static size_t find_foreign(const char *text, const char *end, size_t max, const char **starts,
                           uint64_t *odd, struct judged *judged)
{
    return find_starts(text, end, max, starts, odd, JUDGE_ALL, judged);
}

/* Lines as the scanner judges them lately. */
static inline size_t find(struct scanner *scanner, const char *text, const char *end, size_t max,
                          const char **starts, uint64_t *odd, uint64_t *escaped)
{
    *escaped = 0;
    if (LIKELY(scanner->judge == JUDGE_NONE)) return find_lines(text, end, max, starts, odd);
    struct judged judged = {0};
    const size_t lines = scanner->judge == JUDGE_ESCAPES
                             ? find_escaped(text, end, max, starts, odd, &judged)
                             : find_foreign(text, end, max, starts, odd, &judged);
    *escaped = judged.escaped;
    if (judged.highs > lines / ODD_MANY) return lines;
    if (judged.slashed > lines)
        scanner->judge = JUDGE_ESCAPES;
    else if (judged.slashed <= lines / ODD_MANY || scanner->judge == JUDGE_ESCAPES)
        scanner->judge = JUDGE_NONE;
    return lines;
}

/* Lines of one shape that wait until there are as many as lanes. */
struct group {
    uint8_t line[LANES];
    uint8_t count;
    bool escaped; /* one of them is */
};

/* All that are scanned at once. */
struct lines {
    const char *start[LINES_MAX + 1]; /* and behind each its newline */
    const char *end;                  /* of the block */
    struct event *const *events;
    enum reason *reasons;
    struct group group[SHAPES_MAX];
};

static void line_alone(struct scanner *scanner, struct lines *lines, size_t i)
{
    const char *behind;
    lines->reasons[i] = SCAN_KERNEL(scanner, lines->start[i], lines->events[i], &behind);
}

/* A group was not what it was taken for. Where that is often so, trying again and again is a waste,
 * unless there is a better way. */
static void group_failed(struct scanner *scanner)
{
    if (!scanner->shapes.varied && shape_strayed(&scanner->shapes)) return;
    scanner->last_pause = scanner->last_pause < 2048 ? scanner->last_pause * 2 + 1 : 4096;
    scanner->pause = scanner->last_pause > 4 ? scanner->last_pause : 0;
}

static inline void group_good(struct scanner *scanner)
{
    scanner->last_pause = 0;
    scanner->shapes.unknown = 0;
    scanner->shapes.strayed -= scanner->shapes.strayed != 0;
}

static inline bool group_lanes(struct scanner *scanner, const struct lines *lines,
                               const struct group *group, const struct shape *shape, unsigned count)
{
    if (UNLIKELY(group->escaped))
        return lanes_escaped(scanner, shape, lines->start, lines->events, group->line);
    if (UNLIKELY(count <= LANES_FEW))
        return lanes_few(scanner, shape, lines->start, lines->events, group->line);
    return lanes_plain(scanner, shape, lines->start, lines->events, group->line);
}

/* Scans the lines of a group, all of whose lanes have one, the last ones perhaps the same. */
static void group_scan(struct scanner *scanner, struct lines *lines, int number)
{
    struct group *const group = &lines->group[number];
    const struct shape *const shape = &scanner->shapes.shape[number];
    /* A lane that goes astray reads on for a while: never so near the end that it could leave the
     * block. */
    const size_t stray = (size_t)shape->len * (LITERAL_MAX + 128) + 128;
    const unsigned count = group->count;
    const bool fits = (size_t)(lines->end - lines->start[group->line[LANES - 1] + 1]) > stray;
    group->count = 0;
    if (LIKELY(fits && group_lanes(scanner, lines, group, shape, count))) {
        for (unsigned lane = 0; lane < count; lane++)
            lines->reasons[group->line[lane]] = REASON_NONE;
        group_good(scanner);
        return;
    }
    if (fits) group_failed(scanner);
    for (unsigned lane = 0; lane < count; lane++)
        line_alone(scanner, lines, group->line[lane]);
}

/* Those that are left: one is worth two lanes, but not four. */
static void groups_finish(struct scanner *scanner, struct lines *lines)
{
    for (int i = 0; i < scanner->shapes.count; i++) {
        struct group *const group = &lines->group[i];
        if (group->count == 0) continue;
        if (group->count == 1 && group->escaped) {
            line_alone(scanner, lines, group->line[0]);
            continue;
        }
        for (int lane = group->count; lane < LANES; lane++)
            group->line[lane] = group->line[group->count - 1];
        group_scan(scanner, lines, i);
    }
}

/* What shape is the line, which lanes can take? */
static inline int line_shape(struct scanner *scanner, const struct lines *lines, size_t i)
{
    struct shapes *const shapes = &scanner->shapes;
    int shape = shapes->usual;
    if (shapes->varied) {
        shape = shape_find(shapes, line_sign(lines->start[i], lines->start[i + 1] - 1));
        if (shape == SHAPE_NONE && ++shapes->unknown == UNKNOWN_MANY) {
            shapes->unknown = 0;
            group_failed(scanner);
            scanner->pause = scanner->last_pause;
        }
    }
    return shape != SHAPE_NONE && shapes->shape[shape].alone ? SHAPE_NONE : shape;
}

size_t SCAN_LINES(struct scanner *scanner, const char *text, const char *end, size_t max,
                  struct event *const *events, enum reason *reasons, const char **next)
{
    struct lines lines = {.end = end, .events = events, .reasons = reasons};
    uint64_t odd;
    if (max > LINES_MAX) max = LINES_MAX;
    uint64_t escaped;
    const size_t count = find(scanner, text, end, max, lines.start, &odd, &escaped);
    size_t good = 0; /* so many have something odd that lanes can take */
    for (size_t i = 0; i < count; i++) {
        enum looks looks = (escaped >> i & 1) != 0 ? LOOKS_ESCAPED : LOOKS_PLAIN;
        int shape = SHAPE_NONE;
        if (UNLIKELY(scanner->pause != 0 || scanner->shapes.able == 0)) {
            looks = LOOKS_ODD;
        } else if ((odd >> i & 1) != 0) {
            looks = line_look(lines.start[i], lines.start[i + 1] - 1);
            good += looks != LOOKS_ODD;
        }
        if (LIKELY(looks != LOOKS_ODD)) shape = line_shape(scanner, &lines, i);
        if (UNLIKELY(shape == SHAPE_NONE)) {
            scanner->pause -= scanner->pause != 0;
            line_alone(scanner, &lines, i);
            continue;
        }
        struct group *const group = &lines.group[shape];
        group->escaped = (group->count != 0 && group->escaped) || looks == LOOKS_ESCAPED;
        group->line[group->count++] = (uint8_t)i;
        if (group->count == LANES) group_scan(scanner, &lines, shape);
    }
    groups_finish(scanner, &lines);
    if (UNLIKELY(good > count / ODD_MANY)) scanner->judge = JUDGE_ALL;
    *next = lines.start[count];
    return count;
}
