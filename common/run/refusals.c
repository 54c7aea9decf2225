#include "run/refusals.h"

#include "base/die.h"
#include "run/common_options.h"

/* As where a shell variable was not set: better said at once than when the file is needed. */
static void refuse_empty_names(void)
{
    const struct {
        const char *name, *value;
    } needs[] = {
        {"output", options->output},
        {"rejects", options->rejects},
        {"late", options->late},
        {"state", options->state},
        {"spool", options->spool},
        {"partial", options->partial},
        {"stats", options->stats_file},
        {"stats-ends", options->stats_ends},
        {"time-field", options->time_field},
        {"tz", options->tz},
    };
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if (needs[i].value != NULL && *needs[i].value == '\0')
            die_usage("--%s: empty: a name is missing", needs[i].name);
}

static void refuse_format(const struct tool *tool)
{
    if (options->format == ENCODING_NDJSON) return;
    if ((tool->flags & TOOL_EVENTS) != 0)
        die_usage("--format: events differ in their members, so they have no columns: ndjson only");
    if (options->spool != NULL)
        die_usage("--spool: segments are NDJSON: not with another --format");
    if (options->format == ENCODING_TABLE && options->state != NULL)
        die_usage("--format=table is for looking at, and does not go with --state");
}

static void refuse_merge(const struct tool *tool)
{
    const bool merges = (tool->flags & TOOL_MERGES) != 0;
    const bool sorts = (tool->flags & TOOL_SORTS) != 0;
    if (options->by_partition && sorts)
        die_usage("--by-partition: a row of this tool is of one id, and so of one partition: "
                  "--merge takes the rows as they are");
    if (options->by_partition && !merges)
        die_usage("--by-partition: this tool has no rows that add up");
    if (options->merge && !merges && !sorts) die_usage("--merge: rows of this tool are not merged");
    if (!options->merge || !sorts) return;
    if (options->format != ENCODING_NDJSON)
        die_usage("--format: --merge prints rows of this tool as they came: ndjson only");
    if (options->updates) die_usage("--emit=updates: --merge of this tool prints final rows only");
}

/* --range and --merge-partials: what is the other one's, or neither's. */
static void refuse_apart(void)
{
    const bool is_range = options->range.count != 0;
    const char *const name = is_range ? "--range" : "--merge-partials";
    static const char *const merges[] = {"output", "rejects", "late", "stats", "progress", "end"};
    static const struct {
        const char *name, *why;
    } never[] = {
        {"state", "files that are read in pieces are read once"},
        {"idle", "no input is waited for"},
        {"emit", "rows are printed once"},
        {"merge", "it reads rows, and files are cut where events are"},
        {"jobs", "it is one of the jobs: run as many of them at once"},
        {"partitions", "files that are cut are of one partition"},
        {"bind", "files that are cut are of one partition"},
    };
    if (is_range != (options->partial != NULL))
        die_usage("--range=K/N and --partial=FILE go together: which, and where to");
    if (!is_range && !options->merge_partials) return;
    if (is_range && options->merge_partials)
        die_usage("--merge-partials merges what --range has made: not both");
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (option_given(never[i].name))
            die_usage("%s does not go with --%s: %s", name, never[i].name, never[i].why);
    for (size_t i = 0; i < sizeof merges / sizeof merges[0] && is_range; i++)
        if (option_given(merges[i]))
            die_usage("--range does not go with --%s: give it to --merge-partials", merges[i]);
}

void options_refuse(const struct tool *tool)
{
    refuse_empty_names();
    if (!(tool->flags & TOOL_WINDOWS)) {
        static const char *const windows_only[] = {"order-by", "top", "ties"};
        for (size_t i = 0; i < sizeof windows_only / sizeof windows_only[0]; i++)
            if (option_given(windows_only[i]))
                die_usage("--%s: this tool has no windows", windows_only[i]);
    }
    if (!(tool->flags & TOOL_UPDATES) && option_given("emit"))
        die_usage(
            "--emit: rows of this tool are final: only cs-window, cs-funnel and cs-sessionize "
            "have others");
    refuse_merge(tool);
    if (options->updates && options->top != 0) die_usage("--emit=updates does not go with --top");
    if (options->encoding != NULL && options->input == INPUT_KCAT_SIZED)
        die_usage("--encoding would change the sizes that --input=kcat-sized reads by");
    if (options->kafka_members && options->input == INPUT_NDJSON)
        die_usage("--kafka-members: --input=ndjson has no frames that say a key and a time");
    if (options->merge && options->by_partition)
        die_usage("--merge reads what --by-partition has printed: not both");
    if (options->state != NULL && option_given("end"))
        die_usage("--end: with --state the input does not end, it goes on in the next run");
    if (options->state == NULL && options->spool != NULL) die_usage("--spool needs --state");
    if (options->state == NULL && options->flush) die_usage("--flush needs --state");
    if (options->state == NULL && options->skip_gone) die_usage("--skip-gone needs --state");
    if (!options->stats && options->stats_every_us != 0) die_usage("--stats-every needs --stats");
    if (!options->stats && options->stats_ends != NULL) die_usage("--stats-ends needs --stats");
    if (options->output != NULL && options->spool != NULL)
        die_usage("--output or --spool: rows go to one of them");
    if (options->state != NULL && options->jobs > 1) die_usage("--jobs does not go with --state");
    if (options->jobs > 1 && options->idle_us != 0) die_usage("--jobs does not go with --idle");
    if (options->jobs > 1 && options->updates) die_usage("--jobs does not go with --emit=updates");
    refuse_format(tool);
    refuse_apart();
}
