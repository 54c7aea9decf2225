#include "raw/page.h"

#include <strings.h>

#include "base/compat.h"
#include "event/members.h"
#include "raw/url.h"

/* In order of what is met most often. */
static const char *const endings[] = {
    "js",     "css",  "png",         "jpg",      "gif",      "svg",     "ico",  "woff2", "webp",
    "jpeg",   "woff", "map",         "json",     "xml",      "txt",     "avif", "ttf",   "mjs",
    "eot",    "otf",  "mp4",         "webm",     "mp3",      "m4a",     "m4v",  "ogg",   "ogv",
    "wav",    "flac", "mov",         "avi",      "mkv",      "m3u8",    "ts",   "bmp",   "tif",
    "tiff",   "cur",  "apng",        "swf",      "pdf",      "zip",     "gz",   "tgz",   "bz2",
    "xz",     "zst",  "7z",          "rar",      "tar",      "dmg",     "exe",  "msi",   "deb",
    "rpm",    "apk",  "iso",         "bin",      "jar",      "wasm",    "csv",  "doc",   "docx",
    "xls",    "xlsx", "ppt",         "pptx",     "odt",      "ods",     "epub", "ics",   "vcf",
    "rss",    "atom", "webmanifest", "manifest", "appcache", "torrent", "sig",  "asc",   "md5",
    "sha256", "yml",  "yaml",        "env",      "sql",      "bak",     "log",
};

void pages_want(struct pages *pages, struct schema *schema)
{
    pages->wanted = true;
    pages->status_slot = member_need(schema, SLICE("status"), "pages");
    pages->method_slot = member_need(schema, SLICE("method"), "pages");
}

bool page_is_static(struct slice path)
{
    const char *const dot = path.len == 0 ? NULL : memrchr(path.text, '.', path.len);
    if (dot == NULL) return false;
    const char *const from = dot + 1;
    const size_t len = (size_t)(path.text + path.len - from);

    if (len == 0 || len > 11 || memchr(from, '/', len) != NULL) return false;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (strncasecmp(from, endings[i], len) == 0 && endings[i][len] == '\0') return true;
    return false;
}

bool pages_keep(struct pages *pages, const struct event *ev)
{
    if (!pages->wanted) return true;
    if (!slice_equal(value_slice(ev->value[SLOT_EVENT_TYPE]), SLICE("page_view"))) return true;
    const struct slice status = value_slice(ev->value[pages->status_slot]);
    const struct value method = ev->value[pages->method_slot];
    if (ev->value[pages->status_slot].kind != KIND_NULL &&
        !(status.len == 3 && *status.text == '2') && !slice_equal(status, SLICE("304")))
        return false;
    /* A log's request without a method was none that a browser makes. */
    if (method.text != NULL && !slice_equal(value_slice(method), SLICE("GET"))) return false;
    struct value url = ev->value[SLOT_PAGE_URL];
    if (url.kind == KIND_NULL) return true;
    buffer_clear(&pages->plain);
    url = value_plain(url, &pages->plain);
    return !page_is_static(url_of(value_slice(url)).path);
}

void pages_release(struct pages *pages)
{
    buffer_release(&pages->plain);
}
