/* base64.c - bytes as text and back. */
#include "base/base64.h"

#include <stdlib.h>

#include "tap.h"

static struct buffer text, back;

static void test_known(void)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xff\xfe\xfd", "//79"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        buffer_clear(&text);
        base64_add(&text, slice_of(pairs[i][0]));
        is_text(buffer_slice(&text), pairs[i][1], "as RFC 4648 has it");
    }
}

static void test_back(void)
{
    int wrong = 0;
    for (int i = 0; i < 2000; i++) {
        char bytes[40];
        const size_t len = (size_t)rand() % sizeof bytes;
        for (size_t at = 0; at < len; at++)
            bytes[at] = (char)rand();
        buffer_clear(&text);
        buffer_clear(&back);
        base64_add(&text, (struct slice){.text = bytes, .len = len});
        wrong += !base64_read(&back, buffer_slice(&text)) ||
                 !slice_equal(buffer_slice(&back), (struct slice){.text = bytes, .len = len});
    }
    is_int(wrong, 0, "what was written is read");
}

static void test_refused(void)
{
    static const char *const bad[] = {"Z",    "Zg",   "Zg=",      "Zh==", "Zm9=",  "=",
                                      "====", "Z===", "Zg==Zg==", "Zm9 ", "Zm9\n", "Zm-_"};
    int wrong = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        buffer_clear(&back);
        if (!base64_read(&back, slice_of(bad[i]))) continue;
        wrong++;
        printf("# %s was read\n", bad[i]);
    }
    is_int(wrong, 0, "other text is refused, also such that would stand for the same bytes");
}

int main(void)
{
    srand(1);
    test_known();
    test_back();
    test_refused();
    buffer_release(&text);
    buffer_release(&back);
    return plan();
}
