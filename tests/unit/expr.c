/*
 * Expressions: a natively compiled one equals libjq, what is refused is refused, nothing gets
 * out of hand.
 *
 *     expr [CASES [SEED [EXPRESSIONS]]]     CASES: tests/cases/expr.tsv
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/number.h"
#include "event/scan.h"
#include "expr/advice.h"
#include "expr/expr.h"
#include "expr/libjq.h"
#include "tap.h"

#define EVENTS_PER_EXPRESSION 100
#define TEXT_MAX 4096

/* A line and the event made of it. */
struct sample {
    struct scanner *scanner;
    struct value value[SCHEMA_MAX + 1];
    struct event ev;
    char text[TEXT_MAX + SCAN_PADDING];
};

static void sample_init(struct sample *sample, const struct schema *schema)
{
    *sample = (struct sample){.scanner = scanner_new(schema)};
    sample->ev.value = sample->value;
}

/* False when the scanner refuses the line. */
static bool sample_scan(struct sample *sample, struct slice line)
{
    const char *next;
    if (line.len >= TEXT_MAX) return false;
    memcpy(sample->text, line.text, line.len);
    memset(sample->text + line.len, '\n', SCAN_PADDING);
    scanner_clear(sample->scanner);
    return scanner_scan(sample->scanner, sample->text, &sample->ev, &next) == REASON_NONE;
}

static void sample_release(struct sample *sample)
{
    scanner_free(sample->scanner);
}

/* What an expression says of an event, in one text: "error", or "yes"/"no" and the value. */
static void answer(struct expr *expr, const struct event *ev, struct buffer *out)
{
    const uint64_t before = expr_errors;
    const bool selects = expr_selects(expr, ev);
    buffer_printf(out, "%s", expr_errors > before ? "error" : selects ? "yes" : "no");
    const uint64_t between = expr_errors;
    const struct value value = expr_value(expr, ev);
    buffer_add_char(out, '\t');
    if (expr_errors > between)
        buffer_add_literal(out, "error");
    else
        value_print(out, value);
    if (value.escaped) buffer_add_literal(out, " (escaped)");
}

/* Random programs and events. */

static uint64_t random_state = 1;

static unsigned random_below(unsigned bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % bound;
}

static void add_text(struct buffer *out, const char *text)
{
    buffer_add_slice(out, slice_of(text));
}

#define ADD_ONE_OF(out, list) add_text(out, (list)[random_below(sizeof(list) / sizeof((list)[0]))])

static const char *const names[] = {"event_type", "product_id", "user_id", "price",  "quantity",
                                    "cart",       "tags",       "note",    "amount", "x"};

static const char *const strings[] = {
    "\"\"",
    "\"a\"",
    "\"b\"",
    "\"ab\"",
    "\"purchase\"",
    "\"A\"",
    "\"aXb\"",
    "\"1\"",
    "\"1.0\"",
    "\" 1\"",
    "\"nan\"",
    "\"1e2\"",
    "\"-0\"",
    "\"a\\nb\"",
    "\"b\\n\"",
    "\"\\u00e9\"",
    "\"é\"",
    "\"\\ud83d\\ude00\"",
    "\"😀x\"",
    "\"a\\u0000b\"",
    "\"\\\"\"",
    "\"\\/\"",
    "\"null\"",
    "\"true\"",
    "\"2026-01-01T00:00:00.127Z\"",
    "\"1767225600.5\"",
    "\"12.50\"",
    "\"1234567890123456789\"",
    "\"ab\\n\\n\"",
    "\"ÀB\"",
};

static const char *const numbers[] = {
    "0",
    "1",
    "-1",
    "2",
    "10",
    "1.0",
    "1.5",
    "-0",
    "0.1",
    "0.2",
    "19.99",
    "3e0",
    "1e2",
    "1E+2",
    "1e-7",
    "1e15",
    "1e16",
    "1e17",
    "1e300",
    "1e999",
    "-1e999",
    "1e-400",
    "5e-324",
    "0.30000000000000004",
    "123456789012345",
    "1234567890123456789",
    "9007199254740993",
    "-2.5",
    "2.5",
    "0.0001",
    "0.00001234",
    "123456.789",
    "9.5e18",
    "9223372036854775807",
    "-9223372036854775808",
    "100000000000000000000",
    "1.7976931348623157e308",
    "4.35",
};

