/* input_filter.c - what the bytes of an input go through. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "source/input_inside.h"

/* Which arguments make a program decompress its standard input. zstd is told that a file may ask
 * for as much memory as any file does. */
#define ARGUMENTS_MAX 4

static void arguments_of(const char *program, const char **arguments)
{
    *arguments++ = program;
    *arguments++ = "-dc";
    if (strcmp(program, "zstd") == 0) *arguments++ = "--long=31";
    *arguments = NULL;
}

/* What a person undoes it with. */
static const char *usual_program(const struct coding *coding)
{
    const char *program = NULL;
    for (int i = 0; coding->programs != NULL && coding->programs[i] != NULL; i++)
        program = coding->programs[i];
    return program != NULL && strcmp(program, CODING_ZLIB) == 0 ? "gzip" : program;
}

/* Why a coding cannot be read, as a phrase: there is no program for it, or none is installed. */
static void refusal_add(const struct coding *coding, struct buffer *why)
{
    if (coding->advice != NULL)
        buffer_printf(why, "is %s, which %s", coding->name, coding->advice);
    else
        buffer_printf(why, "to read it takes %s, which is not installed (Debian's package: %s)",
                      usual_program(coding), coding->package);
}

/* Can we read it? Else why not is added, as a phrase. */
static bool coding_readable(const struct coding *coding, struct buffer *why)
{
    if (coding->advice == NULL && coding_program(coding, false) >= 0) return true;
    refusal_add(coding, why);
    return false;
}

/* Of a file. At the beginning it is a mistake in the command line. */
static void coding_check(const struct input *input, const struct coding *coding, bool opening)
{
    struct buffer why = {0};
    if (coding_readable(coding, &why)) return;
    if (opening) die_usage("%s: %.*s", input_label(input), (int)why.len, why.data);
    die("%s: %.*s", input_label(input), (int)why.len, why.data);
}

static size_t head_read(const struct input *input, char *head, size_t len, uint64_t from)
{
    size_t have = 0;
    while (have < len) {
        const ssize_t got = pread(input->fd, head + have, len - have, (off_t)(from + have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) die_errno("%s", input_label(input));
        if (got == 0) break;
        have += (size_t)got;
    }
    return have;
}

void input_recognise(const struct inputs *inputs, struct input *input, bool opening)
{
    char bytes[CODING_HEAD_BYTES], trailer[sizeof input->trailer];
    const off_t offset = input->fd == STDIN_FILENO ? lseek(input->fd, 0, SEEK_CUR) : 0;
    input->offset = offset > 0 ? (uint64_t)offset : 0;
    const struct slice head = {.text = bytes,
                               .len = head_read(input, bytes, sizeof bytes, input->offset)};
    input->coding = NULL;
    input->charset = inputs->encoding;
    if (coding_find(head, true, &input->coding) == CODING_KNOWN) {
        coding_check(input, input->coding, opening);
        if (input->size >= sizeof trailer &&
            head_read(input, trailer, sizeof trailer, input->size - sizeof trailer) ==
                sizeof trailer)
            for (size_t i = sizeof trailer; i > 0; i--)
                input->trailer = input->trailer << 8 | (unsigned char)trailer[i - 1];
        return;
    }
    const struct coding *const named = coding_named(input->name);
    if (opening && named != NULL && head.len != 0)
        message("%s: does not begin as %s does: read as it is", input->name, named->name);
    if (input->charset == NULL) (void)coding_find_text(head, true, &input->charset);
    input->settled = input->charset == NULL;
}

/* Runs the coding's program on the input's descriptor. */
static void decompressor_begin(struct input *input)
{
    const char *arguments[ARGUMENTS_MAX];
    struct filter *const filter = &input->filter[input->filters++];
    const int program = coding_program(input->coding, input->last_word);
    if (program < 0) { /* the last one, which has the last word, or all of them have just gone */
        struct buffer why = {0};
        refusal_add(input->coding, &why);
        die("%s: %.*s", input_label(input), (int)why.len, why.data);
    }
    input->last_word = input->coding->programs[program + 1] == NULL;
    if (strcmp(input->coding->programs[program], CODING_ZLIB) == 0) {
        input->fd = filter_inflate(filter, input_label(input), input->fd);
        return;
    }
    arguments_of(input->coding->programs[program], arguments);
    input->fd = filter_program(filter, input_label(input), arguments, input->fd);
}

static void fork_begin(struct input *input, const char *charset, struct slice head)
{
    input->fd =
        filter_fork(&input->filter[input->filters++], input_label(input), charset, head, input->fd);
}

void input_filters_begin(const struct inputs *inputs, struct input *input)
{
    input_head_update(input);
    input->settled = input->coding == NULL || inputs->encoding != NULL;
    if (input->coding != NULL) decompressor_begin(input);
    if (input->charset != NULL) fork_begin(input, input->charset, (struct slice){0});
}

/* What has been read of an input so far goes through a filter of its own to where the rest goes. */
static void input_return(struct input *input, const char *charset)
{
    struct buffer head = {0};
    buffer_add(&head, input->data + input->start, input->end - input->start);
    if (input->ahead.len > input->ahead_taken) /* else it may have no memory yet */
        buffer_add(&head, input->ahead.data + input->ahead_taken,
                   input->ahead.len - input->ahead_taken);
    fork_begin(input, charset, buffer_slice(&head));
    buffer_release(&head);
    buffer_release(&input->ahead);
    input->ahead_taken = 0;
    input->start = input->end = 0;
    input->brought = 0;
}

/* Nothing of it can be used, which the others do not suffer for: it ends here. */
static enum input_looked input_refuse(struct inputs *inputs, struct input *input,
                                      const struct buffer *why)
{
    message("%s: %.*s: nothing of it is used", input_label(input), (int)why->len, why->data);
    input->refused = input->damaged = input->settled = true;
    inputs->damaged++;
    input->start = input->end = 0;
    buffer_release(&input->ahead);
    input->ahead_taken = 0;
    close(input->fd);
    input->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input->fd < 0) die_errno("/dev/null");
    return LOOKED_AGAIN;
}

