#include "collect/gunzip.h"

#include <zlib.h>

#include "base/die.h"

enum { GZIP_ONLY = 15 + 16 };

/* What comes out goes into room for so many bytes at once. */
#define PIECE_BYTES ((size_t)16 << 10)

/* One member, of which the stream has the bytes. */
static enum gunzip_end member_take(z_stream *stream, struct buffer *out, size_t most)
{
    for (;;) {
        const size_t left = most - out->len;
        const size_t room = left < PIECE_BYTES ? left + 1 : PIECE_BYTES; /* one more: it is told */
        stream->next_out = (unsigned char *)buffer_reserve(out, room);
        stream->avail_out = (unsigned)room;
        const int status = inflate(stream, Z_NO_FLUSH);
        if (status == Z_MEM_ERROR) die("no memory");
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return GUNZIP_BAD;
        out->len += room - stream->avail_out;
        if (out->len > most) return GUNZIP_LARGE;
        if (status == Z_STREAM_END) return GUNZIP_WHOLE;
        if (stream->avail_out != 0) return GUNZIP_BAD; /* it wants more, and there is none */
    }
}

enum gunzip_end gunzip(struct buffer *out, struct slice members, size_t most)
{
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)members.text,
                       .avail_in = (unsigned)members.len};
    enum gunzip_end end = GUNZIP_WHOLE;

    most += out->len;
    if (inflateInit2(&stream, GZIP_ONLY) != Z_OK) die("no memory");
    do {
        end = member_take(&stream, out, most);
        if (end == GUNZIP_WHOLE && inflateReset(&stream) != Z_OK) end = GUNZIP_BAD;
    } while (end == GUNZIP_WHOLE && stream.avail_in != 0);
    (void)inflateEnd(&stream);
    return end;
}
