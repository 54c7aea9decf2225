#include "expr/syntax.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/utf8.h"
#include "expr/lexer.h"

#define TEXT_MAX 4096 /* longer programs are libjq's */
#define DEPTH_MAX 100 /* deeper ones too: the parser calls itself */

/* How tightly operators bind, in jq's order. */
enum binding {
    BINDS_PIPE = 1,
    BINDS_ALTERNATIVE,
    BINDS_OR,
    BINDS_AND,
    BINDS_COMPARISON,
    BINDS_SUM,
    BINDS_PRODUCT,
};

struct operator
{
    const char *sign;
    enum node_kind kind;
    enum binding binding;
};

static const struct operator operators[] = {
    {"|", NODE_PIPE, BINDS_PIPE},
    {"//", NODE_ALTERNATIVE, BINDS_ALTERNATIVE},
    {"or", NODE_OR, BINDS_OR},
    {"and", NODE_AND, BINDS_AND},
    {"==", NODE_EQUAL, BINDS_COMPARISON},
    {"!=", NODE_UNEQUAL, BINDS_COMPARISON},
    {"<", NODE_LESS, BINDS_COMPARISON},
    {"<=", NODE_LESS_EQUAL, BINDS_COMPARISON},
    {">", NODE_GREATER, BINDS_COMPARISON},
    {">=", NODE_GREATER_EQUAL, BINDS_COMPARISON},
    {"+", NODE_ADD, BINDS_SUM},
    {"-", NODE_SUBTRACT, BINDS_SUM},
    {"*", NODE_MULTIPLY, BINDS_PRODUCT},
    {"/", NODE_DIVIDE, BINDS_PRODUCT},
    {"%", NODE_REMAINDER, BINDS_PRODUCT},
};

struct function {
    const char *name;
    enum node_kind kind;
    int arguments;
};

static const struct function functions[] = {
    {"not", NODE_NOT, 0},
    {"empty", NODE_EMPTY, 0},
    {"type", NODE_TYPE, 0},
    {"length", NODE_LENGTH, 0},
    {"tostring", NODE_TOSTRING, 0},
    {"tonumber", NODE_TONUMBER, 0},
    {"ascii_downcase", NODE_DOWNCASE, 0},
    {"ascii_upcase", NODE_UPCASE, 0},
    {"floor", NODE_FLOOR, 0},
    {"ceil", NODE_CEIL, 0},
    {"round", NODE_ROUND, 0},
    {"fabs", NODE_FABS, 0},
    {"select", NODE_SELECT, 1},
    {"epoch", NODE_EPOCH, 1},
    {"startswith", NODE_STARTSWITH, 1},
    {"endswith", NODE_ENDSWITH, 1},
    {"contains", NODE_CONTAINS, 1},
    {"ltrimstr", NODE_LTRIMSTR, 1},
    {"rtrimstr", NODE_RTRIMSTR, 1},
    {"test", NODE_TEST, 1},
    {"IN", NODE_IN, 1},
};

struct parser {
    struct lexer lexer;
    struct token token; /* the one looked at */
    struct syntax *syntax;
    int depth;
};

static struct node *parse_pipe(struct parser *parser);
static struct node *parse_binary(struct parser *parser, enum binding least);

static void parser_advance(struct parser *parser)
{
    parser->token = lexer_next(&parser->lexer);
}

/* Goes over an expected sign. */
static bool parser_takes(struct parser *parser, const char *sign)
{
    if (!token_is(parser->token, sign)) return false;
    parser_advance(parser);
    return true;
}

static bool parser_takes_word(struct parser *parser, const char *word)
{
    if (!token_names(parser->token, word)) return false;
    parser_advance(parser);
    return true;
}

static struct node *node_new(struct parser *parser, enum node_kind kind)
{
    struct node *node = &parser->syntax->nodes[parser->syntax->count++];
    node->kind = kind;
    node->slot = -1;
    return node;
}

static struct node *literal(struct parser *parser, struct value value)
{
    struct node *node = node_new(parser, NODE_LITERAL);
    node->value = value;
    return node;
}

static struct node *literal_number(struct parser *parser, double number)
{
    struct node *node = literal(parser, (struct value){.kind = KIND_NUMBER});
    node->number = number;
    return node;
}

