#include "source/coding.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"

static const char *const gzip_programs[] = {"igzip", CODING_ZLIB, NULL};
static const char *const zstd_programs[] = {"zstd", NULL};
static const char *const xz_programs[] = {"xz", NULL};
static const char *const bzip2_programs[] = {"bzip2", NULL};
static const char *const lz4_programs[] = {"lz4", NULL};
static const char *const compress_programs[] = {"gzip", NULL};

static const struct coding codings[] = {
    {"gzip", gzip_programs, "gzip", ".gz", NULL},
    {"zstd", zstd_programs, "zstd", ".zst", NULL},
    {"xz", xz_programs, "xz-utils", ".xz", NULL},
    {"bzip2", bzip2_programs, "bzip2", ".bz2", NULL},
    {"lz4", lz4_programs, "lz4", ".lz4", NULL},
    {"compress", compress_programs, "gzip", ".Z", NULL},
    {"a zip archive", NULL, NULL, NULL,
     "may hold several files (unzip -p FILE.zip | ...); a workbook of Excel is one too (save it as "
     "CSV)"},
    {"a tar archive", NULL, NULL, NULL, "may hold several files (tar -xOf FILE | ...)"},
    {"a 7z archive", NULL, NULL, NULL, "may hold several files (7z x -so FILE.7z | ...)"},
    {"a rar archive", NULL, NULL, NULL, "may hold several files (unrar p -inul FILE.rar | ...)"},
    {"a Parquet file", NULL, NULL, NULL,
     "is no text (duckdb -c \"COPY (FROM 'FILE') TO '/dev/stdout' (FORMAT json)\" | ...)"},
    {"an Avro file", NULL, NULL, NULL, "is no text (avro-tools tojson FILE | ...)"},
    {"an SQLite database", NULL, NULL, NULL,
     "is no text (sqlite3 -csv -header FILE 'SELECT ...' | ...)"},
    {"a workbook of Excel", NULL, NULL, NULL, "is no text (save it as CSV)"},
};
enum {
    GZIP,
    ZSTD,
    XZ,
    BZIP2,
    LZ4,
    COMPRESS,
    ZIP,
    TAR,
    SEVENZIP,
    RAR,
    PARQUET,
    AVRO,
    SQLITE,
    EXCEL
};

