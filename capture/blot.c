/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/blot.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "capture/base64.h"
#include "capture/secret.h"

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
    char digits[3] = "";

    if (left < 3 || text[0] != '%' || !isxdigit(text[1]) || !isxdigit(text[2]))
        return false;
    memcpy(digits, text + 1, 2);
    *byte = (uint8_t)strtoul(digits, NULL, 16);
    return true;
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

static void blot_as_it_is(char *word, const uint8_t *secret, size_t length)
{
    char *at = length >= TELLING || strlen(word) == length ? word : NULL;

    while (at && (at = memmem(at, strlen(at), secret, length))) {
        memset(at, SECRET_FILLER, length);
        at += length;
    }
}

static int blot_encoded(char *word, const uint8_t *secret, size_t length)
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
        memset(word + plain.places[begin], SECRET_FILLER, plain.places[from] - plain.places[begin]);
    }
    plain_free(&plain);
    return 0;
}

static int blot_all(char **words, const uint8_t *secret, size_t length)
{
    int err = 0;

    for (char **word = words; *word && length && !err; word++) {
        blot_as_it_is(*word, secret, length);
        if (strchr(*word, '%'))
            err = blot_encoded(*word, secret, length);
    }
    return err;
}

/* Credentials are USER:PASSWORD, or have NULs between. */
static int blot_credentials(char **words, const uint8_t *bytes, size_t length)
{
    int err = 0;

    for (size_t at = 0, end; at < length && !err; at = end + 1) {
        const uint8_t *nul = memchr(bytes + at, '\0', length - at), *colon;

        end = nul ? (size_t)(nul - bytes) : length;
        err = blot_all(words, bytes + at, end - at);
        colon = memchr(bytes + at, ':', end - at);
        if (colon && !err)
            err = blot_all(words, colon + 1, (size_t)(bytes + end - (colon + 1)));
    }
    return err;
}

static int blot_decoded(char **words, const uint8_t *text, size_t length)
{
    uint8_t *decoded = malloc(length / 4 * 3 + 1);
    ssize_t size = decoded ? base64_decode(decoded, (const char *)text, length) : -ENOMEM;
    int err = size > 0 ? blot_credentials(words, decoded, (size_t)size) : 0;

    free(decoded);
    return size == -ENOMEM ? -ENOMEM : err;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\r' || byte == '\n';
}

/* A scheme's name may stand before what is in base64. */
static int blot_pieces(char **words, const uint8_t *secret, size_t length)
{
    int err = 0;

    for (size_t at = 0, end; at < length && !err; at = end + 1) {
        for (end = at; end < length && !is_space(secret[end]); end++)
            ;
        err = blot_decoded(words, secret + at, end - at);
    }
    return err;
}

int blot(char **words, const uint8_t *secret, size_t length)
{
    struct plain plain;
    int err;

    /* A pattern takes the end of its line along as easily as not. */
    while (length && (secret[length - 1] == '\r' || secret[length - 1] == '\n'))
        length--;
    err = plain_new(&plain, secret, length);
    if (err)
        return err;
    err = blot_all(words, secret, length);
    if (!err && plain.length != length)
        err = blot_all(words, plain.bytes, plain.length);
    if (!err)
        err = blot_pieces(words, secret, length);
    plain_free(&plain);
    return err;
}
