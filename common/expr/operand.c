#include "expr/operand.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool name_bare(struct slice text)
{
    if (text.len == 0 || !is_letter(text.text[0])) return false;
    for (size_t i = 1; i < text.len; i++)
        if (!is_letter(text.text[i]) && !is_digit(text.text[i])) return false;
    return true;
}

bool name_valid(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.text[i];
        const bool beyond = ((unsigned char)c & 0x80) != 0;
        const bool inside = is_digit(c) || c == '-' || c == '.';
        if (!is_letter(c) && !beyond && !(i > 0 && inside)) return false;
    }
    return text.len > 0;
}

struct slice text_trim(struct slice text)
{
    while (text.len > 0 && strchr(" \t", text.text[0]) != NULL) {
        text.text++;
        text.len--;
    }
    while (text.len > 0 && strchr(" \t", text.text[text.len - 1]) != NULL)
        text.len--;
    return text;
}

static struct slice between(const char *at, const char *end)
{
    return (struct slice){.text = at, .len = (size_t)(end - at)};
}

/* Behind the string that begins at at; what is interpolated, "\(...)", is part of it. */
static const char *string_end(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == '"') return at + 1;
        if (*at != '\\' || ++at == end) continue;
        if (*at != '(') continue;
        const char *close = text_find(between(at + 1, end), ')');
        if (close == NULL) return end;
        at = close;
    }
    return end;
}

const char *text_find(struct slice text, char stop)
{
    const char *end = text.text + text.len;
    int depth = 0;

    for (const char *at = text.text; at < end;) {
        if (depth == 0 && *at == stop) return at;
        if (*at == '"') {
            at = string_end(at, end);
            continue;
        }
        if (strchr("([{", *at) != NULL) depth++;
        if (strchr(")]}", *at) != NULL && depth > 0) depth--;
        at++;
    }
    return NULL;
}

bool operand_compile(struct operand *operand, struct slice text, struct schema *schema,
                     struct buffer *why)
{
    text = text_trim(text);
    if (text.len == 0) {
        buffer_add_literal(why, "nothing to look at: a member's name or an expression is missing");
        return false;
    }
    *operand = (struct operand){.text = memory_text(text.text, text.len), .slot = -1};
    if (name_bare(text)) {
        operand->slot = schema_need(schema, text);
        if (operand->slot >= 0) return true;
        buffer_printf(why, "more than %d members are read", SCHEMA_MAX);
    } else {
        operand->expr = expr_compile(operand->text, schema, why);
        if (operand->expr != NULL) {
            operand->slot = expr_member(operand->expr);
            return true;
        }
    }
    operand_release(operand);
    return false;
}

void operand_release(struct operand *operand)
{
    if (operand->expr != NULL) expr_free(operand->expr);
    free(operand->text);
    *operand = (struct operand){.slot = -1};
}

void operand_explain(const struct operand *operand, struct buffer *out)
{
    if (operand->expr != NULL) {
        expr_explain(operand->expr, out);
        while (out->len > 0 && out->data[out->len - 1] == '\n')
            out->len--;
    } else {
        buffer_add_literal(out, "the member ");
        json_add_inside(out, slice_of(operand->text));
    }
}
