#include "expr/advice.h"

#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "expr/lexer.h"

/* Signs of other languages, and what jq has for them. The first that fits is taken. */
static const struct {
    const char *theirs, *ours;
} signs[] = {
    {"&&", " and "},
    {"||", " or "},
    {"===", "=="},
    {"!==", "!="},
    {"<>", "!="},
    {"=~", NULL},
    /* These stay, and are here because they hold what would be taken for one above or below. */
    {"==", "=="},
    {"!=", "!="},
    {"<=", "<="},
    {">=", ">="},
    {"|=", "|="},
    {"+=", "+="},
    {"-=", "-="},
    {"*=", "*="},
    {"//=", "//="},
    {"/=", "/="},
    {"%=", "%="},
    {"?//", "?//"},
    {"//", "//"},
    {"=", "=="},
};

/* Words of other languages. */
static const struct {
    const char *theirs, *ours;
} words[] = {
    {"and", "and"},     {"or", "or"},     {"not", "not"},  {"if", "if"},          {"then", "then"},
    {"else", "else"},   {"elif", "elif"}, {"end", "end"},  {"null", "null"},      {"true", "true"},
    {"false", "false"}, {"none", "null"}, {"nil", "null"}, {"undefined", "null"},
};

/* Words that are the language's own, and no function. */
static const char *const keywords[] = {"as",    "def",   "reduce", "foreach", "try",
                                       "catch", "label", "import", "include", "__loc__"};

/* Functions that look at a text: a word in their parentheses is one. */
static const char *const text_functions[] = {"test",     "startswith", "endswith", "contains",
                                             "ltrimstr", "rtrimstr",   "has",      "IN",
                                             "index",    "split",      "match"};

/* Those whose names are misspelt. */
static const char functions[] =
    "length|test|startswith|endswith|contains|ascii_downcase|ascii_upcase|tostring|tonumber|floor|"
    "ceil|round|split|join|select|keys|map|any|all|unique|sort|min|max|add|first|last|ltrimstr|"
    "rtrimstr|fromjson|tojson|type|has|index|inside|range|limit|sub|gsub|IN|fabs|empty|todate|"
    "fromdate";

/* Quotes as chat programs and word processors make them. */
static const struct {
    const char *theirs;
    char ours;
} quotes[] = {
    {"\u201c", '"'},  {"\u201d", '"'},  {"\u201e", '"'},  {"\u00ab", '"'}, {"\u00bb", '"'},
    {"\u2018", '\''}, {"\u2019", '\''}, {"\u201a", '\''}, {"`", '\''},
};

struct rewriting {
    const char *at, *end;
    bool (*is_function)(struct slice name);
    struct buffer *out;
    bool changed;
    /* Of what was read last, blanks aside. */
    bool compared;     /* it was ==, != or the like */
    bool piped;        /* it was | */
    bool text_wanted;  /* inside of the parentheses of a text function, at a word's place */
    int depth;         /* parentheses open */
    int text_depth;    /* where a text function's are; 0: nowhere */
    struct slice word; /* a function's name; len 0: something else */
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

static bool is_one_of(struct slice word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(word, slice_of(list[i]))) return true;
    return false;
}

static char peek(const struct rewriting *r, size_t ahead)
{
    return (size_t)(r->end - r->at) > ahead ? r->at[ahead] : '\0';
}

static bool begins(const struct rewriting *r, const char *text)
{
    const size_t len = strlen(text);
    return (size_t)(r->end - r->at) >= len && memcmp(r->at, text, len) == 0;
}

static void copy(struct rewriting *r, size_t len)
{
    buffer_add(r->out, r->at, len);
    r->at += len;
}

/* A quote at r->at, how it is to be read, and its length; 0: there is none. */
static size_t quote_at(const struct rewriting *r, char *ours)
{
    *ours = peek(r, 0);
    if (*ours == '"' || *ours == '\'') return 1;
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++) {
        if (!begins(r, quotes[i].theirs)) continue;
        *ours = quotes[i].ours;
        return strlen(quotes[i].theirs);
    }
    return 0;
}

/* A string in whatever quotes. One in jq's own stays as it is, whatever is in it. */
static void string_take(struct rewriting *r, size_t quote_len, char open)
{
    const bool own = quote_len == 1 && *r->at == '"';
    r->changed = r->changed || !own;
    buffer_add_char(r->out, '"');
    r->at += quote_len;
    bool closed = false;
    while (r->at < r->end && !closed) {
        char close;
        const size_t len = own ? (size_t)(*r->at == '"') : quote_at(r, &close);
        if (len != 0 && (own || close == open)) {
            r->at += len;
            closed = true;
            continue;
        }
        if (*r->at == '\\' && r->at + 1 < r->end) copy(r, 1);
        copy(r, 1);
    }
    buffer_add_char(r->out, '"');
    r->changed = r->changed || !closed;
}

