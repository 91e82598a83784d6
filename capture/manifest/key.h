/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Every key that a manifest can have, and the option of the command line that says the same. */
#ifndef MANIFEST_KEY_H
#define MANIFEST_KEY_H

#include <jansson.h>
#include <stdbool.h>

#include "emit/nearest.h"

/* What a value can be. */
enum key_kind {
    KEY_TEXT,
    KEY_NAME,        /* text that can be part of a file's name */
    KEY_TEXTS,       /* a text, or a list of them */
    KEY_COMMAND,     /* a list of words, or a text for the shell */
    KEY_COUNT,       /* a whole number, at least 1 */
    KEY_SIZE,        /* a number of bytes, or a text as 64K */
    KEY_SECONDS,     /* a number */
    KEY_FLAG,        /* true or false */
    KEY_ENVIRONMENT, /* an object of texts, or null for what is not to be set */
    KEY_COMMANDS,    /* a list of commands */
    KEY_STEPS,       /* a list of commands, and objects with the keys of `keys` */
    KEY_OBJECTS,     /* a list of objects with the keys of `keys` */
};

struct key {
    const char *name;
    enum key_kind kind;
    const char *option; /* without its dashes; NULL: none says the same */
    const struct key *keys;
    bool required;
};

/* The keys of the manifest, of a fixture, of what is emitted, and of a step of the setup. Each list
 * ends with a key without a name. */
extern const struct key manifest_keys[];
extern const struct key fixture_keys[];
extern const struct key emit_keys[];
extern const struct key step_keys[];

/* The key of that name, or with that option; NULL when there is none. */
const struct key *key_find(const struct key *keys, const char *name);
const struct key *key_find_option(const struct key *keys, const char *option);

/* The hint at the name nearest to one that is none, as nearest_hint() puts it. */
void key_hint(const struct key *keys, const char *name, char out[NEAREST_HINT_SIZE]);

/* Is this what the value of such a key can be? What is in lists of objects is not looked at. */
bool key_allows(enum key_kind kind, const json_t *value);

/* What it can be, in words. */
const char *key_expects(enum key_kind kind);

#endif
