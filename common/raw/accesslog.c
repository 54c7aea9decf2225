#include "raw/accesslog.h"

#include "base/json.h"

#define TIME_LEN 26 /* 17/May/2015:10:05:03 +0000 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all_digits(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_digit(text.text[i])) return false;
    return text.len > 0;
}

/* The month's number, 1 to 12, or 0. */
static int month_number(const char *name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int month = 0; month < 12; month++)
        if (memcmp(names + 3 * month, name, 3) == 0) return month + 1;
    return 0;
}

/* Has the text, TIME_LEN bytes, the form of a time? */
static bool time_form(const char *text)
{
    static const char form[] = "00/Aaa/0000:00:00:00 +0000";

    for (size_t i = 0; i < TIME_LEN; i++) {
        if (form[i] == '0') {
            if (!is_digit(text[i])) return false;
        } else if (form[i] == '+') {
            if (text[i] != '+' && text[i] != '-') return false;
        } else if (form[i] != 'A' && form[i] != 'a' && text[i] != form[i]) {
            return false;
        }
    }
    return month_number(text + 3) != 0;
}

/* Takes the next word off the front; it ends at a blank. */
static struct slice take_word(struct slice *left)
{
    const char *blank = left->len == 0 ? NULL : memchr(left->text, ' ', left->len);
    struct slice word = *left;

