/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/memory_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct memory {
    char **text;
    size_t *size;
    size_t room;
    bool failed;
};

static int reserve(struct memory *memory, size_t more)
{
    const size_t need = *memory->size + more + 1;
    char *grown;

    if (need <= memory->room)
        return 0;
    memory->room = need < 2 * memory->room ? 2 * memory->room : need;
    grown = realloc(*memory->text, memory->room);
    if (!grown)
        return -1;
    *memory->text = grown;
    return 0;
}

/* Returns 0 for an error, as fopencookie() has it. */
static ssize_t add(void *cookie, const char *bytes, size_t length)
{
    struct memory *memory = cookie;

    memory->failed = memory->failed || reserve(memory, length);
    if (memory->failed)
        return 0;
    memcpy(*memory->text + *memory->size, bytes, length);
    *memory->size += length;
    (*memory->text)[*memory->size] = '\0';
    return (ssize_t)length;
}

static int end(void *cookie)
{
    struct memory *memory = cookie;
    const bool failed = memory->failed;

    if (failed) {
        free(*memory->text);
        *memory->text = NULL;
    }
    free(memory);
    return failed ? EOF : 0;
}

FILE *memory_file_open(char **text, size_t *size)
{
    static const cookie_io_functions_t functions = {.write = add, .close = end};
    struct memory *memory = malloc(sizeof(*memory));
    FILE *file = NULL;

    *size = 0;
    *text = calloc(1, 1);
    if (memory && *text) {
        *memory = (struct memory){.text = text, .size = size, .room = 1};
        file = fopencookie(memory, "w", functions);
    }
    if (!file) {
        free(memory);
        free(*text);
        *text = NULL;
    }
    return file;
}
