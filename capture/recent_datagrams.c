/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The oldest that fits is taken: of several that are alike, each has its own at each place. */
#include "capture/recent_datagrams.h"

/* No way through a machine takes longer, and who says the same again waits longer. */
enum { AT_ONCE = 100 * 1000 * 1000 };

static bool was_seen_there(const struct recent_datagram *datagram, uint64_t place)
{
    for (size_t i = 0; i <= datagram->more; i++)
        if (datagram->places[i] == place)
            return true;
    return false;
}

static bool is_same(const struct recent_datagram *before, const struct recent_datagram *now)
{
    return before->flow == now->flow && before->content == now->content &&
           now->time - before->time + AT_ONCE <= 2 * (uint64_t)AT_ONCE &&
           before->more + 1 < RECENT_PLACES && !was_seen_there(before, now->places[0]);
}

bool recent_datagrams_has(struct recent_datagrams *recent, const struct recent_datagram *datagram)
{
    size_t first = recent->count > RECENT_MAX ? recent->count - RECENT_MAX : 0;

    for (size_t i = first; i < recent->count; i++) {
        struct recent_datagram *each = &recent->last[i % RECENT_MAX];

        if (!is_same(each, datagram))
            continue;
        each->places[++each->more] = datagram->places[0];
        return true;
    }
    recent->last[recent->count++ % RECENT_MAX] = *datagram;
    return false;
}
