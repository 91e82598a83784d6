/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* For programs: a JSON object with all differences and their bytes. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "capture/text.h"
#include "emit/report.h"

static json_t *text_of(const char *bytes)
{
    const size_t size = 4 * strlen(bytes) + 1;
    char *text = malloc(size);
    json_t *string;

    if (!text)
        return NULL;
    text_escape(text, size, bytes, strlen(bytes));
    string = json_string(text);
    free(text);
    return string;
}

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

static json_t *spots_of(const struct difference *difference)
{
    const struct said *old = difference_old(difference), *now = difference_now(difference);
    json_t *spots = json_array();

    for (size_t i = 0; i < difference->spot_count; i++) {
        const struct block *spot = &difference->spots[i];

        json_array_append_new(spots,
                              json_pack("{s:I, s:o, s:I, s:o}", "offset", (json_int_t)spot->a,
                                        "recorded", hex_of(old->data + spot->a, spot->a_length),
                                        "offset_now", (json_int_t)spot->b, "now",
                                        hex_of(now->data + spot->b, spot->b_length)));
    }
    return spots;
}

static json_t *difference_object(const struct report *report, const struct difference *difference)
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
    if (!object || !difference->old || !difference->now)
        return object;
    json_object_set_new(object, "direction", json_string(direction_name(difference->direction)));
    if (difference->kind == DIFFERENCE_COUNT)
        return object;
    json_object_set_new(object, "message", json_integer((json_int_t)difference->message + 1));
    json_object_set_new(object, "bytes", spots_of(difference));
    return object;
}

int report_json(const struct report *report, FILE *out)
{
    json_t *list = json_array(), *all;
    int err = 0;

    for (size_t i = 0; i < report->differences->count; i++)
        if (json_array_append_new(list, difference_object(report, &report->differences->items[i])))
            err = -ENOMEM;
    all = json_pack("{s:o?, s:o, s:s?, s:o?}", "recording",
                    report->recording ? text_of(report->recording) : NULL, "differences", list,
                    "outdated", report->outdated, "stale_fixture",
                    report->stale ? text_of(report->stale) : NULL);
    if (!all)
        return -ENOMEM;
    if (!err && (json_dumpf(all, out, JSON_INDENT(4)) || putc('\n', out) == EOF))
        err = -EIO;
    json_decref(all);
    return err;
}
