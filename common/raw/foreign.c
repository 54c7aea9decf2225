#include "raw/foreign.h"

#include "raw/sniff.h"

static const struct {
    struct slice begin; /* of an input */
    struct foreign foreign;
} begins[] = {
#define BEGIN(bytes, looks, command)                                                               \
    {                                                                                              \
        SLICE(bytes),                                                                              \
        {                                                                                          \
            (looks), (command)                                                                     \
        }                                                                                          \
    }
    BEGIN("\x1f\x8b", "gzip", "gzip -dc"),
    BEGIN("PK\x03\x04", "a zip archive", "unzip -p"),
    BEGIN("\x28\xb5\x2f\xfd", "zstd", "zstd -dc"),
    BEGIN("\xfd"
          "7zXZ",
          "xz", "xz -dc"),
    BEGIN("BZh", "bzip2", "bzip2 -dc"),
    BEGIN("\x04\x22\x4d\x18", "lz4", "lz4 -dc"),
    BEGIN("\xff\xfe", "UTF-16", "iconv -f UTF-16 -t UTF-8"),
    BEGIN("\xfe\xff", "UTF-16", "iconv -f UTF-16 -t UTF-8"),
    BEGIN("PAR1", "Parquet", NULL),
    BEGIN("Obj\x01", "Avro", NULL),
    BEGIN("SQLite format 3", "an SQLite database", NULL),
    BEGIN("{'", "text of Python objects, which is not JSON (json.dumps writes JSON)", NULL),
    BEGIN("\"{\\\"", "JSON inside of JSON strings", "jq -c fromjson"),
    BEGIN("data:", "server-sent events", "sed -n 's/^data: *//p'"),
    BEGIN("<?xml", "XML", NULL),
    BEGIN("<!DOCTYPE", "a web page", NULL),
    BEGIN("<!doctype", "a web page", NULL),
    BEGIN("<html", "a web page", NULL),
#undef BEGIN
};

static const struct foreign formats[] = {
    [FORMAT_CSV] = {"CSV", "cs-parse --from=csv"},
    [FORMAT_TSV] = {"TSV", "cs-parse --from=tsv"},
    [FORMAT_COMBINED] = {"a web server's log", "cs-parse --from=combined"},
    [FORMAT_JSON] = {"JSON that is not one object a line", "cs-parse --from=json"},
    [FORMAT_W3C] = {"a W3C log", "cs-parse --log-format=w3c"},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* [07/Jan/2026:10:00:00 as web servers write times. */
static bool has_log_time(struct slice line)
{
    const char *at = line.text;
    for (const char *const end = at + line.len; at < end; at++) {
        at = memchr(at, '[', (size_t)(end - at));
        if (at == NULL || end - at < 13) return false;
        if (is_digit(at[1]) && is_digit(at[2]) && at[3] == '/' && at[7] == '/' && at[12] == ':')
            return true;
    }
    return false;
}

static bool begins_with(struct slice head, struct slice begin)
{
    return head.len >= begin.len && memcmp(head.text, begin.text, begin.len) == 0;
}

static struct slice first_line(struct slice head)
{
    const char *const newline = head.len == 0 ? NULL : memchr(head.text, '\n', head.len);
    if (newline != NULL) head.len = (size_t)(newline - head.text);
    while (head.len > 0 && (head.text[head.len - 1] == '\r' || head.text[head.len - 1] == ' '))
        head.len--;
    return head;
}

/* Is it the first line of several, and a part of one, as tail -c leaves it? */
static bool is_torn(struct slice head)
{
    const char *const next = memchr(head.text, '\n', head.len);
    return next != NULL && next + 1 < head.text + head.len && next[1] == '{';
}

static bool line_looks(struct slice line, struct foreign *foreign)
{
    if (has_log_time(line)) {
        *foreign = (struct foreign){"a web server's log", "cs-parse --log-format='...'"};
        return true;
    }
    const char *const brace = memmem(line.text, line.len, "{\"", 2);
    if (brace == NULL || brace == line.text || line.text[line.len - 1] != '}') return false;
    *foreign = (struct foreign){"JSON behind other text", "sed 's/^[^{]*//'"};
    return true;
}

/* Whatever has commas is CSV to sniff_head: it has to be so in all records. */
static bool columns_fit(struct slice head, enum format_kind kind)
{
    const char separator = kind == FORMAT_TSV ? '\t' : ',';
    const struct slice line = first_line(head);
    const char *at = line.text;
    size_t columns = 1;
    for (const char *const end = at + line.len; at < end; at++)
        columns += *at == separator;
    return columns > 2 || head.len > line.len + 2;
}

bool foreign_looks(struct slice head, struct foreign *foreign)
{
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        if (!begins_with(head, begins[i].begin)) continue;
        *foreign = begins[i].foreign;
        return true;
    }
    while (head.len > 0 && strchr(" \t\r\n", *head.text) != NULL) {
        head.text++;
        head.len--;
    }
    const struct slice line = first_line(head);
    if (line.len == 0 || (*line.text == '{' && line.text[line.len - 1] == '}' && line.len > 2))
        return false;
    if (*line.text != '{' && *line.text != '[' && is_torn(head)) return false;
    const struct csv csv = {0};
    const struct sniffed sniffed = sniff_head(&(struct sniff){.csv = &csv}, head);
    const bool columns = sniffed.kind == FORMAT_CSV || sniffed.kind == FORMAT_TSV;
    if (sniffed.kind != FORMAT_JSON && line_looks(line, foreign)) {
        if (sniffed.kind == FORMAT_COMBINED) *foreign = formats[FORMAT_COMBINED];
        return true;
    }
    if (sniffed.kind == FORMAT_AUTO || sniffed.kind == FORMAT_NDJSON) return false;
    if (sniffed.kind == FORMAT_JSON && *line.text != '{' && *line.text != '[') return false;
    if (columns && (sniffed.fit < sniffed.records || !columns_fit(head, sniffed.kind)))
        return false;
    *foreign = formats[sniffed.kind];
    return true;
}
