#include "run/partial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/pack.h"
#include "base/paths.h"
#include "run/checksum.h"
#include "run/state.h"

#define KIND "clickstream partial "
#define MAGIC KIND "3\n"
/* Numbers of events are as the machine has them (handover.h). */
#define BYTE_ORDER_MARK UINT32_C(0x01020304)
/* Ids of people are in it. */
#define PARTIAL_MODE 0600

/* Behind the parts: room to read on, where the range begins and ends, three lengths. */
#define TAIL_BYTES (VALUE_PADDING + 5 * sizeof(uint64_t))

/* --- writing --- */

/* The one that this process writes. */
static struct {
    char *name; /* until it is whole; NULL: standard output */
    int fd;
    struct checksum checksum;
} own;

static void failed(const char *what)
{
    const int saved = errno;
    if (own.name != NULL) unlink(own.name);
    errno = saved;
    die_errno("%s", what);
}

static void written_add(struct slice bytes)
{
    checksum_add(&own.checksum, bytes);
}

/* Whoever ends before it is whole leaves nothing. */
static void leave(void)
{
    if (own.name != NULL) unlink(own.name);
}

static char *path_with(const char *path, const char *ending)
{
    struct buffer text = {0};
    buffer_printf(&text, "%s%s%c", path, ending, '\0');
    return text.data;
}

/* A file without a name, beside the other one. */
static int nameless_open(const char *path)
{
    const char *const temporary = getenv("TMPDIR");
    char *const dir = own.name == NULL
                          ? path_with(temporary == NULL ? "/tmp" : temporary, "/events")
                          : path_with(path, ".events");
    char *const name = path_with(dir, ".XXXXXX");
    const int fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) failed(name);
    unlink(name);
    free(dir);
    free(name);
    return fd;
}

static void file_make(const char *path)
{
    struct stat there;
    own.checksum = checksum_begin();
    if (strcmp(path, "-") == 0) {
        if (isatty(STDOUT_FILENO)) die_usage("--partial=-: standard output is a terminal");
        own.fd = STDOUT_FILENO;
        return;
    }
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        die_usage("--partial: '%s' is no file (standard output is -)", path);
    own.name = path_with(path, ".XXXXXX");
    own.fd = mkostemp(own.name, O_CLOEXEC);
    if (own.fd < 0) die_errno("--partial: %s", path);
    if (fchmod(own.fd, PARTIAL_MODE) != 0) failed(own.name);
    if (atexit(leave) != 0) die("atexit");
}

static void head_pack(const struct partial *partial, const char *tool, struct buffer *out)
{
    struct buffer bound = {0};
    option_fingerprint(&bound);
    buffer_printf(out, MAGIC CS_VERSION "\n%s\n", tool);
    const uint32_t mark = BYTE_ORDER_MARK;
    buffer_add(out, (const char *)&mark, sizeof mark);
    pack_text(out, buffer_slice(&bound));
    pack_u32(out, partial->number);
    pack_u32(out, partial->count);
    pack_u8(out, partial->ways);
    pack_u32(out, partial->inputs);
    for (uint32_t i = 0; i < partial->inputs; i++) {
        pack_text(out, slice_of(partial->input[i].name));
        pack_u64(out, partial->input[i].size);
        pack_id(out, partial->input[i].head);
    }
    buffer_release(&bound);
}

void partial_begin(const struct partial *partial, const char *tool, struct output *rows,
                   struct output *events)
{
    file_make(partial->path);
    *rows = (struct output){.name = partial->path, .fd = own.fd, .wrote = written_add};
    *events = (struct output){.name = "a file for events", .fd = nameless_open(partial->path)};
    head_pack(partial, tool, &rows->buffer);
    output_flush(rows);
    rows->position = 0; /* rows are counted from where they begin */
}

static void events_copy(struct output *to, const struct output *events)
{
    static char bytes[(size_t)256 << 10];
    if (lseek(events->fd, 0, SEEK_SET) < 0) failed(events->name);
    for (;;) {
        const ssize_t got = read(events->fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) failed(events->name);
        if (got == 0) return;
        output_write(to, (struct slice){.text = bytes, .len = (size_t)got});
    }
}

static void file_commit(const char *path)
{
    if (own.name == NULL) return;
    if (fsync(own.fd) != 0 || close(own.fd) != 0 || rename(own.name, path) != 0) failed(path);
    free(own.name);
    own.name = NULL;
    directory_sync(path);
}

void partial_end(const struct partial *partial, struct output *rows, struct output *events)
{
    static const char padding[VALUE_PADDING];
    char sum[CHECKSUM_BYTES];
    output_flush(rows);
    output_flush(events);
    const uint64_t rows_len = rows->position;
    events_copy(rows, events);
    struct buffer *const out = &rows->buffer;
    output_add(rows, partial->piece.result);
    buffer_add(out, padding, sizeof padding);
    pack_u64(out, partial->begin);
    pack_u64(out, partial->end);
    pack_u64(out, rows_len);
    pack_u64(out, events->position);
    pack_u64(out, partial->piece.result.len);
    output_flush(rows);
    checksum_end(&own.checksum, sum);
    rows->wrote = NULL;
    buffer_add(out, sum, sizeof sum);
    output_flush(rows);
    file_commit(partial->path);
    close(events->fd);
    buffer_release(&events->buffer);
    buffer_release(out);
}

/* --- reading --- */

static _Noreturn void damaged(const char *path)
{
    die_person("%s: is damaged, or no partial result of --range", path);
}

