/* coding.c - what bytes are coded in. */
#include "source/coding.h"

#include "base/buffer.h"
#include "tap.h"

static const char *named(struct slice head, bool whole)
{
    const struct coding *coding = NULL;
    const enum coding_found found = coding_find(head, whole, &coding);
    return found == CODING_KNOWN ? coding->name : found == CODING_MORE ? "more" : "none";
}

static void is_coding(struct slice head, const char *name)
{
    is_text(slice_of(named(head, false)), name, name);
}

/* Of any of them every beginning says that more is needed, or, whole, that it is none. */
static void test_beginnings(void)
{
    static const struct slice heads[] = {SLICE("\x1f\x8b\x08"), SLICE("\x28\xb5\x2f\xfd"),
                                         SLICE("BZh91AY&SY"), SLICE("\x04\x22\x4d\x18")};
    int wrong = 0;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        for (size_t len = 0; len < heads[i].len; len++) {
            const struct slice part = {.text = heads[i].text, .len = len};
            wrong += strcmp(named(part, false), "more") != 0;
            wrong += strcmp(named(part, true), "none") != 0;
        }
    is_int(wrong, 0, "a beginning is not enough, and nothing more is none");
}

static void test_text(void)
{
    const char *charset = NULL;
    ok(coding_find_text(SLICE("\xff\xfe{"), false, &charset) == CODING_KNOWN &&
           strcmp(charset, "UTF-16LE") == 0,
       "UTF-16 is known by its mark");
    ok(coding_find_text(SLICE("\xfe\xff"), false, &charset) == CODING_KNOWN &&
           strcmp(charset, "UTF-16BE") == 0,
       "of either order");
    ok(coding_find_text(SLICE("\xff"), false, &charset) == CODING_MORE, "half a mark may be one");
    ok(coding_find_text(SLICE("\xff"), true, &charset) == CODING_NONE, "or none");
    ok(coding_find_text(SLICE("\xff\xfe\0\0{"), false, &charset) == CODING_KNOWN &&
           strcmp(charset, "UTF-32LE") == 0,
       "the mark of UTF-32 begins like UTF-16's");
    ok(coding_find_text(SLICE("\0\0\xfe\xff"), false, &charset) == CODING_KNOWN &&
           strcmp(charset, "UTF-32BE") == 0,
       "and has another order");
    ok(coding_find_text(SLICE("\xff\xfe"), false, &charset) == CODING_MORE &&
           coding_find_text(SLICE("\xff\xfe\0"), false, &charset) == CODING_MORE,
       "so two bytes of it are too few");
    ok(coding_find_text(SLICE("\xff\xfe"), true, &charset) == CODING_KNOWN &&
           strcmp(charset, "UTF-16LE") == 0,
       "unless nothing follows");
    ok(coding_find_text(SLICE("{\""), false, &charset) == CODING_NONE, "JSON has none");
}

int main(void)
{
    struct buffer tar = {0};
    is_coding(SLICE("\x1f\x8b\x08\0"), "gzip");
    is_coding(SLICE("\x28\xb5\x2f\xfd"), "zstd");
    is_coding(SLICE("\x51\x2a\x4d\x18"), "zstd");
    is_coding(SLICE("\xfd"
                    "7zXZ\0"),
              "xz");
    is_coding(SLICE("BZh51AY&SY"), "bzip2");
    is_coding(SLICE("\x04\x22\x4d\x18"), "lz4");
    is_coding(SLICE("PK\x03\x04"), "a zip archive");
    is_coding(SLICE("BZh,time"), "none");
    is_coding(SLICE("{\"a\":1}"), "none");
    memset(buffer_reserve(&tar, 512), 0, 512);
    memcpy(tar.data, "a.csv", 5);
    memcpy(tar.data + 257, "ustar", 5);
    tar.len = 512;
    is_coding(buffer_slice(&tar), "a tar archive");
    tar.len = 100;
    is_coding(buffer_slice(&tar), "more");
    buffer_release(&tar);
    ok(coding_named("a.log.gz") != NULL && coding_named(".gz") == NULL &&
           coding_named("gz") == NULL,
       "a name may say so, too");
    test_beginnings();
    test_text();
    return plan();
}
