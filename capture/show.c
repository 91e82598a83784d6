/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* In the manner of tcpdump -X. */
#include "capture/show.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "capture/address.h"
#include "capture/text.h"

enum { ROW = 16 };

static void show_end(FILE *file, const struct end *end)
{
    char comm[4 * COMM_SIZE];

    text_escape(comm, sizeof(comm), end->comm, strnlen(end->comm, COMM_SIZE));
    if (end->pid)
        fprintf(file, "%s[%u]", comm[0] ? comm : "?", end->pid);
    else
        fputs(end->address[0] ? end->address : "?", file);
}

static const char *type_name(const struct message *message)
{
    switch (message->type) {
    case SOCK_DGRAM:
        return "dgram";
    case SOCK_SEQPACKET:
        return "seqpacket";
    }
    return "stream";
}

static void show_row(FILE *file, const uint8_t *data, size_t offset, size_t length)
{
    fprintf(file, "\t0x%04zx: ", offset);
    for (size_t i = 0; i < ROW; i++) {
        if (i < length)
            fprintf(file, i % 2 ? "%02x" : " %02x", data[i]);
        else
            fputs(i % 2 ? "  " : "   ", file);
    }
    fputs("  ", file);
    for (size_t i = 0; i < length; i++)
        putc(data[i] >= 0x20 && data[i] < 0x7f ? data[i] : '.', file);
    putc('\n', file);
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

void show_message(FILE *file, const struct message *message)
{
    const struct end *from = message->sent ? message->self : message->peer;
    const struct end *to = message->sent ? message->peer : message->self;
    const struct end *server = message_server(message);
    time_t seconds = message->time / 1000000000;
    char time[16];
    struct tm local;

    localtime_r(&seconds, &local);
    strftime(time, sizeof(time), "%H:%M:%S", &local);
    fprintf(file, "%s.%06u ", time, (unsigned)(message->time % 1000000000 / 1000));
    show_end(file, from);
    fputs(" > ", file);
    show_end(file, to);
    fprintf(file, " %s%s%s, length %zu", server->address, server->address[0] ? " " : "",
            type_name(message), message->length + message->missing);
    if (message->missing)
        fprintf(file, ", %zu missing", message->missing);
    if (message->lost)
        fprintf(file, ", %zu lost before", message->lost);
    if (message->ancillary)
        show_ancillary(file, message->ancillary);
    putc('\n', file);
    for (size_t done = 0; done < message->length; done += ROW)
        show_row(file, message->data + done, done,
                 message->length - done < ROW ? message->length - done : ROW);
}
