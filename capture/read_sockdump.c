/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reads what sockdump.py prints of Unix sockets: a header for each message, or for each piece of
 * one that writev() and its like put together, and the bytes in one of three ways.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/array.h"
#include "capture/sockdump_header.h"
#include "capture/talk.h"
#include "capture/text.h"
#include "capture/tree.h"

/* Processes that talk to each other, of which the other is perhaps not known yet. */
struct dialog {
    struct dialog *next;
    struct dialog *unanswered; /* an older one of who began this one */
    struct talk talk;          /* the first end is who began it */
    bool answered;
};

/* Who began a dialog, and who has the other end, or was known to the first as having it. */
struct pair {
    uint32_t pid, peer;
    struct dialog *dialog;
};

/* Who has begun dialogs, the last first. */
struct speaker {
    uint32_t pid;
    struct dialog *unanswered; /* or were answered since */
};

/* Where a header is, and who sent that message. */
struct sending {
    uint32_t pid;
    size_t place;
};

struct sockdump {
    struct reading *reading;
    char *text;
    size_t size;
    size_t place;
    uint64_t number; /* of endpoints */
    struct talk_kind kind;
    struct dialog *dialogs;
    void *pairs, *speakers;   /* trees */
    struct sending *sendings; /* by pid and place; NULL until they are asked for */
    size_t sending_count;
    bool named; /* whom the user said is the client has been seen */
    uint8_t *data;
    size_t there;
    size_t cut;     /* messages of which it shows a part */
    size_t garbled; /* messages some bytes of which were not printed */
    size_t gaps;    /* where something else follows a message */
    int way;        /* in which the bytes are printed, once that is known; see ways */
};

/* On a terminal it says before the first message that it waits. */
static int looks(const uint8_t *bytes, size_t size)
{
    static const char waiting[] = "waiting for data";
    const char *at = (const char *)bytes, *end = at + size;
    struct sockdump_header header;

    if (size > strlen(waiting) + 2 && memcmp(at, waiting, strlen(waiting)) == 0) {
        at += strlen(waiting);
        at += (*at == '\r') + 1;
    }
    return sockdump_header_parse(at, end, &header) ? 90 : 0;
}

/* The bytes. Each way returns where they end, or NULL when they are not printed in that way. */

/* \x68\x65 and so on, in a line. */
static const char *take_hexstring(struct sockdump *dump, const char *at, const char *end,
                                  size_t shown)
{
    size_t room = (size_t)(end - at);

    if (shown > room / 4)
        return NULL;
    for (size_t i = 0; i < shown; i++, at += 4)
        if (at[0] != '\\' || at[1] != 'x' || !text_hex(at + 2, &dump->data[dump->there++]))
            return NULL;
    return at < end && *at == '\n' ? at + 1 : NULL;
}

/* 0000  68 65 6c 6c 6f 20 77 6f  72 6c 64 ...  hello wor: places, twice eight, and as text. */
static const char *take_hex_line(struct sockdump *dump, const char *at, const char *end,
                                 size_t count)
{
    enum { FIRST = 6, SECOND = 6 + 23 + 2, TEXT = 6 + 23 + 2 + 23 + 2 };
    const char *newline;

    if ((size_t)(end - at) < TEXT + count)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!text_hex(at + (i < 8 ? FIRST + 3 * i : SECOND + 3 * (i - 8)),
                      &dump->data[dump->there++]))
            return NULL;
    newline = at + TEXT + count;
    return newline < end && *newline == '\n' ? newline + 1 : NULL;
}

static const char *take_hex(struct sockdump *dump, const char *at, const char *end, size_t shown)
{
    char place[16];

    for (size_t done = 0; at && done < shown; done += 16) {
        int length = snprintf(place, sizeof(place), "%04zx  ", done);

        /* From the 65536th byte on a place takes five digits. */
        if (length < 0 || end - at < length || memcmp(at, place, (size_t)length) != 0)
            return NULL;
        at = take_hex_line(dump, at + (length - 6), end, shown - done < 16 ? shown - done : 16);
    }
    return at;
}

/* Whether nothing follows but what it says on a terminal when it is ended: ^C, 4 packets captured.
 */
