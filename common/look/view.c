#include "look/view.h"

#include <string.h>

#include "base/utf8.h"

void view_init(struct view *view)
{
    *view = (struct view){.at_us = INT64_MAX, .page = 10};
}

static void filter_back(struct view *view)
{
    while (view->filter_len > 0 && ((unsigned char)view->filter[--view->filter_len] & 0xc0) == 0x80)
        continue;
}

/* A filter whose last character is not all there yet is none: what is drawn is UTF-8. */
static void key_typed(struct view *view, int key)
{
    view->top = 0;
    switch (key) {
    case '\r':
    case '\n': view->typing = false; break;
    case VIEW_ESCAPE:
        view->typing = false;
        view->filter_len = 0;
        break;
    case '\b':
    case VIEW_BACKSPACE: filter_back(view); break;
    case 'U' - '@': view->filter_len = 0; break;
    default:
        if (key >= ' ' && key < 256 && view->filter_len < FILTER_BYTES)
            view->filter[view->filter_len++] = (char)key;
        break;
    }
    /* What was typed in another encoding. */
    if (!view->typing && !utf8_valid(view_filter(view))) view->filter_len = 0;
}

static void panel_set(struct view *view, size_t panel)
{
    if (panel > view->panels || panel == view->panel) return;
    view->panel = panel;
    view->sort = view->top = view->group = 0;
    view->reversed = false;
}

static void key_moves(struct view *view, int key)
{
    const size_t page = view->page > 1 ? view->page - 1 : 1;
    switch (key) {
    case VIEW_LEFT: view->step--; break;
    case VIEW_RIGHT: view->step++; break;
    case VIEW_HOME: view->to_oldest = true; break;
    case VIEW_END:
        view->at_us = INT64_MAX;
        view->step = 0;
        view->to_oldest = false;
        break;
    case VIEW_UP:
    case 'k': view->top -= view->top > 0; break;
    case VIEW_DOWN:
    case 'j': view->top++; break;
    case VIEW_PAGE_UP: view->top -= view->top < page ? view->top : page; break;
    case VIEW_PAGE_DOWN:
    case ' ': view->top += page; break;
    default: break;
    }
}

void view_key(struct view *view, int key)
{
    if (view->typing) {
        key_typed(view, key);
        return;
    }
    if (view->help && key != 'q') {
        view->help = false;
        return;
    }
    if (key >= '1' && key <= '9') {
        panel_set(view, (size_t)(key - '1'));
        return;
    }
    switch (key) {
    case 'q': view->quit = true; break;
    case '?':
    case 'h': view->help = true; break;
    case '\t': panel_set(view, view->panel == view->panels ? 0 : view->panel + 1); break;
    case VIEW_TAB_BACK: panel_set(view, view->panel == 0 ? view->panels : view->panel - 1); break;
    case 'g':
        view->group++;
        view->top = 0;
        break;
    case 's': view->sort++; break;
    case 'r': view->reversed = !view->reversed; break;
    case '/': view->typing = true; break;
    case VIEW_ESCAPE: view->filter_len = 0; break;
    case 'c': view->against = (view->against + 1) % AGAINSTS; break;
    case 'p': view->paused = !view->paused; break;
    default: key_moves(view, key); break;
    }
}
