#include "raw/logline.h"

#include "raw/accesslog.h"
#include "raw/host.h"
#include "raw/logtime.h"
#include "raw/logvalue.h"

/* A line being taken apart. */
struct cutting {
    struct logformat *format;
    const char *end;
    struct buffer *out;
    struct outline *outline;
    struct misfit *misfit;
    const char *slash; /* the first backslash, or end */
    /* A value that ends by itself was looked for behind the one before it. */
    size_t ahead_of; /* field; 0: none */
    const char *ahead, *ahead_end;
};

static struct slice from_to(const char *from, const char *to)
{
    return (struct slice){.text = from, .len = (size_t)(to - from)};
}

static bool begins(const char *at, const char *end, struct slice literal)
{
    return (size_t)(end - at) >= literal.len && memcmp(at, literal.text, literal.len) == 0;
}

/* The same for a literal of the format. */
static inline bool goes_with(const char *at, const char *end, struct slice literal)
{
    if (literal.len == 1) return at < end && *at == *literal.text;
    if (literal.len > 8 || end - at < 8) return begins(at, end, literal);
    const uint64_t differ = slice_word(at) ^ slice_word(literal.text);
    return literal.len == 0 || differ << (64 - 8 * literal.len) == 0;
}

/* The quote that ends a value; a backslash takes its meaning away. */
static const char *quote_end(const struct cutting *cut, const char *at)
{
    const char *const end = cut->end;
    if (at < cut->slash) {
        const char *const quote = memchr(at, '"', (size_t)(cut->slash - at));
        if (quote != NULL) return quote;
    }
    for (const char *from = at; at < end; from = at) {
        at = memchr(from, '"', (size_t)(end - from));
        if (at == NULL) return NULL;
        const char *slash = memchr(from, '\\', (size_t)(at - from));
        if (slash == NULL) return at;
        at = slash + 2;
    }
    return NULL;
}

/* Addresses, words for none, and ports, with commas between. */
static const char *list_end(const char *at, const char *end)
{
    struct slice host;
    enum host_kind kind;

    for (;;) {
        const char *behind = host_take(from_to(at, end), &host, &kind);
        if (behind == NULL && at < end && *at == '-') behind = at + 1;
        if (behind == NULL) return NULL;
        if (behind < end && *behind == ':')
            for (behind++; behind < end && *behind >= '0' && *behind <= '9';)
                behind++;
        if (behind == end || *behind != ',') return behind;
        at = behind + 1;
        if (at < end && *at == ' ') at++;
    }
}

static const char *host_end(const char *at, const char *end)
{
    struct slice host;
    enum host_kind kind;

    if (begins(at, end, SLICE("unix:"))) return at + 5;
    const char *const behind = host_take(from_to(at, end), &host, &kind);
    if (behind != NULL) return behind;
    return at < end && *at == '-' ? at + 1 : NULL;
}

static const char *iso_end(const char *at, const char *end)
{
    while (at < end && memchr("0123456789-+:.TZ", *at, 16) != NULL)
        at++;
    return at;
}

static const char *time_end(const char *at, const char *end, bool bracket)
{
    if (end - at < LOGTIME_LEN + 2 * bracket) return NULL;
    if (bracket && (*at != '[' || at[LOGTIME_LEN + 1] != ']')) return NULL;
    return logtime_fits(at + bracket) ? at + LOGTIME_LEN + 2 * bracket : NULL;
}

static bool is_word(const struct log_field *field)
{
    return field->kind == LOG_WORD || field->kind == LOG_IDENT;
}

/* Behind a value that ends by itself, or NULL: none is here. */
static const char *strict_end(const struct log_field *field, const char *at, const char *end)
{
    switch (field->kind) {
    case LOG_HOST: return host_end(at, end);
    case LOG_LIST: return list_end(at, end);
    case LOG_TIME: return time_end(at, end, false);
    case LOG_BRACKET: return time_end(at, end, true);
    case LOG_ISO: return iso_end(at, end);
    case LOG_STRFTIME: return logtime_take(field->strftime, from_to(at, end), NULL);
    default: return logvalue_number_end(from_to(at, end));
    }
}

