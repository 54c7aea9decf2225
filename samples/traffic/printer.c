#include "printer.h"

#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "line.h"

#define SALT_DRESS 21
#define SALT_DEFECT 22
#define SALT_COLUMNS 23

/* Defects of a whole line, after those of a member. */
enum line_defect {
    LINE_TRUNCATED = DEFECT_COUNT,
    LINE_ARRAY,
    LINE_TEXT,
    LINE_TAIL,
    LINE_DEFECT_COUNT,
};

void printer_init(struct printer *printer, const struct options *options)
{
    *printer = (struct printer){.options = options};
    output_init(&printer->output);
    if (options->partitions) {
        printer->offsets = calloc(options->partitions, sizeof(printer->offsets[0]));
        if (!printer->offsets) die_errno("partitions");
    }
    for (int id = 0; id < MEMBER_COUNT; id++)
        printer->record.order[id] = (uint8_t)id;
    if (options->csv) {
        struct rng rng = rng_for(options->seed, SALT_COLUMNS, 0);
        if (options->shuffle_members) record_shuffle(&printer->record, options, &rng);
        memcpy(printer->columns, printer->record.order, sizeof(printer->columns));
        char *out = output_room(&printer->output);
        output_advance(&printer->output, line_print_header(out, &printer->record, options));
    }
}

/* PARTITION\tOFFSET\t: FNV-1a over the session_id, before anything is done to it. */
static char *frame_print(struct printer *printer, char *out)
{
    const struct options *options = printer->options;
    const struct member *session_id = &printer->record.members[MEMBER_SESSION_ID];
    if (!options->partitions) return out;
    uint32_t hash = UINT32_C(2166136261);
    for (uint32_t i = 0; i < session_id->len; i++)
        hash = (hash ^ (unsigned char)session_id->text[i]) * UINT32_C(16777619);
    const uint32_t partition = hash % options->partitions;
    out = number_print(out, partition, 1);
    *out++ = '\t';
    out = number_print(out, printer->offsets[partition]++, 1);
    *out++ = '\t';
    return out;
}

/* Makes the record of an event and writes its frame; returns where the line goes. */
static char *line_begin(struct printer *printer, const struct event *event, struct rng *rng)
{
    const struct options *options = printer->options;
    *rng = rng_for(options->seed, SALT_DRESS, event->number);
    record_fill(&printer->record, event, options);
    if (options->csv) memcpy(printer->record.order, printer->columns, sizeof(printer->columns));
    char *out = frame_print(printer, output_room(&printer->output));
    /* What is planted has what it was planted with. */
    if (!event_is_planted(event)) record_dress(&printer->record, options, rng);
    if (options->shuffle_members && !options->csv) record_shuffle(&printer->record, options, rng);
    return out;
}

void printer_event(struct printer *printer, const struct event *event)
{
    struct rng rng;
    char *out = line_begin(printer, event, &rng);
    out = printer->options->csv ? line_print_csv(out, &printer->record, printer->options)
                                : line_print_json(out, &printer->record, printer->options, &rng);
    output_advance(&printer->output, out);
}

/* Breaks the JSON line from begin to end (after its newline) as a whole; returns the new end. */
static char *line_break_json(char *begin, char *end, int defect, struct rng *rng)
{
    static const char *const texts[] = {
        "ERROR upstream timed out",
        "\"just text\"",
        "null",
        "{'event_id':'1'}",
        "{\"event_id\"}",
        "<html>502 Bad Gateway</html>",
        "{,}",
        "NaN",
    };
    const uint32_t len = (uint32_t)(end - begin) - 1;
    switch (defect) {
    case LINE_TRUNCATED: end = begin + 1 + rng_below(rng, len - 1); break;
    case LINE_ARRAY:
        memmove(begin + 1, begin, len);
        begin[0] = '[';
        begin[len + 1] = ']';
        end = begin + len + 2;
        break;
    case LINE_TEXT:
        end = text_print(begin, texts[rng_below(rng, sizeof(texts) / sizeof(texts[0]))]);
        break;
    default: end = text_print(begin + len, rng_chance(rng, 500000) ? "}" : ",{\"a\":1}"); break;
    }
    *end++ = '\n';
    return end;
}

/* A column too many, or only some of the columns. */
static char *line_break_csv(char *end, int defect)
{
    if (defect % 2) return text_print(end - 1, ",surplus\n");
    return text_print(end - 1, ",,surplus,\"\"\n");
}

void printer_malformed(struct printer *printer, const struct event *event)
{
    const struct options *options = printer->options;
    struct rng dress;
    struct rng rng = rng_for(options->seed, SALT_DEFECT, event->number);
    char *const begin = line_begin(printer, event, &dress);
    const int member_defects = options->csv ? DEFECT_CSV_COUNT : DEFECT_COUNT;
    const int line_defects = LINE_DEFECT_COUNT - DEFECT_COUNT;
    int defect = (int)rng_below(&rng, (uint32_t)(member_defects + line_defects));
    const bool of_line = defect >= member_defects;
    if (of_line) {
        defect += DEFECT_COUNT - member_defects;
    } else {
        record_break(&printer->record, (enum defect)defect, &rng);
    }
    char *end = options->csv ? line_print_csv(begin, &printer->record, options)
                             : line_print_json(begin, &printer->record, options, &dress);
    if (of_line)
        end =
            options->csv ? line_break_csv(end, defect) : line_break_json(begin, end, defect, &rng);
    output_advance(&printer->output, end);
}

void printer_close(struct printer *printer)
{
    output_close(&printer->output);
    free(printer->offsets);
}
