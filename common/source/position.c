#include "source/position.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/head.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"

void positions_release(struct positions *positions)
{
    for (size_t i = 0; i < positions->count; i++) {
        free(positions->position[i].name);
        buffer_release(&positions->position[i].reading);
    }
    free(positions->position);
    *positions = (struct positions){0};
}

/* Where the position of that file is, or would go. */
static size_t place_of(const struct positions *positions, uint64_t dev, uint64_t ino)
{
    size_t low = 0;
    for (size_t high = positions->count; low < high;) {
        const size_t middle = low + (high - low) / 2;
        const struct position *position = &positions->position[middle];
        if (position->dev < dev || (position->dev == dev && position->ino < ino))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct position *position_find(const struct positions *positions, uint64_t dev, uint64_t ino)
{
    const size_t place = place_of(positions, dev, ino);
    if (place == positions->count) return NULL;
    struct position *position = &positions->position[place];
    return position->dev == dev && position->ino == ino ? position : NULL;
}

/* The position of that file, made when there is none. */
static struct position *position_get(struct positions *positions, uint64_t dev, uint64_t ino)
{
    struct position *position = position_find(positions, dev, ino);
    if (position != NULL) return position;
    const size_t place = place_of(positions, dev, ino);
    positions->position =
        memory_resize(positions->position, positions->count + 1, sizeof *position);
    position = positions->position + place;
    memmove(position + 1, position, (positions->count++ - place) * sizeof *position);
    *position = (struct position){.dev = dev, .ino = ino};
    return position;
}

void positions_drop(struct positions *positions, struct position *position)
{
    free(position->name);
    buffer_release(&position->reading);
    const size_t place = (size_t)(position - positions->position);
    memmove(position, position + 1, (--positions->count - place) * sizeof *position);
}

struct position *positions_move(struct positions *positions, struct position *position,
                                uint64_t dev, uint64_t ino, const char *name)
{
    struct position moved = *position;
    position->name = NULL;
    position->reading = (struct buffer){0};
    positions_drop(positions, position);
    struct position *const to = position_get(positions, dev, ino);
    free(to->name);
    buffer_release(&to->reading);
    free(moved.name);
    moved.name = memory_text(name, strlen(name));
    moved.dev = dev;
    moved.ino = ino;
    *to = moved;
    return to;
}

bool position_holds(const struct position *position, const char *name, int fd)
{
    struct stat stat;
    struct id head = ID_NONE;
    if (fstat(fd, &stat) != 0) die_errno("%s", name);
    return stat.st_dev == position->dev && stat.st_ino == position->ino &&
           head_read(name, fd, position->head_len, &head) && id_equal(head, position->head) &&
           (position->compressed || (uint64_t)stat.st_size >= position->byte);
}

void position_go_on(struct position *position, struct inputs *inputs, struct input *input)
{
    input_seek(input, position->byte, position->line);
    input->begun = position->framing != FRAMING_AUTO;
    input->framing = position->framing;
    input->discarding = position->discarding;
    input->head = position->head;
    input->head_len = position->head_len;
    buffer_clear(&input->kept);
    buffer_add_slice(&input->kept, buffer_slice(&position->reading));
    if (!input_filtered(input))
        inputs->bytes_total -= position->byte < input->size ? position->byte : input->size;
    position->found = true;
}

/* A file that is named twice would have two positions. */
static void names_check(const struct inputs *inputs)
{
    struct positions seen = {0};
    for (int i = 0; i < inputs->count; i++) {
        const struct input *input = &inputs->input[i];
        if (!input_lasts(input)) continue;
        if (position_find(&seen, input->dev, input->ino) != NULL)
            die_usage("%s: is named twice, and with --state a file has one position", input->name);
        (void)position_get(&seen, input->dev, input->ino);
    }
    positions_release(&seen);
}

void positions_apply(struct positions *positions, struct inputs *inputs)
{
    names_check(inputs);
    for (int i = 0; i < inputs->count; i++) {
        struct input *input = &inputs->input[i];
        if (!input_lasts(input)) continue;
        struct position *position = position_find(positions, input->dev, input->ino);
        if (position == NULL) continue;
        const int fd = open(input->name, O_RDONLY | O_CLOEXEC);
        if (fd < 0) die_errno("%s", input->name);
        if (position_holds(position, input->name, fd)) position_go_on(position, inputs, input);
        close(fd);
    }
}

void positions_note(struct positions *positions, struct inputs *inputs)
{
    for (int i = 0; i < inputs->count; i++) {
        struct input *input = &inputs->input[i];
        if (!input_lasts(input) || input->consumed == 0) continue;
        input_head_update(input);
        struct position *position = position_get(positions, input->dev, input->ino);
        free(position->name);
        position->name = memory_text(input->name, strlen(input->name));
        position->byte = input->consumed;
        position->line = input->lines;
        position->head = input->head;
        position->head_len = input->head_len;
        position->framing = input->framing;
        position->discarding = input->discarding;
        position->compressed = input_filtered(input);
        buffer_clear(&position->reading);
        buffer_add_slice(&position->reading, buffer_slice(&input->kept));
    }
}

void positions_save(const struct positions *positions, struct buffer *out)
{
    pack_u64(out, positions->count);
    for (size_t i = 0; i < positions->count; i++) {
        const struct position *position = &positions->position[i];
        pack_text(out, slice_of(position->name));
        pack_u64(out, position->dev);
        pack_u64(out, position->ino);
        pack_u64(out, position->byte);
        pack_u64(out, position->line);
        pack_u32(out, position->head_len);
        pack_id(out, position->head);
        pack_u8(out, (uint8_t)position->framing);
        pack_u8(out, position->discarding);
        pack_u8(out, position->compressed);
        pack_text(out, buffer_slice(&position->reading));
    }
}

bool positions_load(struct positions *positions, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);
    for (uint64_t i = 0; i < count && !in->broken; i++) {
        const struct slice name = unpack_text(in);
        const uint64_t dev = unpack_u64(in);
        struct position *position = position_get(positions, dev, unpack_u64(in));
        free(position->name);
        position->name = memory_text(name.text, name.len);
        position->byte = unpack_u64(in);
        position->line = unpack_u64(in);
        position->head_len = unpack_u32(in);
        position->head = unpack_id(in);
        position->framing = (enum framing)unpack_u8(in);
        position->discarding = unpack_u8(in) != 0;
        position->compressed = unpack_u8(in) != 0;
        buffer_clear(&position->reading);
        buffer_add_slice(&position->reading, unpack_text(in));
        if (position->head_len > HEAD_BYTES || position->framing > FRAMING_SIZED) in->broken = true;
    }
    return !in->broken;
}

void positions_print(const struct positions *positions, struct buffer *out)
{
    for (size_t i = 0; i < positions->count; i++) {
        const struct position *position = &positions->position[i];
        const struct slice name = slice_of(position->name);
        buffer_add_literal(out, "{\"file\":");
        json_add_string(out, utf8_valid(name) ? name : SLICE("?"));
        buffer_printf(out, ",\"byte\":%llu,\"line\":%llu}\n", (unsigned long long)position->byte,
                      (unsigned long long)position->line);
    }
}
