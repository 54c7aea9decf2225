/*
 * instead.h - how functions of ours come in place of those that libjq calls.
 *
 * A shared libjq calls everything through the dynamic linker, which looks into the program first:
 * what we define under a library's name is called instead, and RTLD_NEXT finds the original. In a
 * program with libjq in it there is one of each name. There libjq is compiled to call ours by
 * another name: -Djv_get_kind=instead_jv_get_kind, for all of its files but the one that defines
 * it (packaging/static; make JQ_STATIC=1: CS_JQ_STATIC). What calls jv_get_kind gets the original.
 *
 * INSTEAD(jv_get_kind) is the name under which we define ours.
 */
#ifndef CS_INSTEAD_H
#define CS_INSTEAD_H

#ifdef CS_JQ_STATIC
#define INSTEAD(name) instead_##name
#else
#define INSTEAD(name) name
#endif

#endif
