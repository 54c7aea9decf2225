/*
 * request.c - fuzz target: a head that is taken has none of the shapes that two readers read
 * differently, as a second look finds, field by field. The input is the first line's three words
 * and the fields, a line each; a value may have any byte but LF.
 */
#include "collect/request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collect/forwarded.h"

enum { MOST = 128 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct field {
    struct slice name, value;
};

static void check(bool good)
{
    if (!good) abort();
}

/* What stands before the byte, which *rest goes behind. */
static struct slice up_to(struct slice *rest, char byte)
{
    const char *const at = rest->len == 0 ? NULL : memchr(rest->text, byte, rest->len);
    const size_t len = at == NULL ? rest->len : (size_t)(at - rest->text);
    const struct slice piece = {.text = rest->text, .len = len};
    const size_t gone = at == NULL ? len : len + 1;
    rest->text += gone;
    rest->len -= gone;
    return piece;
}

/* How many of them are called so, whatever stands around the name. */
static int count(const struct field *field, int fields, const char *name)
{
    const size_t len = strlen(name);
    int found = 0;
    for (int i = 0; i < fields; i++)
        for (size_t at = 0; at + len <= field[i].name.len; at++)
            found += strncasecmp(field[i].name.text + at, name, len) == 0 &&
                     (at == 0 || strchr(" \t", field[i].name.text[at - 1]) != NULL) &&
                     (at + len == field[i].name.len ||
                      strchr(" \t", field[i].name.text[at + len]) != NULL);
    return found;
}

static void taken(const struct request *request, const struct field *field, int fields)
{
    const int lengths = count(field, fields, "content-length");
    const int codings = count(field, fields, "transfer-encoding");
    check(lengths + codings <= 1);
    check((request->length >= 0) == (lengths == 1) && request->chunked == (codings == 1));
    check(count(field, fields, "host") <= 1);
    check(request->is_old || count(field, fields, "host") == 1);
    for (int i = 0; i < fields; i++) {
        check(field[i].name.len != 0);
        for (size_t at = 0; at < field[i].name.len; at++)
            check(field[i].name.text[at] > ' ' && field[i].name.text[at] < 0x7f);
        for (size_t at = 0; at < field[i].value.len; at++) {
            const unsigned char c = (unsigned char)field[i].value.text[at];
            check((c >= 0x20 && c != 0x7f) || c == '\t');
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct peer proxy = {.is_unix = true};
    struct network trusted[] = {{.base = {.is_unix = true}}};
    struct field field[MOST];
    struct request request;
    int fields = 0;
    char *const copy = malloc(size + 1);
    if (size != 0) memcpy(copy, data, size);
    struct slice rest = {.text = copy, .len = size}, line = up_to(&rest, '\n');
    const struct slice method = up_to(&line, ' '), target = up_to(&line, ' ');
    const char *why = request_line(&request, method, target, line);
    while (why == NULL && rest.len != 0 && fields < MOST) {
        struct field *const one = &field[fields++];
        one->value = up_to(&rest, '\n');
        one->name = up_to(&one->value, ':');
        why = request_field(&request, one->name, one->value);
    }
    if (why == NULL) why = request_end(&request);
    if (why == NULL) {
        taken(&request, field, fields);
        for (int standard = 0; standard < 2; standard++) {
            const struct forwarded forwarded = {
                .trusted = trusted, .count = 1, .standard = standard != 0};
            (void)forwarded_client(&forwarded, &request, proxy);
        }
    }
    free(copy);
    return 0;
}
