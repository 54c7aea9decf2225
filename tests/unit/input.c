/* input.c - bytes of files and FIFOs, block by block. */
#include "source/input.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/die.h"
#include "tap.h"

static char small[] = "small", large[] = "large", fifo[] = "fifo", empty[] = "empty";
#define LARGE_BYTES 1000000

static void file_put(const char *path, const char *data, size_t len)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || write(fd, data, len) != (ssize_t)len || close(fd) != 0) die_errno("%s", path);
}

/* Reads all that inputs have, taking so many bytes at a time, into out. */
static void read_all(struct inputs *inputs, struct buffer *out, size_t at_once)
{
    struct input *input;
    enum input_status status;

    while ((status = inputs_next(inputs, &input)) != INPUT_END) {
        if (status == INPUT_WAIT) (void)inputs_wait(inputs, INT64_MAX);
        if (status == INPUT_WAIT) continue;
        do {
            const size_t unread = input->end - input->start;
            const size_t len = unread < at_once ? unread : at_once;
            buffer_add(out, input->data + input->start, len);
            input_consume(input, len);
        } while (input->ended && input->end > input->start);
    }
}

/* The same bytes come out, however few are used of each block. */
static void test_files(const struct buffer *data)
{
    static const size_t at_once[] = {SIZE_MAX, 100000, 70000};
    char *operands[] = {small, empty, large};
    int wrong = 0;

    for (size_t i = 0; i < sizeof at_once / sizeof at_once[0]; i++) {
        struct inputs inputs = {.wake_fd = -1};
        struct buffer got = {0};
        inputs_open(&inputs, operands, 3, false);
        wrong += inputs.bytes_total != 6 + LARGE_BYTES;
        read_all(&inputs, &got, at_once[i]);
        wrong += got.len != 6 + LARGE_BYTES || memcmp(got.data, "a\nbc\nd", 6) != 0 ||
                 memcmp(got.data + 6, data->data, LARGE_BYTES) != 0;
        wrong += inputs.bytes_read != 6 + LARGE_BYTES;
        buffer_release(&got);
        inputs_release(&inputs);
    }
    is_int(wrong, 0, "regular files are one stream, whatever is used of each block");
}

static void test_seek(const struct buffer *data)
{
    char *operands[] = {large};
    struct inputs inputs = {.wake_fd = -1};
    struct buffer got = {0};

    inputs_open(&inputs, operands, 1, false);
    struct input *input = &inputs.input[0];
    ok(input_lasts(input) && !input_compressed(input), "a named file can be found again");
    input_seek(input, 999990, 17);
    read_all(&inputs, &got, SIZE_MAX);
    ok(got.len == 10 && memcmp(got.data, data->data + 999990, 10) == 0 && input->lines == 17,
       "and gone on with where it was left");
    is_int((int64_t)input->consumed, LARGE_BYTES, "positions are those in the file");
    struct id head, shorter;
    const int fd = open(large, O_RDONLY);
    ok(head_read(large, fd, HEAD_BYTES, &head) && id_equal(head, input->head),
       "it is known by its first bytes");
    ok(head_read(large, fd, 10, &shorter) && !id_equal(head, shorter),
       "by so many as are asked for");
    close(fd);
    const int fd_small = open(small, O_RDONLY);
    ok(!head_read(small, fd_small, HEAD_BYTES, &head), "which a shorter file has not");
    close(fd_small);
    buffer_release(&got);
    inputs_release(&inputs);
}

static void test_fifo(void)
{
    char *operands[] = {fifo, small};
    struct inputs inputs = {.wake_fd = -1};
    struct buffer got = {0};
    struct input *input;

    if (mkfifo(fifo, 0666) != 0) die_errno("%s", fifo);
    inputs_open(&inputs, operands, 2, false);
    const int fd = open(fifo, O_WRONLY);
    ok(inputs_next(&inputs, &input) == INPUT_DATA && input == &inputs.input[1],
       "a file does not wait for a FIFO that is silent");
    input_consume(input, input->end - input->start);
    while (!input->ended)
        (void)inputs_next(&inputs, &input);
    ok(inputs_next(&inputs, &input) == INPUT_WAIT && inputs_wait(&inputs, 2000) >= 1000,
       "with nothing else to read, one waits");
    if (write(fd, "xyz\n", 4) != 4) die_errno("%s", fifo);
    (void)inputs_wait(&inputs, INT64_MAX);
    ok(inputs_next(&inputs, &input) == INPUT_DATA && input == &inputs.input[0] && !input->ended &&
           input->end - input->start == 4,
       "what comes is there at once");
    ok(!input_lasts(input), "but not a second time");
    close(fd);
    read_all(&inputs, &got, SIZE_MAX);
    ok(input->ended, "with its writer gone it has ended");
    buffer_release(&got);
    inputs_release(&inputs);
}

int main(void)
{
    char directory[] = "/tmp/input-XXXXXX";
    struct buffer data = {0};

    if (mkdtemp(directory) == NULL || chdir(directory) != 0) die_errno("%s", directory);
    srand48(1);
    for (int i = 0; i < LARGE_BYTES; i++)
        buffer_add_char(&data, (char)lrand48());
    file_put(small, "a\nbc\nd", 6);
    file_put(empty, "", 0);
    file_put(large, data.data, data.len);
    test_files(&data);
    test_seek(&data);
    test_fifo();
    (void)(unlink(small) | unlink(empty) | unlink(large) | unlink(fifo));
    (void)rmdir(directory);
    buffer_release(&data);
    return plan();
}
