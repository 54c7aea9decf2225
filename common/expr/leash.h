/*
 * leash.h - limits on what a jq program may use, and two ways to stop it.
 *
 * libjq has no limits and no hook. But it calls its own exported functions through the dynamic
 * linker, so what leash.c defines under their names is used instead: jv_get_kind, which
 * everything that libjq does calls all the time (each instruction, each level of a recursion,
 * each comparison of a sort), counts steps and looks at the stack; jv_mem_alloc and its kin
 * count bytes. Steps and bytes are the same on every machine, so what is cut off is cut off
 * everywhere; the clock is only looked at for what takes long in few steps.
 *
 * The first way: at its limit a program is halted, which libjq looks for before each
 * instruction, and nothing is lost. The second, when one instruction goes on past twice the
 * limit, asks for more than that at once, recurses too deeply, fails an assertion or divides at
 * fault: it is left with siglongjmp, and may not be used again. What it had allocated is on the
 * leash's list and is freed from there; its code and its stack are lost (about half a
 * megabyte).
 */
#ifndef CS_LEASH_H
#define CS_LEASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leash;

enum cutoff {
    CUTOFF_NONE,
    CUTOFF_STEPS,
    CUTOFF_BYTES,
    CUTOFF_STACK,
    CUTOFF_TIME,
    CUTOFF_FAULT, /* a failed assertion, a division fault */
};

/* A leash for one program. halt(program) is to make it stop before its next instruction. */
struct leash *leash_new(void (*halt)(void *program), void *program);

/* Frees what is on the list too. The program has been given back before, or was abandoned. */
void leash_free(struct leash *leash);

/* Bytes on the list. */
size_t leash_bytes(const struct leash *leash);

/* From now on that many steps, and that many bytes more than are in use, in all that is run. */
void leash_allow(struct leash *leash, int64_t steps, size_t bytes);

/* Calls work(context), which may call libjq, and otherwise only what can be left at any call of
 * libjq. Returns why it was cut off. */
enum cutoff leash_run(struct leash *leash, void (*work)(void *context), void *context);

/* The same for compiling, where libjq frees some blocks behind our back and so none is put on
 * the list. */
enum cutoff leash_compile(struct leash *leash, void (*work)(void *context), void *context);

/* Was it stopped the second way? Then the program may not be touched, and only leash_free may
 * follow. */
bool leash_abandoned(const struct leash *leash);

/* "it takes too many steps", ... */
const char *cutoff_reason(enum cutoff cutoff);

#endif