static void add_value(struct buffer *out, int depth)
{
    switch (random_below(depth > 0 ? 12 : 9)) {
    case 0: add_text(out, "null"); break;
    case 1: add_text(out, "true"); break;
    case 2: add_text(out, "false"); break;
    case 3:
    case 4:
    case 5: ADD_ONE_OF(out, numbers); break;
    case 6:
    case 7:
    case 8: ADD_ONE_OF(out, strings); break;
    case 9:
        add_text(out, "[");
        add_value(out, depth - 1);
        if (random_below(2) == 0) {
            add_text(out, random_below(2) == 0 ? "," : " , ");
            add_value(out, depth - 1);
        }
        add_text(out, "]");
        break;
    default:
        add_text(out, random_below(2) == 0 ? "{\"a\":" : "{ \"b\" : 1 , \"\\u0061\" : ");
        add_value(out, depth - 1);
        if (random_below(2) == 0) {
            add_text(out, ",\"b\":");
            add_value(out, depth - 1);
        }
        if (random_below(4) == 0) add_text(out, ", \"a\":{\"b\":\"}\\\"\"}");
        add_text(out, "}");
        break;
    }
}

static void add_scalar(struct buffer *out)
{
    add_value(out, 0);
}

static void add_event(struct buffer *out)
{
    const char *separator = "";
    add_text(out, "{");
    for (unsigned members = random_below(12); members > 0; members--) {
        const unsigned which = random_below(sizeof(names) / sizeof(names[0]));
        add_text(out, separator);
        buffer_printf(out, random_below(8) == 0 ? " \"%s\" : " : "\"%s\":", names[which]);
        if (which < 3)
            add_scalar(out); /* canonical: nothing nested */
        else
            add_value(out, 2);
        separator = ",";
    }
    add_text(out, "}");
}

static void add_expression(struct buffer *out, int depth);

static void add_path(struct buffer *out)
{
    const char *const name = names[random_below(sizeof(names) / sizeof(names[0]))];
    switch (random_below(8)) {
    case 0: buffer_printf(out, ".[\"%s\"]", name); break;
    case 1: buffer_printf(out, ".\"%s\"", name); break;
    case 2: add_text(out, random_below(4) == 0 ? "." : ".cart.a"); break;
    case 3: buffer_printf(out, ".%s.%s", name, random_below(2) == 0 ? "a" : "b"); break;
    case 4: buffer_printf(out, ".%s.a?", name); break;
    default: buffer_printf(out, ".%s", name); break;
    }
}

static void add_literal(struct buffer *out)
{
    static const char *const words[] = {"null", "true", "false"};
    switch (random_below(3)) {
    case 0: ADD_ONE_OF(out, words); break;
    case 1: ADD_ONE_OF(out, strings); break;
    default: ADD_ONE_OF(out, numbers); break;
    }
}

static void add_call(struct buffer *out, int depth)
{
    static const char *const plain[] = {
        "not",   "length",         "type",         "tostring", "tonumber", "floor", "ceil",
        "round", "ascii_downcase", "ascii_upcase", "fabs",     "empty",    "tojson"};
    static const char *const with_one[] = {"startswith", "endswith", "contains", "ltrimstr",
                                           "rtrimstr",   "select",   "IN",       "test",
                                           "IN",         "epoch"};
    static const char *const patterns[] = {"\"a\"", "\"^a\"",  "\"b$\"", "\"^ab$\"", "\"a.b\"",
                                           "\"é\"", "\"^$\"",  "\"X\"",  "\"a b\"",  "\"\\n\"",
                                           "\"\"",  "\"a|b\"", "\"1\""};
    if (random_below(2) == 0) {
        ADD_ONE_OF(out, plain);
        return;
    }
    const char *const function = with_one[random_below(sizeof(with_one) / sizeof(with_one[0]))];
    buffer_printf(out, "%s(", function);
    if (strcmp(function, "test") == 0) {
        ADD_ONE_OF(out, patterns);
    } else if (strcmp(function, "IN") == 0) {
        add_literal(out);
        add_text(out, ",");
        add_literal(out);
    } else if (random_below(2) == 0) {
        add_literal(out);
    } else {
        add_expression(out, depth - 1);
    }
    add_text(out, ")");
}

static void add_expression(struct buffer *out, int depth)
{
    static const char *const operators[] = {" == ", " != ", " < ", " <= ",  ">", ">=",  " and ",
                                            " or ", " + ",  " - ", "*",     "/", " % ", " // ",
                                            "|",    "|",    "|",   " and ", "=="};
    if (depth <= 0) {
        if (random_below(3) == 0)
            add_literal(out);
        else
            add_path(out);
        return;
    }
    switch (random_below(12)) {
    case 0: add_literal(out); break;
    case 1: add_path(out); break;
    case 2:
        add_text(out, "(");
        add_expression(out, depth - 1);
        add_text(out, ")");
        break;
    case 3:
        add_text(out, "-");
        add_expression(out, depth - 1);
        break;
    case 4:
        add_text(out, "if ");
        add_expression(out, depth - 1);
        add_text(out, " then ");
        add_expression(out, depth - 1);
        add_text(out, random_below(3) == 0 ? " elif .price then 1 else " : " else ");
        add_expression(out, depth - 1);
        add_text(out, " end");
        break;
    case 5: add_call(out, depth); break;
    case 6:
    case 7:
        add_path(out);
        add_text(out, "|");
        add_call(out, depth);
        break;
    default:
        add_expression(out, depth - 1);
        ADD_ONE_OF(out, operators);
        add_expression(out, depth - 1);
        break;
    }
}

