#include "raw/logvariable.h"

#include <strings.h>

#define ROW(called, meant, what)                                                                   \
    {                                                                                              \
        .name = {called, sizeof(called) - 1}, .member = {meant, sizeof(meant) - 1},                \
        .kind = (what),                                                                            \
    }

static const struct log_variable nginx[] = {
    ROW("remote_addr", "ip", LOG_HOST),
    ROW("realip_remote_addr", "", LOG_HOST),
    ROW("remote_user", "user_id", LOG_USER),
    ROW("time_local", "event_time", LOG_TIME),
    ROW("time_iso8601", "event_time", LOG_ISO),
    ROW("msec", "event_time", LOG_EPOCH),
    ROW("request", "", LOG_REQUEST),
    ROW("request_method", "method", LOG_WORD),
    ROW("request_uri", "page_url", LOG_URL),
    ROW("uri", "page_url", LOG_URL),
    ROW("document_uri", "page_url", LOG_URL),
    ROW("is_args", "", LOG_QUERY),
    ROW("args", "", LOG_QUERY),
    ROW("query_string", "", LOG_QUERY),
    ROW("status", "", LOG_NUMBER),
    ROW("body_bytes_sent", "bytes", LOG_NUMBER),
    ROW("bytes_sent", "bytes", LOG_NUMBER),
    ROW("request_length", "", LOG_NUMBER),
    ROW("request_time", "", LOG_NUMBER),
    ROW("gzip_ratio", "", LOG_NUMBER),
    ROW("connection", "", LOG_NUMBER),
    ROW("connection_requests", "", LOG_NUMBER),
    ROW("connection_time", "", LOG_NUMBER),
    ROW("content_length", "", LOG_NUMBER),
    ROW("pid", "", LOG_NUMBER),
    ROW("remote_port", "", LOG_NUMBER),
    ROW("server_port", "", LOG_NUMBER),
    ROW("host", "", LOG_WORD),
    ROW("server_name", "", LOG_WORD),
    ROW("scheme", "", LOG_WORD),
    ROW("server_protocol", "", LOG_WORD),
    ROW("http_referer", "referrer", LOG_TEXT),
    ROW("http_user_agent", "user_agent", LOG_TEXT),
    ROW("http_x_forwarded_for", "", LOG_LIST),
    ROW("proxy_add_x_forwarded_for", "", LOG_LIST),
    ROW("upstream_addr", "", LOG_MEASURE),
    ROW("upstream_status", "", LOG_MEASURE),
    ROW("upstream_response_time", "", LOG_MEASURE),
    ROW("upstream_connect_time", "", LOG_MEASURE),
    ROW("upstream_header_time", "", LOG_MEASURE),
    ROW("upstream_response_length", "", LOG_MEASURE),
    ROW("upstream_bytes_received", "", LOG_MEASURE),
    ROW("upstream_bytes_sent", "", LOG_MEASURE),
    /* of the load balancers of AWS */
    ROW("request_processing_time", "", LOG_NUMBER),
    ROW("target_processing_time", "", LOG_NUMBER),
    ROW("response_processing_time", "", LOG_NUMBER),
    ROW("target_status", "", LOG_NUMBER),
    ROW("bytes_received", "", LOG_NUMBER),
};

