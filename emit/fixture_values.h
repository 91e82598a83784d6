/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the values of a fixture have in common; for the files that make them only. */
#ifndef EMIT_FIXTURE_VALUES_H
#define EMIT_FIXTURE_VALUES_H

#include "emit/command.h"
#include "emit/fixture.h"

/* All the messages of a side in one, made when a template asks for such a thing. */
struct joined {
    const struct side *side;
    struct said said;
};

/* One run of fixture_print(). Every value has it for its owner. */
struct emission {
    const struct fixture *fixture;
    const struct language *language;
    char *command;
    char name[COMMAND_NAME_SIZE];
    size_t most; /* messages that a side has */
    size_t least;
    bool incomplete;
    struct joined *joined;
};

/* A name and what it stands for. A list of them ends with one that has no name. */
struct value_field {
    const char *name;
    struct value (*get)(const struct value *of);
};

static inline const struct emission *emission_of(const struct value *value)
{
    return value->owner;
}

/* Each is a value of the emission that `of` belongs to. */
struct value value_make(const struct value *of, const struct value_type *type, const void *self);
struct value value_number(const struct value *of, size_t number);
struct value value_flag(const struct value *of, bool is_true);
struct value value_text(const struct value *of, const char *text);

/* An identifier made from the text; 0 is no number. */
struct value value_identifier(const struct value *of, const char *text, size_t number);

/* The name of an exchange of the conversation. */
struct value value_exchange_name(const struct value *of,
                                 const struct conversation_table *conversation, size_t index);

/* Both sides of the exchange, in a list, and one of them. */
struct value value_sides(const struct value *of, const struct exchange *exchange);
struct value value_side(const struct value *of, const struct exchange *exchange,
                        enum direction direction);

/*
 * What the message, which is `of`, carried beside its bytes: lists of passed descriptors, of
 * credentials, and of both in their order.
 */
struct value value_carried(const struct value *of);
struct value value_descriptors(const struct value *of);
struct value value_credentials(const struct value *of);

/* Puts the field of that name in *child; returns false if there is none. */
bool value_find(const struct value_field *fields, const struct value *of, const char *name,
                size_t length, struct value *child);

#endif
