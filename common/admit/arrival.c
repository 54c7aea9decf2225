#include "admit/arrival.h"

void arrival_assign(struct input *input, struct partition *partition)
{
    input->partition = partition;
    input->reached_us = partition == NULL ? NULL : &partition->largest_us;
}

void arrival_join(struct clock *clock, struct inputs *inputs, struct input *input,
                  struct partition *partition)
{
    struct partition *stand_in = input->partition;
    arrival_assign(input, partition);
    if (stand_in == NULL || stand_in->number >= 0) return;
    for (int i = 0; i < inputs->count; i++) {
        struct input *other = &inputs->input[i];
        if (other->partition == stand_in)
            arrival_assign(other, NULL); /* a file whose turn comes later */
    }
    clock_remove(clock, stand_in);
}

void arrival_framed(struct clock *clock, struct inputs *inputs, struct input *input,
                    struct partition *partition)
{
    partition->source = input;
    clock_reopen(clock, partition);
    if (input->partition != partition) arrival_join(clock, inputs, input, partition);
}

void arrival_offset(struct clock *clock, struct partition *partition)
{
    if (!partition->named && partition->largest_us == TIME_NONE) clock_end(clock, partition);
}
