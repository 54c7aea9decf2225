#include "event/badtime.h"

#include <string.h>

#include "base/object.h"

static bool has_member(struct slice line, struct slice wanted)
{
    struct buffer scratch = {0};
    const char *const brace = line.len == 0 ? NULL : memchr(line.text, '{', line.len);
    if (brace == NULL) return false;
    const struct slice object = {.text = brace, .len = (size_t)(line.text + line.len - brace)};
    const bool found = object_find(object, wanted, &scratch).text != NULL;
    buffer_release(&scratch);
    return found;
}

const char *badtime_why(struct slice line, struct value value, const struct instant_format *format)
{
    if (value.kind == KIND_STRING && has_member(line, value_slice(value)))
        return "is the name of a column: another header line, and rows behind it are read by the "
               "first one";
    return instant_fault(value, format);
}