static bool sign_take(struct rewriting *r)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (!begins(r, signs[i].theirs)) continue;
        const size_t len = strlen(signs[i].theirs);
        if (signs[i].ours == NULL) return false;
        const char *ours = signs[i].ours;
        if (strcmp(ours, signs[i].theirs) != 0) r->changed = true;
        /* No two blanks where one was. */
        if (*ours == ' ' && r->out->len > 0 && r->out->data[r->out->len - 1] == ' ') ours++;
        size_t ours_len = strlen(ours);
        if (ours[ours_len - 1] == ' ' && peek(r, len) == ' ') ours_len--;
        buffer_add(r->out, ours, ours_len);
        r->at += len;
        r->compared = strstr("== != <= >=", signs[i].ours) != NULL;
        return true;
    }
    return false;
}

static size_t word_length(const struct rewriting *r, bool dashes)
{
    size_t len = 0;
    while (is_word(peek(r, len)) ||
           (dashes && len > 0 && peek(r, len) == '-' && is_letter(peek(r, len + 1))))
        len++;
    return len;
}

static void quoted_add(struct rewriting *r, const char *before, size_t len)
{
    buffer_printf(r->out, "%s\"%.*s\"", before, (int)len, r->at);
    r->at += len;
    r->changed = true;
}

static bool language_word_take(struct rewriting *r, size_t len)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].theirs) != len || strncasecmp(words[i].theirs, r->at, len) != 0)
            continue;
        if (strlen(words[i].ours) != len || memcmp(r->at, words[i].ours, len) != 0)
            r->changed = true;
        /* libjq reads not .x as the member x of what not says. */
        if (strcmp(words[i].ours, "not") == 0 && !r->piped) {
            buffer_add_literal(r->out, "| ");
            r->changed = true;
        }
        r->piped = false;
        buffer_add(r->out, words[i].ours, strlen(words[i].ours));
        r->at += len;
        r->compared = false;
        return true;
    }
    return false;
}

/* A word that is no member with a dot before it: the language's, a function, a text where a text is
 * compared, a member else. */
static void word_take(struct rewriting *r)
{
    const size_t len = word_length(r, false), dashed = word_length(r, true);
    const struct slice word = {.text = r->at, .len = len};
    const bool compared = r->compared || (r->text_depth != 0 && r->depth == r->text_depth);
    const bool piped = r->piped;
    r->compared = false;
    if (dashed == len && language_word_take(r, len)) return;
    r->piped = false;
    if (peek(r, len) == '(' || (piped && !r->is_function(word))) {
        const struct slice meant = nearest_word(word, functions);
        if (meant.text != NULL) {
            r->changed = r->changed || !slice_equal(meant, word);
            r->word = meant;
            buffer_add_slice(r->out, meant);
            r->at += len;
            return;
        }
    }
    if (peek(r, len) == '(' || peek(r, len) == ':' ||
        is_one_of(word, keywords, sizeof keywords / sizeof keywords[0]) ||
        (dashed == len && r->is_function(word))) {
        r->word = word;
        copy(r, len);
        return;
    }
    if (compared) {
        quoted_add(r, "", dashed);
    } else if (dashed > len) {
        quoted_add(r, ".", dashed);
    } else {
        r->changed = true;
        buffer_add_char(r->out, '.');
        copy(r, len);
    }
}

/* .name, and .name-with-dashes: the dash would subtract a function. */
static void member_take(struct rewriting *r)
{
    r->compared = false;
    copy(r, 1);
    const size_t len = word_length(r, false), dashed = word_length(r, true);
    if (dashed > len)
        quoted_add(r, "", dashed);
    else
        copy(r, len);
}

static void bracket_take(struct rewriting *r, char c)
{
    if (c == '(') {
        r->depth++;
        if (is_one_of(r->word, text_functions, sizeof text_functions / sizeof text_functions[0]))
            r->text_depth = r->depth;
    } else if (c == ')') {
        if (r->depth == r->text_depth) r->text_depth = 0;
        r->depth--;
    }
    copy(r, 1);
}

