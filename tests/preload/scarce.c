/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Memory is refused once, at the allocation that SCARCE counts to, or from there on with
 * SCARCE_ALL. Tells in the file that SCARCE_TOLD names whether it came to that.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

static bool refuse(void)
{
    static long left = -1;
    static bool told;
    const char *text = left < 0 ? getenv("SCARCE") : NULL;
    const char *path = getenv("SCARCE_TOLD");

    if (left < 0)
        left = text ? atol(text) : 0;
    if (left == 0 || (left > 1 && left--))
        return false;
    if (!getenv("SCARCE_ALL"))
        left = 0;
    if (!told && path)
        close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    told = true;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return refuse() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return refuse() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return refuse() ? NULL : __libc_realloc(memory, size);
}
