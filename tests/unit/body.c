/* body.c - the records in the body of a request. */
#include "collect/body.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* "sent_at | record | record ...", each whole one behind a '+', others behind a '-'. The text is a
 * copy of just these bytes: whoever reads behind them is caught by the sanitizers. */
static struct slice split(struct slice text)
{
    static struct buffer out;
    static struct body body; /* its memory is used again */
    char *const copy = malloc(text.len == 0 ? 1 : text.len);
    if (text.len != 0) memcpy(copy, text.text, text.len);
    buffer_clear(&out);
    body_split(&body, (struct slice){.text = text.len == 0 ? NULL : copy, .len = text.len});
    if (body.sent_at.text != NULL) buffer_add_slice(&out, value_slice(body.sent_at));
    for (size_t i = 0; i < body.count; i++) {
        buffer_add_char(&out, '|');
        buffer_add_char(&out, body.record[i].is_whole ? '+' : '-');
        buffer_add_slice(&out, body.record[i].text);
    }
    if (text.len == 0) body_release(&body);
    free(copy);
    return buffer_slice(&out);
}

static const struct {
    const char *body, *records, *name;
} cases[] = {
    {"", "", "nothing"},
    {" \r\n", "", "blanks"},
    {"\xef\xbb\xbf{\"a\":1} ", "|+{\"a\":1}", "an object behind a byte order mark"},
    {"[{\"a\":1},\r\n {\"b\":2} ]", "|+{\"a\":1}|+{\"b\":2}", "an array"},
    {"[{\"a\":1},", "|+{\"a\":1}", "one that is cut off"},
    {"{\"a\":1}\n{\"b\":2}\n", "|+{\"a\":1}|+{\"b\":2}", "lines"},
    {"{\"a\":1}{\"b\":2}", "|+{\"a\":1}|+{\"b\":2}", "objects that touch"},
    {"{}", "|+{}", "an empty object is a record"},
    {"{\"sent_at\":5,\"events\":[{\"a\":1},{\"b\":[]}]}", "5|+{\"a\":1}|+{\"b\":[]}",
     "an envelope"},
    {" { \"events\" : [ { } , {\"b\":2} ] , \"x\" : {\"events\":[{}]}, \"sent_at\" : \"t\" } ",
     "t|+{ }|+{\"b\":2}", "its members come in any order, with blanks"},
    {"{\"events\":[]}", "", "an empty one"},
    {"{\"events\":[ ]}", "", "and one with a blank"},
    {"{\"events\":[{\"a\":1}],\"events\":[{\"b\":2}]}", "|+{\"b\":2}", "the last events count"},
    {"{\"sent_at\":5,\"events\":[{\"a\":1}],\"events\":7}",
     "|+{\"sent_at\":5,\"events\":[{\"a\":1}],\"events\":7}", "and none if they are no array"},
    {"{\"sent_at\":5,\"sent_at\":[1],\"events\":[{}]}", "5|+{}", "an array is no time"},
    {"{\"sent_at\":5,\"a\":1}", "|+{\"sent_at\":5,\"a\":1}", "an event that has a sent_at"},
    {"{\"x\":{\"events\":[{\"a\":1}]}}", "|+{\"x\":{\"events\":[{\"a\":1}]}}",
     "events further inside are none"},
    {"{\"events\":[1,{\"a\":1},[{\"b\":2}]]}", "|-1|+{\"a\":1}|+{\"b\":2}",
     "other elements are records, too"},
    {"{\"events\":[{\"a\":1}]", "|-{\"events\":[{\"a\":1}]", "no envelope: its end is missing"},
};

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        is_text(split(slice_of(cases[i].body)), cases[i].records, cases[i].name);
}

int main(void)
{
    test_cases();
    return plan();
}
