#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_add(struct buffer *out, struct slice bytes)
{
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

/* -1: it is none. */
static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_read(struct buffer *out, struct slice text)
{
    if (text.len % 4 != 0) return false;
    for (size_t i = 0; i < text.len; i += 4) {
        const char *const four = text.text + i;
        const bool last = i + 4 == text.len;
        const int padding = !last || four[3] != '=' ? 0 : four[2] == '=' ? 2 : 1;
        uint32_t group = 0;
        for (int at = 0; at < 4 - padding; at++) {
            const int value = digit_value(four[at]);
            if (value < 0) return false;
            group |= (uint32_t)value << (18 - 6 * at);
        }
        /* Bits that no byte gets are 0: one text stands for these bytes. */
        if ((group & ((UINT32_C(1) << (8 * padding)) - 1)) != 0) return false;
        for (int at = 0; at < 3 - padding; at++)
            buffer_add_char(out, (char)(group >> (16 - 8 * at)));
    }
    return true;
}
