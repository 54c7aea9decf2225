/*
 * cs-collect - events of browsers and servers, taken by HTTP and written as cs-parse would write
 * them.
 *
 * What a request may do is in door.h, what becomes of its records in judge.h, where they go in
 * store.h, the connections in server.h.
 */
#include "collect/collect_options.h"
#include "collect/collector.h"
#include "collect/judge.h"

int main(int argc, char **argv)
{
    static const struct tool tool = {
        .name = "cs-collect",
        .summary = "take events of browsers and servers by HTTP",
        .options = collect_rows,
        .flags = TOOL_ALL_MEMBERS | TOOL_NO_TIME_RULES | TOOL_EVENTS | TOOL_COLLECTS,
        .start = judge_run_start,
        .release = judge_run_release,
    };
    return collector_main(&tool, argc, argv);
}