    if (blank != NULL) word.len = (size_t)(blank - left->text);
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
    for (size_t i = 0; i < left->len; i++) {
        if (left->text[i] == '\\') {
            i++;
        } else if (left->text[i] == '"') {
            *inside = (struct slice){.text = left->text, .len = i};
            left->text += i + 1;
            left->len -= i + 1;
            return true;
        }
    }
    return false;
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

/* NAME:PORT with one colon (an IPv6 address has more), or [IPv6]:PORT. */
static bool is_vhost(struct slice word)
{
    const char *colon = last_of(word, ':');
    if (colon == NULL || colon == word.text) return false;
    const struct slice name = {.text = word.text, .len = (size_t)(colon - word.text)};
    const struct slice port = {.text = colon + 1, .len = word.len - name.len - 1};
    if (!all_digits(port)) return false;
    if (*name.text == '[') return name.text[name.len - 1] == ']';
    return memchr(name.text, ':', name.len) == NULL;
}

/* What stands before " [": the addresses and the user, whose name may hold blanks. */
static bool parse_client(struct slice text, struct accesslog *out)
{
    struct slice left = text;
    struct slice word = take_word(&left);
    if (word.len == 0 || !take_char(&left, ' ')) return false;
    if (is_vhost(word) && left.len > 0) {
        struct slice behind = left;
        const struct slice next = take_word(&behind);
        struct slice rest = behind;
        /* With a vhost there are three more words; without, two. */
        if (next.len > 0 && take_char(&rest, ' ') && take_word(&rest).len > 0 && rest.len > 1) {
            out->vhost = word;
            word = next;
            left = behind;
            take_char(&left, ' ');
        }
    }
    out->ip = or_none(word);
    if (take_word(&left).len == 0 || !take_char(&left, ' ')) return false;
    if (left.len == 0) return false;
    out->user = or_none(left);
    if (slice_equal(left, SLICE("\"\""))) out->user = (struct slice){0};
    return true;
}

/* Finds " [TIME] " and takes all before and it off the front. */
static bool parse_front(struct slice *left, struct accesslog *out)
{
    const char *at = left->text;
    const char *end = at + left->len;

    while (end - at >= TIME_LEN + 4) {
        at = memchr(at, '[', (size_t)(end - at));
        if (at == NULL || end - at < TIME_LEN + 3) return false;
        if (at > left->text && at[-1] == ' ' && at[TIME_LEN + 1] == ']' &&
            at[TIME_LEN + 2] == ' ' && time_form(at + 1)) {
            const struct slice client = {.text = left->text, .len = (size_t)(at - 1 - left->text)};
            out->time = (struct slice){.text = at + 1, .len = TIME_LEN};
            at += TIME_LEN + 3;
            *left = (struct slice){.text = at, .len = (size_t)(end - at)};
            return parse_client(client, out);
        }
        at++;
    }
    return false;
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

/* METHOD TARGET PROTOCOL; a target may hold blanks, and before HTTP/1.0 there was no protocol. */
static void parse_request(struct slice request, struct accesslog *out)
{
    struct slice left = request;
    const struct slice method = take_word(&left);

    out->target = or_none(request);
    if (!is_method(method) || !take_char(&left, ' ') || left.len == 0) return;

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
    out->method = method;
    out->target = left;
}

/* A word of digits, or "-". */
static bool take_number(struct slice *left, struct slice *out)
{
    *out = or_none(take_word(left));
    return out->text == NULL || all_digits(*out);
}

bool accesslog_parse(struct slice line, struct accesslog *out)
{
    struct slice left = line;
    struct slice request;

    *out = (struct accesslog){0};
    if (!parse_front(&left, out)) return false;
    if (!take_quoted(&left, &request) || !take_char(&left, ' ')) return false;
    parse_request(request, out);
    if (!take_number(&left, &out->status) || !take_char(&left, ' ')) return false;
    if (!take_number(&left, &out->bytes)) return false;
    if (left.len == 0) return true;

    if (!take_char(&left, ' ')) return false;
    if (left.len > 0 && *left.text == '"') {
        struct slice referrer, user_agent;
        if (!take_quoted(&left, &referrer) || !take_char(&left, ' ')) return false;
        if (!take_quoted(&left, &user_agent)) return false;
        out->referrer = or_none(referrer);
        out->user_agent = or_none(user_agent);
        if (left.len == 0) return true;
        if (!take_char(&left, ' ')) return false;
    }
    if (left.len > 0) out->extra = left;
    return true;
}

/* Adds `,"name":` and the text as a string, or null. */
static void print_text(struct buffer *out, struct slice name, struct slice text)
{
    buffer_add_slice(out, name);
    if (text.text == NULL) {
        buffer_add_literal(out, "null");
        return;
    }
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

/* Adds `,"name":` and digits as a JSON number (which has no leading zeros), or null. */
static void print_number(struct buffer *out, struct slice name, struct slice digits)
{
    buffer_add_slice(out, name);
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

/* Adds the time as RFC 3339; whether there is such a day is for its reader to judge. */
static void print_time(struct buffer *out, const char *text)
{
    char time[] = "YYYY-MM-DDTHH:MM:SS+ZZZZ";
    const int month = month_number(text + 3);

    memcpy(time, text + 7, 4);
    time[5] = (char)('0' + month / 10);
    time[6] = (char)('0' + month % 10);
    memcpy(time + 8, text, 2);
    memcpy(time + 11, text + 12, 8);
    memcpy(time + 19, text + 21, 5);
    buffer_add_literal(out, ",\"event_time\":\"");
    buffer_add(out, time, sizeof(time) - 1);
    buffer_add_char(out, '"');
}

void accesslog_print(struct buffer *out, const struct accesslog *entry)
{
    buffer_add_literal(out, "{\"event_type\":\"page_view\"");
    print_time(out, entry->time.text);
    print_text(out, SLICE(",\"page_url\":"), entry->target);
    print_text(out, SLICE(",\"user_id\":"), entry->user);
    print_text(out, SLICE(",\"ip\":"), entry->ip);
    print_text(out, SLICE(",\"method\":"), entry->method);
    print_number(out, SLICE(",\"status\":"), entry->status);
    print_number(out, SLICE(",\"bytes\":"), entry->bytes);
    print_text(out, SLICE(",\"referrer\":"), entry->referrer);
    print_text(out, SLICE(",\"user_agent\":"), entry->user_agent);
    if (entry->vhost.text != NULL) print_text(out, SLICE(",\"vhost\":"), entry->vhost);
    if (entry->extra.text != NULL) print_text(out, SLICE(",\"extra\":"), entry->extra);
    buffer_add_char(out, '}');
}