static void piece_take(struct rewriting *r)
{
    char quote;
    const char c = peek(r, 0);
    const size_t quote_len = quote_at(r, &quote);
    const struct slice function = r->word;
    if (c == ' ' || c == '\t' || c == '\n') {
        copy(r, 1);
        return;
    }
    r->word = (struct slice){.text = "", .len = 0};
    if (!is_letter(c)) r->piped = false;
    if (quote_len != 0) {
        r->compared = false;
        string_take(r, quote_len, quote);
    } else if (c == '.' && is_letter(peek(r, 1))) {
        member_take(r);
    } else if (c == '$' || c == '@') {
        copy(r, 1);
        copy(r, word_length(r, false));
    } else if (is_letter(c)) {
        word_take(r);
    } else if (c >= '0' && c <= '9') { /* 1e5 holds no word */
        r->compared = false;
        copy(r, word_length(r, false));
    } else if (c == '(' || c == ')') {
        r->word = function;
        bracket_take(r, c);
        r->word = (struct slice){.text = "", .len = 0};
    } else if (!sign_take(r)) {
        r->compared = c == '<' || c == '>';
        r->piped = c == '|';
        copy(r, 1);
    }
}

bool advice_rewrite(struct slice program, bool (*is_function)(struct slice name),
                    struct buffer *out)
{
    struct rewriting r = {
        .at = program.text,
        .end = program.len == 0 ? program.text : program.text + program.len,
        .is_function = is_function,
        .out = out,
        .word = {.text = "", .len = 0},
    };
    while (program.len != 0 && r.at < r.end)
        piece_take(&r);
    return r.changed;
}

/* --- what is said in another order --- */

#define NOT_PHRASE "not stands behind what it turns round: (.x | not)"

static const struct {
    const char *sign; /* in any case; a blank before and behind it: a word */
    const char *phrase;
} phrases[] = {
    {" like ", "a part of a text is found by (.x | contains(\"text\")), or by test, startswith, "
               "endswith"},
    {" in ", "one of several is (.x | IN(\"a\", \"b\"))"},
    {" is ", "a member that is not there is null: .x == null"},
    {" between ", "between two is .x >= 1 and .x <= 2"},
    {" contains ", "a part of a text is found by (.x | contains(\"text\"))"},
    {" not ", NOT_PHRASE},
    {"=~", "a regular expression is (.x | test(\"text\"))"},
    {"!", NOT_PHRASE},
};

/* Is the sign at that place, or the word? */
static bool sign_at(struct slice program, size_t at, const char *sign)
{
    for (; *sign != '\0'; sign++, at++) {
        const char c = at < program.len ? program.text[at] : ' ';
        if (*sign == ' ' && (c == ' ' || c == '(' || c == '\t')) continue;
        if (strncasecmp(&c, sign, 1) != 0) return false;
    }
    return true;
}

const char *advice_phrase(struct slice program)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        const char *const sign = phrases[i].sign;
        if (*sign == ' ' && sign_at(program, 0, sign + 1)) return phrases[i].phrase;
        for (size_t at = 0; at < program.len; at++)
            if (sign_at(program, at, sign)) return phrases[i].phrase;
    }
    return NULL;
}

/* --- a member that is given a value --- */

/* Does a bracket behind that token hold a condition, or nothing but a part of the expression? */
static bool holds_condition(struct token before)
{
    static const char *const conditions[] = {"select", "any", "all", "not", "and", "or", "if"};
    if (before.kind != TOKEN_NAME) return !token_is(before, "[") && !token_is(before, "{");
    return is_one_of(before.text, conditions, sizeof conditions / sizeof conditions[0]);
}

#define DEPTH_MAX 64

static bool assigns(struct slice program)
{
    static const char *const programs[] = {"then", "reduce", "foreach", "def", "as"};
    /* For each bracket open: is what it holds a condition, and its last doing a value given? */
    struct {
        bool condition, assigned;
    } level[DEPTH_MAX] = {{.condition = true}};
    int depth = 0;
    bool found = false;
    struct lexer lexer;
    struct token before = {.kind = TOKEN_END};
    lexer_init(&lexer, program);
    for (;;) {
        const struct token token = lexer_next(&lexer);
        const bool end = token.kind == TOKEN_END || token.kind == TOKEN_BAD;
        const bool closes = token_is(token, ")") || token_is(token, "]") || token_is(token, "}");
        if ((closes || end) && level[depth].condition && level[depth].assigned) found = true;
        if (end || found) break;
        /* A larger program, which may do so on its way. */
        if (!token.key && token.kind == TOKEN_NAME &&
            is_one_of(token.text, programs, sizeof programs / sizeof programs[0]))
            break;
        if (closes && depth > 0) {
            depth--;
        } else if (token_is(token, "(") || token_is(token, "[") || token_is(token, "{")) {
            if (++depth == DEPTH_MAX) break;
            level[depth].condition =
                token_is(token, "(") && level[depth - 1].condition && holds_condition(before);
            level[depth].assigned = false;
        } else if (token_is(token, "=")) {
            level[depth].assigned = before.kind == TOKEN_FIELD || before.kind == TOKEN_NAME;
        } else if (token_is(token, "|")) {
            level[depth].assigned = false;
        }
        before = token;
    }
    lexer_release(&lexer);
    return found;
}

