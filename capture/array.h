/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Arrays that double when they are full, so that adding an element costs the same however many. */
#ifndef CAPTURE_ARRAY_H
#define CAPTURE_ARRAY_H

#include <stdlib.h>

/* Room for one more than count elements of size bytes; NULL when there is no memory. */
static inline void *array_grow(void *array, size_t count, size_t size)
{
    if (count & (count - 1)) /* it has room up to the next power of two */
        return array;
    return reallocarray(array, count ? count * 2 : 1, size);
}

#endif
