/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Mustache templates: everything in the specification but lambdas, printed as they are worked out.
 */
#ifndef EMIT_TEMPLATE_H
#define EMIT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct template;

/* Where a template is wrong, and what was expected there. Lines and columns count from 1. */
struct template_error {
    size_t line; /* 0 when the fault is not in the template: no memory, a write that failed */
    size_t column;
    char name[1024]; /* of the template, or the path of its file */
    char text[256];
};

/* How {{name}} prints text, as against {{{name}}}, which prints it as it is. */
struct template_escape {
    int (*print)(const void *context, const char *text, size_t length, FILE *out);
    const void *context;
};

/*
 * A thing that a template can name: small, handed around by value, and worked out only when asked.
 * Whoever makes one says in `type` what it can do, and decides what the other fields mean. What
 * they point to outlives the rendering.
 */
struct value {
    const struct value_type *type; /* NULL: nothing, which is false and prints nothing */
    const void *self;
    const void *owner;
    const void *detail;
    size_t index;
    size_t extent;
    unsigned int form;
};

/* A name and what it stands for. A list of them ends with one that has no name. */
struct value_field {
    const char *name;
    struct value (*get)(const struct value *of);
};

/* All may be missing. A list is what has `item`; anything else is true unless it says not. */
struct value_type {
    const struct value_field *fields; /* the children that every such value has */
    /* Puts another child of that name in *child; returns false and leaves it alone without one. */
    bool (*find)(const struct value *value, const char *name, size_t length, struct value *child);
    /* Puts item number `index` in *item; returns false at the end of the list. */
    bool (*item)(const struct value *list, size_t index, struct value *item);
    bool (*truth)(const struct value *value);
    /* Prints through `escape` what needs it; `escape` is NULL in {{{name}}}. Returns 0 or -errno.
     */
    int (*print)(const struct value *value, const struct template_escape *escape, FILE *out);
};

/* Puts the field of that name in *child; returns false and leaves it alone if there is none. */
bool value_find(const struct value_field *fields, const struct value *of, const char *name,
                size_t length, struct value *child);

/* What a template is rendered with. */
struct template_host {
    struct template_escape escape;
    /*
     * Puts the template of that name in *out, which stays the host's. Returns 0, also when there is
     * none and that is no error (*out is left alone), or -errno with *error filled in.
     */
    int (*partial)(void *context, const char *name, const struct template **out,
                   struct template_error *error);
    void *context;
};

/*
 * Parses text, of which it keeps a copy. Free *out with template_free().
 * Returns 0, or -errno with *error filled in and *out left alone: -EINVAL for a fault in the text.
 */
int template_parse(struct template **out, const char *name, const char *text, size_t length,
                   struct template_error *error);
void template_free(struct template *template);

/* Prints the template with this data. Returns 0, or -errno with *error filled in. */
int template_render(const struct template *template, const struct value *data,
                    const struct template_host *host, FILE *out, struct template_error *error);

/* Fills in *error with a fault at `at`, which points into text. Returns -EINVAL. */
int template_fail_at(struct template_error *error, const char *name, const char *text,
                     const char *at, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Fills in *error with a fault that has no place in a template, and returns `err`. */
int template_fail(struct template_error *error, int err, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
