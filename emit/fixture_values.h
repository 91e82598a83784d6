/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the values of a fixture have in common; for the files that make them only. */
#ifndef EMIT_FIXTURE_VALUES_H
#define EMIT_FIXTURE_VALUES_H

#include "emit/call.h"
#include "emit/command.h"
#include "emit/fixture.h"
#include "emit/names.h"

/*
 * What bytes are of, by the `form` of their value: of the message that its `self` is, of all the
 * messages of the side that it is, as if they had been one, or of the mask of the message.
 */
enum form { FORM_MESSAGE, FORM_SIDE, FORM_MASK };

/* The side that was asked for last, with all its messages in one. */
struct joined {
    const struct side *side;
    struct said said;
};

/* The mask that was asked for last: 0xff for a byte that counts, 0 for one that is volatile. */
struct mask {
    const struct said *of;
    struct said said;
};

/* The line of a text that was asked for last, counted from 1; 0 is before the first. */
struct line {
    const void *of;
    size_t number;
    size_t from;
    size_t end;
};

/* Which range of a kind was asked for last, and where it stands among those of all kinds. */
struct range_place {
    const struct said *said;
    const struct ranges_kind *kind;
    size_t index;
    size_t at;
};

/* Where the ancillary data of some kinds that was asked for last stands, and which of it it is. */
struct carried_place {
    const struct said *said;
    const struct carried_kinds *kinds;
    size_t index;
    size_t carried, control;
};

/* How many exchanges of a conversation, the last one that was asked for, go into a part. */
struct part_size {
    const struct conversation_table *table;
    size_t exchanges;
};

/* Notations, or that there is none, by the places where templates name them. */
enum { NOTATIONS_KEPT = 64 };

struct kept_notation {
    const char *name;
    const struct notation *notation;
};

/*
 * A block is what a string literal holds in every language: C promises 4095 characters, and the
 * Java machine 65535 bytes with the indentation.
 */
enum { BLOCK_SIZE = 4080 };

/* What was asked for last, so that the next need not be looked for from the beginning. */
struct latest {
    struct joined joined;
    struct mask mask;
    struct line line;
    struct range_place range;
    struct carried_place carried;
    struct part_size part;
    size_t pieces;       /* of all conversations, as parts count them; 0: not counted yet */
    size_t conversation; /* the one of the file that was named */
    struct kept_notation notations[NOTATIONS_KEPT];
    bool no_memory; /* for something that was asked for: what was printed is no good */
};

/* One run of fixture_print(). Every value has it for its owner. */
struct emission {
    const struct fixture *fixture;
    const struct language *language;
    char *command;
    char name[COMMAND_NAME_SIZE];
    size_t most; /* messages that a side has */
    size_t least;
    size_t exchanges; /* of all conversations */
    bool incomplete;
    bool embeds; /* a message at least stands in a file of its own */
    struct call call;
    struct names *names; /* of the exchanges */
    struct latest *latest;
};

/* All names there are, by what has them, so that a misspelt one can be told; see check.c. */
extern const struct value_field fixture_fields[], call_fields[], conversation_fields[];
extern const struct value_field end_fields[], exchange_fields[], side_fields[], message_fields[];
extern const struct value_field piece_fields[], row_fields[], embedded_fields[], number_fields[];
extern const struct value_field part_fields[];
extern const struct value_field carried_fields[], descriptors_fields[], credentials_fields[];
extern const struct value_field kind_fields[], range_fields[], mask_fields[];

/* The ways to spell a text, by number; NULL past the last one. */
const char *text_variant(size_t index);

static inline const struct emission *emission_of(const struct value *value)
{
    return value->owner;
}

/* Each is a value of the emission that `of` belongs to. */
struct value value_make(const struct value *of, const struct value_type *type, const void *self);
struct value value_number(const struct value *of, size_t number);
struct value value_flag(const struct value *of, bool is_true);
struct value value_text(const struct value *of, const char *text);

/* Text that is made when it is asked for, from the value's `self` and `index`. */
enum { VALUE_TEXT_SIZE = 320 };

struct text_maker {
    void (*make)(const struct value *value, char out[VALUE_TEXT_SIZE]);
};

/* The maker must outlive the value. */
struct value value_made_text(const struct value *of, const struct text_maker *maker,
                             const void *self);

/* The value itself, by its name, for those inside it whose own names hide its. */
struct value value_itself(const struct value *of);

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
 * The bytes that a value of some form is of, with what is known of them. They are there until those
 * of another side or mask are asked for, and are made again when they are needed after that. If
 * there is no memory for them, there are none, and fixture_print() fails in the end.
 */
const struct said *value_said(const struct value *of);
const struct said *value_said_of_mask(const struct value *of);

/* They are in rows of 16 bytes and in lines. */
struct value value_rows(const struct value *of);
struct value value_lines(const struct value *of);
bool value_has_several_rows(const struct value *of);
bool value_has_several_blocks(const struct value *of);
bool value_has_several_lines(const struct value *of);

/* Are they to be spelled as text? */
bool value_is_readable(const struct value *of);

/* Puts those from `from` on in the notation of that name in *child; false if there is none. */
bool value_find_notation(const struct value *of, size_t from, size_t extent, const char *name,
                         size_t length, struct value *child);
bool value_is_notation(const char *name, size_t length);

/* The file of its own that a message stands in, if it does; and the one it has in a folder. */
struct value value_embedded(const struct value *of, const struct side *side, size_t index);
struct value value_file(const struct value *of, const struct side *side, size_t index);

/*
 * What the message, which is `of`, carried beside its bytes: lists of passed descriptors, of
 * credentials, and of both in their order.
 */
struct value value_carried(const struct value *of);
struct value value_descriptors(const struct value *of);
struct value value_credentials(const struct value *of);

/*
 * What is known of parts of the message, which is `of`; its `extent` is 1 if the server said it.
 */
struct value value_volatile(const struct value *of);
struct value value_redacted(const struct value *of);
struct value value_mask(const struct value *of);

#endif
