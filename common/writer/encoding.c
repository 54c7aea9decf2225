#include "writer/encoding.h"

const struct encoding *const encodings[ENCODING_COUNT] = {
    [ENCODING_NDJSON] = &encoding_ndjson,
    [ENCODING_CSV] = &encoding_csv,
    [ENCODING_TSV] = &encoding_tsv,
    [ENCODING_TABLE] = &encoding_table,
};