/* What came out of one program is for another one, or for none. */
static enum input_looked inside_refuse(struct inputs *inputs, struct input *input,
                                       const struct coding *inside)
{
    struct buffer why = {0};
    if (inside->advice != NULL)
        refusal_add(inside, &why);
    else
        buffer_printf(&why, "is compressed twice, by %s inside of %s (%s -dc FILE | ...)",
                      inside->name, input->coding->name, usual_program(input->coding));
    const enum input_looked looked = input_refuse(inputs, input, &why);
    buffer_release(&why);
    return looked;
}

enum input_looked input_look(struct inputs *inputs, struct input *input)
{
    const struct slice head = {.text = input->data + input->start,
                               .len = input->end - input->start};
    const bool whole = input->ended;
    if (input->coding == NULL) { /* a stream: nobody could look before */
        const enum coding_found found = coding_find(head, whole, &input->coding);
        if (found == CODING_MORE) return LOOKED_MORE;
        if (found == CODING_KNOWN) {
            struct buffer why = {0};
            const bool readable = coding_readable(input->coding, &why);
            if (!readable) (void)input_refuse(inputs, input, &why);
            buffer_release(&why);
            if (!readable) return LOOKED_AGAIN;
            input->last_word = true; /* it cannot be read twice */
            input_return(input, NULL);
            decompressor_begin(input);
            return LOOKED_AGAIN;
        }
    } else {
        const struct coding *inside = NULL;
        const enum coding_found found = coding_find(head, whole, &inside);
        if (found == CODING_MORE) return LOOKED_MORE;
        if (found == CODING_KNOWN) return inside_refuse(inputs, input, inside);
    }
    const char *charset = inputs->encoding;
    if (charset == NULL) {
        const enum coding_found found = coding_find_text(head, whole, &charset);
        if (found == CODING_MORE) return LOOKED_MORE;
    }
    input->settled = true;
    if (charset == NULL) return LOOKED_SETTLED;
    input->charset = charset;
    input_return(input, charset);
    return LOOKED_AGAIN;
}

/* gzip's file ends in the length of what it holds, modulo 2^32. Where that is not what has come,
 * the file may be several in one, or something may follow it, which igzip keeps to itself. */
static bool trailer_fits(const struct input *input)
{
    return input->filters == 1 && input->trailer == (uint32_t)input->brought;
}

/* The last of its programs has failed. */
static void decompressor_failed(struct inputs *inputs, struct input *input, int status,
                                const char *program, struct slice complaint)
{
    const char *const name = input_label(input);
    const bool is_gzip = strcmp(program, CODING_ZLIB) == 0 || strcmp(program, "gzip") == 0;
    if (is_gzip && WIFEXITED(status) && WEXITSTATUS(status) == FILTER_FOLLOWED) {
        message("%s: something that is not compressed follows the compressed data, and is not used",
                name);
        return;
    }
    input->damaged = true;
    inputs->damaged++;
    const size_t named = strlen(program);
    const bool names = complaint.len > named && memcmp(complaint.text, program, named) == 0;
    if (WIFSIGNALED(status))
        message("%s: %s was killed (signal %d): only the %llu bytes that it had brought are used",
                name, program, WTERMSIG(status), (unsigned long long)input->brought);
    else
        message(
            "%s: is damaged or cut off: only the %llu bytes that could be read of what it holds "
            "are used (%s%s%.*s)",
            name, (unsigned long long)input->brought, names ? "" : program, names ? "" : ": ",
            (int)complaint.len, complaint.len == 0 ? "" : complaint.text);
}

/* The file is read once more, by the last of the programs. */
static void input_again(const struct inputs *inputs, struct input *input)
{
    const uint64_t had = input->brought + input->skip;
    input_open(input);
    if (input->fd == STDIN_FILENO && lseek(input->fd, (off_t)input->offset, SEEK_SET) < 0)
        die_errno("%s", input_label(input));
    input->last_word = true;
    input->skip = had;
    input->brought = 0;
    const bool settled = input->settled;
    input_filters_begin(inputs, input);
    input->settled |= settled;
}

bool input_filters_end(struct inputs *inputs, struct input *input)
{
    struct buffer complaint = {0};
    const char *program = NULL;
    int status = 0;
    bool forks_good = true;
    const bool fits = input->coding == NULL || trailer_fits(input);
    /* Another program has the last word, and is there. */
    const bool may_again =
        input->coding != NULL && !input->last_word && coding_program(input->coding, true) >= 0;
    for (int i = 0; i < input->filters; i++) {
        if (input->filter[i].program != NULL) {
            program = input->filter[i].program;
            status = filter_end(&input->filter[i], &complaint);
        } else {
            forks_good &= filter_end(&input->filter[i], &complaint) == 0;
        }
    }
    input->filters = 0;
    bool again = false;
    if (!forks_good && status == 0) exit(EXIT_FAILED); /* it has said why */
    if (input->refused) {
        /* its program could not write to anybody any more */
    } else if (program != NULL && may_again && (status != 0 || !fits)) {
        again = true;
        input_again(inputs, input);
    } else if (program != NULL && status != 0) {
        decompressor_failed(inputs, input, status, program, buffer_slice(&complaint));
    }
    buffer_release(&complaint);
    return again;
}
