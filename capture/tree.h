/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Search trees of the C library (tsearch) whose nodes are the things themselves, made by malloc. A
 * tree is a void * that is NULL while it is empty; tdestroy() frees one, twalk_r() visits it.
 */
#ifndef CAPTURE_TREE_H
#define CAPTURE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int tree_compare(const void *a, const void *b);

/* For a tree_compare of things that are told apart by a number. */
static inline int tree_compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* The node equal to key, or NULL. */
void *tree_find(void *const *tree, const void *key, tree_compare *compare);

/*
 * The same, but where there is none yet, one of size bytes is added, a copy of key (*made,
 * unless made is NULL, says so). NULL when there is no memory.
 */
void *tree_get(void **tree, const void *key, size_t size, tree_compare *compare, bool *made);

/* The node before all others, or NULL. */
void *tree_first(void *const *tree);

/* Takes the node out of the tree and frees it. */
void tree_drop(void **tree, void *node, tree_compare *compare);

#endif
