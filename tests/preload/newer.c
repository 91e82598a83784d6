/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A kernel that says it is newer than it is. */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include <sys/utsname.h>

int uname(struct utsname *kernel)
{
    int (*real)(struct utsname *) = (int (*)(struct utsname *))dlsym(RTLD_NEXT, "uname");
    int result = real(kernel);

    strcpy(kernel->release, "7.2.0");
    return result;
}
