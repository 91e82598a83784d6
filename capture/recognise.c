/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Numbers are tried in each size, at each place that has bytes of the interval, in each order of
 * bytes. What is the same in every run does not count, so the first run's bytes are looked at last.
 */
#include "capture/recognise.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "capture/clock.h"

enum {
    NUMBER_MAX = 8,     /* bytes */
    DIGITS_MAX = 19,    /* of a decimal number */
    STEP_MAX = 65536,   /* of what counts; more is chance */
    SMALL_STEP_MAX = 16 /* of what counts in a single byte */
};

static const uint64_t ntp_epoch = 2208988800; /* 1970 in seconds since 1900 */
static const uint64_t near = 3600;            /* seconds */
static const uint64_t near_date = 86400;      /* a date may be that of another time zone */

/* The number in that run; false when what stands there is not as long, or is no number. */
static bool number_in(const struct subject *subject, size_t run, const struct range *range,
                      uint64_t *out)
{
    struct slice slice = subject_slice(subject, run, range->offset, range->length);

    if (range->form != FORM_TEXT) {
        *out = range_number(slice.data, slice.length, range->form);
        return slice.length == range->length;
    }
    *out = 0;
    for (size_t i = 0; i < slice.length; i++) {
        if (!isdigit(slice.data[i]))
            return false;
        *out = *out * 10 + (slice.data[i] - '0');
    }
    return slice.length > 0 && slice.length <= DIGITS_MAX;
}

/* Times */

static bool is_near(uint64_t seconds, uint64_t time, uint64_t within)
{
    return seconds + within >= time / SECOND && seconds <= time / SECOND + within;
}

static uint64_t from_units(uint64_t number, const char *unit)
{
    static const struct {
        const char *unit;
        uint64_t in_second;
    } units[] = {{"s", 1}, {"ms", 1000}, {"us", 1000000}, {"ns", 1000000000}};

    if (strcmp(unit, "ntp") == 0)
        return number - ntp_epoch;
    if (strcmp(unit, "ntp64") == 0)
        return (number >> 32) - ntp_epoch;
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
        if (strcmp(units[i].unit, unit) == 0)
            return number / units[i].in_second;
    return 0;
}

/*
 * Whether a byte stays though a higher one differs, and a lower one, too. In a time it would be by
 * chance in three runs or more, as a byte is counted up only when those below it have had all their
 * values. But a clock may tick in larger steps than the unit, so the lowest bytes may stay.
 */
static bool has_gap(const struct subject *subject, const struct range *range)
{
    uint64_t differs = 0, first, number;

    if (range->form == FORM_TEXT || subject->runs < 3 || !number_in(subject, 0, range, &first))
        return false;
    for (size_t run = 1; run < subject->runs; run++)
        if (number_in(subject, run, range, &number))
            differs |= number ^ first;
    while (differs && !(differs & 0xff))
        differs >>= 8;
    while (differs & 0xff)
        differs >>= 8;
    return differs;
}

static bool is_time(const struct subject *subject, struct range *range)
{
    static const struct {
        const char *unit;
        size_t size; /* of a binary number; a number in text may be in any but NTP's */
    } sorts[] = {{"ns", 8}, {"us", 8}, {"ms", 8}, {"ntp64", 8}, {"s", 4}, {"ntp", 4}};

    for (size_t i = 0; i < sizeof(sorts) / sizeof(*sorts); i++) {
        bool all = range->form == FORM_TEXT ? i != 3 && i != 5 : sorts[i].size == range->length;
        uint64_t number;

        for (size_t run = 0; all && run < subject->runs; run++)
            all = subject->facts[run].time && number_in(subject, run, range, &number) &&
                  is_near(from_units(number, sorts[i].unit), subject->facts[run].time, near);
        if (all && !has_gap(subject, range)) {
            range->kind = RANGE_TIME;
            range->unit = sorts[i].unit;
            return true;
        }
    }
    return false;
}

static bool is_pid(const struct subject *subject, struct range *range)
{
    const uint64_t mask = range->form != FORM_TEXT && range->length == 2 ? 0xffff : UINT32_MAX;
    uint64_t number;

    if (range->form != FORM_TEXT && range->length != 2 && range->length != 4)
        return false;
    for (size_t run = 0; run < subject->runs; run++)
        if (!subject->facts[run].pid || !number_in(subject, run, range, &number) ||
            number != (subject->facts[run].pid & mask))
            return false;
    range->kind = RANGE_PID;
    return true;
}

