/*
 * format_options.h - what cs-parse's options say of the input's format, made a struct format.
 */
#ifndef CS_FORMAT_OPTIONS_H
#define CS_FORMAT_OPTIONS_H

#include <stdbool.h>

#include "base/option.h"
#include "raw/format.h"

/* As given; NULL: not given. */
struct format_options {
    int from;               /* --from: enum format_kind */
    const char *log_format; /* --log-format */
    const char *header;     /* --header */
    const char *delimiter;  /* --delimiter */
    const char *null_text;  /* --null */
    bool no_quotes;         /* --no-quotes */
    const char *comment;    /* --comment */
    bool preamble;          /* --preamble */
};

/* Their rows, for a table of options that fills a struct format_options. */
#define FORMAT_OPTION_ROWS(to)                                                                     \
    {.name = "from",                                                                               \
     .type = OPTION_CHOICE,                                                                        \
     .target = &(to)->from,                                                                        \
     .words = "auto|ndjson|csv|tsv|combined|json",                                                 \
     .help = "the input's format; auto looks at how it begins"},                                   \
        {.name = "log-format",                                                                     \
         .type = OPTION_TEXT,                                                                      \
         .target = &(to)->log_format,                                                              \
         .argument = "FORMAT",                                                                     \
         .help = "lines of a log, as nginx's log_format or Apache's LogFormat says"},              \
        {.name = "header",                                                                         \
         .type = OPTION_TEXT,                                                                      \
         .target = &(to)->header,                                                                  \
         .argument = "NAME,...",                                                                   \
         .help = "the columns' names, for CSV and TSV without a header line"},                     \
        {.name = "no-quotes",                                                                      \
         .type = OPTION_FLAG,                                                                      \
         .target = &(to)->no_quotes,                                                               \
         .help = "a quote in CSV and TSV is an ordinary character"},                               \
        {.name = "delimiter",                                                                      \
         .type = OPTION_TEXT,                                                                      \
         .target = &(to)->delimiter,                                                               \
         .argument = "C",                                                                          \
         .help = "what stands between the columns of CSV: one character, or \\t"},                 \
        {.name = "null",                                                                           \
         .type = OPTION_TEXT,                                                                      \
         .target = &(to)->null_text,                                                               \
         .argument = "TEXT",                                                                       \
         .help = "a value in CSV and TSV that means null, NULL for example"},                      \
        {.name = "comment",                                                                        \
         .type = OPTION_TEXT,                                                                      \
         .target = &(to)->comment,                                                                 \
         .argument = "TEXT",                                                                       \
         .help = "lines that begin with TEXT are no records"},                                     \
    {                                                                                              \
        .name = "preamble", .type = OPTION_FLAG, .target = &(to)->preamble,                        \
        .help = "CSV and TSV: skip what stands before the header line"                             \
    }

/* Makes the format of them: format->from is then what they say together. Options that are wrong, or
 * do not go together, are die_usage. */
void format_options_apply(const struct format_options *given, struct format *format);

#endif