/* Apache's, by their letter. */
static const struct log_variable apache[] = {
    ROW("h", "ip", LOG_HOST),
    ROW("a", "ip", LOG_HOST),
    ROW("A", "local_ip", LOG_HOST),
    ROW("l", "ident", LOG_IDENT),
    ROW("u", "user_id", LOG_USER),
    ROW("t", "event_time", LOG_BRACKET),
    ROW("r", "request", LOG_REQUEST),
    ROW("m", "method", LOG_WORD),
    ROW("U", "page_url", LOG_URL),
    ROW("q", "query", LOG_QUERY),
    ROW("s", "status", LOG_NUMBER),
    ROW("b", "bytes", LOG_NUMBER),
    ROW("B", "bytes", LOG_NUMBER),
    ROW("O", "bytes", LOG_NUMBER),
    ROW("S", "bytes_transferred", LOG_NUMBER),
    ROW("I", "bytes_received", LOG_NUMBER),
    ROW("D", "request_time", LOG_MICROS),
    ROW("T", "request_time", LOG_NUMBER),
    ROW("v", "vhost", LOG_WORD),
    ROW("V", "vhost", LOG_WORD),
    ROW("p", "port", LOG_NUMBER),
    ROW("H", "protocol", LOG_WORD),
    ROW("X", "connection_status", LOG_WORD),
    ROW("k", "keepalive", LOG_NUMBER),
    ROW("P", "pid", LOG_NUMBER),
    ROW("f", "filename", LOG_TEXT),
    ROW("R", "handler", LOG_TEXT),
    ROW("L", "log_id", LOG_WORD),
    ROW("i", "", LOG_TEXT),
    ROW("o", "", LOG_TEXT),
    ROW("e", "", LOG_TEXT),
    ROW("n", "", LOG_TEXT),
    ROW("C", "", LOG_TEXT),
};

static bool is_called(struct slice name, const char *other)
{
    return name.len == strlen(other) && strncasecmp(name.text, other, name.len) == 0;
}

struct log_variable logvariable_nginx(struct slice name)
{
    for (size_t i = 0; i < sizeof(nginx) / sizeof(nginx[0]); i++)
        if (slice_equal(nginx[i].name, name)) return nginx[i];
    return (struct log_variable){.name = name, .kind = LOG_TEXT};
}

/* %{...}t: a unit, or a format of strftime. */
static void apache_time(struct slice argument, struct log_variable *variable)
{
    static const char *const epochs[] = {"sec",       "msec",       "usec",
                                         "begin:sec", "begin:msec", "begin:usec"};

    if (argument.len > 6 && memcmp(argument.text, "begin:%", 7) == 0)
        argument = (struct slice){.text = argument.text + 6, .len = argument.len - 6};
    variable->kind = LOG_STRFTIME;
    variable->name = argument;
    for (size_t i = 0; i < sizeof(epochs) / sizeof(epochs[0]); i++)
        if (is_called(argument, epochs[i])) variable->kind = LOG_EPOCH;
    if (slice_equal(argument, SLICE("msec_frac")) || slice_equal(argument, SLICE("usec_frac"))) {
        variable->kind = LOG_NUMBER;
        variable->member = argument;
    }
}

/* %{...}i: a header of the request. */
static void apache_header(struct slice name, struct log_variable *variable)
{
    variable->name = name;
    if (is_called(name, "Referer")) variable->member = SLICE("referrer");
    if (is_called(name, "User-Agent")) variable->member = SLICE("user_agent");
    if (is_called(name, "X-Forwarded-For")) variable->kind = LOG_LIST;
}

bool logvariable_apache(char directive, struct slice argument, struct log_variable *variable)
{
    const struct slice letter = {.text = &directive, .len = 1};
    const struct log_variable *row = NULL;

    for (size_t i = 0; row == NULL && i < sizeof(apache) / sizeof(apache[0]); i++)
        if (slice_equal(apache[i].name, letter)) row = &apache[i];
    if (row == NULL) return false;
    *variable = *row;
    if (argument.len == 0) return row->member.len > 0;
    switch (directive) {
    case 't': apache_time(argument, variable); break;
    case 'i': apache_header(argument, variable); break;
    case 'T':
        if (slice_equal(argument, SLICE("us"))) variable->kind = LOG_MICROS;
        if (slice_equal(argument, SLICE("ms"))) variable->kind = LOG_MILLIS;
        break;
    case 'o':
    case 'e':
    case 'n':
    case 'C': variable->name = argument; break;
    default: break; /* %{c}a, %{remote}p: the same kind of thing */
    }
    return true;
}

int logvariable_time_rank(enum log_kind kind)
{
    switch (kind) {
    case LOG_EPOCH: return 4;
    case LOG_ISO: return 3;
    case LOG_TIME:
    case LOG_BRACKET: return 2;
    case LOG_STRFTIME: return 1;
    default: return 0;
    }
}