/* A bracket or word too much or too few: what is no program for libjq may be none for us. */
static void spoil(struct buffer *text)
{
    static const char *const extra[] = {"?", ")",  "(",       " . ", "|",   "==", ",", "end",
                                        "-", "\"", "[\"a\"]", ".a",  " #x", "//", "$"};
    const size_t at = random_below((unsigned)text->len + 1);
    struct buffer out = {0};
    buffer_add(&out, text->data, at);
    if (random_below(3) != 0) ADD_ONE_OF(&out, extra);
    const size_t skip = random_below(2) == 0 && at < text->len ? 1 : 0;
    buffer_add(&out, text->data + at + skip, text->len - at - skip);
    buffer_release(text);
    *text = out;
}

/* The property. */

static struct expr *compile(struct expr *(*how)(const char *, struct schema *, struct buffer *),
                            const char *text, struct schema *schema)
{
    struct buffer why = {0};
    struct expr *expr = how(text, schema, &why);
    buffer_release(&why);
    return expr;
}

/* .x in libjq, of an event that has nothing else. */
struct normaliser {
    struct schema schema;
    struct sample sample;
    struct expr *just_x;
};

static void normaliser_init(struct normaliser *normaliser)
{
    schema_init(&normaliser->schema);
    normaliser->just_x = compile(expr_compile_libjq, ".x", &normaliser->schema);
    sample_init(&normaliser->sample, &normaliser->schema);
}

static void normaliser_release(struct normaliser *normaliser)
{
    expr_free(normaliser->just_x);
    sample_release(&normaliser->sample);
    schema_release(&normaliser->schema);
}

/* Prints a value as jq would: a bare path's value keeps its own digits and blanks. */
static void canonical(struct normaliser *normaliser, struct buffer *out, struct value value)
{
    struct buffer line = {0};
    if (value.kind == KIND_NUMBER) {
        libjq_print_number(out, number_double(value_slice(value)));
        return;
    }
    if (value.kind < KIND_ARRAY) {
        value_print(out, value);
        return;
    }
    add_text(&line, "{\"x\":");
    value_print(&line, value);
    add_text(&line, "}");
    if (sample_scan(&normaliser->sample, buffer_slice(&line)))
        value_print(out, expr_value(normaliser->just_x, &normaliser->sample.ev));
    buffer_release(&line);
}

struct twins {
    struct schema schema;
    struct expr *quick;
    struct expr *slow;
    struct sample sample;
};

struct tally {
    int64_t pairs;
    int64_t natives;
    int64_t different;
    int64_t disagreements; /* on whether it is a program */
};

static bool same_values(struct twins *twins, struct normaliser *normaliser)
{
    struct buffer quick = {0};
    struct buffer slow = {0};
    uint64_t errors = expr_errors;
    const struct value ours = expr_value(twins->quick, &twins->sample.ev);
    const uint64_t our_errors = expr_errors - errors;
    errors = expr_errors;
    value_print(&slow, expr_value(twins->slow, &twins->sample.ev));
    const uint64_t their_errors = expr_errors - errors;
    canonical(normaliser, &quick, ours);
    const bool same = our_errors == their_errors &&
                      slice_equal(buffer_slice(&quick), buffer_slice(&slow)) && !ours.escaped;
    if (!same)
        printf("# value: ours %.*s (%d errors), libjq %.*s (%d errors)\n", (int)quick.len,
               quick.data, (int)our_errors, (int)slow.len, slow.data, (int)their_errors);
    buffer_release(&quick);
    buffer_release(&slow);
    return same;
}

static bool same_choice(struct twins *twins)
{
    uint64_t errors = expr_errors;
    const bool ours = expr_selects(twins->quick, &twins->sample.ev);
    const uint64_t our_errors = expr_errors - errors;
    errors = expr_errors;
    const bool theirs = expr_selects(twins->slow, &twins->sample.ev);
    const uint64_t their_errors = expr_errors - errors;
    const bool same = ours == theirs && our_errors == their_errors;
    if (!same)
        printf("# selects: ours %d (%d errors), libjq %d (%d errors)\n", ours, (int)our_errors,
               theirs, (int)their_errors);
    return same;
}

static void compare_over_events(struct twins *twins, const char *text,
                                struct normaliser *normaliser, struct tally *tally)
{
    struct buffer line = {0};
    const int64_t before = tally->different;
    for (int i = 0; i < EVENTS_PER_EXPRESSION && tally->different == before; i++) {
        buffer_clear(&line);
        add_event(&line);
        if (!sample_scan(&twins->sample, buffer_slice(&line))) {
            printf("# not an event: %.*s\n", (int)line.len, line.data);
            tally->different++;
            continue;
        }
        tally->pairs++;
        if (same_choice(twins) && same_values(twins, normaliser)) continue;
        tally->different++;
        printf("# expression: %s\n# event: %.*s\n", text, (int)line.len, line.data);
    }
    buffer_release(&line);
}

