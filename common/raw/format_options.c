#include "raw/format_options.h"

#include <string.h>

#include "base/die.h"

static bool maybe_columns(enum format_kind from)
{
    return from == FORMAT_AUTO || from == FORMAT_CSV || from == FORMAT_TSV;
}

/* --delimiter. */
static char separator_of(const struct format_options *given)
{
    const char *delimiter = given->delimiter;
    if (given->from != FORMAT_AUTO && given->from != FORMAT_CSV)
        die_usage("--delimiter is for CSV");
    const char c = strcmp(delimiter, "\\t") == 0 ? '\t' : *delimiter;
    if (c == '\0' || (c == *delimiter && delimiter[1] != '\0') || (unsigned char)c >= 0x80 ||
        strchr("\"\r\n", c) != NULL)
        die_usage("--delimiter: '%s' is not one character of ASCII that may stand between columns",
                  delimiter);
    return c;
}

void format_options_apply(const struct format_options *given, struct format *format)
{
    const char *null = given->null_text;
    struct csv csv = {.literal = given->no_quotes,
                      .null = {.text = null, .len = null == NULL ? 0 : strlen(null)}};
    enum format_kind from = (enum format_kind)given->from;

    if (given->delimiter != NULL) {
        csv.separator = separator_of(given);
        from = FORMAT_CSV;
    }
    format_init(format, from, &csv);
    if (given->log_format != NULL) {
        if (from != FORMAT_AUTO) die_usage("--from and --log-format both say the input's format");
        const char *problem = format_set_log(format, slice_of(given->log_format));
        if (problem != NULL) die_usage("--log-format: %s", problem);
        from = format->from;
    }
    if (given->header != NULL) {
        if (!maybe_columns(from)) die_usage("--header is for CSV and TSV");
        const char *problem = format_name_columns(format, slice_of(given->header));
        if (problem != NULL) die_usage("--header: %s", problem);
    }
    if (given->comment != NULL) {
        if (from == FORMAT_NDJSON || from == FORMAT_JSON)
            die_usage("--comment: JSON has no comments");
        if (*given->comment == '\0') die_usage("--comment: every line begins with nothing");
        format->comment = slice_of(given->comment);
    }
    format->preamble = given->preamble;
    if (given->preamble && (!maybe_columns(from) || given->header != NULL))
        die_usage("--preamble is for CSV and TSV with a header line");
    if (given->no_quotes && !maybe_columns(from)) die_usage("--no-quotes is for CSV and TSV");
    if (null != NULL && !maybe_columns(from)) die_usage("--null is for CSV and TSV");
}
