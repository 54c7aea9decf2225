/*
 * scan_judge.h - are the escapes and the UTF-8 of a line such that lanes can take it? Judged block
 * by block, wherever a block ends: what goes on in the next one is handed over, so that no block
 * waits for more of the one before than its bits. Part of scan_kernel.h.
 */
#ifndef CS_SCAN_JUDGE_H
#define CS_SCAN_JUDGE_H

/* Of the block before: where there are such bytes, as far as the next block has to know. */
struct crossing {
    uint64_t slashes, u;                     /* u: behind a backslash */
    uint64_t leads, leads_three, leads_four; /* the first of two bytes or more, of three, of four */
    uint64_t after_low, after_high; /* behind it no byte below 0xa0 may come; none from it on */
    uint64_t f0, f4;
};

/* The bits of bytes n further. */
static inline uint64_t carried(uint64_t bits, uint64_t before, int n)
{
    return bits << n | before >> (64 - n);
}

/* Which escapes are none of a usual kind: not valid, of a quote or a backslash, or perhaps half of
 * a surrogate pair? Noted at or behind the backslash, at the line's newline at the latest, and
 * perhaps behind that, too. */
static inline __attribute__((always_inline)) uint64_t escapes_wrong(struct block block,
                                                                    uint64_t slashes,
                                                                    struct crossing *before)
{
    const uint64_t behind = carried(slashes, before->slashes, 1);
    uint64_t u = block_equal(block, 'u');
    UNPREDICTABLE(u); /* else gcc makes a mask of what it is cut with, and waits for that */
    u &= behind;
    const uint64_t digits = block_digits(block);
    const uint64_t first = carried(u, before->u, 1);
    const uint64_t hex =
        first | carried(u, before->u, 2) | carried(u, before->u, 3) | carried(u, before->u, 4);
    uint64_t wrong =
        (behind & ~u & ~block_letters(block)) | (hex & ~digits & ~block_hex_letters(block));
    /* Surrogates begin with a D, and most others with a digit. */
    if ((first & ~digits) != 0) wrong |= first & block_letter_d(block);
    before->slashes = slashes;
    before->u = u;
    return wrong;
}

/* Which bytes that are not ASCII are no valid UTF-8, or C1 controls? Noted at the latest behind the
 * last byte that is right. */
static inline uint64_t utf8_wrong(struct block block, uint64_t highs, struct crossing *before)
{
    const uint64_t b6 = block_bit(block, 6), b5 = block_bit(block, 5), b4 = block_bit(block, 4);
    const uint64_t b3 = block_bit(block, 3), b2 = block_bit(block, 2), b1 = block_bit(block, 1);
    const uint64_t b0 = block_bit(block, 0);
    const uint64_t rest = highs & ~b6, leads = highs & b6;
    const uint64_t three = leads & b5, four = three & b4;
    const uint64_t c0 = leads & ~b5 & ~(b4 | b3 | b2); /* to c3 */
    const uint64_t e0 = three & ~b4 & ~(b3 | b2 | b1 | b0);
    const uint64_t ed = three & ~b4 & b3 & b2 & ~b1 & b0;
    const uint64_t f0 = four & ~(b3 | b2 | b1 | b0);
    const uint64_t f4 = four & ~(b3 | b1 | b0) & b2;
    const uint64_t after_low = (c0 & b1 & ~b0) | e0; /* a C1 control, or an overlong form */
    const uint64_t wanted = carried(leads, before->leads, 1) |
                            carried(three, before->leads_three, 2) |
                            carried(four, before->leads_four, 3);
    uint64_t wrong = wanted ^ rest;
    wrong |= (c0 & ~b1) | (four & (b3 | (b2 & (b1 | b0))));
    wrong |= carried(after_low, before->after_low, 1) & ~b5;
    wrong |= carried(ed, before->after_high, 1) & b5; /* a surrogate */
    wrong |= carried(f0, before->f0, 1) & ~(b5 | b4);
    wrong |= carried(f4, before->f4, 1) & (b5 | b4);
    before->leads = leads;
    before->leads_three = three;
    before->leads_four = four;
    before->after_low = after_low;
    before->after_high = ed;
    before->f0 = f0;
    before->f4 = f4;
    return wrong;
}

/* What lanes cannot take, of what is odd in a block, which may have a backslash or a byte that is
 * not ASCII. */
static inline uint64_t oddities_wrong(struct block block, uint64_t odd, uint64_t slashes,
                                      uint64_t highs, struct crossing *before)
{
    uint64_t wrong = odd & ~highs & ~slashes;
    if ((slashes | before->slashes | before->u) != 0)
        wrong |= escapes_wrong(block, slashes, before);
    if ((highs | before->leads) != 0) wrong |= utf8_wrong(block, highs, before);
    return wrong;
}

#endif
