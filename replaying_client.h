/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* --replay: asks a server what was recorded, and tells what it answers otherwise. */
#ifndef REPLAYING_CLIENT_H
#define REPLAYING_CLIENT_H

#include "run.h"

/* Plays what the run has read. What is wrong has been said. */
enum status replaying_play(struct run *run);

#endif
