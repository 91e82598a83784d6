/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Finds the nearest name: by Damerau and Levenshtein's distance, where a swap of two is one step.
 */
#include "emit/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "capture/size.h"

enum { LENGTH_MAX = 64 };

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* The rows of the usual matrix that are still needed: this one and the two before it. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][LENGTH_MAX + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *row = rows[2];
    size_t *spare;

    for (size_t j = 0; j <= b_length; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = size_min(last[j], row[j - 1]) + 1;
            row[j] = size_min(row[j], last[j - 1] + !same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = size_min(row[j], before[j - 2] + 1);
        }
        spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_length];
}

/* "py" is near to "python" and "golang" to "go", far apart as they are. */
static bool begins(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t length = size_min(a_length, b_length);

    return length >= 2 && !strncasecmp(a, b, length);
}

const char *nearest_name(const char *word, const char *const *names, size_t count)
{
    const size_t length = strlen(word);
    const char *nearest = NULL;
    size_t best = length / 3 + 2;
    size_t found;

    if (length == 0 || length > LENGTH_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(names[i]);

        if (other > LENGTH_MAX)
            continue;
        found = distance(word, length, names[i], other);
        if (begins(word, length, names[i], other))
            found = size_min(found, 1);
        /* As many steps as there are letters would make anything of anything. */
        if (found < best && found < length && found < other) {
            best = found;
            nearest = names[i];
        }
    }
    return nearest;
}

void nearest_hint(char out[NEAREST_HINT_SIZE], const char *word, const char *const *names,
                  size_t count)
{
    const char *nearest = nearest_name(word, names, count);

    *out = '\0';
    if (nearest)
        snprintf(out, NEAREST_HINT_SIZE, " (did you mean '%s'?)", nearest);
}
