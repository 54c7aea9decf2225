#include "base/hex.h"

#define NONE_4 0xf0000, 0xf0000, 0xf0000, 0xf0000
#define NONE_16 NONE_4, NONE_4, NONE_4, NONE_4
#define LETTERS 0xf0000, 10, 11, 12, 13, 14, 15, 0xf0000, NONE_4, NONE_4

const uint32_t hex_value[256] = {
    NONE_16, NONE_16, NONE_16, 0,       1,       2,       3,       4,       5,       6,
    7,       8,       9,       0xf0000, 0xf0000, NONE_4,  LETTERS, NONE_16, LETTERS, NONE_16,
    NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16, NONE_16,
};
