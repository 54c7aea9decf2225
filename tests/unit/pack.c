/* pack.c - what is packed comes back, and what is cut off is known to be. */
#include "base/pack.h"

#include "tap.h"

static const __int128 large = -((__int128)1 << 100) - 7;

static void pack_all(struct buffer *out)
{
    pack_u8(out, 200);
    pack_u32(out, UINT32_MAX);
    pack_u64(out, UINT64_MAX - 1);
    pack_i64(out, INT64_MIN);
    pack_i128(out, large);
    pack_id(out, (struct id){.low = 1, .high = 2});
    pack_text(out, SLICE("text"));
    pack_text(out, SLICE(""));
    pack_value(out, value_string(SLICE("é")));
    pack_value(out, (struct value){.text = "1.0", .len = 3, .kind = KIND_NUMBER});
    pack_value(out, VALUE_NULL);
    pack_value(out, (struct value){.text = "true", .len = 4, .kind = KIND_TRUE});
}

/* Reads all that; is it what was packed? */
static bool unpack_all(struct unpack *in)
{
    bool good = unpack_u8(in) == 200;
    good &= unpack_u32(in) == UINT32_MAX;
    good &= unpack_u64(in) == UINT64_MAX - 1;
    good &= unpack_i64(in) == INT64_MIN;
    good &= unpack_i128(in) == large;
    good &= id_equal(unpack_id(in), (struct id){.low = 1, .high = 2});
    good &= slice_equal(unpack_text(in), SLICE("text"));
    good &= unpack_text(in).len == 0;
    good &= slice_equal(value_slice(unpack_value(in)), SLICE("é"));
    const struct value number = unpack_value(in);
    good &= number.kind == KIND_NUMBER && slice_equal(value_slice(number), SLICE("1.0"));
    good &= unpack_value(in).kind == KIND_NULL;
    return unpack_value(in).kind == KIND_TRUE && good;
}

int main(void)
{
    struct buffer out = {0};
    pack_all(&out);

    struct unpack in = {.at = out.data, .end = out.data + out.len};
    ok(unpack_all(&in), "numbers, ids, texts and values come back");
    ok(!in.broken && in.at == in.end, "nothing is missing and nothing is left");

    int wrong = 0;
    for (size_t len = 0; len < out.len; len++) {
        in = (struct unpack){.at = out.data, .end = out.data + len};
        (void)unpack_all(&in);
        wrong += !in.broken || in.at > in.end;
    }
    is_int(wrong, 0, "cut off anywhere it is broken, and nothing is read behind the end");

    in = (struct unpack){.at = out.data, .end = out.data};
    ok(unpack_u64(&in) == 0 && unpack_text(&in).len == 0 && in.broken,
       "what is missing reads as 0");

    buffer_clear(&out);
    pack_u32(&out, 0x01020304);
    ok(slice_equal(buffer_slice(&out), SLICE("\4\3\2\1")), "the lowest byte comes first");

    buffer_clear(&out);
    pack_u8(&out, KIND_OBJECT + 1);
    in = (struct unpack){.at = out.data, .end = out.data + out.len};
    (void)unpack_value(&in);
    ok(in.broken, "a value of no kind is broken");
    buffer_release(&out);
    return plan();
}
