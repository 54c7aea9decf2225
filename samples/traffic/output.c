#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_BYTES ((size_t)256 * 1024)

void output_init(struct output *output)
{
    output->data = malloc(FLUSH_BYTES + LINE_MAX_BYTES);
    output->len = 0;
    if (!output->data) die_errno("output buffer");
}

char *output_room(struct output *output)
{
    if (output->len >= FLUSH_BYTES) output_flush(output);
    return output->data + output->len;
}

void output_advance(struct output *output, const char *end)
{
    output->len = (size_t)(end - output->data);
}

void output_flush(struct output *output)
{
    size_t done = 0;
    while (done < output->len) {
        const ssize_t n = write(STDOUT_FILENO, output->data + done, output->len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) die_errno("standard output");
        done += (size_t)n;
    }
    output->len = 0;
}

void output_close(struct output *output)
{
    output_flush(output);
    if (close(STDOUT_FILENO) != 0) die_errno("standard output");
    free(output->data);
}

/* Says what is wrong, without what a terminal would obey: options are quoted in it. */
static void complain(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

static void complain(const char *format, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    fputs("traffic: ", stderr);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        const bool c1 = *c >= 0x80 && *c < 0xa0 && (c == (unsigned char *)text || c[-1] <= 0xc2);
        if (*c < ' ' || *c == 0x7f || c1)
            fprintf(stderr, "\\x%02x", *c);
        else
            putc(*c, stderr);
    }
}

void die_errno(const char *format, ...)
{
    const int error = errno;
    va_list args;
    va_start(args, format);
    complain(format, args);
    fprintf(stderr, ": %s\n", strerror(error));
    va_end(args);
    exit(1);
}

void die_usage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(format, args);
    fputs("\nTry 'traffic --help'.\n", stderr);
    va_end(args);
    exit(2);
}