static bool is_number(const struct node *node)
{
    return node->kind == NODE_LITERAL && node->value.kind == KIND_NUMBER;
}

static bool is_text(const struct node *node)
{
    return node->kind == NODE_LITERAL && node->value.kind == KIND_STRING;
}

/* The four hex digits at text, or -1. */
static int hex4(const char *text, size_t len)
{
    int number = 0;
    if (len < 4) return -1;
    for (int i = 0; i < 4; i++) {
        const char c = text[i];
        if (c >= '0' && c <= '9')
            number = number * 16 + (c - '0');
        else if (c >= 'a' && c <= 'f')
            number = number * 16 + (c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            number = number * 16 + (c - 'A' + 10);
        else
            return -1;
    }
    return number;
}

/* The length of the \u escape at text, pairs whole; 0 when it is not one that JSON allows. */
static size_t unicode_escape(const char *text, size_t len)
{
    const int unit = hex4(text + 2, len - 2);
    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff)) return 0;
    if (unit < 0xd800 || unit > 0xdbff) return 6;
    if (len < 12 || text[6] != '\\' || text[7] != 'u') return 0;
    const int low = hex4(text + 8, len - 8);
    return low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
}

/* Would JSON take this as a string's inside? jq takes more, in ways of its own. */
static bool string_strict(struct slice inside)
{
    if (!utf8_valid(inside)) return false;
    for (size_t at = 0; at < inside.len;) {
        const char c = inside.text[at];
        size_t step = 1;
        if ((unsigned char)c < 0x20) return false;
        if (c == '\\') {
            if (at + 1 >= inside.len) return false;
            const char escape = inside.text[at + 1];
            if (escape == 'u')
                step = unicode_escape(inside.text + at, inside.len - at);
            else
                step = strchr("\"\\/bfnrt", escape) != NULL ? 2 : 0;
            if (step == 0) return false;
        }
        at += step;
    }
    return true;
}

/* Undoes a string token's escapes; false when that is better left to libjq. The text buffer has
 * the program's length from the start, so it does not move. */
static bool parse_text(struct parser *parser, struct slice *out)
{
    struct buffer *text = &parser->syntax->text;
    const struct slice inside = parser->token.text;
    if (parser->token.kind != TOKEN_STRING || !string_strict(inside)) return false;
    char *const start = buffer_reserve(text, inside.len);
    *out = (struct slice){.text = start, .len = json_unescape(start, inside)};
    text->len += out->len;
    parser_advance(parser);
    return true;
}

static struct node *parse_string(struct parser *parser)
{
    struct slice text;
    return parse_text(parser, &text) ? literal(parser, value_string(text)) : NULL;
}

static struct node *parse_number(struct parser *parser)
{
    const struct slice text = parser->token.text;
    if (!number_valid(text)) return NULL;
    parser_advance(parser);
    return literal_number(parser, number_double(text));
}

static struct node *parse_if(struct parser *parser)
{
    struct node *node = node_new(parser, NODE_IF);
    node->test = parse_pipe(parser);
    if (node->test == NULL || !parser_takes_word(parser, "then")) return NULL;
    node->left = parse_pipe(parser);
    if (node->left == NULL) return NULL;
    if (parser_takes_word(parser, "elif")) {
        node->right = parse_if(parser);
        return node->right != NULL ? node : NULL;
    }
    if (!parser_takes_word(parser, "else")) return NULL;
    node->right = parse_pipe(parser);
    if (node->right == NULL || !parser_takes_word(parser, "end")) return NULL;
    return node;
}

/* A regular expression that is just text, an anchor before or behind it: no engine is needed. */
static bool plain_pattern(struct node *node, struct value pattern)
{
    const char *const special = "\\^$.|?*+()[]{}#";
    struct slice text = value_slice(pattern);
    node->kind = NODE_TEST;
    if (text.len > 0 && text.text[0] == '^') {
        node->kind = NODE_TEST_BEGIN;
        text = (struct slice){.text = text.text + 1, .len = text.len - 1};
    }
    if (text.len > 0 && text.text[text.len - 1] == '$') {
        node->kind = node->kind == NODE_TEST ? NODE_TEST_END : NODE_TEST_WHOLE;
        text.len--;
    }
    if (text.len == 0) return false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.text[i];
        if ((unsigned char)c < 0x20 || strchr(special, c) != NULL) return false;
    }
    node->value = value_string(text);
    return true;
}

