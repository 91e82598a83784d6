/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The oldest that fits is taken: of several that are alike, each has its own at each place. */
#include "capture/sightings.h"

/* No way through a machine takes longer, and who says the same again waits longer. */
enum { AT_ONCE = 100 * 1000 * 1000 };

static bool was_seen_there(const struct sighting *sighting, uint64_t place)
{
    for (size_t i = 0; i <= sighting->more; i++)
        if (sighting->places[i] == place)
            return true;
    return false;
}

static bool is_same(const struct sighting *before, const struct sighting *now)
{
    return before->flow == now->flow && before->content == now->content &&
           now->time - before->time + AT_ONCE <= 2 * (uint64_t)AT_ONCE &&
           before->more + 1 < SIGHTING_PLACES && !was_seen_there(before, now->places[0]);
}

bool sightings_has(struct sightings *sightings, const struct sighting *sighting)
{
    size_t first = sightings->count > SIGHTINGS_MAX ? sightings->count - SIGHTINGS_MAX : 0;

    for (size_t i = first; i < sightings->count; i++) {
        struct sighting *each = &sightings->last[i % SIGHTINGS_MAX];

        if (!is_same(each, sighting))
            continue;
        each->places[++each->more] = sighting->places[0];
        return true;
    }
    sightings->last[sightings->count++ % SIGHTINGS_MAX] = *sighting;
    return false;
}
