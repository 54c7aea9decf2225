#include "raw/w3c.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "raw/logvalue.h"

enum w3c_kind { W3C_TEXT, W3C_NUMBER, W3C_ENCODED, W3C_DATE, W3C_TIME, W3C_STEM, W3C_QUERY };

struct w3c_field {
    size_t begin, len; /* `,"name":` in names */
    enum w3c_kind kind;
};

struct known {
    const char *name, *member;
    enum w3c_kind kind;
};

static const struct known known[] = {
    {"date", "", W3C_DATE},
    {"time", "", W3C_TIME},
    {"c-ip", "ip", W3C_TEXT},
    {"cs-method", "method", W3C_TEXT},
    {"cs-uri", "page_url", W3C_TEXT},
    {"cs-uri-stem", "page_url", W3C_STEM},
    {"cs-uri-query", "", W3C_QUERY},
    {"cs-username", "user_id", W3C_ENCODED},
    {"sc-status", "status", W3C_NUMBER},
    {"sc-bytes", "bytes", W3C_NUMBER},
    {"cs(Referer)", "referrer", W3C_ENCODED},
    {"cs(User-Agent)", "user_agent", W3C_ENCODED},
    {"cs-bytes", "cs-bytes", W3C_NUMBER},
    {"time-taken", "time-taken", W3C_NUMBER},
    {"s-port", "s-port", W3C_NUMBER},
    {"c-port", "c-port", W3C_NUMBER},
    {"sc-substatus", "sc-substatus", W3C_NUMBER},
    {"sc-win32-status", "sc-win32-status", W3C_NUMBER},
    {"time-to-first-byte", "time-to-first-byte", W3C_NUMBER},
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next field: up to a blank, or in quotes. Where tabs are between the fields, only they are. */
static struct slice take_field(struct slice *left, char separator)
{
    const char *at = left->text;
    const char *const end = at + left->len;
    struct slice field;

    if (at < end && *at == '"') {
        const char *close = at + 1;
        while (close < end && !(*close == '"' && (close + 1 == end || is_blank(close[1]))))
            close++;
        if (close < end) {
            field = (struct slice){.text = at + 1, .len = (size_t)(close - at - 1)};
            *left = (struct slice){.text = close + 1, .len = (size_t)(end - close - 1)};
            return field;
        }
    }
    const char *behind = at == end ? NULL : memchr(at, separator, left->len);
    if (behind == NULL) behind = end;
    field = (struct slice){.text = at, .len = (size_t)(behind - at)};
    *left = (struct slice){.text = behind, .len = (size_t)(end - behind)};
    return field;
}

static bool begins(struct slice line, const char *with)
{
    const size_t len = strlen(with);
    return line.len >= len && memcmp(line.text, with, len) == 0;
}

static void add_field(struct w3c *w3c, struct slice name)
{
    const bool header = begins(name, "cs(") || begins(name, "sc(") || begins(name, "x-");
    struct w3c_field field = {.kind = header ? W3C_ENCODED : W3C_TEXT, .begin = w3c->names.len};
    struct slice member = name;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!slice_equal(name, slice_of(known[i].name))) continue;
        field.kind = known[i].kind;
        member = slice_of(known[i].member);
    }
    if (slice_equal(name, SLICE("sc-win32-status"))) w3c->plus = true;
    if (member.len > 0) {
        buffer_add_char(&w3c->names, ',');
        json_add_string(&w3c->names, member);
        buffer_add_char(&w3c->names, ':');
    }
    field.len = w3c->names.len - field.begin;
    w3c->field[w3c->count++] = field;
}

static enum reason read_fields(struct w3c *w3c, struct slice left, struct buffer *detail)
{
    w3c->field = memory_resize(w3c->field, W3C_FIELDS_MAX, sizeof(*w3c->field));
    w3c->count = 0;
    w3c->plus = w3c->iis;
    buffer_clear(&w3c->names);
    while (left.len > 0) {
        if (is_blank(*left.text)) {
            left.text++;
            left.len--;
            continue;
        }
        struct slice name = left;
        for (size_t i = 0; i < left.len; i++)
            if (is_blank(left.text[i])) {
                name.len = i;
                break;
            }
        left = (struct slice){.text = left.text + name.len, .len = left.len - name.len};
        if (w3c->count == W3C_FIELDS_MAX) {
            w3c->count = 0;
            buffer_add_literal(detail, "too many fields");
            return REASON_BAD_COLUMNS;
        }
        add_field(w3c, name);
    }
    return REASON_NONE;
}

enum reason w3c_directive(struct w3c *w3c, struct slice line, struct buffer *detail)
{
    if (begins(line, "#Software: Microsoft")) w3c->iis = true;
    if (begins(line, "#Date: ") && line.len >= 17) {
        buffer_clear(&w3c->date);
        buffer_add(&w3c->date, line.text + 7, 10);
    }
    if (!begins(line, "#Fields:")) return REASON_NONE;
    return read_fields(w3c, (struct slice){.text = line.text + 8, .len = line.len - 8}, detail);
}

