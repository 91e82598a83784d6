/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The framing of streams that the user has asked for. */
#ifndef FRAME_OPTION_H
#define FRAME_OPTION_H

#include "capture/frame.h"
#include "options.h"

/* Fills in *framing, if --frame is given. What is wrong has been said. */
enum status frame_option_parse(struct framing *framing, const struct options *options);

#endif
