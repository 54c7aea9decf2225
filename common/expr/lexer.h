/*
 * lexer.h - the words of a jq program.
 *
 * Cuts a program as jq 1.6 does: strings with their interpolations entered, comments skipped,
 * .name one word. Two readers need it: the check for what is refused (expr.c), for which it
 * must never take a word in a string for a function, nor overlook one in an interpolation; and
 * our own parser (syntax.c). Text that is no jq at all gives TOKEN_BAD; what libjq would say of
 * it is not repeated here.
 *
 * Tokens borrow from the program's text.
 */
#ifndef CS_LEXER_H
#define CS_LEXER_H

#include "base/buffer.h"
#include "base/slice.h"

enum token_kind {
    TOKEN_END,
    TOKEN_BAD,
    TOKEN_NAME,   /* a function, keyword or object key: and, test, a::b */
    TOKEN_FIELD,  /* .name; the text is without the dot */
    TOKEN_STRING, /* a string without interpolation; the text is its inside, escapes as written */
    TOKEN_PIECE,  /* a part of a string with interpolations; their words are tokens of their own */
    TOKEN_NUMBER,
    TOKEN_FORMAT, /* @base64 */
    TOKEN_SIGN,   /* an operator or bracket: "==", "(", ... */
};

struct token {
    enum token_kind kind;
    struct slice text;
    bool key; /* a name that is an object's key, not a function: {now: 1} */
};

struct lexer {
    struct slice text;
    size_t at;
    struct buffer open; /* a stack of the brackets not yet closed; '"' is an interpolation */
    bool key_next;      /* the next word may be an object's key */
};

/* Starts over text, which must outlive the lexer. */
void lexer_init(struct lexer *lexer, struct slice text);

void lexer_release(struct lexer *lexer);

/* The next token; TOKEN_END or TOKEN_BAD from then on. */
struct token lexer_next(struct lexer *lexer);

/* Is it this operator? */
static inline bool token_is(struct token token, const char *sign)
{
    return token.kind == TOKEN_SIGN && slice_equal(token.text, slice_of(sign));
}

/* Is it this word? */
static inline bool token_names(struct token token, const char *name)
{
    return token.kind == TOKEN_NAME && slice_equal(token.text, slice_of(name));
}

#endif
