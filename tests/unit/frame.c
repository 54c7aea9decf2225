/* frame.c - records as kcat prints them: what is a frame, and what is in it. */
#include "source/frame.h"

#include <string.h>

#include "event/scan.h"
#include "tap.h"

/* Guessing and scanning read a line with its end and some readable bytes behind it. */
static struct slice line_of(const char *text)
{
    static char lines[4][512];
    static int turn;
    char *line = lines[turn++ % 4];
    memset(line, 0, sizeof lines[0]);
    const int len = snprintf(line, sizeof lines[0] - SCAN_PADDING, "%s\n", text);
    return (struct slice){.text = line, .len = (size_t)len - 1};
}

static void test_frame(void)
{
    static const char *const none[] = {
        "",          "{}",        "1\t2",   "a\t2\t{}", "1\tb\t{}",
        "-1\t2\t{}", " 1\t2\t{}", "1 2 {}", "\t2\t{}",  "1234567890123456789\t2\t{}"};
    struct frame frame;
    int wrong = 0;

    ok(frame_read(line_of("3\t12345\t{\"a\":1}"), &frame), "PARTITION, tab, OFFSET, tab, record");
    is_int(frame.partition, 3, "the partition");
    is_int(frame.offset, 12345, "the offset");
    is_text(frame.payload, "{\"a\":1}", "and the record");
    ok(frame_read(line_of("0\t0\t"), &frame) && frame.payload.len == 0, "a record may be empty");
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        wrong += frame_read(line_of(none[i]), &frame);
    is_int(wrong, 0, "anything else is no frame");
}

/* What is found at the beginning of that text. */
static enum frame_found find(const char *text, bool final, struct frame *frame, size_t *len)
{
    const char *behind = text;
    uint64_t bytes;
    const enum frame_found found =
        frame_find(text, text + strlen(text), final, frame, &behind, &bytes);
    *len = found == FRAME_LONG ? (size_t)bytes : (size_t)(behind - text);
    return found;
}

/* Where a frame ends, and what is none. */
static void borders(const char *whole, const char *const *none, size_t nones)
{
    struct frame frame;
    size_t len;
    int wrong = 0;

    for (size_t cut = 0; cut < strlen(whole); cut++) {
        char text[64] = "";
        memcpy(text, whole, cut);
        wrong += find(text, false, &frame, &len) != FRAME_PART;
        wrong +=
            find(text, true, &frame, &len) != (cut + 1 == strlen(whole) ? FRAME_WHOLE : FRAME_PART);
    }
    is_int(wrong, 0, "cut off anywhere it is a part, but the last line end may be missing");
    for (size_t i = 0; i < nones; i++)
        wrong += find(none[i], true, &frame, &len) != FRAME_BROKEN;
    is_int(wrong, 0, "anything else is no frame");
}

static void test_sized(void)
{
    static const char *const none[] = {"x",
                                       " 0 1 2 {}",
                                       "-1 2 2 {}",
                                       "0 -1 2 {}",
                                       "0 1 -4 ",
                                       "0 1 2 {}x",
                                       "0\t1\t{}",
                                       "0  1 2 {}",
                                       "0 1 --1 ",
                                       "1234567890123456789 1 2 {}",
                                       "0 1 1234567890123456789 "};
    static const char whole[] = "3 12345 9 {\n\"a\":\n1}\n";
    struct frame frame;
    struct buffer out = {0};
    size_t len;

    ok(find(whole, false, &frame, &len) == FRAME_WHOLE && len == strlen(whole),
       "PARTITION OFFSET SIZE PAYLOAD, and a line end");
    is_int(frame.partition, 3, "the partition");
    is_int(frame.offset, 12345, "the offset");
    is_text(frame.payload, "{\n\"a\":\n1}", "and the record, whatever is in it");
    frame_print(&out, frame.partition, frame.offset, frame.payload);
    is_text(buffer_slice(&out), "3 12345 9 {\n\"a\":\n1}", "printed it is the same");
    borders(whole, none, sizeof none / sizeof none[0]);
    ok(find("0 1 -2 \n", false, &frame, &len) == FRAME_WHOLE && frame.is_end && !frame.is_past &&
           find("0 1 -3 \n", false, &frame, &len) == FRAME_WHOLE && !frame.is_end && frame.is_past,
       "an end, and what is past, are no records");
    buffer_clear(&out);
    frame_print_bare(&out, 0, 1, true);
    frame_print_bare(&out, 0, 1, false);
    is_text(buffer_slice(&out), "0 1 -2 0 1 -3 ", "printed they are the same");
    ok(find("0 1 -1 \n", false, &frame, &len) == FRAME_WHOLE && frame.payload.len == 0,
       "a tombstone is an empty record");
    ok(!frame.is_end && find("0 9 -2 \n", false, &frame, &len) == FRAME_WHOLE && frame.is_end &&
           frame.offset == 9 && len == 8,
       "an end is no record");
    ok(find("0 1 16777216 x", false, &frame, &len) == FRAME_PART, "16 MiB are waited for");
    ok(find("0 1 16777217 x", false, &frame, &len) == FRAME_LONG &&
           len == strlen("0 1 16777217 ") + 16777217 + 1,
       "more is passed over");
    buffer_release(&out);
}

