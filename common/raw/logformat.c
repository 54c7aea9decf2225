#include "raw/logformat.h"

#include "base/json.h"
#include "event/schema.h"
#include "raw/logtime.h"

/* Formats that need no description. Where versions of one differ in what they add behind, more may
 * follow. */
struct named {
    const char *name;
    const char *text;
    bool open;
};

static const struct named names[] = {
    {"combined", "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"", false},
    {"common", "%h %l %u %t \"%r\" %>s %b", false},
    {"vhost", "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"", false},
    {"xff", "%{X-Forwarded-For}i %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"", false},
    {"alb",
     "$type $time_iso8601 $elb $remote_addr:$remote_port $target $request_processing_time "
     "$target_processing_time $response_processing_time $status $target_status $bytes_received "
     "$bytes_sent \"$request\" \"$http_user_agent\" $ssl_cipher $ssl_protocol",
     true},
    {"npm",
     "[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme "
     "$host \"$request_uri\" [Client $remote_addr] [Length $body_bytes_sent] [Gzip $gzip_ratio] "
     "[Sent-to $server] \"$http_user_agent\" \"$http_referer\"",
     false},
};

/* A format being compiled. Slices of text are kept as offsets until all of it is there. */
struct compiler {
    struct logformat *format;
    struct slice left;    /* still to be read */
    struct buffer source; /* the format without the directive around it */
    struct buffer why;
    bool apache;
    size_t literal; /* where the literal being read began in text */
    size_t begin[LOGFORMAT_FIELDS_MAX];
    struct log_variable variable[LOGFORMAT_FIELDS_MAX];
    struct slice written[LOGFORMAT_FIELDS_MAX]; /* as it stands in the format */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static void skip_blanks(struct slice *left)
{
    while (left->len > 0 && is_blank(*left->text)) {
        left->text++;
        left->len--;
    }
}

static bool skip_word(struct slice *left, const char *word)
{
    const size_t len = strlen(word);
    if (left->len <= len || memcmp(left->text, word, len) != 0) return false;
    if (is_word(word[len - 1]) && !is_blank(left->text[len])) return false;
    *left = (struct slice){.text = left->text + len, .len = left->len - len};
    skip_blanks(left);
    return true;
}

static void skip_name(struct slice *left)
{
    while (left->len > 0 && !is_blank(*left->text)) {
        left->text++;
        left->len--;
    }
    skip_blanks(left);
}

/* One piece in quotes, as the server's configuration writes it, is added to source. */
static bool take_piece(struct slice *left, struct buffer *source)
{
    const char quote = *left->text;
    for (size_t i = 1; i < left->len; i++) {
        const char c = left->text[i];
        if (c == quote) {
            *left = (struct slice){.text = left->text + i + 1, .len = left->len - i - 1};
            skip_blanks(left);
            return true;
        }
        if (c == '\\' && i + 1 < left->len) buffer_add_char(source, left->text[i++]);
        buffer_add_char(source, left->text[i]);
    }
    return false;
}

/* nginx joins the pieces of log_format. */
static bool take_pieces(struct slice *left, struct buffer *source)
{
    while (left->len > 0 && (*left->text == '\'' || *left->text == '"'))
        if (!take_piece(left, source)) return false;
    return left->len == 0 || slice_equal(*left, SLICE(";")) || *left->text == ';';
}

/* log_format NAME [escape=...] 'PIECE' 'PIECE'; without the first words, too. */
static bool source_nginx(struct compiler *c, struct slice text)
{
    if (skip_word(&text, "log_format")) skip_name(&text);
    for (;;) {
        if (skip_word(&text, "escape=json"))
            c->format->escape = LOG_ESCAPE_JSON;
        else if (skip_word(&text, "escape=none"))
            c->format->escape = LOG_ESCAPE_NONE;
        else if (!skip_word(&text, "escape=default"))
            break;
    }
    if (text.len > 0 && *text.text == '\'') return take_pieces(&text, &c->source);
    buffer_add_slice(&c->source, text);
    return true;
}

/* LogFormat "..." NAME, and CustomLog FILE "...". */
static bool source_apache(struct compiler *c, struct slice text)
{
    bool directive = skip_word(&text, "LogFormat");
    if (!directive && skip_word(&text, "CustomLog")) {
        skip_name(&text);
        directive = true;
    }
    if (directive && text.len > 0 && (*text.text == '"' || *text.text == '\''))
        return take_piece(&text, &c->source);
    buffer_add_slice(&c->source, text);
    return true;
}

/* What to say when something does not fit: kept in text, as an offset. */
static size_t phrase(struct compiler *c, const char *what, size_t literal, const char *then,
                     struct slice name)
{
    struct buffer *text = &c->format->text;
    const size_t begin = text->len;
    struct buffer copy = {0};

    buffer_add(&copy, text->data + literal, c->literal - literal);
    buffer_add(text, what, strlen(what));
    if (copy.len > 0) {
        buffer_add_literal(text, "'");
        buffer_add_slice(text, buffer_slice(&copy));
        buffer_add_literal(text, "'");
    }
    buffer_add(text, then, strlen(then));
    buffer_add_slice(text, name);
    buffer_add_char(text, '\0');
    buffer_release(&copy);
    return begin;
}

static const char *complain(struct compiler *c, const char *what, struct slice name)
{
    buffer_add(&c->why, what, strlen(what));
    buffer_add_slice(&c->why, name);
    return c->why.data;
}

/* The literal in front of the variable just read ends. */
static const char *add_field(struct compiler *c, const struct log_variable *variable,
                             struct slice written)
{
    struct logformat *format = c->format;
    struct log_field *last = format->count == 0 ? NULL : &format->field[format->count - 1];
    const size_t literal_len = format->text.len - c->literal;

    if (last != NULL && literal_len == 0) {
        const enum log_kind before = last->kind;
        if (variable->kind == LOG_QUERY && (before == LOG_URL || before == LOG_QUERY)) {
            return NULL; /* goes on with what the last one began */
        }
        if (variable->kind == LOG_URL)
            last->to_slash = true;
        else
            return complain(c, "nothing tells where the value in front of it ends: ", written);
    }
    if (format->count == LOGFORMAT_FIELDS_MAX)
        return complain(c, "too many variables, from this one on: ", written);
    if (variable->kind == LOG_STRFTIME && !logtime_known(variable->name))
        return complain(c, "cannot read this format of a time: ", variable->name);
    c->begin[format->count] = c->literal;
    c->variable[format->count] = *variable;
    c->written[format->count] = written;
    struct log_field *field = &format->field[format->count++];
    *field = (struct log_field){.kind = variable->kind, .strftime = variable->name};
    field->before.len = literal_len;
    if (literal_len > 0 && format->text.data[format->text.len - 1] == '"') field->quoted = true;
    c->literal = format->text.len;
    return NULL;
}

static void move_on(struct compiler *c, size_t len)
{
    c->left.text += len;
    c->left.len -= len;
}

/* $name or ${name}. */
static const char *take_nginx(struct compiler *c)
{
    const struct slice left = c->left;
    const bool braces = left.len > 1 && left.text[1] == '{';
    const size_t from = braces ? 2 : 1;
    size_t len = from;

    while (len < left.len && is_word(left.text[len]))
        len++;
    const struct slice name = {.text = left.text + from, .len = len - from};
    if (braces && (len == left.len || left.text[len++] != '}'))
        return complain(c, "no } behind ", name);
    if (name.len == 0) return complain(c, "a $ without a name", (struct slice){0});
    const struct log_variable variable = logvariable_nginx(name);
    move_on(c, len);
    return add_field(c, &variable, (struct slice){.text = left.text, .len = len});
}

/* %[!200,304][<>][{argument}]letter */
static const char *take_apache(struct compiler *c)
{
    const struct slice left = c->left;
    struct slice argument = {0};
    struct log_variable variable;
    size_t len = 1;

    while (len < left.len && strchr("!<>,0123456789", left.text[len]) != NULL)
        len++;
    if (len < left.len && left.text[len] == '{') {
        const char *close = memchr(left.text + len, '}', left.len - len);
        if (close == NULL) return complain(c, "no } behind ", left);
        argument.text = left.text + len + 1;
        argument.len = (size_t)(close - argument.text);
        len += argument.len + 2;
    }
    const struct slice written = {.text = left.text, .len = len < left.len ? len + 1 : len};
    if (len == left.len || !logvariable_apache(left.text[len], argument, &variable))
        return complain(c, "no such directive: ", written);
    move_on(c, len + 1);
    return add_field(c, &variable, written);
}

/* A character of a literal; Apache's have escapes. */
static void take_literal(struct compiler *c)
{
    struct buffer *text = &c->format->text;
    if (c->apache && c->left.len > 1 && *c->left.text == '%' && c->left.text[1] == '%') {
        move_on(c, 1);
    } else if (*c->left.text == '\\' && c->left.len > 1) {
        const char next = c->left.text[1];
        const char *const at = strchr("t\tn\n\"\"''\\\\", next);
        if (at != NULL && next != '\0') {
            buffer_add_char(text, at[1]);
            move_on(c, 2);
            return;
        }
    }
    buffer_add_char(text, *c->left.text);
    move_on(c, 1);
}

static bool is_variable(const struct compiler *c)
{
    if (!c->apache) return *c->left.text == '$';
    return *c->left.text == '%' && (c->left.len == 1 || c->left.text[1] != '%');
}

/* The member each field becomes: the first for a name gets it, of times the finest. */
static void name_members(struct compiler *c, size_t *member)
{
    struct logformat *format = c->format;
    struct slice taken[LOGFORMAT_FIELDS_MAX + 3];
    size_t count = 0;
    size_t time = 0;
    bool addresses = false, requests = false;

    for (size_t i = 0; i < format->count; i++) {
        const int rank = logvariable_time_rank(format->field[i].kind);
        if (rank > logvariable_time_rank(format->field[time].kind)) time = i;
        if (slice_equal(c->variable[i].member, SLICE("ip"))) addresses = true;
        if (format->field[i].kind == LOG_REQUEST) requests = true;
    }
    if (requests) {
        taken[count++] = SLICE("method");
        taken[count++] = SLICE("page_url");
        requests = false;
    }
    for (size_t i = 0; i < format->count; i++) {
        struct log_field *field = &format->field[i];
        const struct log_variable *variable = &c->variable[i];
        struct slice name = variable->member.len == 0 ? variable->name : variable->member;
        bool again = false;

        member[i] = format->text.len;
        if (field->kind == LOG_REQUEST && !requests) {
            requests = true;
            continue;
        }
        if (logvariable_time_rank(field->kind) > 0 && i != time) name = variable->name;
        for (size_t j = 0; j < count && !again; j++)
            again = slice_equal(taken[j], name);
        if (again) name = variable->name;
        for (size_t j = 0, before = count; again && j < before; j++)
            if (slice_equal(taken[j], name)) name.len = 0;
        if (field->kind == LOG_LIST && !addresses) field->address = addresses = true;
        if (name.len == 0) continue; /* the same once more */
        taken[count++] = name;
        buffer_add_char(&format->text, ',');
        json_add_string(&format->text, name);
        buffer_add_char(&format->text, ':');
        field->member.len = format->text.len - member[i];
    }
}

/* Does a value of this kind end by itself? */
static bool is_strict(const struct log_field *field)
{
    switch (field->kind) {
    case LOG_HOST:
    case LOG_NUMBER:
    case LOG_EPOCH:
    case LOG_MILLIS:
    case LOG_MICROS:
    case LOG_TIME:
    case LOG_BRACKET:
    case LOG_ISO:
    case LOG_STRFTIME: return true;
    case LOG_LIST: return !field->quoted;
    default: return false;
    }
}

/* All is known: offsets become pointers. */
static void finish(struct compiler *c)
{
    struct logformat *format = c->format;
    size_t member[LOGFORMAT_FIELDS_MAX] = {0};
    size_t said[LOGFORMAT_FIELDS_MAX][3] = {{0}};
    const size_t behind = c->literal;

    struct slice *const last_literal = &format->field[format->count].before;
    last_literal->len = format->text.len - behind;
    name_members(c, member);
    for (size_t i = 0; i < format->count; i++) {
        struct log_field *field = &format->field[i];
        const bool last = i + 1 == format->count;
        const size_t next = last ? behind : c->begin[i + 1];
        const size_t next_len = format->field[i + 1].before.len;
        const struct slice name = c->written[i];
        if (next_len == 0 || format->text.data[next] != '"') field->quoted = false;
        c->literal = c->begin[i];
        said[i][0] = phrase(c, "no value for ", c->begin[i], "", name);
        c->literal = c->begin[i] + field->before.len;
        said[i][1] = phrase(c, "no ", c->begin[i], " in front of ", name);
        c->literal = next + next_len;
        said[i][2] =
            phrase(c, next_len == 0 ? "nothing should follow" : "no ", next, " behind ", name);
    }
    memset(buffer_reserve(&format->text, LOGFORMAT_PADDING), 0, LOGFORMAT_PADDING);
    for (size_t i = 0; i < format->count; i++) {
        struct log_field *field = &format->field[i];
        const char *const text = format->text.data;
        field->before.text = text + c->begin[i];
        field->member.text = text + member[i];
        field->strict = is_strict(field);
        field->slot = schema_canonical(field->member);
        field->no_value = text + said[i][0];
        field->no_before = text + said[i][1];
        field->no_end = text + said[i][2];
    }
    last_literal->text = format->text.data + behind;
}

static const char *compile(struct compiler *c, struct slice text)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (slice_equal(text, slice_of(names[i].name))) {
            text = slice_of(names[i].text);
            c->format->open = names[i].open;
            break;
        }
    for (size_t i = 0; i < text.len; i++) {
        c->apache = text.text[i] == '%';
        if (c->apache || text.text[i] == '$') break;
    }
    skip_blanks(&text);
    if (!(c->apache ? source_apache(c, text) : source_nginx(c, text)))
        return complain(c, "a quote does not end, or something stands behind it",
                        (struct slice){0});
    c->left = buffer_slice(&c->source);
    while (c->left.len > 0 && is_blank(c->left.text[c->left.len - 1]))
        c->left.len--;
    while (c->left.len > 0) {
        const char *problem = NULL;
        if (is_variable(c))
            problem = c->apache ? take_apache(c) : take_nginx(c);
        else
            take_literal(c);
        if (problem != NULL) return problem;
    }
    if (c->format->count == 0)
        return complain(c, "neither the name of a format nor one with $variables or %directives",
                        (struct slice){0});
    finish(c);
    return NULL;
}

const char *logformat_compile(struct logformat *format, struct slice text)
{
    static struct buffer why;
    struct compiler c = {.format = format};

    const char *problem = compile(&c, text);
    buffer_clear(&why);
    if (problem != NULL) {
        buffer_add_slice(&why, buffer_slice(&c.why));
        buffer_add_char(&why, '\0');
    }
    format->source = c.source; /* a time's format points into it */
    buffer_release(&c.why);
    return problem == NULL ? NULL : why.data;
}

void logformat_release(struct logformat *format)
{
    buffer_release(&format->text);
    buffer_release(&format->source);
    buffer_release(&format->plain);
    *format = (struct logformat){0};
}
