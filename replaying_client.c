/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "replaying_client.h"

enum status replaying_play(struct run *run)
{
    (void)run;
    return STATUS_USAGE;
}
