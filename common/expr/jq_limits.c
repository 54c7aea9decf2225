#include "expr/jq_limits.h"

#include <assert.h>
#include <dlfcn.h>
#include <jv.h>
#include <limits.h>
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
#define STACK_MAX ((size_t)1 << 20) /* bytes below jq_limits_run's frame */

/*
 * A block on a list; its bytes follow at an address that is odd in units of 8. malloc's own are
 * even: so the blocks that libjq got without us (strdup) or frees without us (its stack) can be
 * told from these.
 */
struct block {
    struct block *next;
    struct block *previous;
    struct jq_limits *owner; /* NULL: nobody's, on no list */
    size_t size;
    size_t odd;
};

struct jq_limits {
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

/* What is being called in this thread. */
struct call {
    struct jq_limits *limits; /* NULL: none */
    bool listing;
    int64_t countdown; /* steps until the next look */
    int64_t counted;   /* what countdown was set to */
    const char *stack_end;
    time_t second_max; /* of the thread's CPU time; 0: not yet looked at */
    sigjmp_buf out;
};

static _Thread_local struct call call = {.countdown = STEPS_UNLIMITED, .counted = STEPS_UNLIMITED};

/* The ways out. */

static _Noreturn void leave(enum cutoff cutoff)
{
    call.limits->abandoned = true;
    siglongjmp(call.out, (int)cutoff);
}

static void halt(enum cutoff cutoff)
{
    if (call.limits->halted != CUTOFF_NONE || !call.listing) return;
    call.limits->halted = cutoff;
    call.limits->halt(call.limits->program);
}

static time_t cpu_second(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec;
}

static void count_anew(int64_t steps)
{
    call.counted = steps;
    call.countdown = steps;
}

static void look(void)
{
    struct jq_limits *const limits = call.limits;
    if (limits == NULL) {
        count_anew(STEPS_UNLIMITED);
        return;
    }
    limits->steps -= call.counted - call.countdown;
    count_anew(STEPS_BETWEEN_LOOKS);
    if (limits->steps <= -limits->steps_max) leave(CUTOFF_STEPS);
    if (limits->steps <= 0) halt(CUTOFF_STEPS);
    const time_t second = cpu_second();
    if (call.second_max == 0) call.second_max = second + CPU_SECONDS_MAX;
    if (second > call.second_max) leave(CUTOFF_TIME);
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
    if (__builtin_expect(--call.countdown <= 0, 0)) look();
    if (__builtin_expect((const char *)__builtin_frame_address(0) < call.stack_end, 0))
        leave(CUTOFF_STACK);
    return kind_of(value);
}

/* jq 1.6 works out how much memory an index needs without a look at whether that is a number: it
 * writes behind the array. jq 1.7 has the same bound and the same message. */
#define INDEX_MAX (INT_MAX >> 2)

static jv (*array_set)(jv array, int index, jv value);

static void find_array_set(void)
{
    *(void **)&array_set = dlsym(RTLD_NEXT, "jv_array_set");
}

jv jv_array_set(jv array, int index, jv value)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (__builtin_expect(array_set == NULL, 0)) pthread_once(&once, find_array_set);
    if (__builtin_expect(index <= INDEX_MAX, 1)) return array_set(array, index, value);
    jv_free(array);
    jv_free(value);
    return jv_invalid_with_msg(jv_string("Array index too large"));
}

/* What assert() calls. libjq takes some programs at their word; they may not end the process. */
void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function)
{
    if (call.limits != NULL) leave(CUTOFF_FAULT);
    fprintf(stderr, "%s:%u: %s: Assertion `%s' failed.\n", file, line, function, assertion);
    abort();
}

/* jq 1.6 divides integers without a look at the one quotient that does not fit. */
static void on_fault(int signal_number)
{
    if (call.limits != NULL) leave(CUTOFF_FAULT);
    signal(signal_number, SIG_DFL);
}

/* Once: catches faults, and makes sure that libjq does call us (linked statically, or bound to
 * itself, it would not). */
static void prepare(void)
{
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
    sigaction(SIGFPE, &action, NULL);
    const int64_t before = call.countdown;
    jv_free(jv_true());
    if (call.countdown == before)
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

static void block_join(struct block *block, struct jq_limits *limits)
{
    block->owner = limits;
    block->next = &limits->ring;
    block->previous = limits->ring.previous;
    block->previous->next = block;
    block->next->previous = block;
    limits->bytes += block->size;
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
    const struct jq_limits *const limits = call.limits;
    if (limits == NULL) return;
    const size_t used = limits->bytes < SIZE_MAX - size ? limits->bytes + size : SIZE_MAX;
    if (used > limits->bytes_max) halt(CUTOFF_BYTES);
    if (used / 2 > limits->bytes_max) leave(CUTOFF_BYTES);
}

void *jv_mem_alloc(size_t size)
{
    count_bytes(size);
    if (!call.listing) return memory_new(size);
    struct block *block = memory_new(sizeof(*block) + size);
    block->size = size;
    block_join(block, call.limits);
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

/* Limits. */

struct jq_limits *jq_limits_new(void (*halt_program)(void *program), void *program)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    struct jq_limits *limits = memory_zero(1, sizeof(*limits));
    limits->ring.next = &limits->ring;
    limits->ring.previous = &limits->ring;
    limits->halt = halt_program;
    limits->program = program;
    return limits;
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

void jq_limits_free(struct jq_limits *limits)
{
    if (limits == NULL) return;
    while (limits->ring.next != &limits->ring) {
        struct block *const block = limits->ring.next;
        block_leave(block);
        if (!may_be_kept(block)) free(block);
    }
    free(limits);
}

size_t jq_limits_bytes(const struct jq_limits *limits)
{
    return limits->bytes;
}

void jq_limits_allow(struct jq_limits *limits, int64_t steps, size_t bytes)
{
    limits->steps = steps;
    limits->steps_max = steps;
    limits->bytes_max = limits->bytes + bytes;
}

static enum cutoff call_work(struct jq_limits *limits, void (*work)(void *context), void *context)
{
    call.limits = limits;
    call.stack_end = (const char *)__builtin_frame_address(0) - STACK_MAX;
    call.second_max = 0;
    limits->halted = CUTOFF_NONE;
    count_anew(limits->steps < STEPS_BETWEEN_LOOKS ? limits->steps : STEPS_BETWEEN_LOOKS);
    const enum cutoff cutoff = (enum cutoff)sigsetjmp(call.out, 0);
    if (cutoff == CUTOFF_NONE) work(context);
    limits->steps -= call.counted - call.countdown;
    call.limits = NULL;
    call.listing = false;
    call.stack_end = NULL;
    count_anew(STEPS_UNLIMITED);
    return cutoff != CUTOFF_NONE ? cutoff : limits->halted;
}

enum cutoff jq_limits_run(struct jq_limits *limits, void (*work)(void *context), void *context)
{
    call.listing = true;
    return call_work(limits, work, context);
}

enum cutoff jq_limits_compile(struct jq_limits *limits, void (*work)(void *context), void *context)
{
    call.listing = false;
    return call_work(limits, work, context);
}

bool jq_limits_abandoned(const struct jq_limits *limits)
{
    return limits->abandoned;
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
