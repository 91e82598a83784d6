/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/tree.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

void *tree_find(void *const *tree, const void *key, tree_compare *compare)
{
    void **found = tfind(key, tree, compare);

    return found ? *found : NULL;
}

/* Leads down to the left, and keeps in *first where it has come to. */
static int go_left(const void *first, const void *node)
{
    *(void **)first = (void *)node;
    return -1;
}

void *tree_first(void *const *tree)
{
    void *first = NULL;

    tfind(&first, tree, go_left);
    return first;
}

void *tree_get(void **tree, const void *key, size_t size, tree_compare *compare, bool *made)
{
    void *node = tree_find(tree, key, compare);

    if (made)
        *made = !node;
    if (node)
        return node;
    node = malloc(size);
    if (!node)
        return NULL;
    memcpy(node, key, size);
    if (!tsearch(node, tree, compare)) {
        free(node);
        return NULL;
    }
    return node;
}

void tree_drop(void **tree, void *node, tree_compare *compare)
{
    tdelete(node, tree, compare);
    free(node);
}
