/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/own_capture.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/array.h"
#include "capture/losses.h"
#include "capture/notes.h"
#include "capture/pcapng.h"
#include "capture/text.h"
#include "capture/tree.h"
#include "capture/words.h"

/* What an interface stands for. */
struct own_interface {
    json_t *notes; /* NULL when it says nothing; lends the ends their addresses */
    struct message like;
    struct end client, server;
};

/* The number a conversation has here, as files can be put one behind the other. */
struct number {
    uint32_t there, here;
};

/* Ancillary data, and how far into the packet it came: of a frame, with each piece of it. */
struct carried {
    size_t offset;
    struct ancillary *ancillary;
};

/* What the options of a packet say. */
struct packet_notes {
    uint32_t flags;
    size_t lost;
    size_t part, parts; /* 0 when it is whole */
    struct carried *carried;
    size_t count;
};

struct own_capture {
    struct reading *reading;
    bool own;
    bool complete; /* its statistics have come; or it is not ours, and has none */
    char **command;
    char *backend;
    struct own_interface *interfaces;
    size_t count;
    void *numbers; /* a tree of struct number */
    uint32_t conversations;
    uint8_t *joined; /* a message that comes in several packets, ... */
    size_t joined_length, joined_room;
    size_t joined_missing; /* behind what is joined */
    size_t joined_parts;   /* packets of it so far; 0 when none is awaited */
    uint32_t joined_conversation;
    struct packet_notes joined_notes; /* ... of which the first says what is to be said */
    size_t strays;                    /* packets of messages of which other packets are not there */
};

int own_capture_new(struct own_capture **out, struct reading *reading)
{
    struct own_capture *own = calloc(1, sizeof(*own));

    if (!own)
        return -ENOMEM;
    own->reading = reading;
    own->complete = true;
    *out = own;
    return 0;
}

static void notes_free(struct packet_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        free(notes->carried[i].ancillary);
    free(notes->carried);
    *notes = (struct packet_notes){0};
}

/* Forgets the section. */
static void clear(struct own_capture *own)
{
    notes_free(&own->joined_notes);
    for (size_t i = 0; i < own->count; i++)
        json_decref(own->interfaces[i].notes);
    words_free(own->command);
    free(own->interfaces);
    free(own->backend);
    tdestroy(own->numbers, free);
    own->interfaces = NULL;
    own->count = 0;
    own->command = NULL;
    own->backend = NULL;
    own->numbers = NULL;
    own->joined_length = 0;
}

void own_capture_free(struct own_capture *own)
{
    if (!own)
        return;
    clear(own);
    free(own->joined);
    free(own);
}

bool own_capture_is_own(const struct own_capture *own)
{
    return own->own;
}

char *const *own_capture_command(const struct own_capture *own)
{
    return own->command && own->command[0] ? own->command : NULL;
}

const char *own_capture_backend(const struct own_capture *own)
{
    return own->backend ? own->backend : "pcap";
}

/* The first comment that is one of our notes, as notes_parse() gives it. */
static int find_notes(json_t **notes, struct pcapng_options options)
{
    struct pcapng_option option;
    int err = 0;

    *notes = NULL;
    while (!err && !*notes && pcapng_option_next(&options, &option))
        if (option.code == PCAPNG_COMMENT)
            err = notes_parse(notes, (const char *)option.data, option.length);
    return err;
}

int own_capture_section(struct own_capture *own, struct pcapng_options options)
{
    json_t *notes, *words;
    const char *backend;
    int err = find_notes(&notes, options);

    own_capture_finish(own);
    clear(own);
    if (!err && notes && notes_read_section(notes, &words, &backend))
        err = words_from_json(&own->command, words);
    else if (!err)
        err = -EINVAL; /* it is somebody else's */
    own->own = !err;
    own->complete = !own->own;
    if (own->own) {
        own->backend = strdup(backend);
        err = own->backend ? 0 : -ENOMEM;
    }
    json_decref(notes);
    return err == -EINVAL ? 0 : err;
}