static bool text_is(struct slice text, const char *wanted)
{
    return text.text != NULL && slice_equal(text, slice_of(wanted));
}

/* Frames that have a key and a time, too. */
static void test_about(void)
{
    static const char *const none[] = {"0 1 @ 1 2 k {}",   "0 1 @x 1 2 k {}",  "0 1 @5 -2 2  {}",
                                       "0 1 @5 1 -2 k ",   "0 1 @5 1 2 k{}",   "0 1 @5 1 2 kk {}",
                                       "0 1 @5 1 2 k {}x", "0 1@5 1 2 k {}",   "0 1 @--5 1 2 k {}",
                                       "0 1 5 1 2 k {}",   "0 1 @5 1 -3 k ",   "0 1 @5 -3 2  {}",
                                       "0 1 @5 2 k {}",    "0 1 @5 1 2 \nk {}"};
    static const char whole[] = "3 12345 @1767225600123 4 9 k\n \n {\n\"a\":\n1}\n";
    struct frame frame;
    size_t len;

    ok(find(whole, false, &frame, &len) == FRAME_WHOLE && len == strlen(whole),
       "PARTITION OFFSET @TIME KEYSIZE SIZE KEY PAYLOAD, and a line end");
    ok(frame.about.known && frame.about.time_ms == INT64_C(1767225600123), "the time");
    is_text(frame.about.key, "k\n \n", "the key, whatever is in it");
    is_text(frame.payload, "{\n\"a\":\n1}", "and the record");
    borders(whole, none, sizeof none / sizeof none[0]);
    ok(find("0 1 @-1 -1 -1  \n", false, &frame, &len) == FRAME_WHOLE && frame.payload.len == 0 &&
           frame.about.key.text == NULL && frame.about.time_ms < 0 && !frame.is_end,
       "there may be no key, no time and no record");
    ok(find("0 1 @0 0 0  \n", false, &frame, &len) == FRAME_WHOLE && text_is(frame.about.key, "") &&
           frame.about.time_ms == 0,
       "an empty key is a key");
    ok(find("0 1 @9223372036854775807 0 0  \n", false, &frame, &len) == FRAME_WHOLE &&
           frame.about.time_ms == INT64_MAX &&
           find("0 1 @9999999999999999999 0 0  \n", false, &frame, &len) == FRAME_WHOLE &&
           frame.about.time_ms < 0 &&
           find("0 1 @-9223372036854775808 0 0  \n", false, &frame, &len) == FRAME_WHOLE &&
           frame.about.time_ms < 0,
       "a time that cannot be is none, and its record is there");
    ok(find("0 1 2 {}\n", false, &frame, &len) == FRAME_WHOLE && !frame.about.known,
       "a frame without says so");
    ok(find("0 1 @5 16777210 7 k", false, &frame, &len) == FRAME_LONG &&
           len == strlen("0 1 @5 16777210 7 ") + 16777210 + 1 + 7 + 1,
       "key and record together are 16 MiB at most");
}

static void test_end(void)
{
    struct frame frame;
    ok(frame_is_end(line_of("4 17 -2 "), &frame) && frame.partition == 4 && frame.offset == 17 &&
           frame.is_end,
       "between envelopes, an end stands alone on its line");
    ok(!frame_is_end(line_of("4 17 -1 "), &frame) && !frame_is_end(line_of("4 17 -2 x"), &frame) &&
           !frame_is_end(line_of("4 17 2 {}"), &frame) && !frame_is_end(line_of("{}"), &frame) &&
           !frame_is_end(line_of("4 17 -2"), &frame),
       "and nothing else is one");
}

