/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* One exit status for several things that were done. */
#ifndef MANIFEST_STATUS_H
#define MANIFEST_STATUS_H

#include "options.h"

/* A difference is what a check is for, so it comes first; else the higher one is the worse. */
static inline int status_worse(int a, int b)
{
    if (a == STATUS_DIFFERS || b == STATUS_DIFFERS)
        return STATUS_DIFFERS;
    return a > b ? a : b;
}

#endif
