/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/range_option.h"

#include <errno.h>
#include <string.h>

/* The number that text[0..length) is; false when it is none. */
static bool parse_number(const char *text, size_t length, size_t *out)
{
    size_t number = 0;

    if (length == 0 || length > 15)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        number = number * 10 + (size_t)(text[i] - '0');
    }
    *out = number;
    return true;
}

/* Where the last field of text[0..length) begins; a colon is before it, unless it is the first. */
static size_t last_field(const char *text, size_t length)
{
    while (length > 0 && text[length - 1] != ':')
        length--;
    return length;
}

static bool parse_direction(const char *text, size_t length, struct range_option *option)
{
    if (length == 3 && memcmp(text, "REQ", 3) == 0)
        option->direction = REQUEST;
    else if (length == 4 && memcmp(text, "RESP", 4) == 0)
        option->direction = RESPONSE;
    else
        return false;
    option->both = false;
    return true;
}

int range_option_parse(struct range_option *out, const char *text)
{
    struct range_option option = {.text = text, .both = true};
    size_t end = strlen(text), at = last_field(text, end);

    if (!at || !parse_number(text + at, end - at, &option.length))
        return -EINVAL;
    end = at - 1;
    at = last_field(text, end);
    if (!parse_number(text + at, end - at, &option.offset))
        return -EINVAL;
    if (at) {
        end = at - 1;
        at = last_field(text, end);
        if (!parse_direction(text + at, end - at, &option))
            return -EINVAL;
    }
    if (at) {
        option.exchange = text;
        option.exchange_length = at - 1;
    }
    *out = option;
    return 0;
}

bool range_option_is_about(const struct range_option *option, const char *name, size_t number)
{
    size_t wanted;

    if (!option->exchange)
        return true;
    if (parse_number(option->exchange, option->exchange_length, &wanted) && wanted == number)
        return true;
    return strlen(name) == option->exchange_length &&
           memcmp(name, option->exchange, option->exchange_length) == 0;
}

bool range_option_covers(const struct range_option *option, enum direction direction,
                         const struct said *said, size_t *length)
{
    if ((!option->both && option->direction != direction) || option->offset >= said->length)
        return false;
    *length = said->length - option->offset;
    if (*length > option->length)
        *length = option->length;
    return true;
}

int range_option_apply(const struct range_option *option, struct exchange *exchange,
                       int (*change)(struct said *said, size_t offset, size_t length))
{
    int found = 0;

    for (enum direction direction = REQUEST; direction <= RESPONSE; direction++) {
        const struct side *side = exchange_side(exchange, direction);

        for (size_t i = 0; i < side->count; i++) {
            size_t length;
            int err;

            if (!range_option_covers(option, direction, &side->messages[i], &length))
                continue;
            err = change(&side->messages[i], option->offset, length);
            if (err)
                return err;
            found++;
        }
    }
    return found;
}
