/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The notation in which strace prints arguments: strings, numbers, {fields}, [arrays], and
 * descriptors with what is behind them in <>. Nothing here trusts the text; all of it ends with
 * NUL.
 */
#ifndef CAPTURE_STRACE_TEXT_H
#define CAPTURE_STRACE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of a text, without blanks around it. */
struct slice {
    const char *at;
    size_t length;
};

/* Bytes that grow; all zero when there are none. Free `at`. */
struct bytes {
    uint8_t *at;
    size_t length;
    size_t room;
};

/*
 * The next of the pieces that commas separate. *at is where it begins, behind it then; at the
 * bracket that ends the list, or at the text's end, it stays. Returns false when there is none.
 */
bool slice_next(const char **at, struct slice *piece);

/* Where the pieces of an {object} or an [array] begin, for slice_next(); NULL when it is none. */
const char *slice_inside(struct slice slice);

bool slice_is(struct slice slice, const char *text);
bool slice_begins(struct slice slice, const char *text);

/*
 * Whether it is that constant, or has that flag in it: by its name, or by its number, which is what
 * strace -X raw and -X verbose print.
 */
bool slice_is_constant(struct slice slice, const char *name, int64_t number);
bool slice_has_flag(struct slice slice, const char *name, int64_t bit);

/* Finds name=VALUE in an {object}; false when there is none. Of "old => new", that is all of it. */
bool slice_field(struct slice slice, const char *name, struct slice *value);

/* Reads a number at the beginning of the slice: decimal, octal or hexadecimal. */
bool slice_number(struct slice slice, int64_t *value);

/* Of "old => new" what the call made of it; otherwise all. */
struct slice slice_new(struct slice slice);

/*
 * Appends what a "string" means. *cut tells whether strace left out its end, or whether it is no
 * string but an address or NULL. Returns 0 or -ENOMEM.
 */
int slice_string(struct slice slice, struct bytes *bytes, bool *cut);

/* Of 3<socket:[5]> the text in <>, with its escapes undone as far as they fit; "" when none. */
void slice_annotation(struct slice slice, char *text, size_t size);

#endif