/* May the value of a field end at at, as far as the next field can tell? */
static bool may_end(struct cutting *cut, size_t i, const char *at, struct slice literal)
{
    const char *const behind = at + literal.len;
    if (i + 1 == cut->format->count) return cut->format->open || behind == cut->end;
    const struct log_field *next = &cut->format->field[i + 1];
    if (!next->strict) return true;
    cut->ahead_of = i + 1;
    cut->ahead = behind;
    cut->ahead_end = strict_end(next, behind, cut->end);
    return cut->ahead_end != NULL;
}

/* Several upstreams are written with ", " and " : " between. */
static bool goes_on(const struct log_field *field, const char *from, const char *at,
                    const char *end)
{
    if (field->kind != LOG_MEASURE && field->kind != LOG_LIST) return false;
    if (at > from && at[-1] == ',') return true;
    if (field->kind != LOG_MEASURE) return false;
    return begins(at, end, SLICE(" : ")) || (at - from > 2 && memcmp(at - 2, " :", 2) == 0);
}

/* Nothing but the "-" that most values are? */
static bool is_none(const struct cutting *cut, const char *from, struct slice literal)
{
    return from < cut->end && *from == '-' && *literal.text != '-' &&
           goes_with(from + 1, cut->end, literal);
}

/* The end of a value that anything may stand in; NULL: what should follow is nowhere. */
static const char *free_end(struct cutting *cut, size_t i, const char *from, struct slice literal)
{
    const struct log_field *field = &cut->format->field[i];
    const char *first = NULL;

    if (field->to_slash) return memchr(from, '/', (size_t)(cut->end - from));
    if (field->quoted && cut->format->escape != LOG_ESCAPE_NONE) return quote_end(cut, from);
    if (literal.len == 0) {
        const char *blank = !cut->format->open || from == cut->end
                                ? NULL
                                : memchr(from, ' ', (size_t)(cut->end - from));
        return blank == NULL ? cut->end : blank;
    }
    if (is_none(cut, from, literal) && !goes_on(field, from, from + 1, cut->end) &&
        (is_word(field) || may_end(cut, i, from + 1, literal)))
        return from + 1;
    for (const char *at = from; at < cut->end; at++) {
        at = memmem(at, (size_t)(cut->end - at), literal.text, literal.len);
        if (at == NULL) break;
        if (goes_on(field, from, at, cut->end)) continue;
        if (is_word(field) || may_end(cut, i, at, literal)) return at;
        if (first == NULL) first = at;
    }
    return first;
}

static const char *value_end(struct cutting *cut, size_t i, const char *from, struct slice literal)
{
    const struct log_field *field = &cut->format->field[i];
    if (field->strict) {
        const bool known = cut->ahead_of == i && cut->ahead == from;
        const char *const end = known ? cut->ahead_end : strict_end(field, from, cut->end);
        if (end == NULL) misfit_at(cut->misfit, from, field->no_value);
        return end;
    }
    const char *const end = free_end(cut, i, from, literal);
    if (end == NULL) misfit_at(cut->misfit, is_word(field) ? from : cut->end, field->no_end);
    return end;
}

/* A word has no blanks; a user no client in it. */
static bool value_fits(const struct cutting *cut, const struct log_field *field, struct slice value)
{
    if (field->quoted) return true;
    if (is_word(field)) {
        const char *blank = value.len == 0 ? NULL : memchr(value.text, ' ', value.len);
        return blank == NULL || misfit_at(cut->misfit, blank, field->no_end);
    }
    if (field->kind != LOG_USER || value.len == 0) return true;
    return accesslog_user_fits(value, cut->misfit);
}

static void print_text(const struct cutting *cut, struct slice value)
{
    if (value.text == NULL)
        buffer_add_literal(cut->out, "null");
    else
        logvalue_add(cut->out, value, cut->format->escape, &cut->format->plain);
}

static void print_named(const struct cutting *cut, struct slice name, int slot, struct slice value)
{
    outline_name(cut->outline, cut->out, name, slot);
    print_text(cut, value);
}

/* The first of several addresses is the client's own, when it is one. */
static void print_client(const struct cutting *cut, struct slice list)
{
    struct slice host = {0};
    enum host_kind kind = HOST_NONE;

    if (list.len > 0) (void)host_take(list, &host, &kind);
    if (kind != HOST_IPV4 && kind != HOST_IPV6) host = (struct slice){0};
    print_named(cut, SLICE(",\"ip\":"), -1, host);
}

