/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* File systems on which every file has a name from the beginning, as NFS and FAT. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    va_list arguments;
    mode_t mode;

    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    if ((flags & O_TMPFILE) != O_TMPFILE)
        return real(path, flags, mode);
    errno = EOPNOTSUPP;
    return -1;
}
