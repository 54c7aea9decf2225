#include "raw/foreign.h"

#include "base/digit.h"
#include "raw/sniff.h"

/* So many letters in two bytes are enough to be sure. */
#define WIDE_LETTERS ((size_t)32)

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

static size_t count_of(struct slice line, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < line.len; i++)
        count += line.text[i] == c;
    return count;
}

/* Columns between other separators: two at least in the first line, and as many in the second. */
static bool columns_look(struct slice head, struct slice line, struct foreign *foreign)
{
    static const struct {
        char separator;
        struct foreign foreign;
    } separators[] = {
        {';', {"CSV with semicolons", "cs-parse --delimiter=';'"}},
        {'|', {"CSV with bars", "cs-parse --delimiter='|'"}},
    };
    const char *const newline = memchr(head.text, '\n', head.len);
    if (newline == NULL) return false;
    const size_t behind = (size_t)(newline + 1 - head.text);
    const struct slice second =
        first_line((struct slice){.text = head.text + behind, .len = head.len - behind});
    for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++) {
        const size_t count = count_of(line, separators[i].separator);
        if (count < 2 || count != count_of(second, separators[i].separator)) continue;
        *foreign = separators[i].foreign;
        return true;
    }
    return false;
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
    const struct slice line = first_line(head);
    return count_of(line, kind == FORMAT_TSV ? '\t' : ',') > 1 || head.len > line.len + 2;
}

/* Letters of ASCII in so many bytes each, without the mark that --encoding would see: the bytes
 * that are not the letter are NUL, all of them. */
static bool is_wide(struct slice head, size_t width, size_t place)
{
    size_t letters = head.len / width;

    if (letters > WIDE_LETTERS) letters = WIDE_LETTERS;
    for (size_t i = 0; i < letters * width; i++)
        if ((head.text[i] != '\0') != (i % width == place)) return false;
    return letters > 1;
}

static bool wide_looks(struct slice head, struct foreign *foreign)
{
    static const struct {
        size_t width, place;
        struct foreign foreign;
    } wide[] = {
        {2, 0, {"UTF-16 without a mark", "cs-parse --encoding=UTF-16LE"}},
        {2, 1, {"UTF-16 without a mark", "cs-parse --encoding=UTF-16BE"}},
        {4, 0, {"UTF-32 without a mark", "cs-parse --encoding=UTF-32LE"}},
        {4, 3, {"UTF-32 without a mark", "cs-parse --encoding=UTF-32BE"}},
    };
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        if (!is_wide(head, wide[i].width, wide[i].place)) continue;
        *foreign = wide[i].foreign;
        return true;
    }
    return false;
}

bool foreign_looks(struct slice head, struct foreign *foreign)
{
    if (wide_looks(head, foreign)) return true;
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
    if (sniffed.kind == FORMAT_AUTO || sniffed.kind == FORMAT_NDJSON)
        return columns_look(head, line, foreign);
    if (sniffed.kind == FORMAT_JSON && *line.text != '{' && *line.text != '[') return false;
    if (columns && (sniffed.fit < sniffed.records || !columns_fit(head, sniffed.kind)))
        return false;
    *foreign = formats[sniffed.kind];
    return true;
}
