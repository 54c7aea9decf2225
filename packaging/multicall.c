/*
 * multicall.c - all tools in one program, which is the tool that it is called by the name of.
 *
 * What the tools have in common is most of them: one file with a name for each is a quarter of the
 * size of one file each. `make multicall` links it; packages and the static program are made so.
 * `clickstream cs-funnel ...` is cs-funnel, too, where links cannot be had.
 *
 * TOOLS comes from the Makefile: TOOL("cs-funnel", cs_funnel_main) for each.
 */
#include <stdio.h>
#include <string.h>

#define TOOL(name, entry) int entry(int argc, char **argv);
TOOLS
#undef TOOL

static const struct {
    const char *name;
    int (*entry)(int argc, char **argv);
} tools[] = {
#define TOOL(name, entry) {name, entry},
    TOOLS
#undef TOOL
};

static const size_t count = sizeof tools / sizeof *tools;

/* The place of the tool of that name in the table; count: there is none. */
static size_t tool_find(const char *path)
{
    const char *const slash = strrchr(path, '/');
    const char *const name = slash == NULL ? path : slash + 1;
    size_t i = 0;
    while (i < count && strcmp(tools[i].name, name) != 0)
        i++;
    return i;
}

static int usage(FILE *to)
{
    fputs("Usage: clickstream TOOL [ARGUMENT]...\nall tools in one program; 'clickstream TOOL "
          "--help' "
          "says what each does\n\nTools:\n",
          to);
    for (size_t i = 0; i < count; i++)
        fprintf(to, "  %s\n", tools[i].name);
    return fflush(to) == 0 && !ferror(to) ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc < 1) return 2;
    size_t found = tool_find(argv[0]);
    if (found == count && argc > 1) {
        if (strcmp(argv[1], "--help") == 0) return usage(stdout);
        found = tool_find(argv[1]);
        argc--;
        argv++;
    }
    if (found < count) return tools[found].entry(argc, argv);
    usage(stderr);
    return 2;
}
