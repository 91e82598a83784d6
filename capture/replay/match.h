/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which recorded exchange a request is for: by its place, or else by what it says. */
#ifndef CAPTURE_REPLAY_MATCH_H
#define CAPTURE_REPLAY_MATCH_H

#include "capture/replay/script.h"
#include "capture/wildcard.h"

/* What a client has said, and whether more of it may come. */
struct heard {
    const uint8_t *data;
    size_t length;
    bool stream; /* there may be more, before as behind the request's end; else it is a message */
};

/*
 * Does it begin with the recorded message, whose volatile bytes may be others? *taken is how much
 * of it that is, when it fits as a whole.
 */
enum fit fit_message(const struct said *recorded, const struct heard *heard, size_t *taken);

/* The first byte in which it is not what is recorded; where one of both ends, at the latest. */
size_t fit_differs(const struct said *recorded, const struct heard *heard);

/* Where a client is in the script. */
struct script_place {
    size_t conversation, exchange; /* that comes next; it may be one behind the last */
    bool turned;                   /* it has asked for nothing in this conversation yet */
};

struct script_match {
    size_t conversation, exchange;
    size_t taken; /* bytes of what was heard */
};

/*
 * Finds the exchange that the first message of a request is for. What comes next at that place is
 * looked at first, then what follows there and was not asked for yet, how conversations begin that
 * nobody was given, what else was not asked for, and at last what was. Unless `settle` is set, what
 * could still become the request that comes next is waited for, even if it is another one already.
 */
enum fit script_find(const struct script *script, const struct script_place *place,
                     const struct heard *heard, bool settle, struct script_match *match);

/* The exchange whose request is most like it. Returns false when there is none with a request. */
bool script_nearest(const struct script *script, const struct heard *heard,
                    struct script_match *match);

#endif