static bool is_over(const char *at, const char *end)
{
    static const char captured[] = " packets captured\n";

    if (end - at >= 2 && memcmp(at, "^C", 2) == 0)
        at += 2;
    if (at == end)
        return true;
    for (at += *at == '\n'; at < end && isdigit((unsigned char)*at); at++)
        ;
    return (size_t)(end - at) == strlen(captured) && memcmp(at, captured, strlen(captured)) == 0;
}

/*
 * As they are, but for those that are no ASCII, which are left out. Where some were, nobody can
 * tell where they belong.
 */
static const char *take_string(struct sockdump *dump, const char *at, const char *end, size_t shown)
{
    struct sockdump_header header;
    const char *after = shown <= (size_t)(end - at) ? at + shown : NULL;

    if (!after || !(is_over(after, end) || sockdump_header_parse(after, end, &header))) {
        dump->garbled++;
        return sockdump_header_find(at, end);
    }
    memcpy(dump->data, at, shown);
    dump->there = shown;
    return after;
}

static const char *(*const ways[])(struct sockdump *dump, const char *at, const char *end,
                                   size_t shown) = {take_hexstring, take_hex, take_string};
enum { WAYS = 3 };

/* All messages of a dump are printed in one way: that of the first that is not empty. */
static int take_bytes(struct sockdump *dump, const char *at, size_t shown)
{
    const char *end = dump->text + dump->size, *after = NULL;
    uint8_t *data = realloc(dump->data, shown + 1);

    if (!data)
        return -ENOMEM;
    dump->data = data;
    dump->there = 0;
    dump->place = (size_t)(at - dump->text);
    if (!shown)
        return 0;
    for (int way = 0; way < WAYS && !after; way++) {
        if (dump->way != WAYS && way != dump->way)
            continue;
        dump->there = 0;
        after = ways[way](dump, at, end, shown);
        if (after)
            dump->way = way;
    }
    if (!after) { /* not in the way of the others: cut off, then */
        dump->there = 0;
        dump->garbled++;
        after = sockdump_header_find(at, end);
    }
    dump->place = (size_t)(after - dump->text);
    return 0;
}

/* Who talks to whom */

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *one = a, *other = b;
    int order = tree_compare_numbers(one->pid, other->pid);

    return order ? order : tree_compare_numbers(one->peer, other->peer);
}

static int compare_speakers(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct speaker *)a)->pid, ((const struct speaker *)b)->pid);
}

static struct dialog *find_pair(struct sockdump *dump, uint32_t pid, uint32_t peer)
{
    const struct pair key = {.pid = pid, .peer = peer};
    const struct pair *pair = tree_find(&dump->pairs, &key, compare_pairs);

    return pair ? pair->dialog : NULL;
}

static int add_pair(struct sockdump *dump, uint32_t pid, uint32_t peer, struct dialog *dialog)
{
    const struct pair key = {.pid = pid, .peer = peer, .dialog = dialog};
    struct pair *pair = tree_get(&dump->pairs, &key, sizeof(key), compare_pairs, NULL);

    if (!pair)
        return -ENOMEM;
    pair->dialog = dialog;
    return 0;
}

static int add_unanswered(struct sockdump *dump, uint32_t pid, struct dialog *dialog)
{
    const struct speaker key = {.pid = pid};
    struct speaker *speaker = tree_get(&dump->speakers, &key, sizeof(key), compare_speakers, NULL);

    if (!speaker)
        return -ENOMEM;
    dialog->unanswered = speaker->unanswered;
    speaker->unanswered = dialog;
    return 0;
}

/* The last dialog that this process has begun and nobody has answered in. */
static struct dialog *find_unanswered(struct sockdump *dump, uint32_t pid)
{
    const struct speaker key = {.pid = pid};
    struct speaker *speaker = tree_find(&dump->speakers, &key, compare_speakers);

    while (speaker && speaker->unanswered && speaker->unanswered->answered)
        speaker->unanswered = speaker->unanswered->unanswered;
    return speaker ? speaker->unanswered : NULL;
}

/* Where nobody says to whom, there are two. */
static struct dialog *find_the_one(struct sockdump *dump, uint32_t pid, int *end)
{
    struct dialog *dialog = dump->dialogs;

    if (!dialog)
        return NULL;
    *end = dialog->talk.ends[0].pid != pid;
    return *end == 0 || !dialog->answered || dialog->talk.ends[1].pid == pid ? dialog : NULL;
}

