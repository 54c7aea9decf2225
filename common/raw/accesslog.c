#include "raw/accesslog.h"

#include "base/digit.h"
#include "base/json.h"
#include "raw/host.h"
#include "raw/logtime.h"

static struct slice first_word(struct slice left)
{
    const char *blank = left.len == 0 ? NULL : memchr(left.text, ' ', left.len);

    if (blank != NULL) left.len = (size_t)(blank - left.text);
    return left;
}

/* Takes the next word off the front; it ends at a blank. */
static struct slice take_word(struct slice *left)
{
    const struct slice word = first_word(*left);

    left->text += word.len;
    left->len -= word.len;
    return word;
}

static bool take_char(struct slice *left, char c)
{
    if (left->len == 0 || *left->text != c) return false;
    left->text++;
    left->len--;
    return true;
}

/* Takes `"..."` off the front. */
static bool take_quoted(struct slice *left, struct slice *inside)
{
    if (!take_char(left, '"')) return false;
    const char *const end = left->text + left->len;
    for (const char *at = left->text;;) {
        const char *const quote = at == end ? NULL : memchr(at, '"', (size_t)(end - at));
        if (quote == NULL) return false;
        /* A backslash takes the meaning from what is behind it; mostly there is none. */
        const char *slash = quote == at ? NULL : memchr(at, '\\', (size_t)(quote - at));
        while (slash != NULL && slash + 1 < quote)
            slash =
                slash + 2 == quote ? NULL : memchr(slash + 2, '\\', (size_t)(quote - slash - 2));
        if (slash == NULL) {
            *inside = (struct slice){.text = left->text, .len = (size_t)(quote - left->text)};
            *left = (struct slice){.text = quote + 1, .len = (size_t)(end - quote - 1)};
            return true;
        }
        at = quote + 1; /* the quote is escaped */
    }
}

/* "-" is how a log says that there is nothing. */
static struct slice or_none(struct slice text)
{
    if (slice_equal(text, SLICE("-"))) return (struct slice){0};
    return text;
}

static const char *last_of(struct slice text, char c)
{
    for (size_t i = text.len; i > 0; i--)
        if (text.text[i - 1] == c) return text.text + i - 1;
    return NULL;
}

/* Behind the port of a host that ends at at; NULL: there is none. */
static const char *port_end(struct slice text, const char *at, enum host_kind kind)
{
    const char *const end = text.text + text.len;

    if (at == end || *at != ':' || (kind == HOST_IPV6 && *text.text != '[')) return NULL;
    const char *const port = ++at;
    while (at < end && is_digit(*at))
        at++;
    return at == port ? NULL : at;
}

bool accesslog_nobody(struct slice word)
{
    return slice_equal(word, SLICE("-")) || slice_equal(word, SLICE("unix:"));
}

/* The client, and the blank behind it. */
static bool take_client(struct slice *left, struct slice *ip, enum host_kind *kind,
                        struct misfit *misfit)
{
    const char *const end = left->text + left->len;
    const char *behind = host_take(*left, ip, kind);
    const struct slice word = first_word(*left);

    if (accesslog_nobody(word)) {
        *ip = (struct slice){0};
        *kind = HOST_NONE;
        behind = left->text + word.len;
    }
    if (behind == NULL) return misfit_at(misfit, left->text, "no address or name of a host");
    if (behind == end || *behind != ' ')
        return misfit_at(misfit, behind, "the client's address ends here, but no blank follows");
    *left = (struct slice){.text = behind + 1, .len = (size_t)(end - behind - 1)};
    return true;
}

/* "-" or a word of letters and digits and a few signs more. An address there means that something
 * stands before the client. */
static bool take_ident(struct slice *left, struct misfit *misfit)
{
    const char *const from = left->text;
    const struct slice ident = take_word(left);

    for (size_t i = 0; i < ident.len; i++) {
        const char c = ident.text[i];
        if (c <= ' ' || strchr("\"',:;|<>()[]{}=", c) != NULL)
            return misfit_at(misfit, from + i,
                             "this is no part of the client's identity (mostly -)");
    }
    if (ident.len == 0) return misfit_at(misfit, from, "no identity of the client (mostly -)");
    if (host_is_address(ident)) return misfit_at(misfit, from, "a second address");
    if (!take_char(left, ' ')) return misfit_at(misfit, left->text, "no user behind the identity");
    return true;
}

bool accesslog_user_fits(struct slice user, struct misfit *misfit)
{
    struct slice left = user;

    if (user.len == 0) return misfit_at(misfit, user.text, "no user");
    if (user.len == 1) return true; /* mostly "-" */
    for (;;) {
        const struct slice word = take_word(&left);
        if (slice_equal(word, SLICE("-")) && word.len < user.len)
            return misfit_at(misfit, word.text, "a - inside the user's name: a word too many");
        if (host_is_address(word))
            return misfit_at(misfit, word.text, "an address in the place of the user's name");
        if (left.len == 0) return true;
        take_char(&left, ' ');
    }
}

