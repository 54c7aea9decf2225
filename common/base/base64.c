#include "base/base64.h"

void base64_add(struct buffer *out, struct slice bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        const size_t left = bytes.len - i;
        uint32_t group = (uint32_t)(unsigned char)bytes.text[i] << 16;
        if (left > 1) group |= (uint32_t)(unsigned char)bytes.text[i + 1] << 8;
        if (left > 2) group |= (unsigned char)bytes.text[i + 2];
        buffer_add_char(out, digits[group >> 18]);
        buffer_add_char(out, digits[group >> 12 & 63]);
        buffer_add_char(out, left > 1 ? digits[group >> 6 & 63] : '=');
        buffer_add_char(out, left > 2 ? digits[group & 63] : '=');
    }
}