int own_capture_interface(struct own_capture *own, const struct pcapng_item *item)
{
    struct own_interface *interfaces = array_grow(own->interfaces, own->count, sizeof(*interfaces));
    struct own_interface *interface;
    int err;

    if (!interfaces)
        return -ENOMEM;
    own->interfaces = interfaces;
    interface = &interfaces[own->count++];
    memset(interface, 0, sizeof(*interface));
    if (!own->own || item->link != LINK_UPPER_PDU)
        return 0;
    err = find_notes(&interface->notes, item->options);
    if (err)
        return err;
    if (!notes_read_conversation(interface->notes, &interface->like, &interface->client,
                                 &interface->server)) {
        json_decref(interface->notes);
        interface->notes = NULL;
    }
    return 0;
}

bool own_capture_has(const struct own_capture *own, const struct pcapng_item *item)
{
    return item->interface < own->count && own->interfaces[item->interface].notes;
}

static int compare_number(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct number *)a)->there,
                                ((const struct number *)b)->there);
}

static int read_carried(struct packet_notes *notes, const json_t *comment)
{
    struct carried *carried = array_grow(notes->carried, notes->count, sizeof(*carried));
    int err;

    if (!carried)
        return -ENOMEM;
    notes->carried = carried;
    carried += notes->count;
    err = notes_read_ancillary(comment, &carried->offset, &carried->ancillary);
    notes->count += err == 0;
    return err == -ENOMEM ? err : 0;
}

static int read_comment(struct packet_notes *notes, const struct pcapng_option *option)
{
    json_t *comment;
    char text[128];
    const char *part;
    int err = notes_parse(&comment, (const char *)option->data, option->length);

    if (comment)
        err = read_carried(notes, comment);
    json_decref(comment);
    if (err || comment || option->length >= sizeof(text))
        return err;
    memcpy(text, option->data, option->length);
    text[option->length] = '\0';
    part = strstr(text, ", part ");
    if (part && sscanf(part, ", part %zu of %zu", &notes->part, &notes->parts) != 2)
        notes->part = notes->parts = 0;
    return 0;
}

static int read_notes(struct packet_notes *notes, struct pcapng_options options)
{
    struct pcapng_option option;
    int err = 0;

    while (!err && pcapng_option_next(&options, &option)) {
        if (option.code == PACKET_FLAGS)
            notes->flags = (uint32_t)pcapng_option_number(&options, &option);
        else if (option.code == PACKET_DROPPED)
            notes->lost = (size_t)pcapng_option_number(&options, &option);
        else if (option.code == PCAPNG_COMMENT)
            err = read_comment(notes, &option);
    }
    return err;
}

/* Appends the bytes of a part. Behind a part that was cut there is no place for any. */
static int join_bytes(struct own_capture *own, const struct message *message)
{
    const size_t length = own->joined_length + message->length;

    if (own->joined_missing) {
        own->joined_missing += message->length + message->missing;
        return 0;
    }
    if (length > own->joined_room) {
        uint8_t *grown = realloc(own->joined, length);

        if (!grown)
            return -ENOMEM;
        own->joined = grown;
        own->joined_room = length;
    }
    if (message->length)
        memcpy(own->joined + own->joined_length, message->data, message->length);
    own->joined_length = length;
    own->joined_missing = message->missing;
    return 0;
}

/* Whatever is awaited does not come any more. */
static void join_no_more(struct own_capture *own)
{
    own->strays += own->joined_parts;
    own->joined_parts = 0;
}

/* Whether the part is the next one of the message that is awaited. */
static bool goes_on(const struct own_capture *own, const struct packet_notes *notes,
                    const struct message *message)
{
    return own->joined_parts && notes->part == own->joined_parts + 1 &&
           notes->parts == own->joined_notes.parts && notes->flags == own->joined_notes.flags &&
           message->conversation == own->joined_conversation;
}

static void begin_joining(struct own_capture *own, struct packet_notes *notes,
                          const struct message *message)
{
    join_no_more(own);
    notes_free(&own->joined_notes);
    own->joined_notes = *notes;
    own->joined_conversation = message->conversation;
    own->joined_length = own->joined_missing = 0;
    notes->carried = NULL;
    notes->count = 0;
}

/*
 * Keeps a part of a message, and the notes of the first, until the last has come; then *message is
 * the whole. Returns 1, 0 while parts are lacking, or -ENOMEM.
 */
