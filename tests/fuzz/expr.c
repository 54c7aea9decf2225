/*
 * expr.c - programs made of every builtin that jq 1.6 has, over events that are not meant well:
 * none ends or hangs the process, and the next event is judged as if nothing had been.
 *
 * The input chooses: some steps of a pipe, and an event.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/scan.h"
#include "expr/expr.h"

/* N and T stand for a number and a text of the event. */
static const char *const steps[] = {
    ".",
    ".n",
    ".t",
    ".a",
    ".o",
    "..",
    ".[]?",
    ".a[.n]?",
    ".a[.n:]?",
    ".a[:.n]?",
    ".t[.n:]?",
    ".o[.t]?",
    ".x[.n]=1",
    ".x[.n:]=[1]",
    ".x[:.n]=[1]",
    ".a[.n]|=1",
    ".a[-1]=2",
    ".[.t]=1",
    "setpath([\"x\",.n];1)",
    "getpath([\"a\",.n])",
    "del(.a[.n])",
    "delpaths([[\"a\",.n]])",
    "paths",
    "leaf_paths",
    "path(..)",
    "to_entries",
    "with_entries(.value|=tostring)",
    "from_entries",
    "add",
    "any",
    "all",
    "range(.n)",
    "[range(.n)]|length",
    "range(0;.n;.n)",
    "limit(.n;repeat(1))",
    "first(.[]?)",
    "until(.==.;.)",
    "while(.!=.;.)",
    "recurse",
    "recurse(.[]?;.!=null)",
    "env|length",
    ".t*.n",
    "\"x\"*.n",
    ".n*.n",
    ".n/.n",
    ".n%.n",
    ".n-.n",
    ".a-.a",
    ".o*.o",
    ".t/.t",
    "-.n",
    "floor",
    "sqrt",
    "pow(.n;.n)",
    "log",
    "exp10",
    "frexp",
    "modf",
    "ldexp(.n;.n)",
    "scalb(.n;.n)",
    "scalbln(.n;.n)",
    "significand",
    "drem(.n;.n)",
    "gamma",
    "nearbyint",
    "trunc",
    "infinite",
    "nan",
    "isinfinite",
    "isnan",
    "isnormal",
    "tostring",
    "tonumber",
    "type",
    "tojson",
    "fromjson",
    "ascii",
    "implode",
    "explode",
    "explode|implode",
    "[.n]|implode",
    "ltrimstr(.t)",
    "epoch(.t)",
    "epoch(.n)",
    "rtrimstr(.t)",
    "startswith(.t)",
    "endswith(.t)",
    "split(.t)",
    "splits(.t)",
    "split(.t;\"g\")",
    "join(.t)",
    "ascii_downcase",
    "ascii_upcase",
    "test(.t)",
    "match(.t;\"g\")",
    "capture(.t)",
    "scan(.t)",
    "sub(.t;\"x\")",
    "gsub(.t;\"x\")",
    "gsub(\"\";\"x\")",
    "test(\"(a+)+$\")",
    "test(\"a.*b.*c\")",
    "[match(\"\";\"g\")]|length",
    "@text",
    "@json",
    "@html",
    "@uri",
    "@csv",
    "@tsv",
    "@sh",
    "@base64",
    "@base64d",
    "strptime(.t)",
    "strftime(.t)",
    "mktime",
    "gmtime",
    "todate",
    "fromdate",
    "date",
    "dateadd(\"seconds\";.n)",
    "sort",
    "sort_by(.n)",
    "group_by(.n)",
    "unique",
    "unique_by(.t)",
    "min",
    "max_by(.n)",
    "reverse",
    "contains(.a)",
    "inside(.o)",
    "indices(.t)",
    "indices(.n)",
    "index(\",\")",
    "rindex(.a)",
    "flatten",
    "flatten(.n)",
    "combinations",
    "combinations(.n)",
    "transpose",
    "walk(.)",
    "tostream",
    "fromstream(tostream)",
    "truncate_stream(.n;tostream)",
    "input_line_number",
    "$__loc__",
    "splits(null)",
    "error",
    "error(null)",
    "try error(.)",
    "label $f|break $f",
    "reduce .[]? as $i (0;.+$i)",
    "foreach .[]? as $i (0;.+$i)",
    "if . then . else . end",
    ".//1",
    "[.[]?]",
    "{(.t?//\"x\"):1}",
    "length",
    "utf8bytelength",
    "not",
    "keys",
    "values",
    "has(.n)",
    "in(.o)",
    "map(.)?",
    "map_values(.)",
    "nth(.n)",
    "nth(.n;repeat(1))",
    "ltrimstr(1)",
    "bsearch(.n)",
    "def f: f; f",
    "def f: 1+f; f",
    "reduce range(40) as $i (1;[.,.])|tojson",
    "reduce range(100000) as $i (null;[.])",
    "getpath([])",
    "splits(\"a\";null)",
    "ascii(.n)",
    "@base32d",
};

