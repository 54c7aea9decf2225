#include "collect/connection.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "collect/answer.h"

/* What has been found of a head so far. */
struct reading {
    struct request *request;
    const char *why;
    size_t bytes; /* that its lines have */
    int fields;
    const char *last_field;
};

/* MHD_KeyValueIteratorN. Name and value lie where they came, one behind the other: between them are
 * the colon and blanks. */
static enum MHD_Result field_take(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t name_len, const char *value, size_t value_len)
{
    struct reading *const reading = context;
    (void)kind;
    reading->fields++;
    reading->last_field = name;
    reading->bytes += (size_t)(value - name) + value_len + 2;
    reading->why = request_field(reading->request, (struct slice){.text = name, .len = name_len},
                                 (struct slice){.text = value, .len = value_len});
    return reading->why == NULL ? MHD_YES : MHD_NO;
}

const char *connection_head(struct connection *c, struct MHD_Connection *library,
                            const char *method, const char *target, const char *version,
                            int *status)
{
    struct reading reading = {.request = &c->request};
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(library, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    c->head_len = info == NULL ? 0 : info->header_size;
    *status = 400;
    const char *const why =
        request_line(&c->request, slice_of(method), slice_of(target), slice_of(version));
    if (why != NULL) return why;
    /* Two blanks, CR LF, and that of the empty line. */
    reading.bytes = c->request.method.len + c->target_len + strlen(version) + 6;
    (void)MHD_get_connection_values_n(library, MHD_HEADER_KIND, field_take, &reading);
    c->last_field = reading.last_field;
    if (reading.why != NULL) return reading.why;
    if (c->head_len != reading.bytes)
        return "a line that does not end in CR LF, is folded, or has a NUL or blanks too many";
    *status = 431;
    if (c->head_len > CONNECTION_HEAD_BYTES) return "too long a head";
    if (reading.fields > REQUEST_FIELDS_MOST) return "too many header fields";
    *status = 400;
    return request_end(&c->request);
}

struct trailers {
    const char *last_field; /* of the head */
    bool found;
};

static enum MHD_Result trailer_take(void *context, enum MHD_ValueKind kind, const char *name,
                                    size_t name_len, const char *value, size_t value_len)
{
    struct trailers *const trailers = context;
    (void)kind;
    (void)name_len;
    (void)value;
    (void)value_len;
    trailers->found |= name != trailers->last_field;
    return MHD_YES;
}

bool connection_has_trailers(const struct connection *c, struct MHD_Connection *library)
{
    struct trailers trailers = {.last_field = c->last_field};
    (void)MHD_get_connection_values_n(library, MHD_FOOTER_KIND, trailer_take, &trailers);
    return trailers.found;
}

void connection_forget(struct connection *c)
{
    if (c->response != NULL) answer_done(c->response, c->is_kept);
    c->response = NULL;
}

void connection_free(struct connection *c)
{
    connection_forget(c);
    buffer_release(&c->body);
    free(c);
}
