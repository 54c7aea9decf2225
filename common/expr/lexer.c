#include "expr/lexer.h"

#include "base/digit.h"

/* The first that fits is taken: longer ones stand before what they begin with. */
static const char *const signs[] = {
    "//=", "?//", "|=", "+=", "-=", "*=", "/=", "%=", "==", "!=", "<=", ">=", "//", "..",
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

void lexer_init(struct lexer *lexer, struct slice text)
{
    *lexer = (struct lexer){.text = text};
}

void lexer_release(struct lexer *lexer)
{
    buffer_release(&lexer->open);
}

static char char_at(const struct lexer *lexer, size_t at)
{
    return at < lexer->text.len ? lexer->text.text[at] : '\0';
}

static char innermost(const struct lexer *lexer)
{
    return lexer->open.len > 0 ? lexer->open.data[lexer->open.len - 1] : '\0';
}

static struct token token_from(struct lexer *lexer, enum token_kind kind, size_t start, size_t end)
{
    lexer->at = end;
    lexer->key_next = false;
    return (struct token){.kind = kind, .text = {lexer->text.text + start, end - start}};
}

/* After an error nothing more is read: at stays at the end. */
static struct token bad(struct lexer *lexer, size_t start)
{
    return token_from(lexer, TOKEN_BAD, start, lexer->text.len);
}

static void skip_blanks(struct lexer *lexer)
{
    for (; lexer->at < lexer->text.len; lexer->at++) {
        const char c = char_at(lexer, lexer->at);
        if (c == '#') {
            while (lexer->at + 1 < lexer->text.len && char_at(lexer, lexer->at + 1) != '\n')
                lexer->at++;
        } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            return;
        }
    }
}

static size_t name_end(const struct lexer *lexer, size_t at)
{
    while (is_letter(char_at(lexer, at)) || is_digit(char_at(lexer, at)))
        at++;
    return at;
}

static size_t digits_end(const struct lexer *lexer, size_t at)
{
    while (is_digit(char_at(lexer, at)))
        at++;
    return at;
}

/* 1 1. 1.5 .5 with an exponent that is only one if digits follow it. */
static size_t number_end(const struct lexer *lexer, size_t at)
{
    at = digits_end(lexer, at);
    if (char_at(lexer, at) == '.') at = digits_end(lexer, at + 1);
    if (char_at(lexer, at) != 'e' && char_at(lexer, at) != 'E') return at;
    size_t exponent = at + 1;
    if (char_at(lexer, exponent) == '+' || char_at(lexer, exponent) == '-') exponent++;
    return is_digit(char_at(lexer, exponent)) ? digits_end(lexer, exponent) : at;
}

/* From start, inside a string, to its end or its next interpolation. */
static struct token string_rest(struct lexer *lexer, size_t start, bool first)
{
    for (size_t at = start; at < lexer->text.len; at++) {
        const char c = char_at(lexer, at);
        if (c == '"') {
            const struct token token =
                token_from(lexer, first ? TOKEN_STRING : TOKEN_PIECE, start, at);
            lexer->at++;
            return token;
        }
        if (c != '\\') continue;
        at++;
        if (char_at(lexer, at) == '(') {
            const struct token token = token_from(lexer, TOKEN_PIECE, start, at - 1);
            buffer_add_char(&lexer->open, '"');
            lexer->at = at + 1;
            return token;
        }
    }
    return bad(lexer, start);
}

static struct token closing(struct lexer *lexer, char c)
{
    const char open = innermost(lexer);
    if (open == '\0') return bad(lexer, lexer->at);
    const bool fits = (c == ']' && open == '[') || (c == '}' && open == '{') ||
                      (c == ')' && (open == '(' || open == '"'));
    if (!fits) return bad(lexer, lexer->at);
    lexer->open.len--;
    if (open == '"') return string_rest(lexer, lexer->at + 1, false);
    return token_from(lexer, TOKEN_SIGN, lexer->at, lexer->at + 1);
}

static struct token sign(struct lexer *lexer, char c)
{
    const size_t start = lexer->at;
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        const size_t len = strlen(signs[i]);
        if (lexer->text.len - start >= len && memcmp(lexer->text.text + start, signs[i], len) == 0)
            return token_from(lexer, TOKEN_SIGN, start, start + len);
    }
    if (c == '(' || c == '[' || c == '{') buffer_add_char(&lexer->open, c);
    const struct token token = token_from(lexer, TOKEN_SIGN, start, start + 1);
    lexer->key_next = (c == '{' || c == ',') && innermost(lexer) == '{';
    return token;
}

static struct token name(struct lexer *lexer)
{
    const size_t start = lexer->at;
    const bool key = lexer->key_next;
    size_t end = name_end(lexer, start);
    while (char_at(lexer, end) == ':' && char_at(lexer, end + 1) == ':' &&
           is_letter(char_at(lexer, end + 2)))
        end = name_end(lexer, end + 2);
    struct token token = token_from(lexer, TOKEN_NAME, start, end);
    token.key = key;
    return token;
}

struct token lexer_next(struct lexer *lexer)
{
    skip_blanks(lexer);
    if (lexer->at >= lexer->text.len) {
        const enum token_kind kind = lexer->open.len > 0 ? TOKEN_BAD : TOKEN_END;
        return token_from(lexer, kind, lexer->text.len, lexer->text.len);
    }
    const size_t start = lexer->at;
    const char c = char_at(lexer, start);
    const char next = char_at(lexer, start + 1);
    if (is_letter(c)) return name(lexer);
    if (c == '"') return string_rest(lexer, start + 1, true);
    if (is_digit(c) || (c == '.' && is_digit(next)))
        return token_from(lexer, TOKEN_NUMBER, start, number_end(lexer, start));
    if (c == '.' && is_letter(next))
        return token_from(lexer, TOKEN_FIELD, start + 1, name_end(lexer, start + 1));
    if (c == '@' && (is_letter(next) || is_digit(next)))
        return token_from(lexer, TOKEN_FORMAT, start, name_end(lexer, start + 1));
    if (c == ')' || c == ']' || c == '}') return closing(lexer, c);
    if (strchr("([{.?=<>+-*/%|,:;$", c) != NULL && c != '\0') return sign(lexer, c);
    if (c == '!' && next == '=') return sign(lexer, c);
    return bad(lexer, start);
}
