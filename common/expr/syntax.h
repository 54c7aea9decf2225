/*
 * syntax.h - the part of jq that we run ourselves, as a tree.
 *
 * The subset: paths of members, literals, comparisons, and or not, + - * / %, //, if, |, and
 * the functions of enum node_kind. Everything in it gives at most one output, which is what
 * makes running it simple. The parser takes a program only if jq 1.6 takes it too and means the
 * same; for everything else it returns NULL, without a reason: libjq is asked next, and its
 * word counts.
 *
 * A tree is one block of memory; its literals are its own.
 */
#ifndef CS_SYNTAX_H
#define CS_SYNTAX_H

#include "base/buffer.h"
#include "base/slice.h"
#include "base/value.h"

enum node_kind {
    NODE_INPUT,   /* . */
    NODE_MEMBER,  /* left.name, or .name of the input where left is NULL */
    NODE_LITERAL, /* value; for a number, number too */
    NODE_PIPE,
    NODE_ALTERNATIVE, /* left // right */
    NODE_IF,          /* if test then left else right end */
    NODE_ADD,
    NODE_SUBTRACT,
    NODE_MULTIPLY,
    NODE_DIVIDE,
    NODE_REMAINDER,
    NODE_NEGATE,
    /* Up to NODE_IN, functions of their input; left is the argument of those that have one. */
    NODE_EMPTY,
    NODE_SELECT,
    NODE_TYPE,
    NODE_LENGTH,
    NODE_TOSTRING,
    NODE_TONUMBER,
    NODE_DOWNCASE,
    NODE_UPCASE,
    NODE_FLOOR,
    NODE_CEIL,
    NODE_ROUND,
    NODE_FABS,
    NODE_EPOCH, /* epoch(f): see epoch.h */
    NODE_LTRIMSTR,
    NODE_RTRIMSTR,
    /* From here on: true or false. */
    NODE_STARTSWITH,
    NODE_ENDSWITH,
    NODE_CONTAINS,
    NODE_TEST,       /* value is the text looked for, a plain one */
    NODE_TEST_BEGIN, /* test("^text") */
    NODE_TEST_END,   /* test("text$") */
    NODE_TEST_WHOLE, /* test("^text$") */
    NODE_IN,         /* IN(literal, ...): left is the first, each one's next the following */
    NODE_OR,
    NODE_AND,
    NODE_NOT,
    NODE_EQUAL,
    NODE_UNEQUAL,
    NODE_LESS,
    NODE_LESS_EQUAL,
    NODE_GREATER,
    NODE_GREATER_EQUAL,
    /* What native.c makes of common shapes. */
    NODE_MEMBER_IS,      /* .name == "text" */
    NODE_MEMBER_ISNT,    /* .name != "text" */
    NODE_MEMBER_NULL,    /* .name == null */
    NODE_MEMBER_PRESENT, /* .name != null */
};

/* Is what such a node gives always true or false, if it gives anything? */
static inline bool node_judges(enum node_kind kind)
{
    return kind >= NODE_STARTSWITH;
}

struct node {
    enum node_kind kind;
    bool optional; /* .a? : not an error where there are no members */
    int slot;      /* of a member of the event, or of the one compared with a literal (native.c) */
    double number; /* a literal's */
    struct value value; /* a literal, or a text looked for */
    struct slice name;  /* a member's */
    struct node *test;  /* an if's */
    struct node *left;
    struct node *right;
    struct node *next;     /* in IN's list */
    struct buffer scratch; /* strings it makes */
};

struct syntax {
    struct node *root;
    struct node *nodes; /* all of them: nodes[0..count) */
    int count;
    struct buffer text; /* what literals and names point into */
};

/* Reads a program. NULL: not one of ours. */
struct syntax *syntax_parse(struct slice text);

void syntax_free(struct syntax *syntax);

#endif