static void test_envelope_about(void)
{
    struct frame frame;
    struct buffer scratch = {0};
    ok(envelope_read(
           line_of("{\"partition\":2,\"offset\":7,\"ts\":1767225600123,\"key\":\"a\\n\\\"\","
                   "\"headers\":[\"n\",\"v\"],\"payload\":\"{}\"}"),
           &frame, &scratch) &&
           text_is(frame.about.key, "a\n\"") && !frame.about.json &&
           frame.about.time_ms == INT64_C(1767225600123) &&
           text_is(frame.about.headers, "[\"n\",\"v\"]"),
       "an envelope has key, time and headers");
    ok(envelope_read(line_of("{\"partition\":2,\"offset\":7,\"payload\":\"{}\"}"), &frame,
                     &scratch) &&
           frame.about.known && frame.about.key.text == NULL && frame.about.time_ms < 0 &&
           text_is(frame.about.headers, "[]"),
       "or says that there are none");
    ok(envelope_read(line_of("{\"partition\":2,\"offset\":7,\"key\":{\"id\":1},\"headers\":\"[\","
                             "\"payload\":\"{}\"}"),
                     &frame, &scratch) &&
           frame.about.json && text_is(frame.about.key, "{\"id\":1}") &&
           frame.about.headers.text == NULL,
       "a key may be JSON; headers are a list");
    buffer_release(&scratch);
}

static void test_envelope(void)
{
    struct frame frame;
    struct buffer scratch = {0};

    ok(envelope_read(line_of("{\"topic\":\"t\",\"partition\":2,\"offset\":7,\"key\":null,"
                             "\"payload\":\"{\\\"a\\\":1}\\n\"}"),
                     &frame, &scratch),
       "kcat -J prints an envelope");
    is_int(frame.partition, 2, "with the partition");
    is_int(frame.offset, 7, "the offset");
    is_text(frame.payload, "{\"a\":1}", "and the record, unescaped and without its line end");
    ok(envelope_read(line_of("{\"partition\":0,\"offset\":1,\"payload\":{\"a\":[1]}}"), &frame,
                     &scratch),
       "a record may be JSON (-s avro)");
    is_text(frame.payload, "{\"a\":[1]}", "which stays as it is");
    ok(envelope_read(line_of("{\"partition\":0,\"offset\":1,\"payload\":null}"), &frame,
                     &scratch) &&
           frame.payload.len == 0,
       "a tombstone is an empty record");
    ok(envelope_read(line_of("{\"partition\":0,\"offset\":1,\"payload\":\"{\\n}\"}"), &frame,
                     &scratch) &&
           frame.payload.len == 3,
       "a record may have line ends");
    ok(!envelope_read(line_of("{\"partition\":0,\"offset\":1}"), &frame, &scratch) &&
           !envelope_read(line_of("{\"partition\":-1,\"offset\":1,\"payload\":\"\"}"), &frame,
                          &scratch) &&
           !envelope_read(line_of("[]"), &frame, &scratch),
       "anything else is no envelope");
    buffer_release(&scratch);
}

static enum framing guess(const char *text, bool asked)
{
    const struct slice line = line_of(text);
    return frame_guess(line.text, line.text + line.len + 1, asked);
}

static void test_guess(void)
{
    static const char envelope[] =
        "{\"topic\":\"t\",\"partition\":0,\"offset\":1,\"payload\":\"\"}";
    static const char member[] = "{\"partition\":0,\"offset\":1,\"payload\":\"\"}";

    ok(guess("0\t1\t{}", false) == FRAMING_KCAT && guess("\n0\t1\t{}", false) == FRAMING_KCAT,
       "a frame is recognized, blank lines before it or not");
    ok(guess(envelope, false) == FRAMING_ENVELOPE, "so is an envelope");
    ok(guess(member, false) == FRAMING_NONE && guess(member, true) == FRAMING_ENVELOPE,
       "an event may have such members, unless frames were asked for");
    ok(guess("{\"event_time\":1}", true) == FRAMING_NONE && guess("a,b", true) == FRAMING_NONE,
       "anything else has no frame");
}

int main(void)
{
    test_frame();
    test_sized();
    test_about();
    test_end();
    test_envelope_about();
    test_envelope();
    test_guess();
    return plan();
}
