#include "event/reason.h"

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
    [REASON_NO_TIME] = {"no-time", "no "},
    [REASON_BAD_TIME] = {"bad-time", ""},
    [REASON_FUTURE] = {"future", ""},
    [REASON_NO_TYPE] = {"no-type", "no event_type"},
    [REASON_BAD_MEMBER] = {"bad-member", "an array or object where text belongs"},
    [REASON_NO_ID] = {"no-id", "no id to count it for"},
    [REASON_BAD_COLUMNS] = {"bad-columns", "a wrong number of columns"},
    [REASON_MAP_ERROR] = {"map-error", "the map failed"},
};

/* What follows the name of the member that holds the time, where the detail names it. */
static const char *const behind_time[REASON_COUNT] = {
    [REASON_NO_TIME] = "",
    [REASON_BAD_TIME] = " cannot be read",
    [REASON_FUTURE] = " too far ahead",
};

const char *reason_name(enum reason reason)
{
    return reasons[reason].name;
}

void reason_detail(enum reason reason, const char *time_member, struct buffer *out)
{
    const char *const behind = behind_time[reason];

    buffer_printf(out, "%s%s%s", reasons[reason].detail, behind != NULL ? time_member : "",
                  behind != NULL ? behind : "");
}