static void compare(const char *text, struct normaliser *normaliser, struct tally *tally)
{
    struct twins twins;
    if (advice_trap(slice_of(text)) != NULL) return; /* refused, though libjq takes it */
    schema_init(&twins.schema);
    const int amount = schema_need(&twins.schema, SLICE("amount"));
    twins.schema.number |= UINT64_C(1) << amount;
    twins.quick = compile(expr_compile, text, &twins.schema);
    twins.slow = compile(expr_compile_libjq, text, &twins.schema);
    if ((twins.quick == NULL) != (twins.slow == NULL)) {
        printf("# a program only for %s: %s\n", twins.quick == NULL ? "libjq" : "us", text);
        tally->disagreements++;
    }
    if (twins.quick != NULL && twins.slow != NULL) {
        sample_init(&twins.sample, &twins.schema);
        tally->natives += expr_native(twins.quick);
        if (expr_native(twins.quick)) compare_over_events(&twins, text, normaliser, tally);
        sample_release(&twins.sample);
    }
    expr_free(twins.quick);
    expr_free(twins.slow);
    schema_release(&twins.schema);
}

static void test_equivalence(int expressions)
{
    struct tally tally = {0};
    struct buffer text = {0};
    struct normaliser normaliser;
    normaliser_init(&normaliser);
    for (int i = 0; i < expressions; i++) {
        buffer_clear(&text);
        add_expression(&text, 1 + (int)random_below(3));
        if (random_below(8) == 0) spoil(&text);
        buffer_add_char(&text, '\0');
        compare(text.data, &normaliser, &tally);
    }
    normaliser_release(&normaliser);
    buffer_release(&text);
    printf("# %d expressions, %d of them native, %d pairs\n", expressions, (int)tally.natives,
           (int)tally.pairs);
    is_int(tally.disagreements, 0, "what we compile, libjq compiles");
    is_int(tally.different, 0, "a natively compiled expression equals libjq on every event");
    ok(tally.natives * 2 > expressions, "most random expressions were native");
}

/* Cases as data. */

static bool check_case(char *const field[5], int line_number)
{
    struct schema schema;
    struct sample sample;
    struct buffer why = {0};
    struct buffer got = {0};
    schema_init(&schema);
    struct expr *expr = expr_compile(field[0], &schema, &why);
    if (expr == NULL) {
        printf("# line %d: %.*s\n", line_number, (int)why.len, why.data);
        buffer_release(&why);
        schema_release(&schema);
        return false;
    }
    sample_init(&sample, &schema);
    const bool scanned = sample_scan(&sample, slice_of(field[2]));
    buffer_printf(&got, "%s\t%s\t%s\t", field[0], expr_native(expr) ? "native" : "libjq", field[2]);
    if (scanned) answer(expr, &sample.ev, &got);
    struct buffer wanted = {0};
    buffer_printf(&wanted, "%s\t%s\t%s\t%s\t%s", field[0], field[1], field[2], field[3], field[4]);
    const bool same = slice_equal(buffer_slice(&got), buffer_slice(&wanted));
    if (!same)
        printf("# line %d\n#    got: %.*s\n# wanted: %.*s\n", line_number, (int)got.len, got.data,
               (int)wanted.len, wanted.data);
    expr_free(expr);
    sample_release(&sample);
    schema_release(&schema);
    buffer_release(&wanted);
    buffer_release(&got);
    buffer_release(&why);
    return same;
}

static void test_cases(const char *path)
{
    char *line = NULL;
    size_t cap = 0;
    int number = 0;
    int wrong = 0;
    FILE *file = fopen(path, "r");
    if (!ok(file != NULL, "the cases can be read")) return;
    while (getline(&line, &cap, file) > 0) {
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#') continue;
        char *field[5] = {line};
        int fields = 1;
        for (char *tab = strchr(line, '\t'); tab != NULL && fields < 5;
             tab = strchr(tab + 1, '\t')) {
            *tab = '\0';
            field[fields++] = tab + 1;
        }
        if (fields < 5 || !check_case(field, number)) {
            if (fields < 5) printf("# line %d has %d fields\n", number, fields);
            wrong++;
        }
    }
    free(line);
    fclose(file);
    is_int(wrong, 0, "every case of expr.tsv gives what it says");
}

/* Refusals. */

