#include "look/page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/share.h"
#include "writer/output.h"
#include "writer/whole.h"

#define TEMPLATE "report.html"

static void template_read(struct buffer *whole)
{
    struct buffer path = {0};
    if (!share_find(&path, "", TEMPLATE, ""))
        die_usage("there is no %s in %s: 'make page' makes it where there are npm and esbuild",
                  TEMPLATE, share_directory);
    FILE *const file = fopen(path.data, "re");
    if (file == NULL) die_errno("%s", path.data);
    for (size_t len; (len = fread(buffer_reserve(whole, 1 << 16), 1, 1 << 16, file)) > 0;)
        whole->len += len;
    if (ferror(file)) die_errno("%s", path.data);
    fclose(file);
    buffer_release(&path);
}

/* report.html has its data in report.rows.js. */
static void script_name(struct buffer *name, const char *path)
{
    const size_t len = strlen(path);
    const size_t stem = len > 5 && strcmp(path + len - 5, ".html") == 0 ? len - 5 : len;
    buffer_add(name, path, stem);
    buffer_add(name, ".rows.js", sizeof ".rows.js");
}

void page_open(struct page *page, const char *path)
{
    template_read(&page->whole);
    if (path == NULL) return;
    whole_check(path);
    if (page->live_us == 0) return;
    script_name(&page->script, path);
    whole_check(page->script.data);
}

static void add_html(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<')
            buffer_add_literal(out, "&lt;");
        else if (*text == '&')
            buffer_add_literal(out, "&amp;");
        else
            buffer_add_char(out, *text);
    }
}

/* A string of JSON that may stand in a page: its bytes are UTF-8. */
static void add_string(struct buffer *out, const char *text)
{
    struct buffer string = {0};
    json_add_string(&string, slice_of(text));
    for (size_t i = 0; i < string.len; i++) {
        if (string.data[i] == '<')
            buffer_add_literal(out, "\\u003c");
        else
            buffer_add_char(out, string.data[i]);
    }
    buffer_release(&string);
}

static void data_print(const struct page *page, struct board *board, struct buffer *out)
{
    buffer_add_literal(out, "{\"version\":1,\"title\":");
    add_string(out, page->title);
    buffer_printf(out, ",\"lines\":%" PRIu64 ",\"unused\":%" PRIu64 ",\"panels\":", board->lines,
                  board->unused);
    board_print(board, page->bytes_max, out);
    buffer_add_char(out, '}');
}

/* What a live page has in the place of its data: where that is, and how often it changes. */
static void live_print(const struct page *page, struct buffer *out)
{
    const char *const slash = strrchr(page->script.data, '/');
    buffer_add_literal(out, "{\"version\":1,\"title\":");
    add_string(out, page->title);
    buffer_printf(out, ",\"live\":%" PRId64 ",\"script\":", page->live_us / 1000);
    add_string(out, slash == NULL ? page->script.data : slash + 1);
    buffer_add_literal(out, ",\"panels\":[]}");
}

/* Adds the page up to the mark, and goes on behind it. */
static void copy_to(struct buffer *out, struct slice *rest, const char *mark)
{
    const char *const at = memmem(rest->text, rest->len, mark, strlen(mark));
    if (at == NULL) die("%s: there is no %s in it: it is of another version", TEMPLATE, mark);
    buffer_add(out, rest->text, (size_t)(at - rest->text));
    rest->len -= (size_t)(at - rest->text) + strlen(mark);
    rest->text = at + strlen(mark);
}

void page_write(struct page *page, struct board *board, const char *path)
{
    struct buffer out = {0};
    struct slice rest = buffer_slice(&page->whole);
    copy_to(&out, &rest, "@policy@");
    if (page->live_us != 0) buffer_add_literal(&out, " 'self' file:");
    copy_to(&out, &rest, "@title@");
    add_html(&out, page->title);
    copy_to(&out, &rest, "@data@");
    if (page->live_us != 0)
        live_print(page, &out);
    else
        data_print(page, board, &out);
    buffer_add_slice(&out, rest);
    if (path != NULL) {
        whole_write(path, buffer_slice(&out));
    } else {
        struct output output;
        output_standard(&output);
        output_write(&output, buffer_slice(&out));
        output_close(&output);
    }
    buffer_release(&out);
}

void page_refresh(struct page *page, struct board *board, bool fresh)
{
    struct buffer out = {0};
    if (fresh || page->sequence == 0) {
        buffer_clear(&page->data);
        data_print(page, board, &page->data);
        page->sequence++;
    }
    /* The text becomes numbers only in a page that has not had them yet. */
    buffer_printf(&out, "cs_rows(%" PRIu64 ",%" PRId64 ",()=>(", page->sequence,
                  instant_now() / 1000);
    buffer_add_slice(&out, buffer_slice(&page->data));
    buffer_add_literal(&out, "));\n");
    whole_write(page->script.data, buffer_slice(&out));
    buffer_release(&out);
}

void page_release(struct page *page)
{
    buffer_release(&page->whole);
    buffer_release(&page->script);
    buffer_release(&page->data);
}
