/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/json_parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* jansson takes no context along. */
static bool refused;

static void *allocate(size_t size)
{
    void *memory = malloc(size);

    refused = refused || !memory;
    return memory;
}

json_t *json_parse(const char *text, size_t length, json_error_t *wrong)
{
    json_t *object;

    refused = false;
    json_set_alloc_funcs(allocate, free);
    object = json_loadb(text, length, JSON_REJECT_DUPLICATES, wrong);
    json_set_alloc_funcs(malloc, free);
    errno = 0;
    if (!refused)
        return object;
    json_decref(object);
    snprintf(wrong->text, sizeof(wrong->text), "%s", strerror(ENOMEM));
    errno = ENOMEM;
    return NULL;
}
