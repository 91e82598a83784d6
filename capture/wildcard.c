/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * As a shell matches a glob: a range whose length varies is a star, a volatile byte a question
 * mark. A number is as long as there are digits, or as it was recorded: both ways are followed at
 * once. When nothing matches any more, the last star takes one byte more.
 */
#include "capture/wildcard.h"

#include <ctype.h>
#include <string.h>

enum { STEPS_MAX = 1 << 24, WAYS_MAX = 8 };

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

/*
 * Where in the data the same place of the pattern can be. The first ones are those of numbers that
 * are as long as there are digits; of more than fit in here, the last ones are not followed.
 */
struct ways {
    size_t places[WAYS_MAX];
    size_t count;
};

struct matching {
    const struct said *data;
    struct cursor at;
    struct ways ways;
    struct cursor star; /* behind the last one; `said` is NULL for none */
    size_t star_place;  /* where in the data it ends */
    size_t steps;
    bool begun; /* the data ended before something did not match */
};

static void begin_matching(struct matching *matching, const struct said *pattern,
                           const struct said *data)
{
    *matching = (struct matching){.data = data, .at = {.said = pattern}, .ways = {.count = 1}};
}

static bool has_way(const struct ways *ways, size_t place)
{
    for (size_t i = 0; i < ways->count; i++)
        if (ways->places[i] == place)
            return true;
    return false;
}

static void add_way(struct ways *ways, size_t place)
{
    if (ways->count < WAYS_MAX && !has_way(ways, place))
        ways->places[ways->count++] = place;
}

static size_t shortest_way(const struct ways *ways)
{
    size_t least = ways->places[0];

    for (size_t i = 1; i < ways->count; i++)
        if (ways->places[i] < least)
            least = ways->places[i];
    return least;
}

static void skip_range(struct cursor *at, const struct range *range)
{
    at->offset = range_end(range);
    at->range++;
}

/* Whatever came before, the star takes the rest of it. */
static void step_star(struct matching *matching, const struct range *range)
{
    skip_range(&matching->at, range);
    matching->star = matching->at;
    matching->star_place = shortest_way(&matching->ways);
    matching->ways = (struct ways){{matching->star_place}, 1};
}

/* Can the byte of the pattern, which is in the range if there is one, be the one at the place? */
static bool fits_byte(struct matching *matching, const struct range *range, size_t offset,
                      size_t place)
{
    const uint8_t recorded = matching->at.said->data[offset];

    if (place == matching->data->length) {
        matching->begun = true;
        return false;
    }
    return range ? wildcard_allows_byte(range, recorded, matching->data->data[place])
                 : recorded == matching->data->data[place];
}

static void step_byte(struct matching *matching, const struct range *range)
{
    struct ways *ways = &matching->ways;
    size_t kept = 0;

    matching->steps += ways->count - 1; /* beside the one that every step is */
    for (size_t i = 0; i < ways->count; i++)
        if (fits_byte(matching, range, matching->at.offset, ways->places[i]))
            ways->places[kept++] = ways->places[i] + 1;
    ways->count = kept;
    matching->at.offset++;
}

/* The length of the number that is at the place; 0 when there is none. */
static size_t number_at(struct matching *matching, const struct range *range, size_t place)
{
    const struct said *data = matching->data;
    bool cut;
    size_t length = number_length(data->data + place, data->length - place,
                                  has_fraction(matching->at.said, range), &cut);

    matching->begun = matching->begun || cut;
    matching->steps += length;
    return length;
}

/* Can what is at the place be what was recorded, in as many bytes? */
static bool fits_as_recorded(struct matching *matching, const struct range *range, size_t place)
{
    for (size_t i = 0; i < range->length; i++)
        if (!fits_byte(matching, range, range->offset + i, place + i))
            return false;
    return true;
}

static void step_number(struct matching *matching, const struct range *range)
{
    const struct ways before = matching->ways;
    struct ways *ways = &matching->ways;

    ways->count = 0;
    for (size_t i = 0; i < before.count; i++) {
        const size_t place = before.places[i], length = number_at(matching, range, place);

        if (length)
            add_way(ways, place + length);
        if (fits_as_recorded(matching, range, place))
            add_way(ways, place + range->length);
        matching->steps += 1 + range->length;
    }
    skip_range(&matching->at, range);
}

/* Goes on from the last star. Returns false when there is none, or no more for it to take. */
static bool step_back(struct matching *matching)
{
    if (!matching->star.said || matching->star_place == matching->data->length)
        return false;
    matching->at = matching->star;
    matching->ways = (struct ways){{++matching->star_place}, 1};
    return true;
}

/*
 * All of the pattern is there: is that all of the data? In a stream more may follow, of which none
 * is taken unless the last thing is a star.
 */
static bool is_whole(struct matching *matching, bool stream, size_t *taken)
{
    const struct cursor *at = &matching->at, *star = &matching->star;
    const size_t least = shortest_way(&matching->ways), end = matching->data->length;

    if (!stream)
        return has_way(&matching->ways, end);
    if (end - least < at->said->missing) {
        matching->begun = true;
        return false;
    }
    *taken = star->said && star->offset == at->offset ? end : least + at->said->missing;
    return true;
}

static enum fit match(struct matching *matching, bool stream, size_t *taken)
{
    struct cursor *at = &matching->at;

    for (; matching->steps < STEPS_MAX; matching->steps++) {
        const struct range *range = range_here(at);

        if (range && is_star(range))
            step_star(matching, range);
        else if (range && range->offset == at->offset && is_numeric(at->said, range))
            step_number(matching, range);
        else if (at->offset < at->said->length)
            step_byte(matching, range);
        else if (is_whole(matching, stream, taken))
            return FIT_WHOLE;
        else
            matching->ways.count = 0;
        if (!matching->ways.count && !step_back(matching))
            return matching->begun ? FIT_PART : FIT_NOT;
    }
    return FIT_PART; /* it takes too long to find out */
}

bool wildcard_match(const struct said *pattern, const struct said *data)
{
    struct matching matching;
    size_t taken;

    begin_matching(&matching, pattern, data);
    return pattern->missing == data->missing && match(&matching, false, &taken) == FIT_WHOLE;
}

enum fit wildcard_begins(const struct said *pattern, const struct said *stream, size_t *taken)
{
    struct matching matching;

    begin_matching(&matching, pattern, stream);
    return match(&matching, true, taken);
}