static void file_look(struct partial *partial)
{
    struct stat stat;
    const int fd = open(partial->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) die_person("%s: is not there", partial->path);
    if (fd < 0 || fstat(fd, &stat) != 0) die_errno("%s", partial->path);
    if (!S_ISREG(stat.st_mode)) die_usage("--merge-partials: '%s' is no file", partial->path);
    const size_t len = (size_t)stat.st_size;
    if (len < sizeof MAGIC - 1 + TAIL_BYTES + CHECKSUM_BYTES) damaged(partial->path);
    void *const map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) die_errno("%s: mmap", partial->path);
    close(fd);
    partial->file = (struct slice){.text = map, .len = len};
}

static void file_forget(const struct partial *partial)
{
    (void)madvise((void *)(uintptr_t)partial->file.text, partial->file.len, MADV_DONTNEED);
}

/* The pages that were looked at are given back: of a large file they are many. */
static void checksum_check(const struct partial *partial)
{
    const size_t len = partial->file.len - CHECKSUM_BYTES;
    const char *known = partial->file.text;
    struct checksum checksum = checksum_begin();
    char sum[CHECKSUM_BYTES];
    (void)madvise((void *)(uintptr_t)known, partial->file.len, MADV_SEQUENTIAL);
    const size_t step = (size_t)4 << 20;
    for (size_t at = 0; at < len; at += step) {
        checksum_add(&checksum, (struct slice){.text = partial->file.text + at,
                                               .len = len - at < step ? len - at : step});
        known =
            memory_pages_forget(known, partial->file.text + (len - at < step ? len : at + step));
    }
    file_forget(partial);
    checksum_end(&checksum, sum);
    if (memcmp(sum, partial->file.text + len, CHECKSUM_BYTES) != 0) damaged(partial->path);
}

/* A line off the head. */
static struct slice line_take(struct unpack *in)
{
    const char *const newline = memchr(in->at, '\n', (size_t)(in->end - in->at));
    if (newline == NULL) return (struct slice){0};
    const struct slice line = {.text = in->at, .len = (size_t)(newline - in->at)};
    in->at = newline + 1;
    return line;
}

static void head_take(struct partial *partial, const char *tool, struct unpack *in)
{
    struct buffer bound = {0};
    uint32_t mark = 0;
    in->at += sizeof MAGIC - 1;
    const struct slice version = line_take(in), of = line_take(in);
    if (!slice_equal(version, SLICE(CS_VERSION)))
        die_person("%s: is of version %.*s, and this is " CS_VERSION, partial->path,
                   (int)version.len, version.text);
    if (!slice_equal(of, slice_of(tool)))
        die_person("%s: is a partial result of %.*s", partial->path, (int)of.len, of.text);
    if ((size_t)(in->end - in->at) < sizeof mark) damaged(partial->path);
    memcpy(&mark, in->at, sizeof mark);
    in->at += sizeof mark;
    if (mark != BYTE_ORDER_MARK) die_person("%s: is of another kind of machine", partial->path);
    option_fingerprint(&bound);
    state_options(partial->path, in, buffer_slice(&bound));
    buffer_release(&bound);
    partial->number = unpack_u32(in);
    partial->count = unpack_u32(in);
    partial->ways = unpack_u8(in);
    partial->inputs = unpack_u32(in);
    if (in->broken || partial->inputs > (size_t)(in->end - in->at)) damaged(partial->path);
    partial->input = memory_zero(partial->inputs + 1, sizeof partial->input[0]);
    for (uint32_t i = 0; i < partial->inputs; i++) {
        const struct slice name = unpack_text(in);
        partial->input[i].name = memory_text(name.text, name.len);
        partial->input[i].size = unpack_u64(in);
        partial->input[i].head = unpack_id(in);
    }
}

static void tail_take(struct partial *partial, struct unpack *in)
{
    struct unpack tail = {.at = in->end - (TAIL_BYTES - VALUE_PADDING), .end = in->end};
    partial->begin = unpack_u64(&tail);
    partial->end = unpack_u64(&tail);
    struct slice *const parts[] = {&partial->piece.rows, &partial->piece.events,
                                   &partial->piece.result};
    uint64_t left = (uint64_t)(in->end - in->at) - TAIL_BYTES;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const uint64_t len = unpack_u64(&tail);
        if (len > left) damaged(partial->path);
        *parts[i] = (struct slice){.text = in->at, .len = len};
        in->at += len;
        left -= len;
    }
    if (in->broken || left != 0) damaged(partial->path);
}

void partial_open(struct partial *partial, const char *path, const char *tool)
{
    *partial = (struct partial){.path = path};
    file_look(partial);
    if (memcmp(partial->file.text, KIND, sizeof KIND - 1) != 0) damaged(path);
    if (memcmp(partial->file.text, MAGIC, sizeof MAGIC - 1) != 0)
        die_person("%s: is of another format than this version's: make it again", path);
    checksum_check(partial);
    struct unpack in = {.at = partial->file.text,
                        .end = partial->file.text + partial->file.len - CHECKSUM_BYTES};
    head_take(partial, tool, &in);
    if ((size_t)(in.end - in.at) < TAIL_BYTES) damaged(path);
    tail_take(partial, &in);
}

void partial_taken(struct partial *partial)
{
    file_forget(partial);
}

void partial_release(struct partial *partial)
{
    if (partial->file.text != NULL)
        munmap((void *)(uintptr_t)partial->file.text, partial->file.len);
    for (uint32_t i = 0; i < partial->inputs; i++)
        free((char *)(uintptr_t)partial->input[i].name);
    free(partial->input);
    *partial = (struct partial){0};
}
