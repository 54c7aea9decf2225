/*
 * scan_inside.h - what the scanner's files share: its state, and the functions every kernel has.
 */
#ifndef CS_SCAN_INSIDE_H
#define CS_SCAN_INSIDE_H

#include <stdint.h>

#include "base/arena.h"
#include "event/scan.h"

#define NODES_MAX 256     /* remembered literals */
#define LITERAL_MAX 64    /* a literal is shorter */
#define PATH_MAX_NODES 64 /* members of the usual line */
#define LANES 4           /* lines scanned side by side */
#define SUCCESSORS 3      /* what is tried after a node before the hash */
#define NODE_ROOT 0       /* before the line; as the result of a search: none */
#define NODE_LOST 1       /* behind a member that is not remembered */
#define BY_NAME 512       /* places in the name index, a power of two */
#define BY_LITERAL 1024   /* places in the literal index, a power of two */
#define BY_LITERAL_PROBES 8

/* A name we may meet: where its value goes. */
struct name {
    struct slice text; /* plain bytes, borrowed from the schema */
    int16_t slot;      /* or the dummy slot: only stepped over */
    int8_t member;     /* which canonical member, or -1 */
    bool canonical;    /* numbers and booleans become text, arrays and objects are bad */
    bool number;       /* --number */
    struct slice
        new_name; /* --rename of a member without a slot of its own: `"new":`; else empty */
};

/* A literal met before and what it means: `{"event_id":`, `,"price":`, `}\n`. */
struct node {
    char literal[LITERAL_MAX] __attribute__((aligned(64)));
    char cover[LITERAL_MAX]; /* all ones where the literal has a byte */
    uint64_t mask;           /* a bit per byte of the literal */
    uint8_t len;
    bool last;    /* the line's end */
    bool rest;    /* wanted in ev->rest */
    bool wide;    /* the literal and its string have been too long for one block */
    bool mixed;   /* other values than strings and null have been met here */
    int16_t slot; /* where the value goes; the dummy slot when nobody wants it */
    int16_t name; /* index into names, or -1 */
    uint16_t successor[SUCCESSORS]; /* nodes; 0, the root, matches nothing */
    uint8_t next_successor;         /* which one to replace */
};

struct scanner {
    const struct schema *schema;
    struct arena scratch; /* unescaped strings, rewritten members */
    int dummy;            /* the slot for what nobody wants: schema->count */
    bool all, as_is;
    uint64_t needed;
    uint64_t number;
    bool decimal_comma;
    struct slice *rest; /* of the line being scanned */
    size_t rest_count, rest_cap;
    struct node *node;
    int nodes;
    int last_node; /* a node for the line's end, or 0 */
    uint16_t by_literal[BY_LITERAL];
    struct name name[SCHEMA_MAX * 2];
    int names;
    int16_t by_name[BY_NAME]; /* index + 1 */
    /* Lines scanned side by side: the nodes of the usual line, in order, and the needed slots that
     * are not among them. */
    uint16_t path[PATH_MAX_NODES];
    int path_len;        /* 0: none yet */
    bool path_canonical; /* see event.h */
    uint16_t candidate[PATH_MAX_NODES];
    int candidate_len;
    int8_t missing[SCHEMA_MAX];
    int missing_count;
    uint32_t pause; /* so many groups are not tried side by side */
    uint32_t last_pause;
    uint32_t hits, misses; /* of the successors, to see whether the members come in some order */
};

/* One kernel: scans a line. */
typedef enum reason scan_function(struct scanner *scanner, const char *text, struct event *ev,
                                  const char **next);

/* And as many lines as there are, at most max. */
typedef size_t scan_lines_function(struct scanner *scanner, const char *text, const char *end,
                                   size_t max, struct event *const *events, enum reason *reasons,
                                   const char **next);

scan_function scan_plain;
scan_lines_function scan_plain_lines;
#if defined(__x86_64__)
scan_function scan_avx2, scan_avx512;
scan_lines_function scan_avx2_lines, scan_avx512_lines;
#endif
#if defined(__aarch64__)
scan_function scan_neon;
scan_lines_function scan_neon_lines;
#endif

/* A line has been scanned by these nodes, the last of them a line's end: they may be the usual
 * ones. */
void scanner_trail(struct scanner *scanner, const uint16_t *trail, int len);

/* The name's index, or -1. Plain bytes. */
int scanner_name(const struct scanner *scanner, struct slice name);

/* Remembers a literal for a member (name: index or -1) as what follows node previous. Returns its
 * node, or NODE_LOST. */
int scanner_learn(struct scanner *scanner, int previous, const char *literal, size_t len, int name,
                  bool last);

/* Notes a member, `"name":value` from key to end, for ev->rest. */
void scanner_rest(struct scanner *scanner, int name, struct slice member, struct value value);

/* The text of a --number member as the JSON number it is, in the scratch where it has to be written
 * anew, with VALUE_PADDING behind it; len 0: it is none. */
struct slice scanner_numeral(struct scanner *scanner, struct slice text);

/* Do canonical members hold an array or object in the end? (A repeated key: the last one counts.)
 * Slow; line is valid. */
bool scanner_bad_member(const struct scanner *scanner, struct slice line);

static inline uint64_t scan_load64(const char *p)
{
    uint64_t word;
    __builtin_memcpy(&word, p, sizeof word);
    return word;
}

static inline uint32_t scan_load32(const char *p)
{
    uint32_t word;
    __builtin_memcpy(&word, p, sizeof word);
    return word;
}

/* Where a literal of len bytes beginning like p may be found. p has 16 readable bytes. */
static inline uint32_t literal_place(const char *p, uint32_t len)
{
    /* Bytes 2-9 and the last 8 tell the usual names apart. */
    const uint64_t head =
        scan_load64(p + 2) & (len >= 10 ? ~UINT64_C(0) : (UINT64_C(1) << ((len - 2) * 8)) - 1);
    const uint64_t tail = len >= 8 ? scan_load64(p + len - 8) : 0;
    const uint64_t mixed = (head ^ (tail * UINT64_C(0x9e3779b97f4a7c15)) ^ ((uint64_t)len << 56)) *
                           UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(mixed >> 40) & (BY_LITERAL - 1);
}

#endif
