/* list.c - the items of an option's value: the cases of clickstream(7), and what is refused. */
#include "base/list.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "tap.h"

/* The list as the test writes it: <item>, or <name|value>, or ! and why there is none. */
static void is_list(enum list_kind kind, const char *text, const char *wanted)
{
    struct list list = {0};
    struct buffer got = {0};
    const char *why = list_add(&list, kind, slice_of(text));

    if (why != NULL) buffer_printf(&got, "!%s", why);
    for (size_t i = 0; why == NULL && i < list.count; i++) {
        buffer_printf(&got, "<%s", list.item[i].name.text);
        if (kind == LIST_PAIRS) buffer_printf(&got, "|%s", list.item[i].value.text);
        buffer_add_char(&got, '>');
    }
    is_text(buffer_slice(&got), wanted, text);
    buffer_release(&got);
    list_release(&list);
}

#define IS_EMPTY "!an item of the list is empty"
#define NO_MORE "!nothing is behind the backslash at its end"

static void test_names(void)
{
    is_list(LIST_NAMES, "a", "<a>");
    is_list(LIST_NAMES, "a,b", "<a><b>");
    is_list(LIST_NAMES, "a\\,b", "<a,b>");
    is_list(LIST_NAMES, "a\\\\,b", "<a\\><b>");
    is_list(LIST_NAMES, "\\a", "<a>");
    is_list(LIST_NAMES, " a, b ", "< a>< b >");
    is_list(LIST_NAMES, "a(1,\"b", "<a(1><\"b>");
    is_list(LIST_NAMES, "a=b", "<a=b>");
    is_list(LIST_NAMES, "", IS_EMPTY);
    is_list(LIST_NAMES, "a,,b", IS_EMPTY);
    is_list(LIST_NAMES, "a,", IS_EMPTY);
    is_list(LIST_NAMES, ",a", IS_EMPTY);
    is_list(LIST_NAMES, "a\\", NO_MORE);
    is_list(LIST_NAMES, "a,b\\", NO_MORE);
}

static void test_pairs(void)
{
    is_list(LIST_PAIRS, "n=o,m=p", "<n|o><m|p>");
    is_list(LIST_PAIRS, "n\\=1=o\\,2", "<n=1|o,2>");
    is_list(LIST_PAIRS, "=x,y=", "<|x><y|>");
    is_list(LIST_PAIRS, "n", "!no '=' in a pair");
    is_list(LIST_PAIRS, "n=o,", IS_EMPTY);
    is_list(LIST_PAIRS, "n=o\\", NO_MORE);
    is_list(LIST_PAIRS, "n=o=p", "!a second '=' in a pair: in a name or a value it is \\=");
}

static void test_expressions(void)
{
    is_list(LIST_EXPRESSIONS, "a, x=lower(b) ", "<a><x=lower(b)>");
    is_list(LIST_EXPRESSIONS, "x=f(a,b),y=[1,{a:2,b:3}]", "<x=f(a,b)><y=[1,{a:2,b:3}]>");
    is_list(LIST_EXPRESSIONS, "x=\"a,b\",c", "<x=\"a,b\"><c>");
    is_list(LIST_EXPRESSIONS, "x=\"a\\\",b\",c", "<x=\"a\\\",b\"><c>");
    is_list(LIST_EXPRESSIONS, "x=\"\\(f(1,\")\"),2),\",c", "<x=\"\\(f(1,\")\"),2),\"><c>");
    is_list(LIST_EXPRESSIONS, "x=.a\\,.b,c", "<x=.a,.b><c>");
    is_list(LIST_EXPRESSIONS, "x=(\"(\",2),c", "<x=(\"(\",2)><c>");
    is_list(LIST_EXPRESSIONS, "x=f(1,2", "<x=f(1,2>");
    is_list(LIST_EXPRESSIONS, "x=1),c", "<x=1)><c>");
    is_list(LIST_EXPRESSIONS, "a, ,b", IS_EMPTY);
    is_list(LIST_EXPRESSIONS, "a\\", NO_MORE);
}

static void test_field(void)
{
    struct slice text = SLICE("a\\:b:x=y"), field = {0};
    ok(list_field(&text, &field) == NULL, "a field stands before a colon");
    is_text(field, "a:b", "without its backslashes");
    is_text(text, "x=y", "and what is behind it is left");
    free((char *)field.text);
    text = SLICE("ab");
    is_text(slice_of(list_field(&text, &field)), "no ':' behind the member", "no colon, no field");
    text = SLICE(":x=y");
    is_text(slice_of(list_field(&text, &field)), "no member before ':'", "nor without a name");
}

/* Two values of one option are one list. */
static void test_more(void)
{
    struct list list = {0};
    ok(list_add(&list, LIST_NAMES, SLICE("a,b")) == NULL &&
           list_add(&list, LIST_NAMES, SLICE("c")) == NULL && list.count == 3 &&
           slice_equal(list.item[2].name, SLICE("c")),
       "a list is added to");
    list_release(&list);
    ok(list.count == 0, "and empty again when it is released");
}

static void test_find(void)
{
    const struct slice text = SLICE("f(a,\"),\"),b");
    ok(text_find(text, ',') == text.text + 9, "a comma in brackets or strings is not the one");
    ok(text_find(text, ';') == NULL, "what is not there is not found");
    is_text(text_trim(SLICE(" \ta b ")), "a b", "blanks at the ends are trimmed");
}

int main(void)
{
    test_names();
    test_pairs();
    test_expressions();
    test_field();
    test_more();
    test_find();
    return plan();
}
