/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A parsed template, as the parser (template.c) leaves it to the renderer (render.c). */
#ifndef EMIT_TEMPLATE_NODE_H
#define EMIT_TEMPLATE_NODE_H

#include "emit/template.h"

enum node_kind {
    NODE_NOTHING,
    NODE_TEXT,
    NODE_LINE, /* a line begins here: the indentation of the partials around goes here */
    NODE_VARIABLE,
    NODE_RAW,
    NODE_SECTION,
    NODE_INVERTED,
    NODE_PARTIAL,
    NODE_PARENT,
    NODE_BLOCK,
    NODE_KINDS,
};

/* The tree is flat: a node's body is what stands between it and `end`. */
struct node {
    enum node_kind kind;
    bool dynamic;          /* the name is that of a value which holds the name */
    bool starts_line;      /* what is put in its place begins a line, indented by `indent` */
    bool body_starts_line; /* its body does too, and begins with a NODE_LINE of its own */
    const char *text;      /* the text, or the name */
    size_t length;
    const char *indent;
    size_t indent_length;
    size_t end;
};

struct template
{
    char *name;
    char *text;
    size_t length;
    struct node *nodes; /* they point into text */
    size_t count;
    size_t capacity;
};

#endif
