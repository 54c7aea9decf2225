/* url.c - addresses taken apart, parameters, sites. */
#include "raw/url.h"

#include "raw/page.h"
#include "tap.h"

static struct buffer scratch;

static void pieces(const char *text, const char *host, const char *path, const char *query)
{
    const struct url url = url_of(slice_of(text));
    char name[200];
    snprintf(name, sizeof(name), "the host, the path and the query of %s", text);
    is_text(url.host, host, name);
    is_text(url.path, path, name);
    is_text(url.query, query, name);
}

/* The parameters as name:value, with a blank behind each. */
static struct slice parameters(const char *query)
{
    struct slice rest = slice_of(query), name, value;
    buffer_clear(&scratch);
    while (url_parameter(&rest, &name, &value)) {
        buffer_add_slice(&scratch, name);
        buffer_add_char(&scratch, ':');
        buffer_add_slice(&scratch, value);
        buffer_add_char(&scratch, ' ');
    }
    return buffer_slice(&scratch);
}

int main(void)
{
    pieces("https://shop.example/a/b?x=1", "shop.example", "/a/b", "x=1");
    pieces("https://user:pw@shop.example:8443/a", "shop.example", "/a", "");
    pieces("http://[2001:db8::1]:80/", "2001:db8::1", "/", "");
    pieces("http://[2001:db8::1", "", "", "");
    pieces("https://shop.example", "shop.example", "", "");
    pieces("https://shop.example?x", "shop.example", "", "x");
    pieces("//cdn.example/a.js", "cdn.example", "/a.js", "");
    pieces("/a?next=https://other.example/b", "", "/a", "next=https://other.example/b");
    pieces("/a#part", "", "/a", "part");
    pieces("android-app://com.example.app/https", "com.example.app", "/https", "");
    pieces("/a:b", "", "/a:b", "");
    pieces("", "", "", "");
    pieces("?", "", "", "");

    is_text(parameters("a=1&b=&c&=d&&e=f=g"), "a:1 b: c: :d e:f=g ", "parameters, one by one");
    is_text(parameters("a=1&amp;b=2#c=3?d=4"), "a:1 amp: b:2 c:3 d:4 ",
            "what writers of pages and mails get wrong is read");
    is_text(parameters(""), "", "nothing has none");

    is_text(url_decode(&scratch, SLICE("new+year%21")), "new year!", "%HH and plus are undone");
    is_text(url_decode(&scratch, SLICE("%C3%A9")), "\xc3\xa9", "bytes make UTF-8");
    is_text(url_decode(&scratch, SLICE("a+%E9")), "a+%E9", "what would not be UTF-8 stays");
    is_text(url_decode(&scratch, SLICE("100%")), "100%", "a percent sign alone stays");
    is_text(url_decode(&scratch, SLICE("%4")), "%4", "so does half of one");
    is_text(url_decode(&scratch, SLICE("")), "", "nothing stays nothing");

    ok(url_same_site(SLICE("www.Shop.example"), SLICE("shop.example")), "www. makes no other site");
    ok(url_same_site(SLICE("m.shop.example"), SLICE("www.shop.example")), "nor does m.");
    ok(!url_same_site(SLICE("myshop.example"), SLICE("shop.example")), "another name does");
    ok(!url_same_site(SLICE("a.example"), SLICE("b.example")), "and so does a sister");
    ok(url_same_site(SLICE("shop.example."), SLICE("m.shop.example")), "the root's dot does not");
    ok(!url_same_site(SLICE(""), SLICE("")), "no host is no site's");

    ok(page_is_static(SLICE("/a/b.CSS")), "a style sheet is static");
    ok(!page_is_static(SLICE("/a.b/c")), "a dot in a directory is no ending");
    ok(!page_is_static(SLICE("/index.html")), "HTML is a page");
    ok(!page_is_static(SLICE("/index.")), "and what ends in a dot");
    ok(!page_is_static(SLICE("/v1.2")), "and a version");
    ok(!page_is_static(SLICE("")), "and nothing");
    buffer_release(&scratch);
    return plan();
}
