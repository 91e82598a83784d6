/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Compares a word of ours with one that ends where its length says, whatever bytes it holds. */
#ifndef EMIT_WORD_H
#define EMIT_WORD_H

#include <stdbool.h>
#include <stddef.h>

static inline bool word_is(const char *word, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (word[i] != text[i] || word[i] == '\0')
            return false;
    }
    return word[length] == '\0';
}

#endif
