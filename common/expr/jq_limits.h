/*
 * jq_limits.h - limits on what a jq program may use, and two ways to stop it.
 *
 * libjq has no limits and no hook. But it calls its own exported functions through the linker, so
 * what jq_limits.c defines is used instead of them: jv_get_kind, which everything that libjq does
 * calls all the time (each instruction, each level of a recursion, each comparison of a sort),
 * counts steps and looks at the stack; jv_mem_alloc and its kin count bytes. Steps and bytes are
 * the same on every machine, so what is cut off is cut off everywhere; the clock is only looked at
 * for what takes long in few steps.
 *
 * How they come in between says instead.h; whether they do is tried once at start. Where not, as
 * with a libjq that is bound to itself, the clock of sandbox.h and the death of its process are the
 * limits that remain.
 *
 * The first way: at its limit a program is halted, which libjq looks for before each
 * instruction, and nothing is lost. The second, when one instruction goes on past twice the
 * limit, asks for more than that at once, recurses too deeply, fails an assertion or divides at
 * fault: it is left with siglongjmp, and may not be used again: what it had allocated is lost, and
 * its process is to end soon.
 *
 * Bytes are those of the C library's blocks, so that a block may be freed by whoever likes: jq 1.8
 * frees some with free(3).
 */
#ifndef CS_JQ_LIMITS_H
#define CS_JQ_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jq_limits;

enum cutoff {
    CUTOFF_NONE,
    CUTOFF_STEPS,
    CUTOFF_BYTES,
    CUTOFF_STACK,
    CUTOFF_TIME,
    CUTOFF_FAULT, /* a failed assertion, a division fault */
};

/* How libjq is limited here, as a sentence for people. */
const char *jq_limits_way(void);

/* Are steps and bytes counted at all? */
bool jq_limits_counted(void);

/* The limits of one program. halt(program) is to make it stop before its next instruction. */
struct jq_limits *jq_limits_new(void (*halt)(void *program), void *program);

/* The program has been given back before, or was abandoned. */
void jq_limits_free(struct jq_limits *limits);

/* Bytes in use, and lost. */
size_t jq_limits_bytes(const struct jq_limits *limits);

/* From now on that many steps, and that many bytes more than are in use, in all that is run. */
void jq_limits_allow(struct jq_limits *limits, int64_t steps, size_t bytes);

/* Calls work(context), which may call libjq, and otherwise only what can be left at any call of
 * libjq. Returns why it was cut off. */
enum cutoff jq_limits_run(struct jq_limits *limits, void (*work)(void *context), void *context);

/* The same for compiling, where there is nothing yet that could be halted. */
enum cutoff jq_limits_compile(struct jq_limits *limits, void (*work)(void *context), void *context);

/* Was it stopped the second way? Then the program may not be touched, and only jq_limits_free may
 * follow. */
bool jq_limits_abandoned(const struct jq_limits *limits);

/* "it takes too many steps", ... */
const char *cutoff_reason(enum cutoff cutoff);

#endif
