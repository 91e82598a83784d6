/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* --serve: the server that was recorded, for a command or for whoever comes. */
#ifndef REPLAYING_SERVER_H
#define REPLAYING_SERVER_H

#include "run.h"

/* Serves what the run has read. What is wrong has been said. */
enum status replaying_serve(struct run *run);

#endif
