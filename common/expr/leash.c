#include "expr/leash.h"

#include <assert.h>
#include <dlfcn.h>
#include <jv.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/die.h"
#include "base/memory.h"

#define STEPS_BETWEEN_LOOKS 4096 /* at the limits */
#define STEPS_UNLIMITED (INT64_MAX / 2)
#define CPU_SECONDS_MAX 5           /* in one run */
#define STACK_MAX ((size_t)1 << 20) /* bytes below leash_run's frame */

/*
 * A block on a list; its bytes follow at an address that is odd in units of 8. malloc's own are
 * even: so the blocks that libjq got without us (strdup) or frees without us (its stack) can be
 * told from these.
 */
struct block {
    struct block *next;
    struct block *previous;
    struct leash *owner; /* NULL: nobody's, on no list */
    size_t size;
    size_t odd;
};

struct leash {
    struct block ring; /* the list's head */
    void (*halt)(void *program);
    void *program;
    size_t bytes; /* on the list */
    size_t bytes_max;
    int64_t steps; /* left; the program is halted at 0, left at -steps_max */
    int64_t steps_max;
    enum cutoff halted; /* why */
    bool abandoned;
};

/* The run that is going on in this thread. */
struct run {
    struct leash *leash; /* NULL: none */
    bool listing;
    int64_t countdown; /* steps until the next look */
    int64_t counted;   /* what countdown was set to */
    const char *stack_end;
    time_t second_max; /* of the thread's CPU time; 0: not yet looked at */
    sigjmp_buf out;
};

static _Thread_local struct run run = {.countdown = STEPS_UNLIMITED, .counted = STEPS_UNLIMITED};

/* The ways out. */

static _Noreturn void leave(enum cutoff cutoff)
{
    run.leash->abandoned = true;
    siglongjmp(run.out, (int)cutoff);
}

static void halt(enum cutoff cutoff)
{
    if (run.leash->halted != CUTOFF_NONE || !run.listing) return;
    run.leash->halted = cutoff;
    run.leash->halt(run.leash->program);
}

static time_t cpu_second(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec;
}

static void count_anew(int64_t steps)
{
    run.counted = steps;
    run.countdown = steps;
}

static void look(void)
{
    struct leash *const leash = run.leash;
    if (leash == NULL) {
        count_anew(STEPS_UNLIMITED);
        return;
    }
    leash->steps -= run.counted - run.countdown;
    count_anew(STEPS_BETWEEN_LOOKS);
    if (leash->steps <= -leash->steps_max) leave(CUTOFF_STEPS);
    if (leash->steps <= 0) halt(CUTOFF_STEPS);
    const time_t second = cpu_second();
    if (run.second_max == 0) run.second_max = second + CPU_SECONDS_MAX;
    if (second > run.second_max) leave(CUTOFF_TIME);
}

/* In place of libjq's own. */

static jv_kind (*kind_of)(jv value);

static void find_kind_of(void)
{
    *(void **)&kind_of = dlsym(RTLD_NEXT, "jv_get_kind");
}

jv_kind jv_get_kind(jv value)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (__builtin_expect(kind_of == NULL, 0)) pthread_once(&once, find_kind_of);
    if (__builtin_expect(--run.countdown <= 0, 0)) look();
    if (__builtin_expect((const char *)__builtin_frame_address(0) < run.stack_end, 0))
        leave(CUTOFF_STACK);
    return kind_of(value);
}

/* What assert() calls. libjq takes some programs at their word; they may not end the process. */
void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function)
{
    if (run.leash != NULL) leave(CUTOFF_FAULT);
    fprintf(stderr, "%s:%u: %s: Assertion `%s' failed.\n", file, line, function, assertion);
    abort();
}

/* jq 1.6 divides integers without a look at the one quotient that does not fit. */
static void on_fault(int signal_number)
{
    if (run.leash != NULL) leave(CUTOFF_FAULT);
    signal(signal_number, SIG_DFL);
}

/* Once: catches faults, and makes sure that libjq does call us (linked statically, or bound to
 * itself, it would not). */
static void prepare(void)
{
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
    sigaction(SIGFPE, &action, NULL);
    const int64_t before = run.countdown;
    jv_free(jv_true());
    if (run.countdown == before)
        die("libjq cannot be limited: it does not call its functions through the linker");
}

/* Memory, under libjq's names; its headers do not declare them. */

void *jv_mem_alloc(size_t size);
void *jv_mem_alloc_unguarded(size_t size);
void *jv_mem_calloc(size_t count, size_t size);
void *jv_mem_calloc_unguarded(size_t count, size_t size);
char *jv_mem_strdup(const char *text);
char *jv_mem_strdup_unguarded(const char *text);
void *jv_mem_realloc(void *old, size_t size);
void jv_mem_free(void *memory);

static void block_join(struct block *block, struct leash *leash)
{
    block->owner = leash;
    block->next = &leash->ring;
    block->previous = leash->ring.previous;
    block->previous->next = block;
    block->next->previous = block;
    leash->bytes += block->size;
}

static void block_leave(struct block *block)
{
    if (block->owner == NULL) return;
    block->owner->bytes -= block->size;
    block->previous->next = block->next;
    block->next->previous = block->previous;
    block->owner = NULL;
}

