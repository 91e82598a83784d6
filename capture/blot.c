/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/blot.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base64.h"
#include "capture/secret.h"
#include "capture/text.h"
#include "capture/tree.h"

/* What is shorter stands in words by chance: it is a secret when it is a word by itself. */
enum { TELLING = 4 };

/* Bytes of which some were percent-encoded. */
struct plain {
    uint8_t *bytes;
    size_t *places; /* where each begins in what it is of; and where that ends */
    size_t length;
};

static void plain_free(struct plain *plain)
{
    free(plain->bytes);
    free(plain->places);
}

/* Is there a byte that is percent-encoded? Puts it into *byte. */
static bool is_encoded(const uint8_t *text, size_t left, uint8_t *byte)
{
    return left >= 3 && text[0] == '%' && text_hex((const char *)text + 1, byte);
}

static int plain_new(struct plain *plain, const uint8_t *text, size_t length)
{
    *plain = (struct plain){malloc(length + 1), calloc(length + 1, sizeof(*plain->places)), 0};
    if (!plain->bytes || !plain->places) {
        plain_free(plain);
        return -ENOMEM;
    }
    for (size_t i = 0; i < length; plain->length++) {
        const bool encoded = is_encoded(text + i, length - i, &plain->bytes[plain->length]);

        if (!encoded)
            plain->bytes[plain->length] = text[i];
        plain->places[plain->length] = i;
        i += encoded ? 3 : 1;
    }
    plain->places[plain->length] = length;
    return 0;
}

/* What was looked for. */
struct known {
    size_t length;
    uint8_t bytes[];
};

static int compare_known(const void *a, const void *b)
{
    const struct known *first = a, *second = b;

    return first->length == second->length ? memcmp(first->bytes, second->bytes, first->length)
                                           : tree_compare_numbers(first->length, second->length);
}

/* Much that is said, is said often. Returns 0 or -ENOMEM; *is_new tells if this was not yet. */
static int remember(struct blotting *blotting, const uint8_t *secret, size_t length, bool *is_new)
{
    struct known *key = malloc(sizeof(*key) + length);
    const void *known = NULL;

    if (key) {
        key->length = length;
        memcpy(key->bytes, secret, length);
        known = tree_get(&blotting->known, key, sizeof(*key) + length, compare_known, is_new);
    }
    free(key);
    return known ? 0 : -ENOMEM;
}

void blotting_free(struct blotting *blotting)
{
    tdestroy(blotting->known, free);
    blotting->known = NULL;
}

static void blot_as_it_is(const char *word, char *filled, const uint8_t *secret, size_t length)
{
    const char *const end = word + strlen(word);
    const char *at = length >= TELLING || (size_t)(end - word) == length ? word : NULL;

    while (at && (at = memmem(at, (size_t)(end - at), secret, length))) {
        memset(filled + (at - word), SECRET_FILLER, length);
        at += length;
    }
}

static int blot_encoded(const char *word, char *filled, const uint8_t *secret, size_t length)
{
    struct plain plain;
    const uint8_t *at;
    size_t from = 0;
    int err = plain_new(&plain, (const uint8_t *)word, strlen(word));

    if (err)
        return err;
    while ((length >= TELLING || plain.length == length) &&
           (at = memmem(plain.bytes + from, plain.length - from, secret, length))) {
        const size_t begin = (size_t)(at - plain.bytes);

        from = begin + length;
        memset(filled + plain.places[begin], SECRET_FILLER,
               plain.places[from] - plain.places[begin]);
    }
    plain_free(&plain);
    return 0;
}

static int blot_all(struct blotting *blotting, const uint8_t *secret, size_t length)
{
    bool is_new = false;
    int err = length ? remember(blotting, secret, length, &is_new) : 0;

    for (size_t i = 0; is_new && blotting->words[i] && !err; i++) {
        const char *word = blotting->words[i];

        blot_as_it_is(word, blotting->filled[i], secret, length);
        if (strchr(word, '%'))
            err = blot_encoded(word, blotting->filled[i], secret, length);
    }
    return err;
}

/* Credentials are USER:PASSWORD, or have NULs between. */
static int blot_credentials(struct blotting *blotting, const uint8_t *bytes, size_t length)
{
    int err = 0;

    for (size_t at = 0, end; at < length && !err; at = end + 1) {
        const uint8_t *nul = memchr(bytes + at, '\0', length - at), *colon;

        end = nul ? (size_t)(nul - bytes) : length;
        err = blot_all(blotting, bytes + at, end - at);
        colon = memchr(bytes + at, ':', end - at);
        if (colon && !err)
            err = blot_all(blotting, colon + 1, (size_t)(bytes + end - (colon + 1)));
    }
    return err;
}

static int blot_decoded(struct blotting *blotting, const uint8_t *text, size_t length)
{
    uint8_t *decoded = malloc(length / 4 * 3 + 1);
    ssize_t size = decoded ? base64_decode(decoded, (const char *)text, length) : -ENOMEM;
    int err = size > 0 ? blot_credentials(blotting, decoded, (size_t)size) : 0;

    free(decoded);
    return size == -ENOMEM ? -ENOMEM : err;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\r' || byte == '\n';
}

/* A scheme's name may stand before what is in base64. */
static int blot_pieces(struct blotting *blotting, const uint8_t *secret, size_t length)
{
    int err = 0;

    for (size_t at = 0, end; at < length && !err; at = end + 1) {
        for (end = at; end < length && !is_space(secret[end]); end++)
            ;
        err = blot_decoded(blotting, secret + at, end - at);
    }
    return err;
}

int blot(struct blotting *blotting, const uint8_t *secret, size_t length)
{
    struct plain plain;
    int err;

    /* A pattern takes the end of its line along as easily as not. */
    while (length && (secret[length - 1] == '\r' || secret[length - 1] == '\n'))
        length--;
    err = plain_new(&plain, secret, length);
    if (err)
        return err;
    err = blot_all(blotting, secret, length);
    if (!err && plain.length != length)
        err = blot_all(blotting, plain.bytes, plain.length);
    if (!err)
        err = blot_pieces(blotting, secret, length);
    plain_free(&plain);
    return err;
}