static const struct {
    size_t at;
    struct slice bytes;
    int coding;
} magics[] = {
    {0, SLICE("\x1f\x8b\x08"), GZIP},
    {0, SLICE("\x28\xb5\x2f\xfd"), ZSTD},
    {0,
     SLICE("\xfd"
           "7zXZ\0"),
     XZ},
    {0, SLICE("BZh11AY&SY"), BZIP2},
    {0, SLICE("BZh21AY&SY"), BZIP2},
    {0, SLICE("BZh31AY&SY"), BZIP2},
    {0, SLICE("BZh41AY&SY"), BZIP2},
    {0, SLICE("BZh51AY&SY"), BZIP2},
    {0, SLICE("BZh61AY&SY"), BZIP2},
    {0, SLICE("BZh71AY&SY"), BZIP2},
    {0, SLICE("BZh81AY&SY"), BZIP2},
    {0, SLICE("BZh91AY&SY"), BZIP2},
    {0, SLICE("BZh9\x17rE8P\x90"), BZIP2}, /* nothing at all, compressed */
    {0, SLICE("\x04\x22\x4d\x18"), LZ4},
    {0, SLICE("\x02\x21\x4c\x18"), LZ4}, /* as it was once */
    {0, SLICE("\x1f\x9d"), COMPRESS},
    {0, SLICE("PK\x03\x04"), ZIP},
    {0, SLICE("PK\x05\x06"), ZIP},
    {0, SLICE("7z\xbc\xaf\x27\x1c"), SEVENZIP},
    {0, SLICE("Rar!\x1a\x07"), RAR},
    {0, SLICE("PAR1"), PARQUET},
    {0, SLICE("Obj\x01"), AVRO},
    {0, SLICE("SQLite format 3\0"), SQLITE},
    {0, SLICE("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), EXCEL},
    {257, SLICE("ustar"), TAR},
};

/* The frames that zstd and lz4 skip, which pzstd puts in front: 16 kinds. */
static bool is_skippable(struct slice head)
{
    const unsigned char *const bytes = (const unsigned char *)head.text;
    return head.len >= 4 && bytes[0] >> 4 == 5 && memcmp(bytes + 1, "\x2a\x4d\x18", 3) == 0;
}

enum coding_found coding_find(struct slice head, bool whole, const struct coding **coding)
{
    enum coding_found found = CODING_NONE;
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        const struct slice magic = magics[i].bytes;
        const size_t at = magics[i].at;
        if (head.len <= at) {
            /* A tar archive begins with a name and NULs, which no text does. */
            if (at == 0 || (head.len != 0 && memchr(head.text, '\0', head.len) != NULL))
                found = CODING_MORE;
            continue;
        }
        const size_t have = head.len - at < magic.len ? head.len - at : magic.len;
        if (memcmp(head.text + at, magic.text, have) != 0) continue;
        if (have < magic.len) {
            found = CODING_MORE;
            continue;
        }
        *coding = &codings[magics[i].coding];
        return CODING_KNOWN;
    }
    if (is_skippable(head)) {
        *coding = &codings[ZSTD];
        return CODING_KNOWN;
    }
    return whole ? CODING_NONE : found;
}

const struct coding *coding_named(const char *name)
{
    const size_t len = strlen(name);
    for (size_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
        const char *const ending = codings[i].ending;
        if (ending == NULL || len <= strlen(ending)) continue;
        if (strcmp(name + len - strlen(ending), ending) == 0) return &codings[i];
    }
    return NULL;
}

/* Is such a program in one of PATH's folders, or ourselves? */
static bool is_installed(const char *program)
{
    if (strcmp(program, CODING_ZLIB) == 0) return true;
    const char *path = getenv("PATH");
    if (path == NULL) path = "/bin:/usr/bin"; /* where posix_spawnp looks then */
    struct buffer name = {0};
    bool found = false;
    while (!found) {
        const size_t len = strcspn(path, ":");
        buffer_clear(&name);
        buffer_add(&name, path, len);
        if (len != 0) buffer_add_char(&name, '/');
        buffer_add(&name, program, strlen(program) + 1);
        found = access(name.data, X_OK) == 0;
        if (path[len] == '\0') break;
        path += len + 1;
    }
    buffer_release(&name);
    return found;
}

bool coding_is_fast(const char *program)
{
    static const char *const fast[] = {"igzip", "zstd", "lz4"};
    for (size_t i = 0; i < sizeof fast / sizeof fast[0]; i++)
        if (strcmp(program, fast[i]) == 0) return true;
    return false;
}

int coding_program(const struct coding *coding, bool last)
{
    for (int i = 0; coding->programs[i] != NULL; i++) {
        if (last && coding->programs[i + 1] != NULL) continue;
        if (is_installed(coding->programs[i])) return i;
    }
    return -1;
}

enum coding_found coding_find_text(struct slice head, bool whole, const char **charset)
{
    /* The longer ones first: one begins like another. */
    static const struct {
        struct slice mark;
        const char *charset;
    } marks[] = {
        {SLICE("\xff\xfe\0\0"), "UTF-32LE"},
        {SLICE("\0\0\xfe\xff"), "UTF-32BE"},
        {SLICE("\xff\xfe"), "UTF-16LE"},
        {SLICE("\xfe\xff"), "UTF-16BE"},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const struct slice mark = marks[i].mark;
        const size_t len = head.len < mark.len ? head.len : mark.len;
        if (len > 0 && memcmp(head.text, mark.text, len) != 0) continue;
        if (len < mark.len) {
            if (!whole) return CODING_MORE;
            continue;
        }
        *charset = marks[i].charset;
        return CODING_KNOWN;
    }
    *charset = NULL;
    return CODING_NONE;
}
