#include "people/linkfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/paths.h"
#include "event/scan.h"
#include "writer/output.h"

/* It says who is who: nobody else's business, unless the owner has said otherwise. */
#define NEW_MODE 0600

/* --- reading --- */

struct reading {
    struct people *people;
    const char *path;
    uint64_t line;
    struct schema schema;
    int anonymous, known, since, last, member; /* slots */
};

static _Noreturn void line_refuse(const struct reading *reading, const char *what, const char *why)
{
    die_usage("--links: %s, line %llu: %s%s", reading->path, (unsigned long long)reading->line,
              what, why);
}

/* The whole file, with a line end and padding behind; false: there is none. */
static bool file_read(const char *path, struct buffer *text)
{
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return false;
    struct stat stat;
    if (fd < 0 || fstat(fd, &stat) != 0) die_usage("--links: %s: %s", path, strerror(errno));
    if (!S_ISREG(stat.st_mode)) die_usage("--links: '%s' is no file", path);
    for (;;) {
        const ssize_t got = read(fd, buffer_reserve(text, (size_t)1 << 16), (size_t)1 << 16);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) die_errno("%s", path);
        if (got == 0) break;
        text->len += (size_t)got;
    }
    close(fd);
    if (text->len > 0 && text->data[text->len - 1] != '\n') buffer_add_char(text, '\n');
    memset(buffer_reserve(text, SCAN_PADDING), 0, SCAN_PADDING);
    return true;
}

/* An id: a text, or a number, which is read as its text. */
static struct slice line_id(const struct reading *reading, const struct event *ev, int slot)
{
    const struct value value = event_value(ev, slot);
    char *const name = memory_text(reading->schema.name[slot].text, reading->schema.name[slot].len);
    if (value.kind == KIND_NULL) line_refuse(reading, name, " is missing");
    if (value.kind != KIND_STRING && value.kind != KIND_NUMBER)
        line_refuse(reading, name, " is no text");
    free(name);
    return value_slice(value);
}

static int64_t line_time(const struct reading *reading, struct value value, const char *name)
{
    const struct instant_format format = {.unit = UNIT_AUTO};
    int64_t time_us;
    if (!instant_parse(value, &format, &time_us)) {
        char why[256];
        (void)snprintf(why, sizeof why, " %s", instant_fault(value, &format));
        line_refuse(reading, name, why);
    }
    return time_us;
}

/* Which of the anonymous members it is about. */
static int line_member(const struct reading *reading, const struct event *ev)
{
    const struct people *const people = reading->people;
    const struct value value = event_value(ev, reading->member);
    if (value.kind == KIND_NULL) return 0;
    for (int i = 0; i < people->anonymous_count; i++)
        if (value.kind == KIND_STRING &&
            slice_equal(people->schema->name[people->anonymous_slot[i]], value_slice(value)))
            return i;
    line_refuse(reading, "member is none of --anonymous", "");
}

static void line_take(struct reading *reading, const struct event *ev)
{
    const struct slice anonymous = line_id(reading, ev, reading->anonymous);
    const struct slice known = line_id(reading, ev, reading->known);
    const struct value since = event_value(ev, reading->since);
    const struct value last = event_value(ev, reading->last);
    if (since.kind == KIND_NULL) line_refuse(reading, "since is missing", "");
    const int64_t since_us = line_time(reading, since, "since");
    const int64_t last_us = last.kind == KIND_NULL ? since_us : line_time(reading, last, "last");
    const int member = line_member(reading, ev);
    if (last_us < since_us) line_refuse(reading, "last is before since", "");
    people_identify(reading->people, member, anonymous, known, since_us);
    if (last_us != since_us) people_identify(reading->people, member, anonymous, known, last_us);
}

static void lines_read(struct reading *reading, const struct buffer *text)
{
    struct scanner *const scanner = scanner_new(&reading->schema);
    struct value values[SCHEMA_MAX];
    struct event ev = {.value = values};
    for (const char *at = text->data; at < text->data + text->len;) {
        reading->line++;
        const enum reason reason = scanner_scan(scanner, at, &ev, &at);
        if (reason != REASON_NONE) line_refuse(reading, reason_name(reason), "");
        if (ev.line.len != 0) line_take(reading, &ev);
        scanner_clear(scanner);
    }
    scanner_free(scanner);
}

void linkfile_read(struct people *people, const char *path)
{
    struct buffer text = {0};
    struct reading reading = {.people = people, .path = path};
    if (!file_read(path, &text)) return;
    struct schema *const schema = &reading.schema;
    schema_init(schema);
    reading.anonymous = schema_need(schema, SLICE("anonymous"));
    reading.known = schema_need(schema, SLICE("known"));
    reading.since = schema_need(schema, SLICE("since"));
    reading.last = schema_need(schema, SLICE("last"));
    reading.member = schema_need(schema, SLICE("member"));
    if (text.len > 0) lines_read(&reading, &text);
    schema_release(schema);
    buffer_release(&text);
}

/* --- writing --- */

void linkfile_check(const char *path)
{
    size_t len;
    DIR *const directory = path_directory(path, &len);
    if (directory == NULL || faccessat(dirfd(directory), ".", W_OK | X_OK, 0) != 0)
        die_usage("--links: %s: %s", path, strerror(errno));
    closedir(directory);
}

static void link_print(const struct people *people, const struct link *link, struct buffer *out)
{
    int member;
    const struct slice anonymous = link_text(link, &member);
    buffer_add_literal(out, "{\"member\":");
    json_add_string(out, people->schema->name[people->anonymous_slot[member]]);
    buffer_add_literal(out, ",\"anonymous\":");
    json_add_string(out, anonymous);
    buffer_add_literal(out, ",\"known\":");
    json_add_string(out, names_text(&people->names, link->known));
    buffer_add_literal(out, ",\"since\":");
    instant_print_string(out, link->since_us);
    buffer_add_literal(out, ",\"last\":");
    instant_print_string(out, link->last_us);
    buffer_add_literal(out, "}\n");
}

/* As the file that is there, which somebody may have opened to others. */
static mode_t mode_of(const char *path)
{
    struct stat stat_now;
    return stat(path, &stat_now) == 0 ? stat_now.st_mode & 0777 : NEW_MODE;
}

void linkfile_write(const struct people *people, const char *path)
{
    struct buffer name = {0};
    size_t count;
    buffer_printf(&name, "%s.new%c", path, '\0');
    struct output output = {
        .name = name.data, .fd = output_create(name.data, mode_of(path)), .file = true};
    uint32_t *const sorted = links_sorted(&people->links, &count);
    for (size_t i = 0; i < count; i++) {
        link_print(people, links_at(&people->links, sorted[i]), &output.buffer);
        output_row_done(&output);
    }
    free(sorted);
    output_sync(&output);
    output_close(&output);
    if (rename(name.data, path) != 0) die_errno("%s", path);
    directory_sync(path);
    buffer_release(&name);
}