/* The block that memory is in; NULL: it is malloc's own. */
static struct block *block_of(void *memory)
{
    return ((uintptr_t)memory & 8) != 0 ? (struct block *)memory - 1 : NULL;
}

static void count_bytes(size_t size)
{
    const struct leash *const leash = run.leash;
    if (leash == NULL) return;
    const size_t used = leash->bytes < SIZE_MAX - size ? leash->bytes + size : SIZE_MAX;
    if (used > leash->bytes_max) halt(CUTOFF_BYTES);
    if (used / 2 > leash->bytes_max) leave(CUTOFF_BYTES);
}

void *jv_mem_alloc(size_t size)
{
    count_bytes(size);
    if (!run.listing) return memory_new(size);
    struct block *block = memory_new(sizeof(*block) + size);
    block->size = size;
    block_join(block, run.leash);
    return block + 1;
}

void jv_mem_free(void *memory)
{
    struct block *const block = block_of(memory);
    if (block != NULL) block_leave(block);
    free(block != NULL ? block : memory);
}

void *jv_mem_realloc(void *old, size_t size)
{
    struct block *const block = block_of(old);
    count_bytes(size);
    if (block == NULL) return memory_resize(old, 1, size);
    void *const copy = memory_new(size);
    memcpy(copy, old, block->size < size ? block->size : size);
    jv_mem_free(old);
    return copy;
}

void *jv_mem_calloc(size_t count, size_t size)
{
    size_t total;
    count_bytes(__builtin_mul_overflow(count, size, &total) ? SIZE_MAX : total);
    return memory_zero(count, size);
}

char *jv_mem_strdup(const char *text)
{
    count_bytes(strlen(text) + 1);
    return memory_text(text, strlen(text));
}

void *jv_mem_alloc_unguarded(size_t size)
{
    return jv_mem_alloc(size);
}
void *jv_mem_calloc_unguarded(size_t count, size_t size)
{
    return jv_mem_calloc(count, size);
}
char *jv_mem_strdup_unguarded(const char *text)
{
    return jv_mem_strdup(text);
}

/* Leashes. */

struct leash *leash_new(void (*halt_program)(void *program), void *program)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    struct leash *leash = memory_zero(1, sizeof(*leash));
    leash->ring.next = &leash->ring;
    leash->ring.previous = &leash->ring;
    leash->halt = halt_program;
    leash->program = program;
    return leash;
}

/* How a big integer of jv_dtoa.c begins: 2^power words follow. */
struct bigint {
    void *next;
    int power;
    int words_max;
};

/* May it be something that jv_dtoa.c keeps for its thread: its context, or a big integer of up
 * to 2^7 words? */
static bool may_be_kept(const struct block *block)
{
    const size_t context_size = 72;
    const struct bigint *const bigint = (const void *)(block + 1);
    if (block->size == context_size) return true;
    if (block->size < 32 || bigint->power < 0 || bigint->power > 7) return false;
    return bigint->words_max == 1 << bigint->power;
}

void leash_free(struct leash *leash)
{
    if (leash == NULL) return;
    while (leash->ring.next != &leash->ring) {
        struct block *const block = leash->ring.next;
        block_leave(block);
        if (!may_be_kept(block)) free(block);
    }
    free(leash);
}

size_t leash_bytes(const struct leash *leash)
{
    return leash->bytes;
}

void leash_allow(struct leash *leash, int64_t steps, size_t bytes)
{
    leash->steps = steps;
    leash->steps_max = steps;
    leash->bytes_max = leash->bytes + bytes;
}

static enum cutoff run_work(struct leash *leash, void (*work)(void *context), void *context)
{
    run.leash = leash;
    run.stack_end = (const char *)__builtin_frame_address(0) - STACK_MAX;
    run.second_max = 0;
    leash->halted = CUTOFF_NONE;
    count_anew(leash->steps < STEPS_BETWEEN_LOOKS ? leash->steps : STEPS_BETWEEN_LOOKS);
    const enum cutoff cutoff = (enum cutoff)sigsetjmp(run.out, 0);
    if (cutoff == CUTOFF_NONE) work(context);
    leash->steps -= run.counted - run.countdown;
    run.leash = NULL;
    run.listing = false;
    run.stack_end = NULL;
    count_anew(STEPS_UNLIMITED);
    return cutoff != CUTOFF_NONE ? cutoff : leash->halted;
}

enum cutoff leash_run(struct leash *leash, void (*work)(void *context), void *context)
{
    run.listing = true;
    return run_work(leash, work, context);
}

enum cutoff leash_compile(struct leash *leash, void (*work)(void *context), void *context)
{
    run.listing = false;
    return run_work(leash, work, context);
}

bool leash_abandoned(const struct leash *leash)
{
    return leash->abandoned;
}

const char *cutoff_reason(enum cutoff cutoff)
{
    switch (cutoff) {
    case CUTOFF_STEPS: return "it takes too many steps";
    case CUTOFF_BYTES: return "it takes too much memory";
    case CUTOFF_STACK: return "it nests too deeply";
    case CUTOFF_TIME: return "it takes too long";
    case CUTOFF_FAULT: return "libjq failed";
    default: return "nothing is wrong";
    }
}
