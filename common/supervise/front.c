#include "supervise/front.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"
#include "supervise/ask.h"
#include "supervise/process.h"

static void words_check(const struct words *words)
{
    static const char *const ours[] = {"--input",  "--bind", "--partitions", "--interleave",
                                       "--output", "-o",     "--state",      "-s",
                                       "--spool",  "--jobs"};
    static const struct {
        const char *option, *why;
    } refused[] = {
        {"--dedup", "it would forget what it has seen with each start: give it to the tool"},
        {"--rejects", "it would begin anew with each start: what is refused is told as it comes"},
        {"--stats", "there is one cs-parse for each partition: those of the tool are what counts"},
        {"--key", "rows get their keys behind the tool"},
    };
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (words_have(words, ours[i]))
            die_usage("--parse: %s: cs-run itself says where cs-parse reads and writes", ours[i]);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (words_have(words, refused[i].option))
            die_usage("--parse: %s: %s", refused[i].option, refused[i].why);
}

void front_init(struct front *front, const struct option_list *texts)
{
    *front = (struct front){0};
    if (texts->count == 0) return;
    words_add(&front->words, "cs-parse");
    for (size_t i = 0; i < texts->count; i++) {
        const char *const why = words_split(&front->words, texts->text[i]);
        if (why != NULL) die_usage("--parse: %s: %s", texts->text[i], why);
    }
    words_check(&front->words);
    if (!program_find(&front->path, "cs-parse")) die_usage("cs-parse: not found");
    words_add(&front->words, "--keep-frame");
    words_add(&front->words, "--input=kcat-sized");
}

void front_check(const struct front *front)
{
    if (front->words.count == 0) return;
    struct words words = {0};
    struct buffer answer = {0};
    words_add_all(&words, front->words.word);
    words_add(&words, "--explain");
    const struct process process = {.words = words.word, .path = front->path.data, .umask = 077};
    const int status = ask(&process, &answer, NULL);
    if (status != 0) exit(status);
    buffer_release(&answer);
    words_release(&words);
}

pid_t front_start(const struct front *front, const char *topic, int64_t partition, int *in,
                  int lock)
{
    struct words words = {0};
    int ends[2];
    words_add_all(&words, front->words.word);
    words_printf(&words, "--bind=%s:%lld", topic, (long long)partition);
    words_printf(&words, "--partitions=%lld", (long long)partition);
    words_printf(&words, "/dev/fd/%d", *in);
    process_pipe(ends);
    const int inherited[] = {*in, lock};
    const struct process process = {.words = words.word,
                                    .path = front->path.data,
                                    .out = ends[1],
                                    .inherited = inherited,
                                    .inherited_count = 2,
                                    .umask = 077};
    const pid_t pid = process_start(&process);
    close(*in);
    close(ends[1]);
    *in = ends[0];
    words_release(&words);
    return pid;
}

void front_release(struct front *front)
{
    words_release(&front->words);
    buffer_release(&front->path);
}