/* --- a text or a number that is a condition by itself --- */

static bool is_literal(struct token token)
{
    return token.kind == TOKEN_STRING || token.kind == TOKEN_NUMBER;
}

static bool is_logic(struct token token)
{
    return !token.key && (token_names(token, "and") || token_names(token, "or"));
}

static bool is_sign_of(struct token token, const char *const *signs_of, size_t count)
{
    return token.kind == TOKEN_SIGN && is_one_of(token.text, signs_of, count);
}

/* May what stands behind that token be a whole side of and or or? */
static bool side_begins(struct token before)
{
    static const char *const openers[] = {"(", "[", "|", ",", ";", ":", "//"};
    static const char *const openers_named[] = {"if", "then", "else", "elif"};
    return before.kind == TOKEN_END || is_logic(before) ||
           is_sign_of(before, openers, sizeof openers / sizeof openers[0]) ||
           (before.kind == TOKEN_NAME && !before.key &&
            is_one_of(before.text, openers_named, sizeof openers_named / sizeof openers_named[0]));
}

/* Does such a side end in front of that token? */
static bool side_ends(struct token token)
{
    static const char *const closers[] = {")", "]", "}", "|", ",", ";", "//"};
    static const char *const closers_named[] = {"then", "else", "elif", "end"};
    return token.kind == TOKEN_END || is_logic(token) ||
           is_sign_of(token, closers, sizeof closers / sizeof closers[0]) ||
           (token.kind == TOKEN_NAME &&
            is_one_of(token.text, closers_named, sizeof closers_named / sizeof closers_named[0]));
}

const char *advice_trap(struct slice program)
{
    const char *trap = NULL;
    struct lexer lexer;
    struct token before = {.kind = TOKEN_END}, before_that = {.kind = TOKEN_END};
    if (assigns(program)) return "'=' gives a member a value, '==' compares";
    lexer_init(&lexer, program);
    for (;;) {
        const struct token token = lexer_next(&lexer);
        if (token.kind == TOKEN_BAD) break;
        if (is_literal(before) && side_begins(before_that) && side_ends(token) &&
            (is_logic(before_that) || is_logic(token)))
            trap = "a text or a number alone is always true beside 'or' and 'and': compare each "
                   "one (.x == \"a\" or .x == \"b\")";
        if (token.kind == TOKEN_END) break;
        /* To libjq it is the member x of what not says. */
        if (token.kind == TOKEN_FIELD && !before.key && token_names(before, "not"))
            trap = NOT_PHRASE;
        before_that = before;
        before = token;
    }
    lexer_release(&lexer);
    return trap;
}

const char *advice_value_trap(struct slice program)
{
    struct lexer lexer;
    size_t commas = 0, others = 0;
    int depth = 0;
    lexer_init(&lexer, program);
    for (;;) {
        const struct token token = lexer_next(&lexer);
        if (token.kind == TOKEN_END || token.kind == TOKEN_BAD) break;
        if (token_is(token, "(")) depth++;
        if (token_is(token, ")")) depth--;
        commas += token_is(token, ",");
        others += token.kind != TOKEN_FIELD && token.kind != TOKEN_STRING &&
                  token.kind != TOKEN_NUMBER && !token_is(token, ",") && !token_is(token, "(") &&
                  !token_is(token, ")");
    }
    lexer_release(&lexer);
    return commas == 0 || others != 0 || depth != 0
               ? NULL
               : "only the first of several values would be looked at: [.a, .b] is one value";
}

const char *advice_condition_trap(struct slice program)
{
    struct lexer lexer;
    lexer_init(&lexer, program);
    const struct token first = lexer_next(&lexer);
    const bool alone = lexer_next(&lexer).kind == TOKEN_END;
    lexer_release(&lexer);
    if (first.kind == TOKEN_END) return "which expression?";
    if (first.kind == TOKEN_STRING && alone)
        return "a text alone is always true: compare it with a member (.x == \"a\")";
    return NULL;
}
