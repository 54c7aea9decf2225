#include "expr/prelude.h"

#include <stdbool.h>
#include <string.h>

#include "expr/epoch.h"
#include "expr/lexer.h"

/* In jq 1.6 a try (or ?) in what an update or limit is given catches the very break by which they
 * leave it: `.price |= (tonumber? // .)` deletes the price, and limit gives all there are. Here
 * what comes behind that is left out; updates are as in 1.7, which deletes what is to be deleted at
 * the end. (first is as it was, because it may stand where a path does.) */
#define MODIFY                                                                                     \
    "def _modify(paths; update): reduce path(paths) as $p ([., []]; . as [$x, $gone] | "           \
    "[label $out | ($x | getpath($p) | update) | ., break $out] as $new | "                        \
    "if ($new | length) > 0 then [($x | setpath($p; $new[0])), $gone] "                            \
    "else [$x, $gone + [$p]] end) | . as [$x, $gone] | $x | delpaths($gone); "

static const struct {
    const char *name; /* of a function or an operator */
    const char *definition;
    const char *calls; /* another one of these, in front of it; NULL: none */
} functions[] = {
    {"|=", MODIFY, NULL},
    {"map_values", "def map_values(f): .[] |= f; ", "|="},
    {"limit",
     "def limit($n; f): if $n > 0 then [label $out | foreach f as $item (0; . + 1; $item, "
     "if . >= $n then break $out else empty end)][:$n][] elif $n == 0 then empty else f end; ",
     NULL},
    {"nth",
     "def nth($n; f): if $n < 0 then error(\"Out of bounds negative array index\") "
     "else last(limit($n + 1; f)) end; ",
     "limit"},
    {"epoch", epoch_definition, NULL},
    /* Since 1.8 these fail where there is nothing to trim off, as of a number. */
    {"ltrimstr",
     "def ltrimstr(f): . as $all | f as $part | "
     "if ($all | type) == \"string\" and ($part | type) == \"string\" and "
     "($all | startswith($part)) then $all[$part | length:] else $all end; ",
     NULL},
    {"rtrimstr",
     "def rtrimstr(f): . as $all | f as $part | "
     "if ($all | type) == \"string\" and ($part | type) == \"string\" and "
     "($part | length) > 0 and ($all | endswith($part)) "
     "then $all[:-($part | length)] else $all end; ",
     NULL},
};

#define FUNCTIONS (sizeof functions / sizeof functions[0])

void prelude_add(struct buffer *out, struct slice program)
{
    bool named[FUNCTIONS] = {false};
    struct lexer lexer;
    lexer_init(&lexer, program);
    for (struct token token = lexer_next(&lexer);
         token.kind != TOKEN_END && token.kind != TOKEN_BAD; token = lexer_next(&lexer))
        for (size_t i = 0; i < FUNCTIONS; i++)
            if (token_is(token, functions[i].name) ||
                (token_names(token, functions[i].name) && !token.key))
                named[i] = true;
    lexer_release(&lexer);
    for (size_t i = FUNCTIONS; i-- > 0;)
        for (size_t k = 0; k < i && named[i] && functions[i].calls != NULL; k++)
            if (strcmp(functions[k].name, functions[i].calls) == 0) named[k] = true;
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (named[i]) buffer_add_slice(out, slice_of(functions[i].definition));
}
