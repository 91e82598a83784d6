/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A capture that Wireshark reads as it would one of a network: a conversation is an interface, and
 * a message a packet. It is a message as it was sent; where its stream is framed, a frame, as a
 * dissector that is given one packet reads no further.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "capture/array.h"
#include "capture/framed.h"
#include "capture/notes.h"
#include "capture/pcapng.h"
#include "capture/text.h"
#include "emit/block.h"
#include "emit/pdu.h"
#include "emit/writer.h"

enum { NANOSECONDS = 9, COMMENT_MAX = 65535 };

/* What is written of a conversation. */
struct channel {
    struct framed *framed; /* NULL when it is not framed */
    struct wrap wrap;
    uint32_t interface;
    bool described;   /* the interface is, with all that is known of the ends */
    bool answered;    /* the last exchange has been */
    size_t exchanges; /* begun so far, when it is not framed */
    uint64_t time;    /* of its latest message */
    uint64_t messages;
    uint64_t lost;
};

struct writing {
    FILE *file;
    struct writer_options options;
    bool live; /* somebody may read along */
    const char *dissector;
    struct block block;
    uint32_t interfaces;
    uint64_t placed; /* lost messages of which the conversation is known */
    size_t cut;
    struct table table; /* of conversations without exchanges; as many channels */
    struct channel *channels;
    size_t current; /* the channel that is being written to */
    struct framed_watcher watcher;
};

/* A message, or a part of one, as it is to be written. */
struct unit {
    size_t exchange; /* counted from 0 */
    enum direction direction;
    const uint8_t *data;
    size_t length, missing, lost;
    const struct carried *carried;
    size_t carried_count;
};

static void writing_free(struct writing *writing)
{
    if (!writing)
        return;
    for (size_t i = 0; i < writing->table.count; i++) {
        struct conversation_table *conversation = &writing->table.conversations[i];

        framed_free(writing->channels[i].framed);
        free(conversation->client.address);
        free(conversation->server.address);
        free(conversation->wrong[REQUEST].why);
        free(conversation->wrong[RESPONSE].why);
    }
    free(writing->table.conversations);
    free(writing->channels);
    block_free(&writing->block);
    free(writing);
}

/* The section and its interfaces */

static void add_notes(struct writing *writing, char *text)
{
    if (text)
        block_option_text(&writing->block, PCAPNG_COMMENT, text);
    else
        writing->block.err = -ENOMEM;
    free(text);
}

static int write_section(struct writing *writing)
{
    static const uint32_t unknown_length[2] = {UINT32_MAX, UINT32_MAX};
    struct block *block = &writing->block;
    const struct writer_options *options = &writing->options;
    char *notes = notes_section(options->command, options->backend);
    struct utsname system;
    char text[2 * sizeof(system.sysname) + 2];

    if (notes && strlen(notes) > COMMENT_MAX) { /* a command that no comment has room for */
        free(notes);
        notes = notes_section(NULL, options->backend);
    }
    block_begin(block, PCAPNG_SECTION);
    block_u32(block, PCAPNG_BYTE_ORDER);
    block_u16(block, 1);
    block_u16(block, 0);
    block_bytes(block, unknown_length, sizeof(unknown_length));
    add_notes(writing, notes);
    if (uname(&system) == 0) {
        snprintf(text, sizeof(text), "%s %s", system.sysname, system.release);
        block_option_text(block, SECTION_HARDWARE, system.machine);
        block_option_text(block, SECTION_OS, text);
    }
    block_option_text(block, SECTION_APPLICATION, "sockfixture " VERSION);
    return block_write(block, writing->file);
}

