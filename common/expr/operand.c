#include "expr/operand.h"

#include <stdlib.h>

#include "base/digit.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "expr/advice.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
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

bool operand_compile(struct operand *operand, struct slice text, struct schema *schema,
                     struct buffer *why)
{
    text = text_trim(text);
    if (text.len == 0) {
        buffer_add_literal(why, "nothing to look at: a member's name or an expression is missing");
        return false;
    }
    *operand = (struct operand){.text = memory_text(text.text, text.len),
                                .slot = -1,
                                .same = memory_zero(1, sizeof(struct buffer))};
    if (name_bare(text)) {
        operand->slot = schema_need(schema, text);
        if (operand->slot >= 0) return true;
        buffer_printf(why, "more than %d members are read", SCHEMA_MAX);
    } else {
        const char *const trap = advice_value_trap(text);
        if (trap != NULL) buffer_printf(why, "%s", trap);
        if (trap == NULL) operand->expr = expr_compile(operand->text, schema, why);
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
    if (operand->same != NULL) buffer_release(operand->same);
    free(operand->same);
    *operand = (struct operand){.slot = -1};
}

struct value operand_same(const struct operand *operand, struct value value)
{
    buffer_clear(operand->same);
    json_add_compact(operand->same, value_slice(value));
    (void)buffer_reserve(operand->same, VALUE_PADDING);
    value.text = operand->same->data;
    value.len = (uint32_t)operand->same->len;
    return value;
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