static void print_host(const struct cutting *cut, struct slice value)
{
    if (accesslog_nobody(value)) {
        value = (struct slice){0};
    } else if (*value.text == '[') {
        value.text++;
        value.len -= 2;
    }
    print_text(cut, value);
}

static void print_measure(const struct cutting *cut, struct slice value)
{
    const char *const end = logvalue_number_end(value);
    if (end != NULL && end == value.text + value.len)
        logvalue_number_print(cut->out, value, 0);
    else
        print_text(cut, value);
}

static void print_request(const struct cutting *cut, const struct log_field *field,
                          struct slice value)
{
    struct slice method, target;

    if (field->member.len > 0) { /* a second one */
        print_named(cut, field->member, field->slot, value);
        return;
    }
    accesslog_request(value, &method, &target);
    print_named(cut, SLICE(",\"method\":"), -1, method);
    print_named(cut, SLICE(",\"page_url\":"), SLOT_PAGE_URL, target);
}

static void print_value(const struct cutting *cut, const struct log_field *field,
                        struct slice value)
{
    struct buffer *const out = cut->out;

    if (field->address) print_client(cut, value);
    if (field->kind == LOG_REQUEST) {
        print_request(cut, field, value);
        return;
    }
    if (field->member.len == 0) return;
    if (field->kind == LOG_IDENT && slice_equal(value, SLICE("-"))) return;
    outline_name_padded(cut->outline, out, field->member, field->slot);
    switch (field->kind) {
    case LOG_HOST: print_host(cut, value); break;
    case LOG_NUMBER:
    case LOG_EPOCH: logvalue_number_print(out, value, 0); break;
    case LOG_MILLIS: logvalue_number_print(out, value, 3); break;
    case LOG_MICROS: logvalue_number_print(out, value, 6); break;
    case LOG_MEASURE: print_measure(cut, value); break;
    case LOG_TIME: logtime_print(out, value.text, cut->outline->final); break;
    case LOG_BRACKET: logtime_print(out, value.text + 1, cut->outline->final); break;
    case LOG_STRFTIME: (void)logtime_take(field->strftime, value, out); break;
    default: print_text(cut, value); break;
    }
}

static bool print_end(const struct cutting *cut, const char *at)
{
    const struct logformat *format = cut->format;
    const struct slice behind = format->field[format->count].before;

    if (!goes_with(at, cut->end, behind))
        return misfit_at(cut->misfit, at, format->field[format->count - 1].no_end);
    at += behind.len;
    if (at != cut->end) {
        if (!format->open || *at != ' ')
            return misfit_at(cut->misfit, at, "something behind the format's end");
        print_named(cut, SLICE(",\"extra\":"), -1, from_to(at + 1, cut->end));
    }
    buffer_add_char(cut->out, '}');
    /* Escapes that are JSON's have stayed: one may be half of a surrogate pair. */
    const bool kept =
        format->escape == LOG_ESCAPE_JSON && memchr(cut->out->data, '\\', cut->out->len) != NULL;
    outline_end(cut->outline, cut->out, kept);
    return true;
}

bool logline_print(struct logformat *format, struct slice line, struct buffer *out,
                   struct outline *outline, struct misfit *misfit)
{
    struct cutting cut = {.format = format,
                          .end = line.text + line.len,
                          .out = out,
                          .outline = outline,
                          .misfit = misfit};
    const char *at = line.text;
    cut.slash = memchr(at, '\\', line.len);
    if (cut.slash == NULL) cut.slash = cut.end;

    *misfit = (struct misfit){0};
    outline_name(outline, out, SLICE("{\"event_type\":"), SLOT_EVENT_TYPE);
    buffer_add_literal(out, "\"page_view\"");
    for (size_t i = 0; i < format->count; i++) {
        const struct log_field *field = &format->field[i];
        if (!goes_with(at, cut.end, field->before))
            return misfit_at(misfit, at, i == 0 ? field->no_before : (field - 1)->no_end);
        at += field->before.len;
        const char *const end = value_end(&cut, i, at, field[1].before);
        if (end == NULL || !value_fits(&cut, field, from_to(at, end))) return false;
        print_value(&cut, field, from_to(at, end));
        at = end;
    }
    return print_end(&cut, at);
}
