/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Comments hold what pcapng has no field for: for people, and as notes (capture/notes.h). */
#include "emit/packet_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/notes.h"
#include "capture/pcapng.h"
#include "capture/text.h"

enum { NANOSECONDS = 9, COMMENT_MAX = 65535 };

void packet_file_free(struct packet_file *file)
{
    block_free(&file->block);
}

static void add_notes(struct packet_file *file, char *text)
{
    if (text)
        block_option_text(&file->block, PCAPNG_COMMENT, text);
    else
        file->block.err = -ENOMEM;
    free(text);
}

int packet_file_section(struct packet_file *file, char *const *command, const char *backend)
{
    static const uint32_t unknown_length[2] = {UINT32_MAX, UINT32_MAX};
    struct block *block = &file->block;
    char *notes = notes_section(command, backend);

    if (notes && strlen(notes) > COMMENT_MAX) { /* a command that no comment has room for */
        free(notes);
        notes = notes_section(NULL, backend);
    }
    block_begin(block, PCAPNG_SECTION);
    block_u32(block, PCAPNG_BYTE_ORDER);
    block_u16(block, 1);
    block_u16(block, 0);
    block_bytes(block, unknown_length, sizeof(unknown_length));
    add_notes(file, notes);
    block_option_text(block, SECTION_APPLICATION, "sockfixture " VERSION);
    return block_write(block, file->file);
}

static const char *end_print(char *text, size_t size, const struct end *end)
{
    char comm[4 * COMM_SIZE];

    text_escape(comm, sizeof(comm), end->comm, strnlen(end->comm, COMM_SIZE));
    if (end->pid)
        snprintf(text, size, "%s (%" PRIu32 ")", comm, end->pid);
    else
        snprintf(text, size, "%s", comm[0] ? comm : "unknown");
    return text;
}

/* The interface is named by the server; who talks there is its description. */
static void add_description(struct packet_file *file, const struct message *message)
{
    const struct end *client = message_client(message), *server = message_server(message);
    char text[512], ends[2][128];
    const char *name = server->address[0]   ? server->address
                       : client->address[0] ? client->address
                                            : "unnamed";

    snprintf(text, sizeof(text), "conversation %" PRIu32 ": %s with %s", message->conversation,
             end_print(ends[0], sizeof(ends[0]), client),
             end_print(ends[1], sizeof(ends[1]), server));
    block_option_text(&file->block, INTERFACE_NAME, name);
    block_option_text(&file->block, INTERFACE_DESCRIPTION, text);
    add_notes(file, notes_conversation(message));
}

int packet_file_interface(struct packet_file *file, const struct message *message)
{
    static const uint8_t resolution = NANOSECONDS;
    struct block *block = &file->block;

    block_begin(block, PCAPNG_INTERFACE);
    block_u16(block, (uint16_t)file->link);
    block_u16(block, 0);
    block_u32(block, PACKET_MAX);
    block_option(block, INTERFACE_TSRESOL, &resolution, sizeof(resolution));
    if (message)
        add_description(file, message);
    else
        block_option_text(block, INTERFACE_DESCRIPTION, "nothing was recorded");
    file->interfaces++;
    return block_write(block, file->file);
}

static void add_comments(struct packet_file *file, const struct unit *unit,
                         const struct unit_packet *packet)
{
    static const char *const directions[] = {"request", "response"};
    struct block *block = &file->block;
    char text[256], more[64] = "";

    if (packet->part)
        snprintf(more, sizeof(more), ", part %zu of %zu", packet->part, packet->parts);
    else if (!packet->first)
        snprintf(more, sizeof(more), ", continued");
    snprintf(text, sizeof(text), "exchange %zu, %s%s", unit->exchange + 1,
             directions[unit->direction], more);
    block_option_text(block, PCAPNG_COMMENT, text);
    if (packet->first && unit->lost) {
        snprintf(text, sizeof(text), "incomplete: %zu %s lost right before", unit->lost,
                 text_counted(unit->lost, "message was", "messages were"));
        block_option_text(block, PCAPNG_COMMENT, text);
    }
    if (packet->last && unit->missing) {
        snprintf(text, sizeof(text), "incomplete: %zu %s missing", unit->missing,
                 text_counted(unit->missing, "byte is", "bytes are"));
        block_option_text(block, PCAPNG_COMMENT, text);
    }
}

static void add_options(struct packet_file *file, const struct unit *unit,
                        const struct unit_packet *packet)
{
    struct block *block = &file->block;

    add_comments(file, unit, packet);
    block_option_u32(block, PACKET_FLAGS,
                     unit->direction == REQUEST ? PACKET_OUTBOUND : PACKET_INBOUND);
    if (packet->first && unit->lost)
        block_option_u64(block, PACKET_DROPPED, unit->lost);
    for (size_t i = 0; packet->first && i < unit->carried_count; i++)
        add_notes(file, notes_ancillary(unit->carried[i].offset, unit->carried[i].ancillary));
}

int packet_file_packet(struct packet_file *file, const struct unit *unit,
                       const struct unit_packet *packet)
{
    struct block *block = &file->block;
    size_t length = packet->headers_length + packet->length;
    size_t room = UINT32_MAX - length;

    block_begin(block, PCAPNG_PACKET);
    block_u32(block, unit->interface);
    block_time(block, unit->time);
    block_u32(block, (uint32_t)length);
    block_u32(block, (uint32_t)(length + (packet->missing < room ? packet->missing : room)));
    block_join(block, packet->headers, packet->headers_length, packet->data, packet->length);
    if (packet->made_up)
        block_option_text(block, PCAPNG_COMMENT, "not recorded: added by sockfixture");
    else
        add_options(file, unit, packet);
    return block_write(block, file->file);
}

int packet_file_statistics(struct packet_file *file, const struct interface_statistics *statistics)
{
    struct block *block = &file->block;

    block_begin(block, PCAPNG_STATISTICS);
    block_u32(block, statistics->interface);
    block_time(block, statistics->time);
    block_option_u64(block, STATISTICS_RECEIVED, statistics->messages);
    block_option_u64(block, STATISTICS_DROPPED, statistics->lost);
    if (statistics->losses)
        add_notes(file, notes_losses(statistics->losses));
    return block_write(block, file->file);
}