/* jq reads ~/.jq by itself. */
static void test_home(void)
{
    char folder[] = "/tmp/expr.XXXXXX";
    struct buffer path = {0};
    struct schema schema;
    schema_init(&schema);
    if (!ok(mkdtemp(folder) != NULL, "there is a folder to try")) return;
    buffer_printf(&path, "%s/.jq%c", folder, '\0');
    FILE *file = fopen(path.data, "w");
    if (file != NULL) fputs("def from_home: 1;\n", file);
    if (file != NULL) fclose(file);
    setenv("HOME", folder, 1);
    ok(compile(expr_compile, "from_home", &schema) == NULL, "~/.jq adds nothing to the language");
    unlink(path.data);
    rmdir(folder);
    buffer_release(&path);
    schema_release(&schema);
}

static struct buffer why_not(const char *text)
{
    struct schema schema;
    struct buffer why = {0};
    schema_init(&schema);
    struct expr *expr = expr_compile(text, &schema, &why);
    if (expr != NULL) buffer_clear(&why);
    expr_free(expr);
    schema_release(&schema);
    return why;
}

static bool begins(const struct buffer *text, const char *with)
{
    return text->len >= strlen(with) && memcmp(text->data, with, strlen(with)) == 0;
}

static void test_refusals(void)
{
    static const char *const refused[] = {
        "now",
        ".a | now",
        "now|todate",
        "localtime",
        ".t|localtime",
        "strflocaltime(\"%H\")",
        "debug",
        ".a|debug",
        "stderr",
        "halt",
        "halt_error",
        "halt_error(1)",
        "input",
        "inputs",
        "[inputs]",
        "input_filename",
        "input_line_number",
        "env",
        "env.PATH",
        "$ENV",
        "$ENV.PATH",
        "$ ENV",
        "import \"a\" as a; 1",
        "include \"a\"; 1",
        "modulemeta",
        "get_search_list",
        "$__prog_args",
        "\"\\(now)\"",
        "\"\\(\"\\(env)\")\"",
        "@base64 \"\\(input)\"",
        "{a: now}",
        "{(env|tostring): 1}",
        "{a: 1, b: env}",
        "[.[] | input]",
        "def f: now; f",
        "def now: 1; now",
        "def f(input): input; f(1)",
        "reduce input as $x (0; 1)",
        ".a as $x | {$x, b: debug}",
        "{\"a\": env}",
        "{a: [1, env]}",
        "{\"\\(env)\": 1}",
        "if env then 1 else 2 end",
        "path(env)",
        ".[env]",
        "\"a\" # comment\n | env",
        "env#",
        "{$ENV}",
    };
    static const char *const allowed[] = {
        ".now",
        ".env",
        ".\"input\"",
        ".[\"debug\"]",
        "{env: 1}",
        "{a: 1, now: 2}",
        "{env}",
        "{\"input\": 1}",
        "\"now\"",
        "\"\\\\(now)\"",
        "\"a \\\"now\\\"\"",
        ".a # now\n",
        "1 as $now | $now",
        "$__loc__",
        "{input: {now: 1}}",
        ".a.env",
        "..|.now?",
        "mktime?",
        "gmtime?",
        "{if: 1}",
        "@base64",
        "@json \"x\\(.a)\"",
        "error(\"now\")?",
        ". as {env: $x} | $x",
        ". as {$env} | $env",
        "builtins",
        "splits(\"a\")?",
        "{\"a\":1,now:2}",
        "\"\\u(now)\"?//1",
    };
    int wrong = 0;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct buffer why = why_not(refused[i]);
        const struct slice phrase = SLICE("is refused: ");
        if (why.len == 0 || memmem(why.data, why.len, phrase.text, phrase.len) == NULL) {
            printf("# not refused: %s (%.*s)\n", refused[i], (int)why.len, why.data);
            wrong++;
        }
        buffer_release(&why);
    }
    is_int(wrong, 0, "what depends on more than the event is refused, wherever it hides");
    wrong = 0;
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        struct buffer why = why_not(allowed[i]);
        const struct slice phrase = SLICE("is refused: ");
        if (why.len > 0 && memmem(why.data, why.len, phrase.text, phrase.len) != NULL) {
            printf("# refused: %s (%.*s)\n", allowed[i], (int)why.len, why.data);
            wrong++;
        }
        buffer_release(&why);
    }
    is_int(wrong, 0, "members, keys, variables and texts of those names are not");
    struct buffer why = why_not(".a |");
    /* Later versions than 1.6 have other words for the end, and say where it is. */
    ok(begins(&why, "syntax error, unexpected $end") ||
           begins(&why, "syntax error, unexpected end of file"),
       "a syntax error is explained in libjq's words, on one line");
    buffer_release(&why);
    why = why_not("\"a");
    is_text(buffer_slice(&why), "syntax error at 'a'; did you mean '\"a\"'?",
            "a string that does not end is a syntax error, and gets its end");
    buffer_release(&why);
    why = why_not("nosuch(1)");
    ok(begins(&why, "nosuch/1 is not defined"), "an unknown function is named");
    buffer_release(&why);
}

/* Cut-offs. */

static const char bait[] = "{\"big\":1000000000,\"n\":[10000000000000000000,-1],\"price\":1.50,"
                           "\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"}";

