/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/cargo.h"

/* A place in it: a control message, and of descriptors the one of that number. */
struct place {
    const struct said *said;
    size_t carried, control, descriptor;
};

static const struct control *control_at(const struct place *place)
{
    return &place->said->carried[place->carried].ancillary->controls[place->control];
}

/* Goes on to where a control message is, or to the end, and then returns false. */
static bool find_control(struct place *place)
{
    const struct said *said = place->said;

    while (place->carried < said->carried_count) {
        if (place->control < said->carried[place->carried].ancillary->count)
            return true;
        place->carried++;
        place->control = 0;
    }
    return false;
}

static bool find_descriptor(struct place *place)
{
    while (find_control(place)) {
        const struct control *control = control_at(place);

        if (control->kind == CONTROL_DESCRIPTORS && place->descriptor < control->descriptors.count)
            return true;
        place->control++;
        place->descriptor = 0;
    }
    return false;
}

static bool same_kind(const struct place *old, const struct place *now)
{
    const uint8_t was = control_at(old)->descriptors.kinds[old->descriptor];
    const uint8_t is = control_at(now)->descriptors.kinds[now->descriptor];

    return was == is || was == KIND_UNKNOWN || is == KIND_UNKNOWN;
}

/* Inside of a part whose length varies, any place corresponds to any. */
static bool same_offset(const struct place *old, const struct place *now,
                        const struct blocks *blocks)
{
    const struct carried *was = &old->said->carried[old->carried];
    const struct carried *is = &now->said->carried[now->carried];
    const size_t one = blocks_begin(blocks, was->offset), other = blocks_end(blocks, was->offset);

    if (!was->sent || !is->sent || was->offset == is->offset)
        return true;
    return is->offset >= (one < other ? one : other) && is->offset <= (one < other ? other : one);
}

static bool same_descriptors(const struct said *old, const struct said *now,
                             const struct blocks *blocks)
{
    struct place was = {.said = old}, is = {.said = now};

    for (;; was.descriptor++, is.descriptor++) {
        const bool in_old = find_descriptor(&was), in_now = find_descriptor(&is);

        if (!in_old || !in_now)
            return in_old == in_now;
        if (!same_kind(&was, &is) || !same_offset(&was, &is, blocks))
            return false;
    }
}

static bool same_control(const struct control *a, const struct control *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == CONTROL_CREDENTIALS)
        return a->credentials.uid == b->credentials.uid && a->credentials.gid == b->credentials.gid;
    return a->other.level == b->other.level && a->other.type == b->other.type &&
           a->other.length == b->other.length;
}

/* Is there one as this before `end`? */
static bool has_before(const struct place *end, const struct control *control)
{
    struct place place = {.said = end->said};

    for (; find_control(&place); place.control++) {
        if (place.carried == end->carried && place.control == end->control)
            return false;
        if (control_at(&place)->kind != CONTROL_DESCRIPTORS &&
            same_control(control_at(&place), control))
            return true;
    }
    return false;
}

/* Descriptors apart, has `in` all that there is? */
static bool has_others(const struct said *in, const struct said *said)
{
    const struct place end = {.said = in, .carried = in->carried_count};

    for (struct place place = {.said = said}; find_control(&place); place.control++)
        if (control_at(&place)->kind != CONTROL_DESCRIPTORS &&
            !has_before(&end, control_at(&place)))
            return false;
    return true;
}

bool cargo_is_same(const struct said *old, const struct said *now, const struct blocks *blocks)
{
    return said_carried_more(old) == said_carried_more(now) && same_descriptors(old, now, blocks) &&
           has_others(old, now) && has_others(now, old);
}

void cargo_print(FILE *file, const struct said *said)
{
    const char *between = "";

    for (struct place place = {.said = said}; find_control(&place); place.control++) {
        const struct control *control = control_at(&place);
        const size_t offset = said->carried[place.carried].offset;

        if (control->kind != CONTROL_DESCRIPTORS && has_before(&place, control))
            continue;
        fputs(between, file);
        control_print(file, control, false);
        if (offset > 0)
            fprintf(file, " at byte %zu", offset);
        between = ", ";
    }
    if (said_carried_more(said))
        fprintf(file, "%s%s", between, *between ? "and more" : "what is not known");
    else if (!*between)
        fputs("nothing", file);
}
