/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* In the manner of tcpdump -X. */
#include "capture/show.h"

#include <string.h>
#include <time.h>

#include "capture/address.h"
#include "capture/clock.h"
#include "capture/recording_format.h"
#include "capture/text.h"

enum { ROW = 16 };

struct palette {
    const char *directions[2];
    const char *offset;
    const char *plain;
};

static const struct palette no_colors = {{"", ""}, "", ""};
static const struct palette ansi_colors = {
    .directions = {[REQUEST] = "\033[36m", [RESPONSE] = "\033[32m"},
    .offset = "\033[2m",
    .plain = "\033[0m",
};

/* A recording that is read may hold any address. */
static void show_address(FILE *file, const char *address)
{
    char text[4 * ADDRESS_TEXT_SIZE];

    text_clean(text, sizeof(text), address);
    fputs(text, file);
}

static void show_end(FILE *file, const struct end *end)
{
    char comm[4 * COMM_SIZE];

    text_escape(comm, sizeof(comm), end->comm, strnlen(end->comm, COMM_SIZE));
    if (end->pid)
        fprintf(file, "%s[%u]", comm[0] ? comm : "?", end->pid);
    else
        show_address(file, end->address[0] ? end->address : "?");
}

static void show_ancillary(FILE *file, const struct ancillary *ancillary)
{
    for (size_t i = 0; i < ancillary->count; i++) {
        fputs(", with ", file);
        control_print(file, &ancillary->controls[i], true);
    }
    if (ancillary->cut)
        fputs(", ancillary data cut", file);
}

static void show_time(FILE *file, uint64_t time)
{
    time_t seconds = (time_t)(time / SECOND);
    char text[16] = "";
    struct tm local;

    if (localtime_r(&seconds, &local))
        strftime(text, sizeof(text), "%H:%M:%S", &local);
    fprintf(file, "%s.%06u ", text, (unsigned)(time % SECOND / 1000));
}

static void show_header(FILE *file, const struct message *message, const struct palette *palette)
{
    const struct end *server = message_server(message);

    show_time(file, message->time);
    fputs(palette->directions[message->direction], file);
    show_end(file, message->sent ? message->self : message->peer);
    fputs(" > ", file);
    show_end(file, message->sent ? message->peer : message->self);
    fprintf(file, "%s ", palette->plain);
    show_address(file, server->address);
    fprintf(file, "%s%s %zu", server->address[0] ? " " : "",
            recording_name_of(recording_types, message->type), message->length + message->missing);
    if (message->missing)
        fprintf(file, ", %zu missing", message->missing);
    if (message->lost)
        fprintf(file, ", %zu lost before", message->lost);
    if (message->ancillary)
        show_ancillary(file, message->ancillary);
    putc_unlocked('\n', file);
}

static void show_row(FILE *file, const uint8_t *data, size_t offset, size_t length,
                     const struct palette *palette)
{
    static const char digits[] = "0123456789abcdef";
    char hex[ROW / 2 * 5 + 1], text[ROW] = "";
    size_t used = 0;

    for (size_t i = 0; i < ROW; i++) {
        if (i % 2 == 0)
            hex[used++] = ' ';
        hex[used++] = i < length ? digits[data[i] >> 4] : ' ';
        hex[used++] = i < length ? digits[data[i] & 15] : ' ';
    }
    hex[used] = '\0';
    for (size_t i = 0; i < length; i++)
        text[i] = data[i] >= 0x20 && data[i] < 0x7f ? (char)data[i] : '.';
    fprintf(file, "\t%s0x%04zx:%s %s  %.*s\n", palette->offset, offset, palette->plain, hex,
            (int)length, text);
}

void show_message(FILE *file, const struct message *message, bool colors)
{
    const struct palette *palette = colors ? &ansi_colors : &no_colors;

    show_header(file, message, palette);
    for (size_t done = 0; done < message->length; done += ROW)
        show_row(file, message->data + done, done,
                 message->length - done < ROW ? message->length - done : ROW, palette);
    fflush(file);
}
