/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* For programs: a JSON object with all differences and their bytes. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "capture/json_text.h"
#include "emit/report.h"

/*
 * A spot takes some hundred times the memory of the byte that it may be: so many are told of one
 * difference, and of all.
 */
enum { SPOTS_OF_ONE = 256, SPOTS_OF_ALL = 16384 };

static json_t *hex_of(const uint8_t *data, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(2 * length + 1);
    json_t *string;

    if (!text)
        return NULL;
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 15];
    }
    string = json_stringn(text, 2 * length);
    free(text);
    return string;
}

static json_t *text_or_null(const char *bytes)
{
    return bytes ? json_of_bytes(bytes, strlen(bytes)) : json_null();
}

static json_t *spot_object(const struct difference *difference, const struct block *spot)
{
    const struct said *old = difference_old(difference), *now = difference_now(difference);

    return json_pack("{s:I, s:o, s:I, s:o}", "offset", (json_int_t)spot->a, "recorded",
                     hex_of(old->data + spot->a, spot->a_length), "offset_now", (json_int_t)spot->b,
                     "now", hex_of(now->data + spot->b, spot->b_length));
}

/* Puts the first spots into the object, and takes them from those that may be told yet. */
static int add_spots(json_t *object, const struct difference *difference, size_t *left)
{
    const size_t most = *left < SPOTS_OF_ONE ? *left : SPOTS_OF_ONE;
    const size_t count = difference->spot_count < most ? difference->spot_count : most;
    json_t *spots = json_array();
    int err = json_object_set_new(object, "bytes", spots);

    for (size_t i = 0; i < count && !err; i++)
        err = json_array_append_new(spots, spot_object(difference, &difference->spots[i]));
    if (!err && count < difference->spot_count)
        err = json_object_set_new(object, "more_spots",
                                  json_integer((json_int_t)(difference->spot_count - count)));
    *left -= count;
    return err ? -ENOMEM : 0;
}

/* What is said of an exchange that is in both. */
static int add_message(json_t *object, const struct difference *difference, size_t *left)
{
    json_t *direction = json_string(direction_name(difference->direction));

    if (json_object_set_new(object, "direction", direction))
        return -ENOMEM;
    if (difference->kind == DIFFERENCE_COUNT)
        return 0;
    if (json_object_set_new(object, "message", json_integer((json_int_t)difference->message + 1)))
        return -ENOMEM;
    return add_spots(object, difference, left);
}

static int add_difference(json_t *list, const struct report *report,
                          const struct difference *difference, size_t *left)
{
    static const char *const kinds[] = {
        [DIFFERENCE_MISSING] = "missing",  [DIFFERENCE_ADDED] = "added",
        [DIFFERENCE_BYTES] = "bytes",      [DIFFERENCE_ECHO] = "echo",
        [DIFFERENCE_COUNT] = "count",      [DIFFERENCE_LENGTH] = "length",
        [DIFFERENCE_CARRIED] = "ancillary"};
    const struct exchange_place *place =
        difference->old ? &difference->old_place : &difference->now_place;
    char name[NAMES_SIZE], title[REPORT_TITLE_SIZE];
    json_t *object;

    report_exchange(report, difference, name);
    report_title(report, difference, title);
    object = json_pack("{s:s, s:s, s:s, s:I, s:I}", "kind", kinds[difference->kind], "title", title,
                       "exchange", name, "conversation", (json_int_t)place->conversation + 1,
                       "number", (json_int_t)place->exchange + 1);
    if (json_array_append_new(list, object))
        return -ENOMEM;
    return difference->old && difference->now ? add_message(object, difference, left) : 0;
}

int report_json(const struct report *report, FILE *out)
{
    json_t *list = json_array(), *all;
    size_t left = SPOTS_OF_ALL;
    int err = 0;

    all = json_pack("{s:o, s:o, s:s?, s:o}", "recording", text_or_null(report->recording),
                    "differences", list, "outdated", report->outdated, "stale_fixture",
                    text_or_null(report->stale));
    if (!all)
        return -ENOMEM;
    for (size_t i = 0; i < report->differences->count && !err; i++)
        err = add_difference(list, report, &report->differences->items[i], &left);
    if (!err && json_dumpf(all, out, JSON_INDENT(4)) && !ferror(out))
        err = -ENOMEM;
    putc('\n', out);
    json_decref(all);
    return err;
}