/* The dialog that the message is of; *end is then which of its ends sent it. */
static struct dialog *find_dialog(struct sockdump *dump, const struct sockdump_header *header,
                                  int *end)
{
    struct dialog *dialog;

    if (!header->has_peer)
        return find_the_one(dump, header->pid, end);
    *end = 0;
    dialog = find_pair(dump, header->pid, header->peer);
    if (dialog)
        return dialog;
    *end = 1;
    dialog = find_pair(dump, header->peer, header->pid);
    /* The one that answers need not be the one that listened, whom the client knows as its peer. */
    return dialog ? dialog : find_unanswered(dump, header->peer);
}

static int compare_sendings(const void *a, const void *b)
{
    const struct sending *one = a, *other = b;

    if (one->pid != other->pid)
        return one->pid < other->pid ? -1 : 1;
    return (one->place > other->place) - (one->place < other->place);
}

/* Looks where all the headers are, once. */
static int find_sendings(struct sockdump *dump)
{
    const char *end = dump->text + dump->size, *at = dump->text, *found;
    struct sockdump_header header;
    struct sending *grown;

    while ((found = sockdump_header_find(at, end)) < end) {
        grown = array_grow(dump->sendings, dump->sending_count, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        dump->sendings = grown;
        at = sockdump_header_parse(found, end, &header);
        grown[dump->sending_count++] = (struct sending){header.pid, (size_t)(found - dump->text)};
    }
    qsort(dump->sendings, dump->sending_count, sizeof(*dump->sendings), compare_sendings);
    return 0;
}

/* The next message that this process sends, from here on; NULL when it sends no more. */
static const struct sending *next_sending(const struct sockdump *dump, uint32_t pid)
{
    const struct sending key = {pid, dump->place}, *next;
    size_t low = 0, high = dump->sending_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_sendings(&dump->sendings[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    next = &dump->sendings[low];
    return low < dump->sending_count && next->pid == pid ? next : NULL;
}

/* Where nobody says to whom, there are two: the first message that is another's. */
static const struct sending *next_other(const struct sockdump *dump, uint32_t pid)
{
    const struct sending *first = NULL;

    for (size_t i = 0; i < dump->sending_count; i++) {
        const struct sending *each = &dump->sendings[i];

        if (each->pid == pid || each->place < dump->place)
            continue;
        if (!first || each->place < first->place)
            first = each;
    }
    return first;
}

/*
 * The path is the sender's own where that is one of those asked for ("/run/p*"), and else the
 * receiver's. Both ends of datagrams can have one: the server's is with what the server sends.
 */
static int find_server(struct sockdump *dump, struct sockdump_header *header)
{
    const char *end = dump->text + dump->size;
    const struct sending *next;
    struct sockdump_header other;
    int err = dump->sendings ? 0 : find_sendings(dump);

    if (err || (header->has_peer && header->peer == header->pid))
        return err;
    next = header->has_peer ? next_sending(dump, header->peer) : next_other(dump, header->pid);
    if (next && sockdump_header_parse(dump->text + next->place, end, &other))
        memcpy(header->path, other.path, sizeof(header->path));
    return 0;
}

static int add_dialog(struct sockdump *dump, struct sockdump_header *header, struct dialog **out)
{
    struct dialog *dialog = calloc(1, sizeof(*dialog));
    struct talk *talk;
    int client, err;

    if (!dialog)
        return -ENOMEM;
    dialog->next = dump->dialogs;
    dump->dialogs = dialog;
    talk = &dialog->talk;
    talk->kind = dump->kind;
    talk->ends[0].pid = header->pid;
    memcpy(talk->ends[0].comm, header->comm, COMM_SIZE);
    talk->ends[1].pid = header->peer;
    client = talk_client(talk, dump->reading, 0);
    talk->ends[client].client = true;
    err = add_pair(dump, header->pid, header->peer, dialog);
    if (!err)
        err = add_unanswered(dump, header->pid, dialog);
    if (!err && client == 0 && talk->kind.type == SOCK_DGRAM)
        err = find_server(dump, header);
    if (err)
        return err;
    if (!dump->reading->options->server)
        talk->kind.server = header->path;
    *out = dialog;
    err = talk_begin(talk, dump->reading, &dump->number);
    talk->kind.server = "";
    return err;
}

/* Where no peer is told, it is known as long as there are no more than two. */
static int no_third(struct sockdump *dump, const struct sockdump_header *header)
{
    if (header->has_peer || !dump->dialogs)
        return 0;
    return reading_fail(dump->reading, dump->reading->dumps, 0,
                        "with %s[%" PRIu32 "] there are more than two processes, and it does not "
                        "tell which of them talk to each other",
                        header->comm, header->pid);
}

static int take(struct sockdump *dump, struct sockdump_header *header, const char *at)
{
    struct dialog *dialog;
    int end = 0, err = take_bytes(dump, at, header->shown);

    if (err)
        return err;
    dialog = find_dialog(dump, header, &end);
    if (!dialog)
        err = no_third(dump, header);
    if (!err && !dialog) {
        end = 0;
        err = add_dialog(dump, header, &dialog);
    } else if (!err && end == 1) {
        err = add_pair(dump, dialog->talk.ends[0].pid, header->pid, dialog);
    }
    if (err)
        return err;
    dump->cut += header->shown < header->length;
    dialog->answered = dialog->answered || end == 1;
    dialog->talk.ends[end].pid = header->pid;
    memcpy(dialog->talk.ends[end].comm, header->comm, COMM_SIZE);
    dump->named = dump->named || talk_is_client(dump->reading, &dialog->talk.ends[end], "");
    return talk_said(&dialog->talk, dump->reading, end, header->time, dump->data, dump->there,
                     header->length);
}

static int read_messages(struct sockdump *dump)
{
    const char *end = dump->text + dump->size, *at = sockdump_header_find(dump->text, end);
    struct sockdump_header header;
    int err = 0;

    while (!err && at < end) {
        err = take(dump, &header, sockdump_header_parse(at, end, &header));
        at = dump->text + dump->place;
        if (header.shown) /* behind one that shows no bytes "error" can stand */
            dump->gaps += !is_over(at, end) && !sockdump_header_parse(at, end, &header);
        at = sockdump_header_find(at, end);
    }
    return err;
}

/* As it is, but what a terminal wrote: there the ends of headers tell. */
static void drop_returns(struct sockdump *dump)
{
    const char *end = dump->text + dump->size, *header = sockdump_header_find(dump->text, end);
    const char *newline = memchr(header, '\n', (size_t)(end - header));

    if (newline && newline > header && newline[-1] == '\r')
        dump->size = reading_drop_returns(dump->text, dump->size);
}

static int read(struct reading *reading)
{
    struct sockdump dump = {.reading = reading, .way = WAYS};
    int err = talk_kind_find(&dump.kind, reading, AF_UNIX);

    if (!err)
        err = reading_slurp(reading, reading->dumps, &dump.text, &dump.size);
    if (!err)
        drop_returns(&dump);
    if (!err)
        err = reading->begin(reading->context, NULL, "sockdump");
    if (!err)
        err = read_messages(&dump);
    if (!err && reading->options->client && !dump.named)
        err = reading_fail(reading, reading->dumps, 0, "--client: nobody here is '%s'",
                           reading->options->client);
    if (!err && dump.cut)
        reading_lacks(reading, reading->dumps,
                      "of %zu %s sockdump shows a part (a larger --seg-size)", dump.cut,
                      text_counted(dump.cut, "message", "messages"));
    if (!err && dump.garbled)
        reading_lacks(
            reading, reading->dumps,
            "%zu %s (--format string leaves out what is no ASCII; hexstring and hex do not)",
            dump.garbled,
            text_counted(dump.garbled, "message is not here as it was",
                         "messages are not here as they were"));
    if (!err && dump.gaps)
        reading_lacks(reading, reading->dumps,
                      "behind %zu %s there is something else than the next: one may be lost there",
                      dump.gaps, text_counted(dump.gaps, "message", "messages"));
    while (dump.dialogs) {
        struct dialog *dialog = dump.dialogs;

        dump.dialogs = dialog->next;
        free(dialog);
    }
    tdestroy(dump.pairs, free);
    tdestroy(dump.speakers, free);
    free(dump.sendings);
    free(dump.text);
    free(dump.data);
    return err;
}

const struct reader reader_sockdump = {
    .name = "sockdump",
    .summary = "what sockdump.py printed",
    .needs = READER_SERVER | READER_TYPE | READER_CLIENT,
    .looks = looks,
    .read = read,
};
