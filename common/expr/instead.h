/*
 * instead.h - how functions of ours come in place of those that libjq calls.
 *
 * A shared libjq calls everything through the dynamic linker, which looks into the program first:
 * what we define under a library's name is called instead, and RTLD_NEXT finds the original. In a
 * program with libjq in it (make JQ_WRAP=1: CS_JQ_WRAP) there is one of each name: there the
 * linker's
 * --wrap makes a call of jv_get_kind one of __wrap_jv_get_kind, which is ours, and calls the
 * original __real_jv_get_kind. Where jv.c calls itself it is not asked.
 *
 * INSTEAD(jv_get_kind) is the name under which we define ours.
 */
#ifndef CS_INSTEAD_H
#define CS_INSTEAD_H

#ifdef CS_JQ_WRAP
#define INSTEAD(name) __wrap_##name
#else
#define INSTEAD(name) name
#endif

#endif
