/*
 * scan.h - from a line of NDJSON to an event: finds the members the schema asks for and judges the
 * whole line (RFC 8259, UTF-8, depth, surrogates) in the same pass, without building a tree.
 *
 * How it is fast: it remembers the members it has met as literals (`,"session_id":`) with what came
 * after each, compares the next bytes of the line with the literal expected there, and finds the
 * value's end in the same 64 bytes. A member that is not where it was last time is found by hash;
 * what is in no known form at all (blanks, escapes in a name) goes member by member through the
 * general code. All ways lead to the same judgement: the remembered literals are only a shorter way
 * to read the same bytes. Lines that look like the line before are scanned four at a time, in
 * lockstep: their chains of dependent steps overlap, and one test at the end says which of the four
 * have to be scanned again the ordinary way. The code (scan_kernel.h) is compiled for several
 * instruction sets; scan.c picks one at start.
 *
 * The first violation from the left decides the reason; not-an-object and bad-member only
 * apply to lines that are valid JSON as a whole.
 */
#ifndef CS_SCAN_H
#define CS_SCAN_H

#include "event/event.h"
#include "event/reason.h"
#include "event/schema.h"

#define SCAN_PADDING 64    /* bytes that must be readable behind the last newline */
#define SCAN_DEPTH_MAX 256 /* the outermost object is depth 1 */
#define LINE_MAX_BYTES ((size_t)16 << 20)

struct scanner;

/* A scanner for the schema, which is borrowed and may not change any more. Free with scanner_free.
 */
struct scanner *scanner_new(const struct schema *schema);
void scanner_free(struct scanner *scanner);

/* Scans the line at text, which ends at the first '\n'; at least SCAN_PADDING bytes behind that
 * newline are readable. Sets *next behind the newline. On REASON_NONE ev->value (all needed slots;
 * there is room for schema->count + 1 values, the last for members that nobody needs), line, rest
 * and recast are set; otherwise only ev->line (the whole line without its end). Blank lines:
 * ev->line.len is 0 with REASON_NONE. What the event borrows beyond the line (unescaped strings) is
 * good until scanner_clear. */
enum reason scanner_scan(struct scanner *scanner, const char *text, struct event *ev,
                         const char **next);

/* The same for up to max of the lines from text to end (which is behind a newline, and SCAN_PADDING
 * bytes more are readable): events[i] and reasons[i] for the i-th. Returns how many, at least one;
 * *next is behind the last. */
size_t scanner_scan_lines(struct scanner *scanner, const char *text, const char *end, size_t max,
                          struct event *const *events, enum reason *reasons, const char **next);

/* Gives back what the events scanned so far have borrowed: to be called after every batch. */
void scanner_clear(struct scanner *scanner);

/* The name of the instruction set in use: "avx512", "avx2", "neon" or "plain". The environment
 * variable CS_SIMD chooses another one, for tests. */
const char *scanner_kernel(void);

#endif
