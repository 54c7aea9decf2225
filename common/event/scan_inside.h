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
#define PATH_MAX_NODES 64 /* members of a line of a known shape */
#define SHAPES_MAX 16     /* known at once */
#define SHAPE_NONE (-1)
#define BY_SIGN 1024    /* places in the index of signs, a power of two */
#define LANES 4         /* lines scanned side by side */
#define LANES_FEW 2     /* where no more are left */
#define SUCCESSORS 3    /* what is tried after a node before the hash */
#define NODE_ROOT 0     /* before the line; as the result of a search: none */
#define NODE_LOST 1     /* behind a member that is not remembered */
#define BY_NAME 512     /* places in the name index, a power of two */
#define BY_LITERAL 1024 /* places in the literal index, a power of two */
#define BY_LITERAL_PROBES 8
#define ESCAPE_MAX 6 /* bytes, from the backslash on */

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

/* A kind of line: its members, in their order. Lines of one shape are scanned side by side. */
struct shape {
    uint16_t node[PATH_MAX_NODES]; /* the last one is a line's end */
    int len;
    uint32_t hash;  /* of the nodes: trail_hash */
    bool alone;     /* they cannot be scanned side by side: ev->rest is made line by line */
    bool canonical; /* see event.h */
    int8_t missing[SCHEMA_MAX]; /* needed slots that are not among them */
    int missing_count;
};

/* What is known of the shapes of lines. While nearly all lines are of one shape, each is taken for
 * one of that, and nobody looks; where they are of several, each is told by its sign (line_sign),
 * which costs a tenth of the scan. */
struct shapes {
    struct shape shape[SHAPES_MAX];
    uint32_t sign[SHAPES_MAX]; /* of lines of each */
    uint8_t by_sign[BY_SIGN];  /* number + 1: where to look first */
    int count, able;           /* how many there are, and of them those that are not alone */
    int usual;                 /* the one of nearly all lines */
    int next;                  /* which one to replace */
    uint16_t candidate[PATH_MAX_NODES];
    int candidate_len;
    bool varied;      /* lines are told by their signs */
    unsigned strayed; /* of the lines taken for usual ones that were none; and */
    unsigned unknown; /* those whose sign says nothing: lately, more or less */
    unsigned looked;  /* at signs, in this turn, and what was seen */
    unsigned seen[SHAPES_MAX];
};

/* What is odd in a line is judged when it is its turn; or while lines are looked for, where many
 * had such lately: escapes alone, or all. */
enum judge { JUDGE_NONE, JUDGE_ESCAPES, JUDGE_ALL };

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
    struct shapes shapes;
    enum judge judge;
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
extern bool scan_presses; /* AVX-512 can press bytes together here */
scan_function scan_avx2, scan_avx512;
scan_lines_function scan_avx2_lines, scan_avx512_lines;
#endif
#if defined(__aarch64__)
scan_function scan_neon;
scan_lines_function scan_neon_lines;
#endif

/* The hash of nodes, one after the other from 0 on. */
static inline uint32_t trail_hash(uint32_t hash, int node)
{
    return (hash + (uint32_t)node) * UINT32_C(0x9e3779b1);
}

/* A line has been scanned by these nodes, the last of them a line's end. The number of its shape,
 * if it is a new one, of which shape_sign is to say the sign; else SHAPE_NONE. */
int shape_learn(struct scanner *scanner, const uint16_t *trail, int len, uint32_t hash);
void shape_sign(struct shapes *shapes, int shape, uint32_t sign);

/* The number of the shape of lines of that sign, or SHAPE_NONE; counts what it is. */
int shape_find(struct shapes *shapes, uint32_t sign);

/* A line was taken for a usual one that is none. Does anybody look now? */
bool shape_strayed(struct shapes *shapes);

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
