#include "writer/reject.h"

#include <string.h>

#include "base/base64.h"
#include "base/die.h"
#include "base/json.h"
#include "base/utf8.h"
#include "event/reason.h"

#define RAW_MAX ((size_t)64 << 10)
#define NAMED_MAX 5

/* At most RAW_MAX bytes, not cut inside a character. */
static struct slice raw_cut(struct slice raw)
{
    if (raw.len <= RAW_MAX) return raw;
    raw.len = RAW_MAX;
    for (size_t back = 1; back <= 3; back++) {
        if (((unsigned char)raw.text[raw.len - back] & 0xc0) == 0x80) continue;
        if ((unsigned char)raw.text[raw.len - back] >= 0xc0 &&
            utf8_sequence(raw.text + raw.len - back, back) == 0)
            raw.len -= back;
        break;
    }
    return raw;
}

static void number_or_null(struct buffer *out, int64_t number)
{
    if (number < 0)
        buffer_add_literal(out, "null");
    else
        buffer_add_int(out, number);
}

/* Texts with a NUL behind, so that they can be borrowed as strings. */
static void text_defer(struct buffer *out, const char *text)
{
    pack_text(out, (struct slice){.text = text, .len = strlen(text) + 1});
}

static void reject_defer(struct buffer *out, const struct reject *reject)
{
    text_defer(out, reject->reason);
    text_defer(out, reject->detail);
    text_defer(out, reject->input);
    pack_u32(out, reject->input_number);
    pack_u64(out, reject->line);
    pack_i64(out, reject->partition);
    pack_i64(out, reject->offset);
    pack_u64(out, reject->raw.len);
    const size_t kept = reject->raw.len < RAW_MAX + 4 ? reject->raw.len : RAW_MAX + 4;
    pack_text(out, (struct slice){.text = reject->raw.text, .len = kept});
}

bool reject_take(struct unpack *in, struct reject *reject, struct buffer *scratch)
{
    reject->reason = unpack_text(in).text;
    reject->detail = unpack_text(in).text;
    reject->input = unpack_text(in).text;
    reject->input_number = unpack_u32(in);
    reject->line = unpack_u64(in);
    reject->partition = unpack_i64(in);
    reject->offset = unpack_i64(in);
    reject->raw.len = unpack_u64(in);
    /* What is behind the bytes that are kept is never looked at; only its length is. */
    const struct slice kept = unpack_text(in);
    buffer_clear(scratch);
    buffer_add_slice(scratch, kept);
    reject->raw.text = buffer_reserve(scratch, 0) - scratch->len;
    return !in->broken;
}

static void reject_say(const struct rejects *rejects, const struct reject *reject)
{
    const bool of_topic = reject->line == 0 && reject->offset >= 0;
    message(of_topic ? "%s offset %lld: %s: %s (%s)" : "%s:%lld: %s: %s (%s)", reject->input,
            (long long)(of_topic ? reject->offset : (int64_t)reject->line), rejects->what,
            reject->reason, reject->detail);
}

void rejects_add(struct rejects *rejects, const struct reject *reject)
{
    if (rejects->deferred != NULL) {
        pack_u8(rejects->deferred, rejects->mark);
        reject_defer(rejects->deferred, reject);
        return;
    }
    rejects->count++;
    if (strcmp(reject->reason, reason_name(REASON_BAD_UTF8)) == 0 && !utf8_valid(reject->raw))
        rejects->foreign++;
    if (rejects->output == NULL) {
        if (rejects->count <= NAMED_MAX) reject_say(rejects, reject);
        if (rejects->count == NAMED_MAX)
            message("more %s records are only counted; %s=FILE keeps them all", rejects->what,
                    rejects->option);
        return;
    }
    struct buffer *out = &rejects->output->buffer;
    const struct slice raw = raw_cut(reject->raw);
    buffer_add_literal(out, "{\"reason\":");
    json_add_string(out, slice_of(reject->reason));
    buffer_add_literal(out, ",\"detail\":");
    json_add_string(out, slice_of(reject->detail));
    buffer_add_literal(out, ",\"input\":");
    const struct slice input = slice_of(reject->input);
    json_add_string(out, utf8_valid(input) ? input : SLICE("?"));
    buffer_add_literal(out, ",\"line\":");
    number_or_null(out, reject->line == 0 ? -1 : (int64_t)reject->line);
    buffer_add_literal(out, ",\"partition\":");
    number_or_null(out, reject->partition);
    buffer_add_literal(out, ",\"offset\":");
    number_or_null(out, reject->offset);
    if (utf8_valid(raw)) {
        buffer_add_literal(out, ",\"raw\":");
        json_add_string(out, raw);
    } else {
        buffer_add_literal(out, ",\"raw_base64\":\"");
        base64_add(out, raw);
        buffer_add_char(out, '"');
    }
    if (raw.len < reject->raw.len) buffer_add_literal(out, ",\"raw_truncated\":true");
    buffer_add_literal(out, "}\n");
    output_row_done(rejects->output);
}
