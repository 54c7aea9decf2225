/*
 * prelude.h - functions that are defined before a program which names them, as jq has no such or
 * another one.
 *
 * epoch(f) is ours (epoch.h). Others are jq 1.6's, whose answers are those that native.c gives,
 * where a later libjq gives others, or a later jq's, where those of 1.6 are wrong: what a program
 * means may not depend on the machine.
 */
#ifndef CS_PRELUDE_H
#define CS_PRELUDE_H

#include "base/buffer.h"
#include "base/slice.h"

/* Adds the definitions that the program needs; most need none. */
void prelude_add(struct buffer *out, struct slice program);

#endif
