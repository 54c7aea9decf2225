#include "expr/prelude.h"

#include <stdbool.h>

#include "expr/epoch.h"
#include "expr/lexer.h"

static const struct {
    const char *name;
    const char *definition;
} functions[] = {
    {"epoch", epoch_definition},
    /* Since 1.8 these fail where there is nothing to trim off, as of a number. */
    {"ltrimstr", "def ltrimstr(f): . as $all | f as $part | "
                 "if ($all | type) == \"string\" and ($part | type) == \"string\" and "
                 "($all | startswith($part)) then $all[$part | length:] else $all end; "},
    {"rtrimstr", "def rtrimstr(f): . as $all | f as $part | "
                 "if ($all | type) == \"string\" and ($part | type) == \"string\" and "
                 "($part | length) > 0 and ($all | endswith($part)) "
                 "then $all[:-($part | length)] else $all end; "},
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
            if (token_names(token, functions[i].name) && !token.key) named[i] = true;
    lexer_release(&lexer);
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (named[i]) buffer_add_slice(out, slice_of(functions[i].definition));
}
