#include "reason.h"

static const struct {
    const char *name, *detail;
} reasons[REASON_COUNT] = {
    [REASON_NONE] = {"none", "nothing is wrong"},
    [REASON_NOT_JSON] = {"not-json", "not valid JSON (RFC 8259)"},
    [REASON_NOT_AN_OBJECT] = {"not-an-object", "valid JSON, but not an object"},
    [REASON_BAD_UTF8] = {"bad-utf8", "not valid UTF-8, or a lone surrogate"},
    [REASON_TOO_DEEP] = {"too-deep", "nested deeper than 256"},
    [REASON_TOO_LONG] = {"too-long", "longer than 16 MiB"},
    [REASON_TORN] = {"torn", "the last line, incomplete"},
    [REASON_BAD_FRAME] = {"bad-frame", "not PARTITION, tab, OFFSET, tab, event"},
    [REASON_NO_TIME] = {"no-time", "no event_time"},
    [REASON_BAD_TIME] = {"bad-time", "event_time cannot be read"},
    [REASON_FUTURE] = {"future", "event_time too far ahead"},
    [REASON_NO_TYPE] = {"no-type", "no event_type"},
    [REASON_BAD_MEMBER] = {"bad-member", "an array or object where text belongs"},
    [REASON_NO_ID] = {"no-id", "no id to count it for"},
    [REASON_BAD_COLUMNS] = {"bad-columns", "a wrong number of columns"},
    [REASON_MAP_ERROR] = {"map-error", "the map failed"},
};

const char *reason_name(enum reason reason)
{
    return reasons[reason].name;
}

const char *reason_detail(enum reason reason)
{
    return reasons[reason].detail;
}
