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
           memchr(frame.payload.text, '\n', frame.payload.len) == NULL,
       "a record is one line");
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
    test_envelope();
    test_guess();
    return plan();
}
