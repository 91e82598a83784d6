/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/report.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/cargo.h"
#include "capture/memory_file.h"
#include "capture/recording_format.h"
#include "capture/text.h"

static const struct {
    const char *name;
    report_printer *print;
} formats[] = {{"text", report_text},
               {"json", report_json},
               {"junit", report_junit},
               {"github", report_github}};

report_printer *report_find(const char *name)
{
    for (size_t i = 0; report_name(i); i++)
        if (strcmp(formats[i].name, name) == 0)
            return formats[i].print;
    return NULL;
}

const char *report_name(size_t index)
{
    return index < sizeof(formats) / sizeof(*formats) ? formats[index].name : NULL;
}

void report_exchange(const struct report *report, const struct difference *difference,
                     char out[NAMES_SIZE])
{
    if (difference->old)
        names_get(report->old_names, difference->old_place.conversation,
                  difference->old_place.exchange, out);
    else
        names_get(report->now_names, difference->now_place.conversation,
                  difference->now_place.exchange, out);
}

/* The message, as `response` or, when there are several, `response 2`. */
static void message_text(const struct difference *difference, char *out, size_t size)
{
    const char *name = direction_name(difference->direction);

    if (exchange_side(difference->old, difference->direction)->count > 1)
        snprintf(out, size, "%s %zu", name, difference->message + 1);
    else
        snprintf(out, size, "%s", name);
}

/* Where the spots are, as [4:8] [12:13], as far as there is room. */
static void spots_text(const struct difference *difference, char *out, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < difference->spot_count; i++) {
        const struct block *spot = &difference->spots[i];
        int length = used > size / 2 ? snprintf(out + used, size - used, " and %zu more",
                                                difference->spot_count - i)
                                     : snprintf(out + used, size - used, "%s[%zu:%zu]",
                                                i ? " " : "", spot->a, spot->a + spot->a_length);

        if (used > size / 2 || length < 0 || (size_t)length >= size - used)
            break;
        used += (size_t)length;
    }
}

/* How long the message is that was as long as another; nothing where they are alike. */
static void length_text(const struct said *old, const struct said *now, char *out, size_t size)
{
    const size_t was = old->length + old->missing, is = now->length + now->missing;

    if (was != is)
        snprintf(out, size, ", its length is %zu and was %zu", is, was);
    else if (old->missing != now->missing)
        snprintf(out, size, ", %zu %s missing and %zu %s", now->missing,
                 text_counted(now->missing, "byte is", "bytes are"), old->missing,
                 text_counted(old->missing, "was", "were"));
}

static void bytes_text(const struct difference *difference, char *out, size_t size)
{
    char message[32], spots[160] = "", length[96] = "";

    message_text(difference, message, sizeof(message));
    spots_text(difference, spots, sizeof(spots));
    length_text(difference_old(difference), difference_now(difference), length, sizeof(length));
    if (difference->kind == DIFFERENCE_ECHO)
        snprintf(out, size, "%s%s does not echo the request", message, spots);
    else
        snprintf(out, size, "%s%s differs%s", message, spots, length);
}

/* What the message carries, with its end left out where there is no room. */
static void cargo_text(const struct said *said, char *out, size_t size)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = memory_file_open(&text, &length);

    if (file) {
        cargo_print(file, said);
        fclose(file);
    }
    snprintf(out, size, "%.*s%s", (int)(length < size ? length : size - sizeof("...")),
             text ? text : "", length < size ? "" : "...");
    free(text);
}

static void carried_text(const struct difference *difference, char *out, size_t size)
{
    char message[32], was[128], is[128];

    message_text(difference, message, sizeof(message));
    cargo_text(difference_old(difference), was, sizeof(was));
    cargo_text(difference_now(difference), is, sizeof(is));
    snprintf(out, size, "%s carries %s, and carried %s", message, is, was);
}

/* That it is missing, or new, and why all is that was said there. */
static void alone_text(const struct difference *difference, char *out, size_t size)
{
    const struct conversation_table *stranger = difference->stranger;
    const bool is_missing = difference->kind == DIFFERENCE_MISSING;
    const char *type = stranger ? recording_name_of(recording_types, stranger->type) : NULL;

    if (stranger && stranger->family != AF_UNIX)
        type = stranger->type == SOCK_DGRAM ? "udp" : "tcp";
    if (!type)
        snprintf(out, size, "is %s", is_missing ? "missing" : "new");
    else if (is_missing)
        snprintf(out, size, "is missing, as no %s server is asked now", type);
    else
        snprintf(out, size, "is new, as no %s server is asked in the recording", type);
}

void report_title(const struct report *report, const struct difference *difference,
                  char out[REPORT_TITLE_SIZE])
{
    char name[NAMES_SIZE], what[320];
    const enum direction direction = difference->direction;

    report_exchange(report, difference, name);
    switch (difference->kind) {
    case DIFFERENCE_MISSING:
    case DIFFERENCE_ADDED:
        alone_text(difference, what, sizeof(what));
        break;
    case DIFFERENCE_COUNT:
        snprintf(what, sizeof(what), "has %zu %s%s, and had %zu",
                 exchange_side(difference->now, direction)->count, direction_name(direction),
                 text_counted(exchange_side(difference->now, direction)->count, "", "s"),
                 exchange_side(difference->old, direction)->count);
        break;
    case DIFFERENCE_BYTES:
    case DIFFERENCE_ECHO:
    case DIFFERENCE_LENGTH:
        bytes_text(difference, what, sizeof(what));
        break;
    case DIFFERENCE_CARRIED:
        carried_text(difference, what, sizeof(what));
        break;
    }
    snprintf(out, REPORT_TITLE_SIZE, "%s: %s", name, what);
}

void report_stale(const struct report *report, char out[REPORT_TITLE_SIZE])
{
    char path[256];

    text_escape(path, sizeof(path), report->stale, strlen(report->stale));
    if (report->stale_line)
        snprintf(out, REPORT_TITLE_SIZE, "%s:%zu: not what the recording emits", path,
                 report->stale_line);
    else
        snprintf(out, REPORT_TITLE_SIZE, "%s: not there, though the recording emits it", path);
}

void report_outdated(const struct report *report, char out[REPORT_TITLE_SIZE])
{
    char path[256];

    text_escape(path, sizeof(path), report->recording, strlen(report->recording));
    snprintf(out, REPORT_TITLE_SIZE, "%s: %s", path, report->outdated);
}
