#include "expr/mention.h"

#include <stdlib.h>

#include "base/memory.h"
#include "expr/lexer.h"

/* They make objects of their own, or look names up that stand nowhere in the program. */
static const char *const makers[] = {
    "to_entries", "with_entries", "from_entries", "capture", "match",    "getpath",    "setpath",
    "paths",      "leaf_paths",   "reduce",       "foreach", "tostream", "fromstream", "def",
};

struct program {
    struct token *token;
    size_t count;
};

static struct program program_read(struct slice text)
{
    struct program program = {0};
    struct lexer lexer;
    lexer_init(&lexer, text);
    for (;;) {
        const struct token token = lexer_next(&lexer);
        if (token.kind == TOKEN_END || token.kind == TOKEN_BAD) break;
        program.token = memory_resize(program.token, program.count + 1, sizeof token);
        program.token[program.count++] = token;
    }
    lexer_release(&lexer);
    return program;
}

static bool makes_names(const struct program *program)
{
    for (size_t i = 0; i < program->count; i++)
        for (size_t j = 0; j < sizeof makers / sizeof makers[0]; j++)
            if (!program->token[i].key && token_names(program->token[i], makers[j])) return true;
    return false;
}

static bool is_key(const struct program *program, struct slice name)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct token token = program->token[i];
        const bool word = (token.kind == TOKEN_NAME && token.key) || token.kind == TOKEN_STRING;
        if (word && slice_equal(token.text, name)) return true;
    }
    return false;
}

static struct token token_at(const struct program *program, size_t at)
{
    return at < program->count ? program->token[at] : (struct token){.kind = TOKEN_END};
}

/* Is the member at that token given a value? */
static bool is_assigned(const struct program *program, size_t at)
{
    static const char *const signs[] = {"=", "|=", "+=", "-=", "*=", "/=", "%=", "//="};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (token_is(token_at(program, at + 1), signs[i])) return true;
    return false;
}

/* Is it asked there whether the member is there, or one inside of it? */
static bool is_tolerant(const struct program *program, size_t at)
{
    while (token_at(program, at + 1).kind == TOKEN_FIELD)
        at++;
    const struct token next = token_at(program, at + 1);
    if (token_is(next, "//") || token_is(next, "?")) return true;
    if (token_is(next, "==") || token_is(next, "!="))
        return token_names(token_at(program, at + 2), "null");
    return token_is(next, "|") && (token_names(token_at(program, at + 2), "not") ||
                                   token_names(token_at(program, at + 2), "type"));
}

/* A text without escapes. */
static bool is_plain_text(struct token token)
{
    return token.kind == TOKEN_STRING && memchr(token.text.text, '\\', token.text.len) == NULL;
}

/* Notes the text that the member at that token is compared with, on either side. */
static void comparison_note(const struct program *program, size_t at, struct schema *schema)
{
    const struct slice name = program->token[at].text;
    const struct token next = token_at(program, at + 1), text = token_at(program, at + 2);
    if ((token_is(next, "==") || token_is(next, "!=")) && is_plain_text(text))
        schema_compare(schema, name, text.text);
    if (at < 2 || !is_plain_text(program->token[at - 2])) return;
    if (token_is(program->token[at - 1], "==") || token_is(program->token[at - 1], "!="))
        schema_compare(schema, name, program->token[at - 2].text);
}

/* Does a member behind that token belong to what the token stands for, and not to the event? */
static bool is_path(struct token token)
{
    return token.kind == TOKEN_FIELD || token_is(token, "]") || token_is(token, ")") ||
           token_is(token, "?");
}

void mention_all(struct slice text, struct schema *schema)
{
    const struct program program = program_read(text);
    const bool made = makes_names(&program);
    for (size_t i = 0; i < program.count && !made; i++) {
        const struct token token = program.token[i];
        if (token.kind != TOKEN_FIELD || is_key(&program, token.text)) continue;
        if (is_assigned(&program, i)) continue;
        const bool nested = i > 0 && is_path(program.token[i - 1]);
        if (!nested) comparison_note(&program, i, schema);
        schema_look(schema, token.text, nested, is_tolerant(&program, i));
    }
    free(program.token);
}