static const char *const events[] = {
    "{}",
    "{\"n\":0,\"t\":\"\",\"a\":[],\"o\":{}}",
    "{\"n\":-1,\"t\":\"a\",\"a\":[1,2,3],\"o\":{\"a\":1}}",
    "{\"n\":2147483647,\"t\":\"%Y-%m-%d\",\"a\":[-9223372036854775808,-1],\"o\":{\"n\":1}}",
    "{\"n\":-2147483648,\"t\":\"(a+)+\",\"a\":[[[]]],\"o\":{\"\":null}}",
    "{\"n\":4294967296,\"t\":\"(\",\"a\":[\"x\",null,true],\"o\":{\"t\":\"t\"}}",
    "{\"n\":1e308,\"t\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\",\"a\":[1e308,-1e308]}",
    "{\"n\":1e-320,\"t\":\"\\u0000\\ud83d\\ude00\",\"a\":[1e999],\"o\":{\"a\":{\"a\":{\"a\":{}}}}}",
    "{\"n\":1000000000,\"t\":\"((((((((a*)*)*)*)*)*)*)*)*$\",\"a\":[0,0,0,0,0,0,1e300]}",
    "{\"n\":\"1\",\"t\":1,\"a\":\"a\",\"o\":null}",
};

#define COUNT(list) (sizeof(list) / sizeof(list[0]))

static void event_scan(struct scanner *scanner, const char *text, struct event *ev)
{
    static char line[4096];
    const char *next;
    memset(line, 0, sizeof line);
    snprintf(line, sizeof line - SCAN_PADDING, "%s\n", text);
    if (scanner_scan(scanner, line, ev, &next) != REASON_NONE) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct schema schema;
    struct buffer why = {0};
    char program[1024] = "if .harmless then true else (";
    if (size < 2) return 0;
    for (size_t i = 1; i < size && i < 5; i++) {
        if (i > 1) strcat(program, "|");
        strcat(program, steps[data[i] % COUNT(steps)]);
    }
    strcat(program, ") end");
    schema_init(&schema);
    struct expr *expr = expr_compile_libjq(program, &schema, &why);
    if (expr != NULL) {
        struct scanner *scanner = scanner_new(&schema);
        struct value values[SCHEMA_MAX] = {0};
        struct event ev = {.value = values, .offset = -1};
        event_scan(scanner, events[data[0] % COUNT(events)], &ev);
        (void)expr_selects(expr, &ev);
        event_scan(scanner, "{\"harmless\":true}", &ev);
        if (!expr_selects(expr, &ev)) {
            fprintf(stderr, "%s over %s spoils the next event\n", program,
                    events[data[0] % COUNT(events)]);
            abort();
        }
        scanner_free(scanner);
        expr_free(expr);
    }
    schema_release(&schema);
    buffer_release(&why);
    return 0;
}
