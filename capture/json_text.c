/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/json_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/text.h"

/* jansson takes no context along. */
static bool refused;

static void *allocate(size_t size)
{
    void *memory = malloc(size);

    refused = refused || !memory;
    return memory;
}

static void begin(void)
{
    refused = false;
    json_set_alloc_funcs(allocate, free);
}

/* Returns whether there was memory for everything. */
static bool end(void)
{
    json_set_alloc_funcs(malloc, free);
    return !refused;
}

json_t *json_from_text(const char *text, size_t length, json_error_t *wrong)
{
    json_t *object;

    begin();
    object = json_loadb(text, length, JSON_REJECT_DUPLICATES, wrong);
    errno = 0;
    if (end())
        return object;
    json_decref(object);
    snprintf(wrong->text, sizeof(wrong->text), "%s", strerror(ENOMEM));
    errno = ENOMEM;
    return NULL;
}

json_t *json_of_bytes(const void *bytes, size_t length)
{
    const size_t size = 4 * length + 1;
    char *text = malloc(size);
    json_t *string;

    if (!text)
        return NULL;
    text_escape(text, size, bytes, length);
    string = json_string(text);
    free(text);
    return string;
}

json_t *json_of_words(char *const *words)
{
    json_t *array = json_array();

    for (; array && words && *words; words++) {
        if (json_array_append_new(array, json_of_bytes(*words, strlen(*words)))) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

char *json_to_text(const json_t *object)
{
    char *text;

    if (!object)
        return NULL;
    begin();
    text = json_dumps(object, JSON_COMPACT);
    if (end())
        return text;
    free(text);
    return NULL;
}
