/*
 * prepare.h - a run made ready: what the options say and what the command asks for, brought
 * together.
 *
 * The common options have been read (common_options_parse). Behind it the schema is complete, the
 * command has started, and admission is ready to take events; nothing has been opened yet.
 */
#ifndef CS_PREPARE_H
#define CS_PREPARE_H

#include "run/loop.h"

/* What is wrong with the options is die_usage. */
void prepare(struct loop *l);

#endif
