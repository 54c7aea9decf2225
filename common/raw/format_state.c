/* What is known of an input, over restarts (--state), and where an input ends that may grow. */
#include "base/pack.h"
#include "raw/format_inside.h"

/* A value of JSON ends where its bracket does. Text ends at a line end: what stands before the end
 * of a file may be half a value, which looks like a whole one. */
bool format_closed(const void *self, struct slice record)
{
    const struct reading *const reading = self;

    if (slice_is_blank(record)) return true;
    if (reading->kind == FORMAT_JSON && jsonstream_between(record)) return true;
    const char last = record.text[record.len - 1];
    if (reading->kind == FORMAT_JSON || reading->kind == FORMAT_NDJSON)
        return last == '}' || last == ']';
    return reading->columns.csv.returns && last == '\r';
}

void format_save(const void *self, struct buffer *out)
{
    const struct reading *const reading = self;
    const struct csv *const csv = &reading->columns.csv;

    pack_u8(out, (uint8_t)reading->kind);
    pack_u8(out, (uint8_t)csv->separator);
    pack_u8(out, (uint8_t)(csv->returns | csv->escapes << 1 | reading->columns.known << 2 |
                           reading->stream.inside << 3));
    pack_text(out, buffer_slice(&reading->columns.header));
    pack_u64(out, reading->skipped);
    pack_u64(out, reading->stream.indent);
    pack_u64(out, reading->stream.open);
    w3c_save(&reading->w3c, out);
}

static void columns_load(struct columns *columns, const struct format *format, uint8_t flags,
                         struct slice header)
{
    struct buffer detail = {0};

    columns->csv.returns = (flags & 1) != 0;
    columns->csv.escapes = (flags & 2) != 0;
    if (header.len != 0)
        (void)columns_read(columns, &columns->csv, header, &detail); /* it could be read then */
    else if (format->header.len == 0)
        columns->known = (flags & 4) != 0; /* a header that could not be read: no columns */
    buffer_release(&detail);
}

void *format_load(void *self, struct unpack *in)
{
    struct format *const format = self;
    const bool none = in->at == in->end;
    const uint8_t kind = none ? FORMAT_NDJSON : unpack_u8(in);
    const struct sniffed sniffed = {.separator = none ? '\0' : (char)unpack_u8(in)};

    if (kind == FORMAT_NDJSON && !format_translates(format)) {
        in->at = in->end;
        return NULL;
    }
    if (kind > FORMAT_XFF) in->broken = true;
    if (in->broken) return NULL;
    struct reading *const reading =
        reading_new(format, (enum format_kind)kind, sniffed, (struct slice){.text = ""});
    if (none) return reading;
    const uint8_t flags = unpack_u8(in);
    reading->columns.csv.separator = sniffed.separator;
    reading->stream.inside = (flags & 8) != 0;
    columns_load(&reading->columns, format, flags, unpack_text(in));
    reading->skipped = (size_t)unpack_u64(in);
    reading->stream.indent = (size_t)unpack_u64(in);
    reading->stream.open = unpack_u64(in);
    w3c_load(&reading->w3c, in);
    return reading;
}