static int write_interface(struct writing *writing, const char *name, const char *description,
                           char *notes)
{
    static const uint8_t resolution = NANOSECONDS;
    struct block *block = &writing->block;

    block_begin(block, PCAPNG_INTERFACE);
    block_u16(block, writing->options.wrapping.protocol ? LINK_ETHERNET : LINK_UPPER_PDU);
    block_u16(block, 0);
    block_u32(block, PACKET_MAX);
    block_option_text(block, INTERFACE_NAME, name);
    block_option_text(block, INTERFACE_DESCRIPTION, description);
    block_option(block, INTERFACE_TSRESOL, &resolution, sizeof(resolution));
    if (notes)
        add_notes(writing, notes);
    writing->interfaces++;
    return block_write(block, writing->file);
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

/* A message of the current conversation in that direction, without any bytes. */
static struct message like(const struct writing *writing, enum direction direction)
{
    const struct conversation_table *conversation = &writing->table.conversations[writing->current];

    return (struct message){
        .conversation = (uint32_t)writing->current + 1,
        .direction = direction,
        .family = conversation->family,
        .type = conversation->type,
        .sent = true,
        .self = direction == REQUEST ? &conversation->client : &conversation->server,
        .peer = direction == REQUEST ? &conversation->server : &conversation->client,
    };
}

/* The interface is named by the server; who talks there is its description. */
static int describe(struct writing *writing, struct channel *channel)
{
    const struct message message = like(writing, REQUEST);
    const struct end *client = message.self, *server = message.peer;
    char *notes = notes_conversation(&message);
    char text[512], ends[2][128];
    const char *name = server->address[0]   ? server->address
                       : client->address[0] ? client->address
                                            : "unnamed";

    if (!notes)
        return -ENOMEM;
    snprintf(text, sizeof(text), "conversation %" PRIu32 ": %s with %s", message.conversation,
             end_print(ends[0], sizeof(ends[0]), client),
             end_print(ends[1], sizeof(ends[1]), server));
    channel->interface = writing->interfaces;
    channel->described = true;
    return write_interface(writing, name, text, notes);
}

/* Packets */

/* What a packet is of. */
struct packet_place {
    bool first, last; /* of the unit's */
    size_t part;      /* which one, counted from 1; 0 when there is but one, or nobody counts */
    size_t parts;
};

static void add_comments(struct writing *writing, const struct unit *unit,
                         const struct packet_place *place)
{
    static const char *const directions[] = {"request", "response"};
    struct block *block = &writing->block;
    char text[256], more[64];

    snprintf(more, sizeof(more), ", part %zu of %zu", place->part, place->parts);
    snprintf(text, sizeof(text), "exchange %zu, %s%s", unit->exchange + 1,
             directions[unit->direction],
             place->part    ? more
             : place->first ? ""
                            : ", continued");
    block_option_text(block, PCAPNG_COMMENT, text);
    if (place->first && unit->lost) {
        snprintf(text, sizeof(text), "incomplete: %zu messages were lost right before", unit->lost);
        block_option_text(block, PCAPNG_COMMENT, text);
    }
    if (place->last && unit->missing) {
        snprintf(text, sizeof(text), "incomplete: %zu bytes of it are missing", unit->missing);
        block_option_text(block, PCAPNG_COMMENT, text);
    }
}

/* Up to its data's place; what is missing is behind that. */
static void packet_begin(struct writing *writing, const struct channel *channel, size_t length,
                         size_t missing)
{
    struct block *block = &writing->block;
    size_t room = UINT32_MAX - length;

    block_begin(block, PCAPNG_PACKET);
    block_u32(block, channel->interface);
    block_time(block, channel->time);
    block_u32(block, (uint32_t)length);
    block_u32(block, (uint32_t)(length + (missing < room ? missing : room)));
}

/* From there on. */
static int packet_end(struct writing *writing, const struct unit *unit,
                      const struct packet_place *place)
{
    struct block *block = &writing->block;

    add_comments(writing, unit, place);
    block_option_u32(block, PACKET_FLAGS,
                     unit->direction == REQUEST ? PACKET_OUTBOUND : PACKET_INBOUND);
    if (place->first && unit->lost)
        block_option_u64(block, PACKET_DROPPED, unit->lost);
    for (size_t i = 0; place->first && i < unit->carried_count; i++)
        add_notes(writing, notes_ancillary(unit->carried[i].offset, unit->carried[i].ancillary));
    return block_write(block, writing->file);
}

/* D-Bus begins with lines of text, which its dissector takes for broken messages. */
static const char *dissector_for(const struct writing *writing, const struct unit *unit)
{
    const struct writer_options *options = &writing->options;
    bool dbus = options->framing && options->framing->framer == &framer_dbus;

    if (!dbus || options->dissector)
        return writing->dissector;
    return unit->length > 1 && strchr("lB", unit->data[0]) && unit->data[1] <= 4
               ? writing->dissector
               : "data-text-lines";
}

/* Messages as they are, in parts when they are longer than a packet may be. */
static int write_pdus(struct writing *writing, struct channel *channel, const struct unit *unit)
{
    const struct message message = like(writing, unit->direction);
    uint8_t headers[PDU_HEADERS_MAX];
    size_t length = pdu_headers(headers, &message, dissector_for(writing, unit));
    size_t most = PACKET_MAX - length;
    size_t parts = unit->length ? (unit->length - 1) / most + 1 : 1;
    int err = 0;

    for (size_t i = 0; i < parts && !err; i++) {
        const struct packet_place place = {i == 0, i + 1 == parts, parts > 1 ? i + 1 : 0, parts};
        size_t at = i * most, size = place.last ? unit->length - at : most;

        packet_begin(writing, channel, length + size, place.last ? unit->missing : 0);
        block_join(&writing->block, headers, length, unit->data ? unit->data + at : NULL, size);
        err = packet_end(writing, unit, &place);
    }
    return err;
}

static void add_packet(struct writing *writing, const struct channel *channel,
                       const struct packet *packet)
{
    packet_begin(writing, channel, packet->headers_length + packet->length, packet->missing);
    block_join(&writing->block, packet->headers, packet->headers_length, packet->data,
               packet->length);
}

/* TCP begins with three packets, which nobody has sent. */
static int write_handshake(struct writing *writing, struct channel *channel)
{
    struct packet packet;
    int err = 0;

    for (int step = 0; !err && wrap_open(&channel->wrap, step, &packet); step++) {
        add_packet(writing, channel, &packet);
        block_option_text(&writing->block, PCAPNG_COMMENT, "not recorded: added by sockfixture");
        err = block_write(&writing->block, writing->file);
    }
    return err;
}

/* Messages as they would be on a network. */
static int write_wrapped(struct writing *writing, struct channel *channel, const struct unit *unit)
{
    struct wrap_piece piece = {
        .direction = unit->direction,
        .stream = writing->table.conversations[writing->current].type == SOCK_STREAM,
        .data = unit->data,
        .length = unit->length,
        .missing = unit->missing,
    };
    struct packet_place place = {.first = true};
    struct packet packet;
    int err = write_handshake(writing, channel);

    if (unit->lost)
        wrap_lose(&channel->wrap, unit->direction);
    while (!err && wrap_next(&channel->wrap, &piece, &packet)) {
        add_packet(writing, channel, &packet);
        place.last = piece.done;
        err = packet_end(writing, unit, &place);
        place.first = false;
    }
    writing->cut += piece.cut;
    return err;
}

static int write_unit(struct writing *writing, struct channel *channel, const struct unit *unit)
{
    channel->messages++;
    channel->lost += unit->lost;
    writing->placed += unit->lost;
    return writing->options.wrapping.protocol ? write_wrapped(writing, channel, unit)
                                              : write_pdus(writing, channel, unit);
}

/* Messages */

/* A frame has the time of the message that completed it. */
static int on_frame(void *context, size_t exchange, enum direction direction,
                    const struct said *said, size_t lost)
{
    struct writing *writing = context;
    const struct unit unit = {
        .exchange = exchange,
        .direction = direction,
        .data = said->data,
        .length = said->length,
        .missing = said->missing,
        .lost = lost,
        .carried = said->carried,
        .carried_count = said->carried_count,
    };

    return write_unit(writing, &writing->channels[writing->current], &unit);
}

/* An exchange begins as a table's does (capture/exchange.c). */
static int write_whole(struct writing *writing, struct channel *channel,
                       const struct message *message)
{
    struct carried carried = {.ancillary = (struct ancillary *)message->ancillary};
    struct unit unit = {
        .direction = message->direction,
        .data = message->data,
        .length = message->length,
        .missing = message->missing,
        .lost = message->lost,
        .carried = &carried,
        .carried_count = message->ancillary ? 1 : 0,
    };

    if (!channel->exchanges || (message->direction == REQUEST && channel->answered))
        channel->exchanges++;
    channel->answered = message->direction == RESPONSE;
    unit.exchange = channel->exchanges - 1;
    return write_unit(writing, channel, &unit);
}

/* Learns of an end what the messages before did not tell. Returns 1 if there was such, or 0. */
static int learn(struct end *end, const struct end *from)
{
    const struct end before = *end;

    if (!end->address || (!end->address[0] && from->address[0])) {
        end->address = strdup(from->address);
        if (!end->address) {
            *end = before;
            return -ENOMEM;
        }
        free(before.address);
    }
    if (!end->inode)
        end->inode = from->inode;
    if (!end->pid)
        end->pid = from->pid;
    if (!end->comm[0])
        memcpy(end->comm, from->comm, COMM_SIZE);
    return end->address != before.address || end->inode != before.inode || end->pid != before.pid ||
           end->comm[0] != before.comm[0];
}

static int learn_ends(struct writing *writing, const struct message *message)
{
    struct conversation_table *conversation = &writing->table.conversations[writing->current];
    int client = learn(&conversation->client, message_client(message));
    int server = learn(&conversation->server, message_server(message));

    if (client < 0 || server < 0)
        return -ENOMEM;
    return client || server ? describe(writing, &writing->channels[writing->current]) : 0;
}

static int grow(struct writing *writing)
{
    struct table *table = &writing->table;
    struct conversation_table *conversations =
        array_grow(table->conversations, table->count, sizeof(*conversations));
    struct channel *channels;

    if (!conversations)
        return -ENOMEM;
    table->conversations = conversations;
    channels = array_grow(writing->channels, table->count, sizeof(*channels));
    if (!channels)
        return -ENOMEM;
    writing->channels = channels;
    memset(&conversations[table->count], 0, sizeof(*conversations));
    memset(&channels[table->count], 0, sizeof(*channels));
    table->count++;
    return 0;
}

static int open_channel(struct writing *writing, const struct message *message)
{
    const struct writer_options *options = &writing->options;
    int err = grow(writing);
    struct channel *channel;

    if (err)
        return err;
    channel = &writing->channels[writing->table.count - 1];
    writing->table.conversations[writing->table.count - 1].family = message->family;
    writing->table.conversations[writing->table.count - 1].type = message->type;
    if (options->wrapping.protocol) {
        wrap_begin(&channel->wrap, &options->wrapping, message->conversation, message);
        return 0;
    }
    if (!options->framing || message->type != SOCK_STREAM)
        return 0;
    err = framed_new(&channel->framed, options->framing);
    if (!err)
        framed_watch(channel->framed, &writing->watcher);
    return err;
}

static int add(void *context, const struct message *message)
{
    struct writing *writing = context;
    struct channel *channel;
    int err = 0;

    if (message->conversation == 0 || message->conversation > writing->table.count + 1)
        return -EINVAL;
    if (message->conversation > writing->table.count)
        err = open_channel(writing, message);
    writing->current = message->conversation - 1;
    if (!err)
        err = learn_ends(writing, message);
    if (err)
        return err;
    channel = &writing->channels[writing->current];
    channel->time = message->time;
    if (channel->framed)
        err = framed_add(channel->framed, &writing->table.conversations[writing->current], message);
    else
        err = write_whole(writing, channel, message);
    if (!err && writing->live && fflush(writing->file))
        err = -errno;
    return err;
}

/* From beginning to end */

static int begin(struct writing **out, FILE *file, const struct writer_options *options)
{
    struct writing *writing = calloc(1, sizeof(*writing));
    struct stat status;
    int err;

    if (!writing)
        return -ENOMEM;
    writing->file = file;
    writing->options = *options;
    writing->live = fstat(fileno(file), &status) || !S_ISREG(status.st_mode);
    writing->dissector = options->dissector ? options->dissector
                         : options->framing ? pdu_dissector(options->framing->framer->name)
                                            : NULL;
    writing->watcher = (struct framed_watcher){writing, on_frame};
    err = write_section(writing);
    if (!err && writing->live && fflush(file))
        err = -errno;
    if (err)
        writing_free(writing);
    else
        *out = writing;
    return err;
}

/*
 * Of an interface: how many messages there were, and how many are known to be lost. Of what was
 * lost elsewhere nobody knows where: one of them has it all, in its comment.
 */
static int write_statistics(struct writing *writing, const struct channel *channel,
                            const struct losses *losses)
{
    struct block *block = &writing->block;
    bool last = channel->interface + 1 == writing->interfaces;
    uint64_t elsewhere =
        losses->messages > writing->placed ? losses->messages - writing->placed : 0;

    block_begin(block, PCAPNG_STATISTICS);
    block_u32(block, channel->interface);
    block_time(block, channel->time);
    block_option_u64(block, STATISTICS_RECEIVED, channel->messages);
    block_option_u64(block, STATISTICS_DROPPED, channel->lost + (last ? elsewhere : 0));
    if (last)
        add_notes(writing, notes_losses(losses));
    return block_write(block, writing->file);
}

static int end(struct writing *writing, const struct losses *losses, size_t *cut)
{
    static const struct channel none;
    struct table *table = &writing->table;
    int err = 0;

    for (writing->current = 0; writing->current < table->count && !err; writing->current++)
        if (writing->channels[writing->current].framed)
            err = framed_finish(writing->channels[writing->current].framed,
                                &table->conversations[writing->current]);
    for (size_t i = 0; i < table->count && !err; i++)
        err = write_statistics(writing, &writing->channels[i], losses);
    if (!err && !writing->interfaces) { /* no program takes a capture that has none */
        err = write_interface(writing, "none", "nothing was recorded", NULL);
        if (!err)
            err = write_statistics(writing, &none, losses);
    }
    if (!err && fflush(writing->file))
        err = -errno;
    *cut = writing->cut;
    return err;
}

static const struct table *table_of(const struct writing *writing)
{
    return &writing->table;
}

const struct writer writer_pcapng = {
    .name = "pcapng",
    .extension = "pcapng",
    .description = "a capture for Wireshark, with a packet for each message",
    .begin = begin,
    .add = add,
    .end = end,
    .table = table_of,
    .free = writing_free,
};
