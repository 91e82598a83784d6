/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Says what a recording lacks. */
#ifndef SHORTFALL_H
#define SHORTFALL_H

#include "run.h"

/* What was lost, or what could not be framed. They return whether there was anything to say. */
bool shortfall_say_losses(const struct run *run);
bool shortfall_say_unframed(const struct table *table);

/* What is not there because that was asked for. */
void shortfall_say_left_out(const struct run *run);

#endif