static int join(struct own_capture *own, struct packet_notes *notes, struct message *message)
{
    if (notes->part <= 1) {
        begin_joining(own, notes, message);
    } else if (!goes_on(own, notes, message)) {
        join_no_more(own);
        own->strays++;
        return 0;
    }
    if (join_bytes(own, message))
        return -ENOMEM;
    own->joined_parts++;
    if (notes->part < notes->parts)
        return 0;
    own->joined_parts = 0;
    if (own->joined_length)
        message->data = own->joined;
    message->length = own->joined_length;
    message->missing = own->joined_missing;
    message->lost = own->joined_notes.lost;
    return 1;
}

/* Hands over the message in the pieces that ancillary data came with. */
static int deliver(struct own_capture *own, const struct packet_notes *notes,
                   const struct message *message)
{
    struct reading *reading = own->reading;
    struct message piece = *message;
    size_t at = 0, next;
    int err = 0;

    for (size_t i = 0; i <= notes->count && !err; i++) {
        next = i < notes->count ? notes->carried[i].offset : message->length;
        if (next < at || next > message->length)
            next = at;
        piece.ancillary = i > 0 ? notes->carried[i - 1].ancillary : NULL;
        piece.data = message->data + at;
        piece.length = next - at;
        piece.missing = i == notes->count ? message->missing : 0;
        if (i == 0 && notes->count > 0 && next == 0) /* nothing is in front of the first */
            continue;
        err = reading->message(reading->context, &piece);
        piece.lost = 0;
        at = next;
    }
    return err;
}

/* The message that the packet is, or a part of. */
static struct message message_of(const struct own_interface *interface,
                                 const struct pcapng_item *item, size_t skip,
                                 const struct packet_notes *notes)
{
    bool request = (notes->flags & PACKET_DIRECTION) == PACKET_OUTBOUND;
    struct message message = interface->like;

    message.direction = request ? REQUEST : RESPONSE;
    message.sent = true;
    message.self = request ? &interface->client : &interface->server;
    message.peer = request ? &interface->server : &interface->client;
    message.tid = message.self->pid;
    message.time = item->time;
    message.data = item->data + skip;
    message.length = item->length - skip;
    message.missing = item->whole - item->length;
    message.lost = notes->lost;
    return message;
}

/* Puts the number that the conversation has here in *out. Returns 0 or -ENOMEM. */
static int find_number(struct own_capture *own, uint32_t there, uint32_t *out)
{
    struct number key = {.there = there};
    struct number *number = tree_get(&own->numbers, &key, sizeof(key), compare_number, NULL);

    if (!number)
        return -ENOMEM;
    if (!number->here)
        number->here = ++own->conversations;
    *out = number->here;
    return 0;
}

int own_capture_packet(struct own_capture *own, const struct pcapng_item *item, size_t skip)
{
    const struct own_interface *interface = &own->interfaces[item->interface];
    struct packet_notes notes = {0};
    struct message message;
    int err = read_notes(&notes, item->options);

    if (err)
        goto out;
    message = message_of(interface, item, skip, &notes);
    err = find_number(own, interface->like.conversation, &message.conversation);
    if (err)
        goto out;
    if (notes.parts <= 1 || message.type == SOCK_STREAM) {
        err = deliver(own, &notes, &message);
        goto out;
    }
    err = join(own, &notes, &message);
    if (err > 0)
        err = deliver(own, &own->joined_notes, &message);
out:
    notes_free(&notes);
    return err;
}

/* Where messages have become packets of a network, what they lack is counted as it is found. */
static void forget_counted(struct losses *losses)
{
    losses->cut = 0;
    losses->bytes = 0;
}

int own_capture_statistics(struct own_capture *own, const struct pcapng_item *item)
{
    struct losses losses = {0};
    json_t *notes;
    int err = find_notes(&notes, item->options);

    if (own->own && notes && notes_read_losses(notes, &losses)) {
        own->complete = true;
        if (!own_capture_has(own, item))
            forget_counted(&losses);
        losses_add(&own->reading->losses, &losses);
    }
    json_decref(notes);
    return err;
}

void own_capture_finish(struct own_capture *own)
{
    join_no_more(own);
    if (own->strays)
        reading_lacks(
            own->reading, own->reading->dumps, "%zu %s", own->strays,
            text_counted(own->strays,
                         "packet is part of a message of which other parts are not there",
                         "packets are parts of messages of which other parts are not there"));
    if (!own->complete)
        reading_is_cut(own->reading, own->reading->dumps, "statistics");
    own->strays = 0;
    own->complete = true;
}
