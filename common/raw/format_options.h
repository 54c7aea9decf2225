/*
 * format_options.h - what cs-parse's options say of the input's format, made a struct format.
 */
#ifndef CS_FORMAT_OPTIONS_H
#define CS_FORMAT_OPTIONS_H

#include <stdbool.h>

#include "raw/format.h"

/* As given; NULL: not given. */
struct format_options {
    enum format_kind from;  /* --from */
    const char *log_format; /* --log-format */
    const char *header;     /* --header */
    const char *delimiter;  /* --delimiter */
    const char *null_text;  /* --null */
    bool no_quotes;         /* --no-quotes */
};

/* Makes the format of them: format->from is then what they say together. Options that are wrong, or
 * do not go together, are die_usage. */
void format_options_apply(const struct format_options *given, struct format *format);

#endif
