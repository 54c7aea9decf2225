#include "source/inflater.h"

#include <stdint.h>

#include "base/die.h"

enum { GZIP_ONLY = 15 + 16 };

static const unsigned char magic[] = {0x1f, 0x8b};

void inflater_init(struct inflater *inflater)
{
    *inflater = (struct inflater){.place = INFLATER_MEMBER};
    if (inflateInit2(&inflater->stream, GZIP_ONLY) != Z_OK) die("no memory");
}

void inflater_release(struct inflater *inflater)
{
    (void)inflateEnd(&inflater->stream);
}

void inflater_take(struct inflater *inflater, struct slice bytes)
{
    inflater->stream.next_in = (unsigned char *)(uintptr_t)bytes.text;
    inflater->stream.avail_in = (unsigned)bytes.len;
}

/* The place after what zlib has said. */
static void step_judge(struct inflater *inflater, int status)
{
    if (status == Z_MEM_ERROR) die("no memory");
    if (status == Z_STREAM_END) {
        inflater->place = INFLATER_BETWEEN;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
        inflater->place = INFLATER_DAMAGED;
        inflater->why = inflater->stream.msg != NULL ? inflater->stream.msg : "is no gzip";
    }
}

/* The next member, of which two bytes have gone by. */
static void member_begin(struct inflater *inflater)
{
    z_stream *const stream = &inflater->stream;
    const z_stream rest = *stream;
    unsigned char none;
    (void)inflateReset(stream);
    stream->next_in = (unsigned char *)(uintptr_t)magic;
    stream->avail_in = sizeof magic;
    stream->next_out = &none;
    stream->avail_out = 1;
    inflater->place = INFLATER_MEMBER;
    step_judge(inflater, inflate(stream, Z_NO_FLUSH));
    stream->next_in = rest.next_in;
    stream->avail_in = rest.avail_in;
}

/* One byte that no member has. */
static void byte_judge(struct inflater *inflater, unsigned char byte)
{
    if (inflater->place == INFLATER_MAYBE && byte == magic[1])
        member_begin(inflater);
    else if (inflater->place == INFLATER_BETWEEN && byte == magic[0])
        inflater->place = INFLATER_MAYBE;
    else if (inflater->place != INFLATER_MAYBE && byte == 0)
        inflater->place = INFLATER_ZEROS;
    else
        inflater->place = INFLATER_FOLLOWED;
}

size_t inflater_bring(struct inflater *inflater, char *to, size_t room)
{
    z_stream *const stream = &inflater->stream;
    for (;;) {
        if (inflater->place >= INFLATER_FOLLOWED) return 0;
        if (inflater->place != INFLATER_MEMBER) {
            if (stream->avail_in == 0) return 0;
            stream->avail_in--;
            byte_judge(inflater, *stream->next_in++);
            continue;
        }
        stream->next_out = (unsigned char *)to;
        stream->avail_out = (unsigned)room;
        step_judge(inflater, inflate(stream, Z_NO_FLUSH));
        const size_t brought = room - stream->avail_out;
        if (brought != 0) return brought;
        if (inflater->place == INFLATER_MEMBER) return 0; /* it wants more */
    }
}

void inflater_end(struct inflater *inflater)
{
    if (inflater->place == INFLATER_ZEROS) inflater->place = INFLATER_BETWEEN;
    if (inflater->place == INFLATER_MAYBE) inflater->place = INFLATER_FOLLOWED;
    if (inflater->place != INFLATER_MEMBER) return;
    inflater->place = INFLATER_DAMAGED;
    inflater->why = "unexpected end of file";
}
