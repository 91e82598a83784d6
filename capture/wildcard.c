/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * As a shell matches a glob: a range whose length varies is a star, a volatile byte a question
 * mark. A number is as long as it was recorded, or else as long as there are digits. When something
 * does not match, the last number is tried so, and then the last star takes one byte more.
 */
#include "capture/wildcard.h"

#include <ctype.h>
#include <string.h>

enum { STEPS_MAX = 1 << 24 };

static bool is_text(uint8_t byte)
{
    return isprint(byte) || isspace(byte);
}

static size_t digits_at(const uint8_t *data, size_t length, size_t from)
{
    size_t to = from;

    while (to < length && isdigit(data[to]))
        to++;
    return to - from;
}

/*
 * The length of the decimal number at the beginning: a sign or none, digits, and where it may have
 * one, a fraction. *cut is set when it ends with the bytes, and behind a sign or a point.
 */
static size_t number_length(const uint8_t *data, size_t length, bool fraction, bool *cut)
{
    const size_t sign = length && (data[0] == '-' || data[0] == '+');
    const size_t digits = digits_at(data, length, sign), whole = sign + digits;
    size_t decimals;

    *cut = sign && length == 1;
    if (!digits)
        return 0;
    if (!fraction || whole == length || data[whole] != '.')
        return whole;
    *cut = whole + 1 == length;
    decimals = digits_at(data, length, whole + 1);
    return decimals ? whole + 1 + decimals : whole;
}

/* A point beside a number parts it from another one. */
static bool has_fraction(const struct said *said, const struct range *range)
{
    const size_t end = range_end(range);

    return (range->offset == 0 || said->data[range->offset - 1] != '.') &&
           (end >= said->length || said->data[end] != '.');
}

static bool is_number(const struct said *said, const struct range *range, const uint8_t *data,
                      size_t length)
{
    bool cut;

    return length && number_length(data, length, has_fraction(said, range), &cut) == length;
}

/* A decimal number amid text has more digits in the one run, and fewer in the other. */
static bool is_decimal(const struct said *said, const struct range *range)
{
    const uint8_t *begin = said->data + range->offset, *end = said->data + range_end(range);

    if ((range->offset > 0 && (!is_text(begin[-1]) || isdigit(begin[-1]))) ||
        (range_end(range) < said->length && (!is_text(*end) || isdigit(*end))))
        return false;
    return is_number(said, range, begin, range->length);
}

static bool is_date(const struct range *range)
{
    return range->kind == RANGE_TIME && range->unit && strcmp(range->unit, "date") == 0;
}

/* Is it known to be of text? */
static bool is_of_text(const struct range *range)
{
    return range->form == FORM_TEXT &&
           (range->kind == RANGE_COUNTER || range->kind == RANGE_TIME || range->kind == RANGE_PID);
}

/* Can it be longer or shorter, if it stays a number? */
static bool is_numeric(const struct said *said, const struct range *range)
{
    if (range->kind == RANGE_BYTES)
        return is_decimal(said, range);
    return is_of_text(range) && !is_date(range);
}

static bool is_star(const struct range *range)
{
    return range->kind == RANGE_LENGTH || range->kind == RANGE_ECHO;
}

bool wildcard_varies(const struct said *said, const struct range *range)
{
    return is_star(range) || is_numeric(said, range);
}

/* Digits and letters stay such; the day of a date may be a digit behind a space. */
static uint8_t sort_of(const struct range *range, uint8_t byte)
{
    if (isdigit(byte) || (byte == ' ' && is_date(range)))
        return '0';
    return isalpha(byte) ? 'a' : byte;
}

bool wildcard_allows_byte(const struct range *range, uint8_t recorded, uint8_t byte)
{
    /* What counts from one digit to another may as well be a byte. */
    return !is_of_text(range) || range->length == 1 ||
           sort_of(range, recorded) == sort_of(range, byte);
}

static bool allows_bytes(const struct said *said, const struct range *range, const uint8_t *data)
{
    for (size_t i = 0; i < range->length; i++)
        if (!wildcard_allows_byte(range, said->data[range->offset + i], data[i]))
            return false;
    return true;
}

bool wildcard_allows(const struct said *said, const struct range *range, const uint8_t *data,
                     size_t length)
{
    if (is_star(range) || (length == range->length && allows_bytes(said, range, data)))
        return true;
    return is_numeric(said, range) && is_number(said, range, data, length);
}

/* A place in the pattern: at `offset`, before the range of that number if any is left. */
struct cursor {
    const struct said *said;
    size_t offset, range;
};

