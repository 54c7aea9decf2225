/*
 * values.c - fuzz target: whatever text stands for a time, a number or a zone file, it is read as
 * something in order or not at all.
 *
 * A time that is read is printed and read again as the same one, and is no number's fault; one that
 * is not read has a reason. A number is written as valid JSON. A zone's table is in order.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/numeral.h"
#include "base/zone.h"

static void wrong(const char *what, struct slice text)
{
    fprintf(stderr, "%s: %.*s\n", what, (int)text.len, text.text);
    abort();
}

static void check_time(struct slice text, enum kind kind, const struct instant_format *format)
{
    const struct instant_format plain = {0};
    const struct value value = {
        .text = text.text, .len = (uint32_t)text.len, .kind = (uint8_t)kind};
    char printed[INSTANT_TEXT_MAX];
    int64_t time_us, again_us;
    if (!instant_parse(value, format, &time_us)) {
        if (instant_fault(value, format)[0] == '\0') wrong("no reason", text);
        return;
    }
    if (time_us < INSTANT_MIN || time_us > INSTANT_MAX) wrong("out of range", text);
    const size_t len = instant_write(printed, time_us);
    const struct value same = value_string((struct slice){.text = printed, .len = len});
    if (!instant_parse(same, &plain, &again_us) || again_us != time_us)
        wrong("not read again", text);
}

static void check_number(struct slice text, bool decimal_comma)
{
    char *const out = memory_new(text.len + NUMERAL_MORE + 1);
    const size_t len = numeral_write(out, text, decimal_comma);
    const struct slice number = {.text = out, .len = len};
    if (len > text.len + NUMERAL_MORE) wrong("too long", text);
    if ((len > 0) != numeral_valid(text, decimal_comma)) wrong("two minds", text);
    if (len > 0 && !number_valid(number)) wrong("not JSON", text);
    if (!decimal_comma && number_valid(text) && (len == 0 || number_compare(text, number) != 0))
        wrong("another number", text);
    if (len == 0) (void)numeral_fault(text, decimal_comma);
    free(out);
}

static void check_zone(struct slice bytes)
{
    struct zone *const zone = zone_of_file(bytes);
    for (size_t i = 1; zone != NULL && i < zone->count; i++)
        if (zone->entry[i].from < zone->entry[i - 1].from) wrong("out of order", bytes);
    zone_free(zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct zone *zones[2];
    struct buffer why = {0};
    if (size == 0 || size > 1 << 16) return 0;
    if (zones[1] == NULL) zones[1] = zone_open("+01:00", &why);
    /* A copy of its own: a read behind it is found. */
    char *const copy = memory_new(size);
    memcpy(copy, data + 1, size - 1);
    const struct slice text = {.text = copy, .len = size - 1};
    const struct instant_format format = {.unit = (enum instant_unit)(data[0] % (UNIT_EXCEL + 1)),
                                          .zone = zones[data[0] >> 7]};
    check_time(text, KIND_STRING, &format);
    if (number_valid(text)) check_time(text, KIND_NUMBER, &format);
    check_number(text, false);
    check_number(text, true);
    if (text.len > 4 && memcmp(text.text, "TZif", 4) == 0) check_zone(text);
    free(copy);
    return 0;
}
