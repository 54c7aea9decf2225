#include "event/badtime.h"

#include <string.h>

#include "base/object.h"

static bool has_member(struct slice line, struct slice wanted)
{
    struct value name, value;
    const char *at = line.len == 0 ? NULL : memchr(line.text, '{', line.len);
    if (at++ == NULL) return false;
    while (object_next(&at, &name, &value))
        if (slice_equal(value_slice(name), wanted)) return true;
    return false;
}

const char *badtime_why(struct slice line, struct value value, const struct instant_format *format)
{
    if (value.kind == KIND_STRING && has_member(line, value_slice(value)))
        return "is the name of a column: another header line, and rows behind it are read by the "
               "first one";
    return instant_fault(value, format);
}