static struct node *parse_literal_list(struct parser *parser)
{
    struct node *first = NULL;
    struct node **end = &first;
    do {
        struct node *node = parse_binary(parser, BINDS_ALTERNATIVE);
        if (node == NULL || node->kind != NODE_LITERAL) return NULL;
        *end = node;
        end = &node->next;
    } while (parser_takes(parser, ","));
    return first;
}

static struct node *parse_argument(struct parser *parser, struct node *node)
{
    if (!parser_takes(parser, "(")) return NULL;
    node->left = node->kind == NODE_IN ? parse_literal_list(parser) : parse_pipe(parser);
    if (node->left == NULL || !parser_takes(parser, ")")) return NULL;
    if (node->kind == NODE_TEST && !(is_text(node->left) && plain_pattern(node, node->left->value)))
        return NULL;
    return node;
}

static struct node *parse_name(struct parser *parser)
{
    const struct token token = parser->token;
    parser_advance(parser);
    if (token_names(token, "if")) return parse_if(parser);
    if (token_names(token, "null")) return literal(parser, VALUE_NULL);
    if (token_names(token, "false")) return literal(parser, (struct value){.kind = KIND_FALSE});
    if (token_names(token, "true")) return literal(parser, (struct value){.kind = KIND_TRUE});
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (!token_names(token, functions[i].name)) continue;
        struct node *node = node_new(parser, functions[i].kind);
        return functions[i].arguments > 0 ? parse_argument(parser, node) : node;
    }
    return NULL;
}

static struct node *member_of(struct parser *parser, struct node *parent, struct slice name)
{
    struct node *node = node_new(parser, NODE_MEMBER);
    node->left = parent->kind == NODE_INPUT ? NULL : parent;
    node->name = name;
    node->optional = parser_takes(parser, "?");
    return node;
}

/* ["name"], the bracket being the token looked at. */
static struct node *parse_bracket(struct parser *parser, struct node *parent)
{
    struct slice name;
    parser_advance(parser);
    if (!parse_text(parser, &name) || !parser_takes(parser, "]")) return NULL;
    return member_of(parser, parent, name);
}

static struct node *parse_field(struct parser *parser, struct node *parent)
{
    const struct slice inside = parser->token.text;
    struct buffer *text = &parser->syntax->text;
    const struct slice name = {.text = buffer_reserve(text, inside.len), .len = inside.len};
    buffer_add_slice(text, inside);
    parser_advance(parser);
    return member_of(parser, parent, name);
}

/* .a."b"["c"]? behind a term. */
static struct node *parse_path(struct parser *parser, struct node *node)
{
    while (node != NULL) {
        if (parser->token.kind == TOKEN_FIELD) {
            node = parse_field(parser, node);
        } else if (token_is(parser->token, "[")) {
            node = parse_bracket(parser, node);
        } else if (token_is(parser->token, ".")) {
            struct slice name;
            parser_advance(parser);
            node = parse_text(parser, &name) ? member_of(parser, node, name) : NULL;
        } else {
            break;
        }
    }
    return node;
}

static struct node *parse_dot(struct parser *parser)
{
    struct node *input = node_new(parser, NODE_INPUT);
    struct slice name;
    parser_advance(parser);
    if (parser->token.kind != TOKEN_STRING) return input;
    return parse_text(parser, &name) ? member_of(parser, input, name) : NULL;
}

static struct node *parse_parenthesis(struct parser *parser)
{
    parser_advance(parser);
    struct node *node = parse_pipe(parser);
    return node != NULL && parser_takes(parser, ")") ? node : NULL;
}

