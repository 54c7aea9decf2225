/* view.c - what keys change. */
#include "look/view.h"

#include "tap.h"

static struct view view;

static void keys(const char *text)
{
    for (; *text != '\0'; text++)
        view_key(&view, (unsigned char)*text);
}

int main(void)
{
    view_init(&view);
    view.panels = 3;
    keys("3");
    is_int((int64_t)view.panel, 2, "a digit is a panel, 1 the first screen");
    keys("9");
    is_int((int64_t)view.panel, 2, "one that is not there is none");
    keys("ss\t");
    ok(view.panel == 3 && view.sort == 0, "another panel has its own order");
    keys("\t");
    is_int((int64_t)view.panel, 0, "behind the last comes the first");
    view_key(&view, VIEW_TAB_BACK);
    is_int((int64_t)view.panel, 3, "and before the first the last");

    view_key(&view, VIEW_LEFT);
    view_key(&view, VIEW_LEFT);
    view_key(&view, VIEW_RIGHT);
    is_int(view.step, -1, "windows back and forth are added up");
    view_key(&view, VIEW_END);
    ok(view.step == 0 && view.at_us == INT64_MAX, "End is the newest window");

    view_key(&view, VIEW_UP);
    is_int((int64_t)view.top, 0, "above the first line there is none");
    view.page = 10;
    view_key(&view, VIEW_PAGE_DOWN);
    view_key(&view, VIEW_DOWN);
    is_int((int64_t)view.top, 10, "a page is a line less than what is seen");
    view_key(&view, VIEW_PAGE_UP);
    view_key(&view, VIEW_PAGE_UP);
    is_int((int64_t)view.top, 0, "and back");

    keys("/q\xc3\xa9z");
    ok(view.typing && !view.quit, "what is typed into the filter is no command");
    is_text(view_filter(&view), "q\xc3\xa9z", "but a text");
    view_key(&view, VIEW_BACKSPACE);
    view_key(&view, VIEW_BACKSPACE);
    is_text(view_filter(&view), "q", "a character of two bytes goes at once");
    keys("\r");
    ok(!view.typing && view.filter_len == 1, "Enter keeps it");
    view_key(&view, VIEW_ESCAPE);
    is_int((int64_t)view.filter_len, 0, "Esc takes it away");
    keys("/\xff\r");
    is_int((int64_t)view.filter_len, 0, "what is not UTF-8 is no filter");
    keys("/");
    for (int i = 0; i < 3 * FILTER_BYTES; i++)
        keys("x");
    is_int((int64_t)view.filter_len, FILTER_BYTES, "nor is there room for all that is typed");
    view_key(&view, VIEW_ESCAPE);

    for (int i = 0; i < AGAINSTS; i++)
        keys("c");
    is_int(view.against, AGAINST_BEST, "comparisons come round again");
    keys("?x");
    ok(!view.help && !view.quit, "any key ends the help");
    keys("?q");
    ok(view.quit, "but q ends all");
    return plan();
}
