#include "supervise/question.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/die.h"
#include "base/instant.h"
#include "supervise/process.h"

void question_init(struct question *question, const struct kcat *kcat, const struct words *words,
                   int64_t first_us, int64_t every_us)
{
    static char *const first[] = {"kcat", "-q", "-m", "5", NULL};
    *question = (struct question){.fd = -1, .every_us = every_us, .due_us = INT64_MAX};
    if (every_us == 0) return;
    question->due_us = instant_steady() + first_us;
    words_add_all(&question->words, first);
    kcat_add(kcat, &question->words);
    words_add_all(&question->words, words->word);
}

void question_turn(struct question *question)
{
    int out[2];
    if (question->due_us > instant_steady()) return;
    process_pipe(out);
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0) die_errno("/dev/null");
    const struct process process = {
        .words = question->words.word, .out = out[1], .err = nowhere, .umask = 077, .bound = true};
    question->pid = process_start(&process);
    question->fd = out[0];
    question->due_us = INT64_MAX;
    buffer_clear(&question->answer);
    close(out[1]);
    close(nowhere);
}

bool question_listen(struct question *question)
{
    if (process_read(&question->fd, &question->answer)) return false;
    question->due_us = instant_steady() + question->every_us;
    return true;
}

void question_stop(struct question *question)
{
    question->due_us = INT64_MAX;
    if (question->pid > 0) kill(question->pid, SIGKILL);
    if (question->fd >= 0) close(question->fd);
    question->fd = -1;
}

void question_release(struct question *question)
{
    question_stop(question);
    words_release(&question->words);
    buffer_release(&question->answer);
}
