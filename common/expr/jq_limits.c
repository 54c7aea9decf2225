#include "expr/jq_limits.h"

#include <assert.h>
#include <dlfcn.h>
#include <jv.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compat.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/slice.h"
#include "expr/instead.h"

#define STEPS_BETWEEN_LOOKS 4096 /* at the limits */
#define STEPS_UNLIMITED (INT64_MAX / 2)
#define CPU_SECONDS_MAX 5           /* in one run */
#define STACK_MAX ((size_t)1 << 20) /* bytes below jq_limits_run's frame */

struct jq_limits {
    void (*halt)(void *program);
    void *program;
    size_t bytes; /* in use; what libjq takes or gives back without us drifts in it */
    size_t bytes_max;
    int64_t steps; /* left; the program is halted at 0, left at -steps_max */
    int64_t steps_max;
    enum cutoff halted; /* why */
    bool abandoned;
};

/* What is being called in this thread. */
struct call {
    struct jq_limits *limits; /* NULL: none */
    bool halting;             /* it can be halted */
    int64_t countdown;        /* steps until the next look */
    int64_t counted;          /* what countdown was set to */
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
    if (call.limits->halted != CUTOFF_NONE || !call.halting) return;
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

/* In place of libjq's own, and what those are called then. */

#ifdef CS_JQ_STATIC
static const char way[] = "steps and bytes are counted (linked statically)";
#define kind_of jv_get_kind
#define array_set jv_array_set
#else
static const char way[] = "steps and bytes are counted (replaced by the dynamic linker)";
static jv_kind (*found_kind_of)(jv value);
static jv (*found_array_set)(jv array, int index, jv value);

static void originals_find(void)
{
    *(void **)&found_array_set = dlsym(RTLD_NEXT, "jv_array_set");
    *(void **)&found_kind_of = dlsym(RTLD_NEXT, "jv_get_kind");
}

static void originals_need(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (__builtin_expect(found_kind_of == NULL, 0)) pthread_once(&once, originals_find);
}

static inline jv_kind kind_of(jv value)
{
    originals_need();
    return found_kind_of(value);
}

static inline jv array_set(jv array, int index, jv value)
{
    originals_need();
    return found_array_set(array, index, value);
}
#endif

jv_kind INSTEAD(jv_get_kind)(jv value);
jv INSTEAD(jv_array_set)(jv array, int index, jv value);

jv_kind INSTEAD(jv_get_kind)(jv value)
{
    if (__builtin_expect(--call.countdown <= 0, 0)) look();
    if (__builtin_expect((const char *)__builtin_frame_address(0) < call.stack_end, 0))
        leave(CUTOFF_STACK);
    return kind_of(value);
}

/* jq 1.6 works out how much memory an index needs without a look at whether that is a number: it
 * writes behind the array. jq 1.7 has the same bound and the same message. */
#define INDEX_MAX (INT_MAX >> 2)

jv INSTEAD(jv_array_set)(jv array, int index, jv value)
{
    if (__builtin_expect(index <= INDEX_MAX, 1)) return array_set(array, index, value);
    jv_free(array);
    jv_free(value);
    return jv_invalid_with_msg(jv_string("Array index too large"));
}

/* A number is a double, as in jq 1.6, which has no such function: later ones would keep a text that
 * depends on how they were built. What 1.6 takes for a number beside those of JSON (.5, +5, nan,
 * blanks around it) is one. */
static jv number_of(struct slice text)
{
    static const char blanks[] = " \t\r\n";
    const size_t before = strspn(text.text, blanks);
    text = (struct slice){.text = text.text + before, .len = text.len - before};
    while (text.len > 0 && strchr(blanks, text.text[text.len - 1]) != NULL)
        text.len--;
    if (number_valid(text)) return jv_number(number_double(text));
    if (slice_equal(text, SLICE("nan"))) return jv_number(NAN);
    if (text.len == 0 || strspn(text.text, "+-.0123456789eE") < text.len) return jv_invalid();
    char *end;
    const double number = strtod(text.text, &end);
    return end == text.text + text.len ? jv_number(number) : jv_invalid();
}

jv INSTEAD(jv_number_with_literal)(const char *text);

jv INSTEAD(jv_number_with_literal)(const char *text)
{
    return number_of(slice_of(text));
}

/* What assert() calls. libjq takes some programs at their word; they may not end the process. */
#ifdef __GLIBC__
#define LINE_NUMBER unsigned
#else
#define LINE_NUMBER int
#endif
void __assert_fail(const char *assertion, const char *file, LINE_NUMBER line, const char *function)
{
    if (call.limits != NULL) leave(CUTOFF_FAULT);
    fprintf(stderr, "%s:%d: %s: Assertion `%s' failed.\n", file, (int)line, function, assertion);
    abort();
}

/* jq 1.6 divides integers without a look at the one quotient that does not fit. */
static void on_fault(int signal_number)
{
    if (call.limits != NULL) leave(CUTOFF_FAULT);
    signal(signal_number, SIG_DFL);
}

/* Memory, under libjq's names; its headers do not declare them. */

void *INSTEAD(jv_mem_alloc)(size_t size);
void *INSTEAD(jv_mem_alloc_unguarded)(size_t size);
void *INSTEAD(jv_mem_calloc)(size_t count, size_t size);
void *INSTEAD(jv_mem_calloc_unguarded)(size_t count, size_t size);
char *INSTEAD(jv_mem_strdup)(const char *text);
char *INSTEAD(jv_mem_strdup_unguarded)(const char *text);
void *INSTEAD(jv_mem_realloc)(void *old, size_t size);
void INSTEAD(jv_mem_free)(void *memory);

/* May so many bytes more be taken? */
static void bytes_allow(size_t size)
{
    const struct jq_limits *const limits = call.limits;
    if (limits == NULL) return;
    const size_t used = limits->bytes < SIZE_MAX - size ? limits->bytes + size : SIZE_MAX;
    if (used > limits->bytes_max) halt(CUTOFF_BYTES);
    if (used / 2 > limits->bytes_max) leave(CUTOFF_BYTES);
}

static void *taken(void *memory)
{
    if (call.limits != NULL) call.limits->bytes += memory_block_size(memory);
    return memory;
}

static void given_back(void *memory)
{
    if (call.limits == NULL) return;
    const size_t size = memory_block_size(memory);
    call.limits->bytes -= size < call.limits->bytes ? size : call.limits->bytes;
}

void *INSTEAD(jv_mem_alloc)(size_t size)
{
    bytes_allow(size);
    return taken(memory_new(size));
}

void INSTEAD(jv_mem_free)(void *memory)
{
    given_back(memory);
    free(memory);
}

/* What is new here is a program's stack, which jq 1.6 gives back without us: it is not counted
 * before it grows. */
void *INSTEAD(jv_mem_realloc)(void *old, size_t size)
{
    bytes_allow(size);
    if (old == NULL) return memory_resize(NULL, 1, size);
    given_back(old);
    return taken(memory_resize(old, 1, size));
}

void *INSTEAD(jv_mem_calloc)(size_t count, size_t size)
{
    size_t total;
    bytes_allow(__builtin_mul_overflow(count, size, &total) ? SIZE_MAX : total);
    return taken(memory_zero(count, size));
}

char *INSTEAD(jv_mem_strdup)(const char *text)
{
    bytes_allow(strlen(text) + 1);
    return taken(memory_text(text, strlen(text)));
}

void *INSTEAD(jv_mem_alloc_unguarded)(size_t size)
{
    return INSTEAD(jv_mem_alloc)(size);
}
void *INSTEAD(jv_mem_calloc_unguarded)(size_t count, size_t size)
{
    return INSTEAD(jv_mem_calloc)(count, size);
}
char *INSTEAD(jv_mem_strdup_unguarded)(const char *text)
{
    return INSTEAD(jv_mem_strdup)(text);
}

/* Is libjq limited? */

static bool counted;

/* What makes libjq count and allocate, in each of its versions. */
static void trial_work(void *context)
{
    struct jq_limits *const limits = context;
    const int64_t before = call.countdown;
    jv text = jv_dump_string(jv_array_append(jv_array(), jv_true()), 0);
    counted = call.countdown != before && limits->bytes > 0;
    jv_free(text);
}

static void no_halt(void *program)
{
    (void)program;
}

/* Catches faults, and finds out whether libjq does call us. One that is bound to itself
 * (-Bsymbolic, link-time optimization, macOS) does not: then the clock and the process are all that
 * limits it. */
static void prepare(void)
{
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
    sigaction(SIGFPE, &action, NULL);
    struct jq_limits trial = {.halt = no_halt};
    jq_limits_allow(&trial, STEPS_UNLIMITED, SIZE_MAX / 2);
    (void)jq_limits_run(&trial, trial_work, &trial);
}

static void need_prepared(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
}

bool jq_limits_counted(void)
{
    need_prepared();
    return counted;
}

const char *jq_limits_way(void)
{
    return jq_limits_counted()
               ? way
               : "processor time is counted (this libjq cannot be made to count steps)";
}

/* Limits. */

struct jq_limits *jq_limits_new(void (*halt_program)(void *program), void *program)
{
    need_prepared();
    struct jq_limits *limits = memory_zero(1, sizeof(*limits));
    limits->halt = halt_program;
    limits->program = program;
    return limits;
}

void jq_limits_free(struct jq_limits *limits)
{
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
    call.halting = false;
    call.stack_end = NULL;
    count_anew(STEPS_UNLIMITED);
    return cutoff != CUTOFF_NONE ? cutoff : limits->halted;
}

enum cutoff jq_limits_run(struct jq_limits *limits, void (*work)(void *context), void *context)
{
    call.halting = true;
    return call_work(limits, work, context);
}

enum cutoff jq_limits_compile(struct jq_limits *limits, void (*work)(void *context), void *context)
{
    call.halting = false;
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