/* Two runs count by something, whatever they hold. */
static bool is_counter(const struct subject *subject, struct range *range)
{
    const unsigned unused = range->form == FORM_TEXT ? 0 : 64 - 8 * (unsigned)range->length;
    const int64_t most = range->length == 1 ? SMALL_STEP_MAX : STEP_MAX;
    uint64_t last, number;

    for (size_t run = 0; run < subject->runs; run++, last = number) {
        int64_t step;

        if (!number_in(subject, run, range, &number))
            return false;
        if (run == 0)
            continue;
        step = (int64_t)((number - last) << unused) >> unused; /* it may have begun anew at 0 */
        if (run == 1)
            range->step = step;
        if (step != range->step)
            return false;
    }
    range->kind = RANGE_COUNTER;
    return subject->runs > 2 && range->step && range->step >= -most && range->step <= most;
}

/* Dates */

static bool date_in(struct slice slice, const char *format, uint64_t time)
{
    char text[64], *end;
    struct tm tm = {0};
    time_t seconds;

    if (slice.length >= sizeof(text))
        return false;
    memcpy(text, slice.data, slice.length);
    text[slice.length] = '\0';
    end = strptime(text, format, &tm);
    if (!end || *end)
        return false;
    seconds = timegm(&tm);
    return seconds > 0 && is_near((uint64_t)seconds, time, near_date);
}

static bool is_date(const struct subject *subject, const struct interval *interval,
                    struct range *out)
{
    static const struct {
        const char *format;
        size_t length;
    } formats[] = {{"%Y-%m-%dT%H:%M:%S", 19},
                   {"%Y-%m-%d %H:%M:%S", 19},
                   {"%a, %d %b %Y %H:%M:%S", 25},
                   {"%a %b %d %H:%M:%S %Y", 24}};
    const size_t end = interval->offset + interval->length;

    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        const size_t length = formats[i].length;
        size_t at = end > length ? end - length : 0;

        for (; at <= interval->offset && at + length <= subject->says[0]->length; at++) {
            bool all = true;

            for (size_t run = 0; all && run < subject->runs; run++)
                all = subject->facts[run].time &&
                      date_in(subject_slice(subject, run, at, length), formats[i].format,
                              subject->facts[run].time);
            if (!all)
                continue;
            *out = (struct range){at, length, RANGE_TIME, FORM_TEXT, .unit = "date"};
            return true;
        }
    }
    return false;
}

/* Numbers in the interval's place */

static bool try_number(const struct subject *subject, const struct interval *interval, size_t size,
                       bool (*is)(const struct subject *subject, struct range *range),
                       struct range *out)
{
    const size_t end = interval->offset + interval->length;
    size_t first = interval->offset + 1 > size ? interval->offset + 1 - size : 0;

    for (size_t at = first; at < end && at + size <= subject->says[0]->length; at++) {
        for (enum range_form form = FORM_BIG; form <= FORM_LITTLE; form++) {
            struct range range = {at, size, .form = form};

            if (!is(subject, &range))
                continue;
            *out = range;
            return true;
        }
    }
    return false;
}

/* The narrowest number that has all of the interval, and bytes in their natural place first. */
static bool try_counter(const struct subject *subject, const struct interval *interval,
                        struct range *out)
{
    size_t size = 1;

    while (size < interval->length)
        size *= 2;
    if (size > NUMBER_MAX || interval->varies)
        return false;
    for (enum range_form form = FORM_BIG; form <= FORM_LITTLE; form++) {
        /* The bytes that differ are the last ones of a number, be that as long as it may. */
        size_t spare = size - interval->length;
        struct range range = {interval->offset, size, .form = form};

        if (form == FORM_BIG && range.offset < spare)
            continue;
        range.offset -= form == FORM_BIG ? spare : 0;
        if (range_end(&range) > subject->says[0]->length || !is_counter(subject, &range))
            continue;
        *out = range;
        return true;
    }
    return false;
}

bool recognise(const struct subject *subject, const struct interval *interval, struct range *out)
{
    struct range text = {interval->offset, interval->length, .form = FORM_TEXT};
    bool wide = false;

    if (is_date(subject, interval, out))
        return true;
    *out = text;
    if (interval->length && (is_time(subject, out) || is_pid(subject, out)))
        return true;
    for (size_t run = 0; run < subject->runs; run++)
        wide = wide || subject->facts[run].pid > UINT16_MAX;
    if (!interval->varies && (try_number(subject, interval, 8, is_time, out) ||
                              try_number(subject, interval, 4, is_time, out) ||
                              (wide && try_number(subject, interval, 4, is_pid, out)) ||
                              try_number(subject, interval, 2, is_pid, out)))
        return true;
    *out = text;
    if (interval->length && is_counter(subject, out))
        return true;
    return try_counter(subject, interval, out);
}