/* The volatile range that begins here or has begun; NULL when there is none. */
static const struct range *range_here(struct cursor *cursor)
{
    const struct ranges *ranges = &cursor->said->ranges;

    while (cursor->range < ranges->count) {
        const struct range *range = &ranges->items[cursor->range];

        if (range_is_volatile(range) && (range_end(range) > cursor->offset ||
                                         (range->length == 0 && range->offset == cursor->offset)))
            return range->offset <= cursor->offset ? range : NULL;
        cursor->range++;
    }
    return NULL;
}

/* Where it can be gone on from when something does not match; `at.said` is NULL for nowhere. */
struct choice {
    struct cursor at;
    size_t place; /* in the data */
};

struct matching {
    const struct said *data;
    struct choice here, number, star;
    size_t steps;
    bool begun; /* the data ended before something did not match */
};

static void skip_range(struct cursor *at, const struct range *range)
{
    at->offset = range_end(range);
    at->range++;
}

/* Notes what else the number that begins here can be, than as long as it was recorded. */
static void choose_number(struct matching *matching, const struct range *range)
{
    const struct choice *here = &matching->here;
    const struct said *pattern = here->at.said, *data = matching->data;
    bool cut;
    size_t length = number_length(data->data + here->place, data->length - here->place,
                                  has_fraction(pattern, range), &cut);

    matching->begun = matching->begun || cut;
    matching->steps += length + range->length;
    matching->number = (struct choice){0};
    if (!length)
        return;
    matching->number = (struct choice){here->at, here->place + length};
    skip_range(&matching->number.at, range);
}

static bool step_byte(struct matching *matching, const struct range *range)
{
    struct choice *here = &matching->here;
    uint8_t recorded, byte;

    if (here->at.offset == here->at.said->length || here->place == matching->data->length)
        return false;
    recorded = here->at.said->data[here->at.offset];
    byte = matching->data->data[here->place];
    if (range ? !wildcard_allows_byte(range, recorded, byte) : recorded != byte)
        return false;
    here->at.offset++;
    here->place++;
    return true;
}

/* Goes on from the last choice. Returns false when there is none. */
static bool step_back(struct matching *matching)
{
    const struct choice *here = &matching->here;

    if (here->place == matching->data->length && here->at.offset < here->at.said->length)
        matching->begun = true;
    if (matching->number.at.said) {
        matching->here = matching->number;
        matching->number = (struct choice){0};
        return true;
    }
    if (!matching->star.at.said || matching->star.place == matching->data->length)
        return false;
    matching->star.place++;
    matching->here = matching->star;
    return true;
}

/* Is all of the pattern there? In a stream more may follow, unless the last thing is a star. */
static bool is_whole(struct matching *matching, bool stream)
{
    struct choice *here = &matching->here;
    const size_t rest = matching->data->length - here->place;
    const size_t missing = here->at.said->missing;

    if (here->at.offset < here->at.said->length)
        return false;
    if (!stream)
        return rest == 0;
    if (rest < missing) {
        matching->begun = true;
        return false;
    }
    here->place +=
        matching->star.at.said && matching->star.at.offset == here->at.offset ? rest : missing;
    return true;
}

static enum fit match(struct matching *matching, bool stream)
{
    struct choice *here = &matching->here;

    for (; matching->steps < STEPS_MAX; matching->steps++) {
        const struct range *range = range_here(&here->at);

        if (range && is_star(range)) {
            skip_range(&here->at, range);
            matching->star = *here;
            matching->number = (struct choice){0};
            continue;
        }
        if (range && range->offset == here->at.offset && is_numeric(here->at.said, range))
            choose_number(matching, range);
        if (step_byte(matching, range))
            continue;
        if (is_whole(matching, stream))
            return FIT_WHOLE;
        if (!step_back(matching))
            return matching->begun ? FIT_PART : FIT_NOT;
    }
    return FIT_PART; /* it takes too long to find out */
}

bool wildcard_match(const struct said *pattern, const struct said *data)
{
    struct matching matching = {.data = data, .here = {.at = {.said = pattern}}};

    return pattern->missing == data->missing && match(&matching, false) == FIT_WHOLE;
}

enum fit wildcard_begins(const struct said *pattern, const struct said *stream, size_t *taken)
{
    struct matching matching = {.data = stream, .here = {.at = {.said = pattern}}};
    const enum fit fit = match(&matching, true);

    *taken = matching.here.place;
    return fit;
}