/* Runs a test in a child, silently: what an abandoned program leaves behind goes with it.
 * Returns its exit code. */
static int in_child(int (*test)(const char *text), const char *text)
{
    int status = 0;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) _exit(99);
        _exit(test(text));
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Runs over the bait, and then over something harmless. */
static int survive(const char *text)
{
    struct schema schema;
    struct sample sample;
    schema_init(&schema);
    struct expr *expr = compile(expr_compile, text, &schema);
    sample_init(&sample, &schema);
    expr_errors = 0;
    if (expr == NULL) return 1;
    if (!sample_scan(&sample, slice_of(bait)) || expr_selects(expr, &sample.ev)) return 2;
    if (expr_errors != 1) return 3;
    if (!sample_scan(&sample, SLICE("{}")) || !expr_selects(expr, &sample.ev)) return 4;
    expr_free(expr);
    return expr_errors == 1 ? 0 : 5;
}

/* What libjq 1.6 fails at, or does for ever, and later versions do not: no harm is what counts. */
static int go_on(const char *text)
{
    struct schema schema;
    struct sample sample;
    schema_init(&schema);
    struct expr *expr = compile(expr_compile, text, &schema);
    sample_init(&sample, &schema);
    expr_errors = 0;
    if (expr == NULL) return 1;
    if (!sample_scan(&sample, slice_of(bait))) return 2;
    const bool selected = expr_selects(expr, &sample.ev);
    if (selected == (expr_errors == 1)) return 3;
    if (!sample_scan(&sample, SLICE("{}")) || !expr_selects(expr, &sample.ev)) return 4;
    expr_free(expr);
    return 0;
}

static void test_cutoffs(void)
{
    static const char *const programs[] = {
        "if .big then [range(1e12)] else 1 end",
        "if .big then def f: f; f else 1 end",
        "if .big then def f: 1 + f; f else 1 end",
        "if .big then def f(x): x | f(x); f(.) else 1 end",
        "if .big then \"x\" * .big else 1 end",
        "if .big then [limit(1e9; repeat(1))] else 1 end",
        "if .big then until(false; .) else 1 end",
        "if .big then reduce range(1e12) as $i (0; . + 1) else 1 end",
        "if .big then first(range(1e12) | select(false)) else 1 end",
        "if .big then reduce range(40) as $i (1; [., .]) | tojson else 1 end",
        "if .big then [] | .[1e8] = 1 else 1 end",
        "if .big then reduce range(100000) as $i (null; [.]) | tojson else 1 end",
        "if .big then .a | test(\"^(a+)+$\") else 1 end",
    };
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        struct buffer name = {0};
        buffer_printf(&name, "cut off, and goes on: %s%c", programs[i], '\0');
        is_int(in_child(survive, programs[i]), 0, name.data);
        buffer_release(&name);
    }
    is_int(in_child(go_on, "if .big then .n | .[0] % .[1] else 1 end"), 0,
           "a quotient that does not fit costs at most its event");
    is_int(in_child(go_on, "if .big then .n[0] % .n[1] else 1 end"), 0,
           "a quotient that does not fit costs at most its event, of members");
    is_int(in_child(go_on, "if .big then .a | gsub(\"\"; \"x\") else 1 end"), 0,
           "a text replaced between all letters costs at most its event");
}

static int run_often(const char *text)
{
    struct schema schema;
    struct sample sample;
    schema_init(&schema);
    struct expr *expr = compile(expr_compile, text, &schema);
    sample_init(&sample, &schema);
    if (!sample_scan(&sample, SLICE("{}"))) return 99;
    expr_errors = 0;
    for (int i = 0; i < 100; i++)
        if (expr_selects(expr, &sample.ev)) return 98;
    return expr_errors == 100 ? 0 : 97;
}

static void test_endless_program(void)
{
    is_int(in_child(run_often, "[] | .[1e8] = 1"), 0,
           "a program that is cut off at every event ends nothing");
}

/* Asked ahead: the answers are the same, and nothing is counted before they are wanted. */

#define AHEAD_EVENTS 4