/* CLIENT IDENT USER; what the client may be depends on what stands before it. */
static bool parse_client(struct slice left, unsigned kinds, struct accesslog *out,
                         struct misfit *misfit)
{
    enum host_kind kind;
    struct slice ip;
    const char *const from = left.text;

    if (!take_client(&left, &ip, &kind, misfit)) return false;
    if ((kinds >> kind & 1) == 0) return misfit_at(misfit, from, "no client behind the first word");
    if (!take_ident(&left, misfit) || !accesslog_user_fits(left, misfit)) return false;
    out->ip = ip;
    out->user = or_none(left);
    if (slice_equal(left, SLICE("\"\""))) out->user = (struct slice){0};
    return true;
}

/* What stands before " [": perhaps the virtual host, then the client. Only a name with a port is
 * surely a virtual host; a name without one, and an address with one, are when the client is an
 * address. Two addresses may be anything. */
static bool parse_hosts(struct slice text, struct accesslog *out, struct misfit *misfit)
{
    const unsigned addresses = 1U << HOST_IPV4 | 1U << HOST_IPV6;
    const unsigned hosts = addresses | 1U << HOST_NAME;
    const char *const end = text.text + text.len;
    struct slice host;
    enum host_kind kind;
    const char *behind;

    if (parse_client(text, hosts | 1U << HOST_NONE, out, misfit)) return true;
    behind = host_take(text, &host, &kind);
    const char *const port = behind == NULL ? NULL : port_end(text, behind, kind);
    if (port == NULL && kind != HOST_NAME) return false;
    if (port != NULL) behind = port;
    if (behind == end || *behind != ' ') return false;
    const struct slice left = {.text = behind + 1, .len = (size_t)(end - behind - 1)};
    const bool sure = port != NULL && kind == HOST_NAME;
    if (!parse_client(left, sure ? hosts : addresses, out, misfit)) return false;
    out->vhost = (struct slice){.text = text.text, .len = (size_t)(behind - text.text)};
    return true;
}

/* Finds " [TIME] " and takes all before and it off the front. */
static bool parse_front(struct slice *left, struct accesslog *out, struct misfit *misfit)
{
    const char *at = left->text;
    const char *end = at + left->len;

    while (end - at >= LOGTIME_LEN + 3) {
        at = memchr(at, '[', (size_t)(end - at));
        if (at == NULL || end - at < LOGTIME_LEN + 3) break;
        if (at > left->text && at[-1] == ' ' && at[LOGTIME_LEN + 1] == ']' &&
            at[LOGTIME_LEN + 2] == ' ' && logtime_fits(at + 1)) {
            const struct slice client = {.text = left->text, .len = (size_t)(at - 1 - left->text)};
            out->time = (struct slice){.text = at + 1, .len = LOGTIME_LEN};
            at += LOGTIME_LEN + 3;
            *left = (struct slice){.text = at, .len = (size_t)(end - at)};
            return parse_hosts(client, out, misfit);
        }
        at++;
    }
    const char *const bracket = memmem(left->text, left->len, " [", 2);
    return misfit_at(misfit, bracket == NULL ? end : bracket + 1,
                     "no time like [17/May/2015:10:05:03 +0000]");
}

static bool is_method(struct slice word)
{
    for (size_t i = 0; i < word.len; i++) {
        const char c = word.text[i];
        if ((c < 'A' || c > 'Z') && c != '-' && c != '_') return false;
    }
    return word.len > 0 && word.text[0] >= 'A';
}

static bool is_protocol(struct slice word)
{
    return word.len > 5 && memcmp(word.text, "HTTP/", 5) == 0;
}

void accesslog_request(struct slice request, struct slice *method, struct slice *target)
{
    struct slice left = request;
    const struct slice word = take_word(&left);

    *method = (struct slice){0};
    *target = or_none(request);
    if (!is_method(word) || !take_char(&left, ' ') || left.len == 0) return;

    const char *blank = last_of(left, ' ');
    if (blank != NULL) {
        const struct slice last = {.text = blank + 1,
                                   .len = left.len - (size_t)(blank + 1 - left.text)};
        if (!is_protocol(last)) return;
        left.len = (size_t)(blank - left.text);
    } else if (*left.text != '/') {
        return;
    }
    if (left.len == 0) return;
    *method = word;
    *target = left;
}

/* A word of digits, or "-". */
static bool take_number(struct slice *left, struct slice *out)
{
    const char *const end = left->text + left->len;
    const char *at = left->text;

    while (at < end && is_digit(*at))
        at++;
    const bool none = at == left->text && at < end && *at == '-';
    at += none;
    if (at == left->text || (at < end && *at != ' ')) return false;
    *out = (struct slice){.text = none ? NULL : left->text,
                          .len = none ? 0 : (size_t)(at - left->text)};
    *left = (struct slice){.text = at, .len = (size_t)(end - at)};
    return true;
}

