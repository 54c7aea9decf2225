#include "base/list.h"

char list_piece(const char **text, const char *stops, struct buffer *out)
{
    const char *at = *text;

    while (*at != '\0' && strchr(stops, *at) == NULL) {
        if (*at == '\\' && at[1] != '\0') at++;
        buffer_add_char(out, *at++);
    }
    const char stop = *at;
    *text = stop == '\0' ? at : at + 1;
    return stop;
}
