/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What was recorded is replayed: --serve and --replay. */
#ifndef REPLAYING_H
#define REPLAYING_H

#include "run.h"

/* Replays what the run has read. What is wrong has been said. */
enum status replaying_make(struct run *run);

#endif