/* What only makes sense together. */
struct together {
    struct slice date, time, query;
    const struct w3c_field *page;
    struct slice stem;
};

static bool print_field(struct w3c *w3c, const struct w3c_field *field, struct slice value,
                        struct buffer *out, struct together *together)
{
    switch (field->kind) {
    case W3C_DATE: together->date = value; return true;
    case W3C_TIME: together->time = value; return true;
    case W3C_QUERY: together->query = value; return true;
    case W3C_STEM:
        together->page = field;
        together->stem = value;
        return true;
    default: break;
    }
    buffer_add(out, w3c->names.data + field->begin, field->len);
    if (value.len == 0 || slice_equal(value, SLICE("-"))) {
        buffer_add_literal(out, "null");
    } else if (field->kind == W3C_NUMBER) {
        if (logvalue_number_end(value) != value.text + value.len) return false;
        logvalue_number_print(out, value, 0);
    } else if (field->kind == W3C_ENCODED) {
        logvalue_percent_print(out, value, w3c->plus, &w3c->plain);
    } else {
        json_add_string(out, value);
    }
    return true;
}

static void print_together(struct w3c *w3c, const struct together *together, struct buffer *out)
{
    if (together->time.len > 0) {
        buffer_add_literal(out, ",\"event_time\":\"");
        json_add_escaped(out, together->date.len > 0 ? together->date : buffer_slice(&w3c->date));
        buffer_add_char(out, 'T');
        json_add_escaped(out, together->time);
        buffer_add_literal(out, "Z\"");
    }
    if (together->page == NULL) return;
    buffer_add(out, w3c->names.data + together->page->begin, together->page->len);
    if (slice_equal(together->stem, SLICE("-"))) {
        buffer_add_literal(out, "null");
        return;
    }
    buffer_add_char(out, '"');
    json_add_escaped(out, together->stem);
    if (together->query.len > 0 && !slice_equal(together->query, SLICE("-"))) {
        buffer_add_char(out, '?');
        json_add_escaped(out, together->query);
    }
    buffer_add_char(out, '"');
}

bool w3c_print(struct w3c *w3c, struct slice line, struct buffer *out, struct misfit *misfit)
{
    const char separator = line.len > 0 && memchr(line.text, '\t', line.len) != NULL ? '\t' : ' ';
    struct slice left = line;
    struct together together = {0};

    *misfit = (struct misfit){0};
    if (w3c->count == 0) return misfit_at(misfit, line.text, "no #Fields: line stands before");
    buffer_add_literal(out, "{\"event_type\":\"page_view\"");
    for (size_t i = 0; i < w3c->count; i++) {
        if (i > 0) {
            if (left.len == 0 || *left.text != separator)
                return misfit_at(misfit, left.text, "fewer fields than #Fields: names");
            left.text++;
            left.len--;
        }
        const char *const at = left.text;
        if (!print_field(w3c, &w3c->field[i], take_field(&left, separator), out, &together))
            return misfit_at(misfit, at, "not a number");
    }
    if (left.len > 0) return misfit_at(misfit, left.text, "more fields than #Fields: names");
    print_together(w3c, &together, out);
    buffer_add_char(out, '}');
    return true;
}

void w3c_save(const struct w3c *w3c, struct buffer *out)
{
    pack_u8(out, (uint8_t)(w3c->plus | w3c->iis << 1));
    pack_text(out, buffer_slice(&w3c->date));
    pack_text(out, buffer_slice(&w3c->names));
    pack_u32(out, (uint32_t)w3c->count);
    for (size_t i = 0; i < w3c->count; i++) {
        pack_u32(out, (uint32_t)w3c->field[i].len);
        pack_u8(out, (uint8_t)w3c->field[i].kind);
    }
}

void w3c_load(struct w3c *w3c, struct unpack *in)
{
    const uint8_t flags = unpack_u8(in);
    w3c->plus = (flags & 1) != 0;
    w3c->iis = (flags & 2) != 0;
    buffer_add_slice(&w3c->date, unpack_text(in));
    buffer_add_slice(&w3c->names, unpack_text(in));
    w3c->count = unpack_u32(in);
    if (w3c->count > W3C_FIELDS_MAX) in->broken = true;
    if (in->broken || w3c->count == 0) return;
    w3c->field = memory_resize(NULL, W3C_FIELDS_MAX, sizeof(*w3c->field));
    size_t begin = 0;
    for (size_t i = 0; i < w3c->count; i++) {
        struct w3c_field *const field = &w3c->field[i];
        field->begin = begin; /* they lie one behind the other */
        field->len = unpack_u32(in);
        begin += field->len;
        const uint8_t kind = unpack_u8(in);
        if (kind > W3C_QUERY || begin > w3c->names.len) in->broken = true;
        field->kind = (enum w3c_kind)kind;
    }
}

void w3c_release(struct w3c *w3c)
{
    free(w3c->field);
    buffer_release(&w3c->names);
    buffer_release(&w3c->date);
    buffer_release(&w3c->plain);
    *w3c = (struct w3c){0};
}