static void test_ahead(void)
{
    static const char *const lines[AHEAD_EVENTS] = {"{\"a\":\"first\"}", "{\"a\":\"\"}",
                                                    "{\"a\":7}", "{\"a\":\"last\"}"};
    static struct sample samples[AHEAD_EVENTS];
    const struct event *events[AHEAD_EVENTS];
    struct buffer apart = {0}, together = {0};
    struct schema schema;
    schema_init(&schema);
    struct expr *const value = compile(expr_compile_libjq, ".a | . + \"\"", &schema);
    struct expr *const selects = compile(expr_compile_libjq, "(.a | . + \"\") != \"\"", &schema);
    for (int i = 0; i < AHEAD_EVENTS; i++) {
        sample_init(&samples[i], &schema);
        (void)sample_scan(&samples[i], slice_of(lines[i]));
        events[i] = &samples[i].ev;
        answer(value, events[i], &apart);
        answer(selects, events[i], &apart);
    }
    expr_errors = 0;
    expr_value_ahead(value, events, AHEAD_EVENTS);
    expr_selects_ahead(selects, events, AHEAD_EVENTS);
    ok(expr_may_select(selects, events[0]) && !expr_may_select(selects, events[1]) &&
           !expr_may_select(selects, events[2]),
       "what was asked ahead can be looked at");
    is_int((int64_t)expr_errors, 0, "errors of what was asked ahead are not counted yet");
    for (int i = 0; i < AHEAD_EVENTS; i++) {
        answer(value, events[i], &together);
        answer(selects, events[i], &together);
    }
    buffer_add_char(&apart, '\0');
    is_text(buffer_slice(&together), apart.data, "what is asked ahead is answered as what is not");
    is_int((int64_t)expr_errors, 4, "and its errors count each time");
    expr_value_ahead(value, events + 2, 1);
    expr_errors = 0;
    (void)expr_value(value, events[2]);
    (void)expr_value(value, events[2]);
    is_int((int64_t)expr_errors, 2, "it may be asked for again");
    expr_ahead_forget(value);
    (void)sample_scan(&samples[2], SLICE("{\"a\":\"new\"}"));
    is_text(value_slice(expr_value(value, events[2])), "new", "what is forgotten is asked anew");
    for (int i = 0; i < AHEAD_EVENTS; i++)
        sample_release(&samples[i]);
    buffer_release(&apart);
    buffer_release(&together);
    expr_free(value);
    expr_free(selects);
    schema_release(&schema);
}

/* The rest of the interface. */

static void test_explain(void)
{
    struct schema schema;
    struct buffer out = {0};
    schema_init(&schema);
    struct expr *quick = compile(expr_compile, ".price > 10 and .product_id != null", &schema);
    struct expr *slow = compile(expr_compile, ".tags[0] == \"x\"", &schema);
    struct expr *member = compile(expr_compile, ".\"my field\"", &schema);
    struct expr *nothing = compile(expr_compile, "true", &schema);
    expr_explain(quick, &out);
    is_text(buffer_slice(&out),
            "native: .price > 10 and .product_id != null (reads product_id, price)",
            "a native expression is explained with what it reads");
    buffer_clear(&out);
    expr_explain(slow, &out);
    is_text(buffer_slice(&out), "libjq: .tags[0] == \"x\" (whole line)",
            "one that runs in libjq says so");
    buffer_clear(&out);
    expr_explain(nothing, &out);
    is_text(buffer_slice(&out), "native: true (reads nothing)", "one that reads nothing says so");
    ok(expr_native(quick) && !expr_native(slow), "expr_native tells which is which");
    ok(schema.whole, "the whole line is wanted for libjq");
    is_int(expr_member(member), schema_find(&schema, SLICE("my field")),
           "a bare path is its member");
    is_int(expr_member(quick), -1, "anything else is none");
    expr_free(quick);
    expr_free(slow);
    expr_free(member);
    expr_free(nothing);
    schema_release(&schema);
    buffer_release(&out);
}

static void test_members_run_out(void)
{
    struct schema schema;
    struct buffer why = {0};
    struct buffer text = {0};
    schema_init(&schema);
    for (int i = 0; i < SCHEMA_MAX; i++)
        buffer_printf(&text, "%s.m%d == 1", i == 0 ? "" : " or ", i);
    buffer_add_char(&text, '\0');
    ok(expr_compile(text.data, &schema, &why) == NULL,
       "more members than there are slots are refused");
    is_text(buffer_slice(&why), "more than 64 members are read", "and it says so");
    buffer_release(&why);
    buffer_release(&text);
    schema_release(&schema);
}

static void test_rename(void)
{
    struct schema schema;
    struct sample sample;
    struct buffer out = {0};
    schema_init(&schema);
    schema_rename(&schema, SLICE("product_id"), SLICE("sku"));
    struct expr *quick = compile(expr_compile, ".product_id == \"12\"", &schema);
    struct expr *slow = compile(expr_compile, "[.product_id, .sku] | tojson", &schema);
    sample_init(&sample, &schema);
    sample_scan(&sample, SLICE("{\"sku\":12}"));
    ok(expr_selects(quick, &sample.ev), "a renamed member has its new name");
    value_print(&out, expr_value(slow, &sample.ev));
    is_text(buffer_slice(&out), "\"[\\\"12\\\",null]\"", "in libjq too, and no longer its old one");
    expr_free(quick);
    expr_free(slow);
    sample_release(&sample);
    schema_release(&schema);
    buffer_release(&out);
}

static void collect(void *context, struct slice json)
{
    struct buffer *const out = context;
    buffer_add_slice(out, json);
    buffer_add_char(out, ';');
}

