/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "emit/wrapped.h"

/* What was wrapped, as a packet of the unit. */
static struct unit_packet packet_of(const struct packet *packet)
{
    return (struct unit_packet){
        .headers = packet->headers,
        .headers_length = packet->headers_length,
        .data = packet->data,
        .length = packet->length,
        .missing = packet->missing,
    };
}

/* TCP begins with three packets, which nobody has sent. */
static int write_handshake(struct packet_file *file, struct wrap *wrap, const struct unit *unit)
{
    struct packet packet;
    int err = 0;

    for (int step = 0; !err && wrap_open(wrap, step, &packet); step++) {
        struct unit_packet made_up = packet_of(&packet);

        made_up.made_up = true;
        err = packet_file_packet(file, unit, &made_up);
    }
    return err;
}

int wrapped_write(struct packet_file *file, struct wrap *wrap, const struct unit *unit, size_t *cut)
{
    struct wrap_piece piece = {
        .direction = unit->direction,
        .stream = unit->stream,
        .data = unit->data,
        .length = unit->length,
        .missing = unit->missing,
    };
    struct packet packet;
    int err = write_handshake(file, wrap, unit);

    if (unit->lost)
        wrap_lose(wrap, unit->direction);
    for (bool first = true; !err && wrap_next(wrap, &piece, &packet); first = false) {
        struct unit_packet part = packet_of(&packet);

        part.first = first;
        part.last = piece.done;
        err = packet_file_packet(file, unit, &part);
    }
    *cut += piece.cut;
    return err;
}
