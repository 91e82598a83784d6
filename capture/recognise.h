/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What volatile bytes are, judged by what they were in each run. */
#ifndef CAPTURE_RECOGNISE_H
#define CAPTURE_RECOGNISE_H

#include "capture/range.h"
#include "capture/subject.h"

/*
 * Finds in the interval a number that is the time of the run, the pid of the client, or counts from
 * run to run. Returns true with the whole number in *out, which may begin before the interval or
 * end behind it, but has bytes of it.
 */
bool recognise(const struct subject *subject, const struct interval *interval, struct range *out);

#endif