static bool maps_to(const char *program, const char *json, const char *wanted, bool fine,
                    const char *name)
{
    struct buffer why = {0};
    struct buffer out = {0};
    struct map_program *map = map_compile(program, &why);
    const bool ran = map != NULL && map_run(map, slice_of(json), collect, &out, &why);
    map_free(map);
    if (!ran) buffer_add_slice(&out, buffer_slice(&why));
    const bool passed = ok(ran == fine && slice_equal(buffer_slice(&out), slice_of(wanted)), name);
    if (!passed) printf("#    got: %.*s\n# wanted: %s\n", (int)out.len, out.data, wanted);
    buffer_release(&out);
    buffer_release(&why);
    return passed;
}

static void test_map(void)
{
    maps_to(".", "{\"a\":1,\"b\":[true]}", "{\"a\":1,\"b\":[true]};", true,
            "a map gives each output");
    maps_to(".[]", "[1,\"x\",null]", "1;\"x\";null;", true, "several outputs come in order");
    maps_to("empty", "1", "", true, "no output is no error");
    maps_to(
        ".", "[123456789012345,1234567890123456,-1234567890123456,1234567890123456.5,1e20]",
        "[123456789012345,\"1234567890123456\",\"-1234567890123456\",1234567890123456.5,1e+20];",
        true, "integers of more than 15 digits become strings");
    maps_to(".", "{\"1234567890123456\":\"1234567890123456 \\\" 1234567890123456\"}",
            "{\"1234567890123456\":\"1234567890123456 \\\" 1234567890123456\"};", true,
            "digits in strings do not");
    maps_to("1, error(\"no\")", "null", "1;no", false, "an error comes after what came before it");
    maps_to("error({a:1})", "null", "{\"a\":1}", false, "an error may be any value");
    maps_to(".", "{", "Unfinished JSON term at EOF at line 1, column 1 (while parsing '{')", false,
            "what is no JSON is an error");
    maps_to("range(1e12)|select(.<2)", "null", "0;1;cut off: it takes too many steps", false,
            "an endless map is cut off");
    maps_to("reduce range(20) as $i (\"b\"; . + .) | range(10000) as $i | length | empty", "null",
            "cut off: it takes too long", false,
            "a map of few, long steps is cut off by the clock");
    maps_to("env", "null", "'env' is refused: an answer must depend on the event alone", false,
            "a map is refused the same words");
}

static void test_numbers(void)
{
    int wrong = 0;
    struct schema schema;
    struct sample sample;
    schema_init(&schema);
    struct expr *quick = compile(expr_compile, ".x - 0", &schema);
    struct expr *slow = compile(expr_compile_libjq, ".x - 0", &schema);
    sample_init(&sample, &schema);
    struct buffer line = {0};
    struct buffer ours = {0};
    struct buffer theirs = {0};
    for (int i = 0; i < rounds(20000); i++) {
        static const char *const forms[] = {"{\"x\":%u.%02u}", "{\"x\":-%u.%u}",
                                            "{\"x\":%u%u}",    "{\"x\":0.%u%u}",
                                            "{\"x\":%ue-%u}",  "{\"x\":%u%09ue%u}"};
        const unsigned shift = random_below(31);
        buffer_clear(&line);
        const char *const form = forms[random_below(sizeof(forms) / sizeof(forms[0]))];
        char text[128];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof(text), form, 1 + (random_below(1u << 30) >> shift), random_below(100),
                 random_below(40));
#pragma GCC diagnostic pop
        buffer_clear(&ours);
        buffer_clear(&theirs);
        if (!sample_scan(&sample, slice_of(text))) continue;
        value_print(&ours, expr_value(quick, &sample.ev));
        value_print(&theirs, expr_value(slow, &sample.ev));
        if (slice_equal(buffer_slice(&ours), buffer_slice(&theirs))) continue;
        wrong++;
        printf("# %s: ours %.*s, libjq %.*s\n", text, (int)ours.len, ours.data, (int)theirs.len,
               theirs.data);
    }
    is_int(wrong, 0, "numbers are printed as libjq prints them");
    expr_free(quick);
    expr_free(slow);
    sample_release(&sample);
    schema_release(&schema);
    buffer_release(&line);
    buffer_release(&ours);
    buffer_release(&theirs);
}

int main(int argc, char **argv)
{
    message_name("expr");
    setenv("TZ", "Asia/Tokyo", 1);
    if (argc > 2) random_state = strtoull(argv[2], NULL, 10);
    test_cases(argc > 1 ? argv[1] : "tests/cases/expr.tsv");
    test_ahead();
    test_refusals();
    test_home();
    test_explain();
    test_members_run_out();
    test_rename();
    test_map();
    test_numbers();
    test_equivalence(argc > 3 ? atoi(argv[3]) : rounds(260));
    test_cutoffs();
    test_endless_program();
    return plan();
}