static struct node *parse_term(struct parser *parser)
{
    struct node *node = NULL;
    if (token_names(parser->token, "if"))
        return parse_name(parser); /* no term in jq 1.6: no path follows */
    switch (parser->token.kind) {
    case TOKEN_FIELD: node = parse_field(parser, node_new(parser, NODE_INPUT)); break;
    case TOKEN_STRING: node = parse_string(parser); break;
    case TOKEN_NUMBER: node = parse_number(parser); break;
    case TOKEN_NAME: node = parse_name(parser); break;
    case TOKEN_SIGN:
        if (token_is(parser->token, "."))
            node = parse_dot(parser);
        else if (token_is(parser->token, "("))
            node = parse_parenthesis(parser);
        break;
    default: break;
    }
    return parse_path(parser, node);
}

static struct node *parse_negation(struct parser *parser)
{
    struct node *operand = parse_binary(parser, BINDS_PRODUCT);
    if (operand == NULL) return NULL;
    if (is_number(operand)) return literal_number(parser, -operand->number);
    struct node *node = node_new(parser, NODE_NEGATE);
    node->left = operand;
    return node;
}

static struct node *parse_operand(struct parser *parser)
{
    if (parser->depth == DEPTH_MAX) return NULL;
    parser->depth++;
    struct node *node = parser_takes(parser, "-") ? parse_negation(parser) : parse_term(parser);
    parser->depth--;
    return node;
}

/* 60 * 60 is worked out here. jq refuses to compile a division by a literal 0: left to it. */
static struct node *binary_node(struct parser *parser, enum node_kind kind, struct node *left,
                                struct node *right)
{
    if (is_number(left) && is_number(right)) {
        switch (kind) {
        case NODE_ADD: return literal_number(parser, left->number + right->number);
        case NODE_SUBTRACT: return literal_number(parser, left->number - right->number);
        case NODE_MULTIPLY: return literal_number(parser, left->number * right->number);
        case NODE_DIVIDE:
            return right->number != 0 ? literal_number(parser, left->number / right->number) : NULL;
        case NODE_REMAINDER: return NULL;
        default: break;
        }
    }
    struct node *node = node_new(parser, kind);
    node->left = left;
    node->right = right;
    return node;
}

static const struct operator* parser_operator(const struct parser *parser)
{
    if (parser->token.kind != TOKEN_SIGN && parser->token.kind != TOKEN_NAME) return NULL;
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (slice_equal(parser->token.text, slice_of(operators[i].sign))) return &operators[i];
    return NULL;
}

/* Operators that bind at least that tightly. | and // group to the right, comparisons not at
 * all, the rest to the left. */
static struct node *parse_binary(struct parser *parser, enum binding least)
{
    struct node *node = parse_operand(parser);
    while (node != NULL) {
        const struct operator* operator= parser_operator(parser);
        if (operator== NULL || operator->binding<least) break;
        const bool rightward = operator->binding <= BINDS_ALTERNATIVE;
        parser_advance(parser);
        struct node *right = parse_binary(parser, operator->binding +(rightward ? 0 : 1));
        if (right == NULL) return NULL;
        node = binary_node(parser, operator->kind, node, right);
        if (operator->binding != BINDS_COMPARISON) continue;
        const struct operator* after = parser_operator(parser);
        if (after != NULL && after->binding == BINDS_COMPARISON) return NULL;
    }
    return node;
}

static struct node *parse_pipe(struct parser *parser)
{
    return parse_binary(parser, BINDS_PIPE);
}

struct syntax *syntax_parse(struct slice text)
{
    if (text.len > TEXT_MAX) return NULL;
    struct syntax *syntax = memory_zero(1, sizeof(*syntax));
    struct parser parser = {.syntax = syntax};

    /* A character makes two nodes at most (a dot: the input and its member). */
    syntax->nodes = memory_zero(2 * text.len + 1, sizeof(struct node));
    buffer_reserve(&syntax->text, 2 * text.len + 1);
    lexer_init(&parser.lexer, text);
    parser_advance(&parser);
    syntax->root = parse_pipe(&parser);
    if (parser.token.kind != TOKEN_END) syntax->root = NULL;
    lexer_release(&parser.lexer);
    if (syntax->root != NULL) return syntax;
    syntax_free(syntax);
    return NULL;
}

void syntax_free(struct syntax *syntax)
{
    if (syntax == NULL) return;
    for (int i = 0; i < syntax->count; i++)
        buffer_release(&syntax->nodes[i].scratch);
    free(syntax->nodes);
    buffer_release(&syntax->text);
    free(syntax);
}
