/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/size.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

int size_parse(const char *text, size_t length, size_t *out)
{
    static const char units[] = "KMGkmg";
    const char *unit = length > 0 ? memchr(units, text[length - 1], sizeof(units) - 1) : NULL;
    size_t digits = length - (unit != NULL);
    size_t shift = unit ? 10 * ((size_t)(unit - units) % 3 + 1) : 0;
    size_t size = 0;

    if (digits == 0)
        return -EINVAL;
    for (size_t i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(size, 10, &size) ||
            __builtin_add_overflow(size, (size_t)(text[i] - '0'), &size))
            return -EINVAL;
    }
    if (size > SIZE_MAX >> shift)
        return -EINVAL;
    *out = size << shift;
    return 0;
}
