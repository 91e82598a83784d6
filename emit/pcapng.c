/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A capture that Wireshark reads as it would one of a network: a conversation is an interface, and
 * a message a packet. It is a message as it was sent; where its stream is framed, a frame, as a
 * dissector that is given one packet reads no further.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "capture/array.h"
#include "capture/framed.h"
#include "capture/pcapng.h"
#include "emit/packet_file.h"
#include "emit/pdu.h"
#include "emit/wrapped.h"
#include "emit/writer.h"

/* What is written of a conversation. */
struct channel {
    struct framed *framed; /* NULL when it is not framed */
    struct wrap wrap;
    uint32_t interface;
    bool answered;    /* the last exchange has been */
    size_t exchanges; /* begun so far, when it is not framed */
    uint64_t time;    /* of its latest message */
    uint64_t messages;
    uint64_t lost;
};

struct writing {
    struct packet_file file;
    struct writer_options options;
    bool live; /* somebody may read along */
    const char *dissector;
    uint64_t placed; /* lost messages of which the conversation is known */
    size_t cut;
    struct table table; /* of conversations without exchanges; as many channels */
    struct channel *channels;
    size_t current; /* the channel that is being written to */
    struct framed_watcher watcher;
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
    packet_file_free(&writing->file);
    free(writing);
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

/* An interface for the conversation, with what is known of its ends by now. */
static int describe(struct writing *writing, struct channel *channel)
{
    const struct message message = like(writing, REQUEST);

    channel->interface = writing->file.interfaces;
    return packet_file_interface(&writing->file, &message);
}

/* Packets */

/* D-Bus begins with lines of text, which its dissector takes for broken messages. */
static const char *dissector_for(const struct writing *writing, const struct unit *unit)
{
    const struct writer_options *options = &writing->options;
    bool dbus = options->framing && options->framing->framer == &framer_dbus;

    if (!dbus || options->dissector)
        return writing->dissector;
    return unit->length > 1 && (unit->data[0] == 'l' || unit->data[0] == 'B') && unit->data[1] <= 4
               ? writing->dissector
               : "data-text-lines";
}

/* Messages as they are, in parts when they are longer than a packet may be. */
static int write_pdus(struct writing *writing, const struct unit *unit)
{
    const struct message message = like(writing, unit->direction);
    uint8_t headers[PDU_HEADERS_MAX];
    size_t length = pdu_headers(headers, &message, dissector_for(writing, unit));
    size_t most = PACKET_MAX - length;
    size_t parts = unit->length ? (unit->length - 1) / most + 1 : 1;
    int err = 0;

    for (size_t i = 0; i < parts && !err; i++) {
        bool last = i + 1 == parts;
        const struct unit_packet packet = {
            .headers = headers,
            .headers_length = length,
            .data = unit->data ? unit->data + i * most : NULL,
            .length = last ? unit->length - i * most : most,
            .missing = last ? unit->missing : 0,
            .first = i == 0,
            .last = last,
            .part = parts > 1 ? i + 1 : 0,
            .parts = parts,
        };

        err = packet_file_packet(&writing->file, unit, &packet);
    }
    return err;
}

/* Writes a unit of the current conversation. */
static int write_unit(struct writing *writing, struct unit *unit)
{
    struct channel *channel = &writing->channels[writing->current];

    unit->interface = channel->interface;
    unit->time = channel->time;
    unit->stream = writing->table.conversations[writing->current].type == SOCK_STREAM;
    channel->messages++;
    channel->lost += unit->lost;
    writing->placed += unit->lost;
    if (!writing->options.wrapping.protocol)
        return write_pdus(writing, unit);
    return wrapped_write(&writing->file, &channel->wrap, unit, &writing->cut);
}

/* Messages */

/* A frame has the time of the message that completed it. */
static int on_frame(void *context, size_t exchange, enum direction direction,
                    const struct said *said, size_t lost)
{
    struct writing *writing = context;
    struct unit unit = {
        .exchange = exchange,
        .direction = direction,
        .data = said->data,
        .length = said->length,
        .missing = said->missing,
        .lost = lost,
        .carried = said->carried,
        .carried_count = said->carried_count,
    };

    return write_unit(writing, &unit);
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
    return write_unit(writing, &unit);
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
    if (!err && writing->live && fflush(writing->file.file))
        err = -errno;
    return err;
}

/* From beginning to end */

static int begin(struct writing **out, FILE *file, const struct writer_options *options)
{
    struct writing *writing = calloc(1, sizeof(*writing));
    struct stat about;
    int err;

    if (!writing)
        return -ENOMEM;
    writing->file.file = file;
    writing->file.link = options->wrapping.protocol ? LINK_ETHERNET : LINK_UPPER_PDU;
    writing->options = *options;
    writing->live = fstat(fileno(file), &about) || !S_ISREG(about.st_mode);
    writing->dissector = options->dissector ? options->dissector
                         : options->framing ? pdu_dissector(options->framing->framer->name)
                                            : NULL;
    writing->watcher = (struct framed_watcher){writing, on_frame};
    err = packet_file_section(&writing->file, options->command, options->backend);
    if (!err && writing->live && fflush(file))
        err = -errno;
    if (err)
        writing_free(writing);
    else
        *out = writing;
    return err;
}

/*
 * Of a conversation's interface. Messages that were lost nobody knows where are told of the last
 * one, with all that was lost.
 */
static int write_statistics(struct writing *writing, const struct channel *channel,
                            const struct losses *losses)
{
    bool last = channel->interface + 1 == writing->file.interfaces;
    uint64_t elsewhere =
        losses->messages > writing->placed ? losses->messages - writing->placed : 0;
    const struct interface_statistics statistics = {
        .interface = channel->interface,
        .time = channel->time,
        .messages = channel->messages,
        .lost = channel->lost + (last ? elsewhere : 0),
        .losses = last ? losses : NULL,
    };

    return packet_file_statistics(&writing->file, &statistics);
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
    for (size_t i = 0; losses && i < table->count && !err; i++)
        err = write_statistics(writing, &writing->channels[i], losses);
    if (!err && !writing->file.interfaces) {
        err = packet_file_interface(&writing->file, NULL);
        if (!err && losses)
            err = write_statistics(writing, &none, losses);
    }
    if (!err && fflush(writing->file.file))
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