/* REFERRER and USER AGENT. */
static bool parse_headers(struct slice *left, struct accesslog *out, struct misfit *misfit)
{
    struct slice referrer, user_agent;

    if (!take_quoted(left, &referrer))
        return misfit_at(misfit, left->text, "a quote that does not end");
    if (!take_char(left, ' ') || !take_quoted(left, &user_agent))
        return misfit_at(misfit, left->text, "no user agent in quotes behind a blank");
    out->referrer = or_none(referrer);
    out->user_agent = or_none(user_agent);
    return true;
}

bool accesslog_parse(struct slice line, struct accesslog *out, struct misfit *misfit)
{
    struct slice left = line;
    struct slice request;

    *out = (struct accesslog){0};
    *misfit = (struct misfit){0};
    if (!parse_front(&left, out, misfit)) return false;
    if (!take_quoted(&left, &request)) return misfit_at(misfit, left.text, "no request in quotes");
    accesslog_request(request, &out->method, &out->target);
    if (!take_char(&left, ' ') || !take_number(&left, &out->status))
        return misfit_at(misfit, left.text, "no status (digits or -) behind a blank");
    if (!take_char(&left, ' ') || !take_number(&left, &out->bytes))
        return misfit_at(misfit, left.text, "no number of bytes (digits or -) behind a blank");
    if (left.len == 0) return true;

    if (!take_char(&left, ' ')) return misfit_at(misfit, left.text, "no blank");
    if (left.len > 0 && *left.text == '"') {
        if (!parse_headers(&left, out, misfit)) return false;
        if (left.len == 0) return true;
        if (!take_char(&left, ' '))
            return misfit_at(misfit, left.text, "text behind a closing quote");
    }
    if (left.len > 0) out->extra = left;
    return true;
}

/* Adds the text as a string, or null. */
static void print_text(struct buffer *out, struct slice text)
{
    if (text.text == NULL) {
        buffer_add_literal(out, "null");
        return;
    }
    if (json_add_plain(out, text)) return;
    buffer_add_char(out, '"');
    for (;;) {
        const char *slash = text.len == 0 ? NULL : memchr(text.text, '\\', text.len);
        if (slash == NULL) break;
        const size_t before = (size_t)(slash - text.text);
        json_add_escaped(out, (struct slice){.text = text.text, .len = before});
        text.text += before + 1;
        text.len -= before + 1;
        if (text.len > 0 && (*text.text == '"' || *text.text == '\\')) {
            json_add_escaped(out, (struct slice){.text = text.text, .len = 1});
            text.text++;
            text.len--;
        } else {
            buffer_add_literal(out, "\\\\");
        }
    }
    json_add_escaped(out, text);
    buffer_add_char(out, '"');
}

/* Adds digits as a JSON number (which has no leading zeros), or null. */
static void print_number(struct buffer *out, struct slice digits)
{
    if (digits.text == NULL) {
        buffer_add_literal(out, "null");
        return;
    }
    while (digits.len > 1 && *digits.text == '0') {
        digits.text++;
        digits.len--;
    }
    buffer_add_slice(out, digits);
}

void accesslog_print(struct buffer *out, const struct accesslog *entry, struct outline *outline)
{
    outline_name(outline, out, SLICE("{\"event_type\":"), SLOT_EVENT_TYPE);
    buffer_add_literal(out, "\"page_view\"");
    outline_name(outline, out, SLICE(",\"event_time\":"), SLOT_EVENT_TIME);
    logtime_print(out, entry->time.text, outline->final);
    outline_name(outline, out, SLICE(",\"page_url\":"), SLOT_PAGE_URL);
    print_text(out, entry->target);
    outline_name(outline, out, SLICE(",\"user_id\":"), SLOT_USER_ID);
    print_text(out, entry->user);
    outline_name(outline, out, SLICE(",\"ip\":"), -1);
    print_text(out, entry->ip);
    outline_name(outline, out, SLICE(",\"method\":"), -1);
    print_text(out, entry->method);
    outline_name(outline, out, SLICE(",\"status\":"), -1);
    print_number(out, entry->status);
    outline_name(outline, out, SLICE(",\"bytes\":"), -1);
    print_number(out, entry->bytes);
    outline_name(outline, out, SLICE(",\"referrer\":"), -1);
    print_text(out, entry->referrer);
    outline_name(outline, out, SLICE(",\"user_agent\":"), -1);
    print_text(out, entry->user_agent);
    if (entry->vhost.text != NULL) {
        outline_name(outline, out, SLICE(",\"vhost\":"), -1);
        print_text(out, entry->vhost);
    }
    if (entry->extra.text != NULL) {
        outline_name(outline, out, SLICE(",\"extra\":"), -1);
        print_text(out, entry->extra);
    }
    buffer_add_char(out, '}');
    outline_end(outline, out, false);
}
