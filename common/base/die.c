#include "base/die.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"

/* One write of at most this much to a pipe is never mixed with another process's (PIPE_BUF). */
#define LINE_MAX_BYTES 4096
#define TEXT_MAX_BYTES 2048 /* of a message before it is escaped */
#define TAIL_MAX_BYTES 512  /* kept free for what must not be cut: the text of errno, the hint */

struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static const char *tool_name = "cs";

void message_name(const char *tool)
{
    tool_name = tool;
}

const char *message_tool(void)
{
    return tool_name;
}

/* Controls and characters that turn the direction of the text around them. */
static bool character_unsafe(unsigned code)
{
    if (code >= 0x80 && code <= 0x9f) return true;
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* The length of the character at text if it is one that may be shown; 0 if its first byte is to be
 * escaped. utf8.h is of no use here: the code point matters, and this file stands below all others.
 */
static size_t printable_length(const unsigned char *text, size_t len)
{
    if (text[0] < 0x80) return text[0] >= 0x20 && text[0] < 0x7f;
    const size_t need = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    if (text[0] < 0xc2 || text[0] > 0xf4 || len < need) return 0;
    unsigned code = text[0] & (0x7fU >> need);
    for (size_t i = 1; i < need; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (text[i] & 0x3fU);
    }
    if (need == 3 && (code < 0x800 || (code >= 0xd800 && code <= 0xdfff))) return 0;
    if (need == 4 && (code < 0x10000 || code > 0x10ffff)) return 0;
    return character_unsafe(code) ? 0 : need;
}

/* Adds text, escaped. False: it ends in "...", as the line would get longer than limit. */
static bool line_add(struct line *line, const char *text, size_t len, size_t limit)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *bytes = (const unsigned char *)text;

    for (size_t i = 0; i < len;) {
        const size_t shown = printable_length(bytes + i, len - i);
        if (line->len + (shown > 0 ? shown : 4) > limit - 3) {
            memcpy(line->text + line->len, "...", 3);
            line->len += 3;
            return false;
        }
        if (shown > 0) {
            memcpy(line->text + line->len, text + i, shown);
            line->len += shown;
            i += shown;
            continue;
        }
        const char escape[4] = {'\\', 'x', hex[bytes[i] >> 4], hex[bytes[i] & 15]};
        memcpy(line->text + line->len, escape, sizeof(escape));
        line->len += sizeof(escape);
        i++;
    }
    return true;
}

/* Where to cut text of len bytes so that no character is split. */
static size_t cut_length(const char *text, size_t len)
{
    for (size_t back = 1; back <= 4 && back <= len; back++) {
        const unsigned char byte = (unsigned char)text[len - back];
        if (byte < 0x80) return len;
        if (byte >= 0xc0) return len - back;
    }
    return len;
}

static void line_add_format(struct line *line, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void line_add_format(struct line *line, const char *format, va_list args)
{
    char text[TEXT_MAX_BYTES];
    const size_t limit = LINE_MAX_BYTES - TAIL_MAX_BYTES;

    const int wanted = vsnprintf(text, sizeof(text), format, args);
    if (wanted < 0) {
        line_add(line, format, strlen(format), limit);
    } else if ((size_t)wanted < sizeof(text)) {
        line_add(line, text, (size_t)wanted, limit);
    } else if (line_add(line, text, cut_length(text, sizeof(text) - 1), limit)) {
        line_add(line, "...", 3, limit + 3);
    }
}

static void line_begin(struct line *line, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void line_begin(struct line *line, const char *format, va_list args)
{
    line->len = 0;
    line_add(line, tool_name, strlen(tool_name), TAIL_MAX_BYTES);
    line_add(line, ": ", 2, LINE_MAX_BYTES);
    line_add_format(line, format, args);
}

/* Who takes messages instead of standard error. */
static void (*keeper)(const char *text, size_t len);

void message_keep(void (*keep)(const char *text, size_t len))
{
    keeper = keep;
}

void message_pass(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        const ssize_t written = write(STDERR_FILENO, text + at, len - at);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return; /* nobody is left to tell */
        at += (size_t)written;
    }
}

static void line_write(struct line *line)
{
    line->text[line->len++] = '\n';
    message_pass(line->text, line->len);
}

void message(const char *format, ...)
{
    const int saved = errno;
    struct line line;
    va_list args;

    va_start(args, format);
    line_begin(&line, format, args);
    va_end(args);
    if (keeper != NULL) {
        line.text[line.len++] = '\n';
        keeper(line.text, line.len);
    } else {
        line_write(&line);
    }
    errno = saved;
}

void die(const char *format, ...)
{
    struct line line;
    va_list args;

    va_start(args, format);
    line_begin(&line, format, args);
    va_end(args);
    line_write(&line);
    exit(EXIT_FAILED);
}

void die_errno(const char *format, ...)
{
    const char *reason = strerror(errno);
    struct line line;
    va_list args;

    va_start(args, format);
    line_begin(&line, format, args);
    va_end(args);
    line_add(&line, ": ", 2, LINE_MAX_BYTES);
    line_add(&line, reason, strlen(reason), LINE_MAX_BYTES - 1);
    line_write(&line);
    exit(EXIT_FAILED);
}

void die_usage(const char *format, ...)
{
    struct line line;
    va_list args;

    va_start(args, format);
    line_begin(&line, format, args);
    va_end(args);
    line.text[line.len++] = '\n';
    line_add(&line, "Try '", 5, LINE_MAX_BYTES);
    line_add(&line, tool_name, strlen(tool_name), LINE_MAX_BYTES - 16);
    line_add(&line, " --help'.", 9, LINE_MAX_BYTES - 1);
    line_write(&line);
    exit(EXIT_USAGE);
}

void die_person(const char *format, ...)
{
    struct line line;
    va_list args;

    va_start(args, format);
    line_begin(&line, format, args);
    va_end(args);
    line_write(&line);
    exit(EXIT_PERSON);
}

void die_with(pid_t parent)
{
    if (!parent_death_signal(SIGKILL)) die_errno("prctl");
    if (getppid() != parent) _exit(EXIT_FAILED); /* it was faster */
}
