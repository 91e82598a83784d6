/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reads what sockdump.py prints of Unix sockets: a header for each message, or for each piece of
 * one that writev() and its like put together, and the bytes in one of three ways.
 *
 *     >>> docker[3412] len 83                                           the first version
 *     07:05:03.123 >>> process docker [3412 -> 370] len 83(83)          later ones: shown(whole)
 *     07:05:03.123 >>> process docker [3412 -> 370] path /run/docker.sock len 83(83)
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/talk.h"

struct header {
    uint64_t time; /* since midnight */
    char comm[COMM_SIZE];
    uint32_t pid, peer;
    bool has_peer;
    char path[ADDRESS_TEXT_SIZE];
    size_t shown, length;
};

/* Processes that talk to each other, of which the other is perhaps not known yet. */
struct dialog {
    struct dialog *next;
    struct talk talk;
    bool spoke[2];
};

struct sockdump {
    struct reading *reading;
    char *text;
    size_t size;
    size_t place;
    uint64_t number; /* of endpoints */
    struct talk_kind kind;
    struct dialog *dialogs;
    bool named; /* whom the user said is the client has been seen */
    uint8_t *data;
    size_t there;
    size_t cut;     /* messages of which it shows a part */
    size_t garbled; /* messages some bytes of which were not printed */
    int way;        /* in which the bytes are printed, once that is known; see ways */
};

/* The header */

static bool read_time(const char **at, uint64_t *time)
{
    unsigned hours, minutes, seconds, thousandths;
    int after = 0;

    if (sscanf(*at, "%2u:%2u:%2u.%3u %n", &hours, &minutes, &seconds, &thousandths, &after) != 4)
        return false;
    *time = ((hours * 60 + minutes) * 60 + seconds) * UINT64_C(1000000000) +
            thousandths * UINT64_C(1000000);
    *at += after;
    return true;
}

static void set_comm(struct header *header, const char *name, size_t length)
{
    memcpy(header->comm, name, length < COMM_SIZE ? length : COMM_SIZE - 1);
}

/* What stands behind the processes: a path, perhaps, and the length. */
static bool read_length(const char *at, struct header *header)
{
    const char *path = strncmp(at, " path ", 6) == 0 ? at + 6 : NULL;
    const char *length = memrchr(at, 'l', strlen(at));
    int after = 0;

    if (!length || length == at || length[-1] != ' ')
        return false;
    if (path && path < length)
        snprintf(header->path, sizeof(header->path), "%.*s", (int)(length - 1 - path), path);
    if (sscanf(length, "len %zu(%zu)%n", &header->shown, &header->length, &after) == 2)
        return !length[after] && header->shown <= header->length && header->length <= INT32_MAX;
    after = 0;
    if (sscanf(length, "len %zu%n", &header->shown, &after) != 1)
        return false;
    header->length = header->shown;
    return !length[after] && header->length <= INT32_MAX;
}

/* NAME [PID -> PID], and NAME[PID]; a name may hold anything. */
static bool read_processes(const char *at, bool timed, struct header *header)
{
    int after = 0;

    for (const char *bracket = strchr(at, '['); bracket; bracket = strchr(bracket + 1, '[')) {
        after = 0;
        if (sscanf(bracket, "[%" SCNu32 " -> %" SCNu32 "]%n", &header->pid, &header->peer,
                   &after) == 2 &&
            after && bracket > at && bracket[-1] == ' ') {
            header->has_peer = true;
            set_comm(header, at, (size_t)(bracket - at) - 1);
            return read_length(bracket + after, header);
        }
        if (!timed && sscanf(bracket, "[%" SCNu32 "]%n", &header->pid, &after) == 1 && after) {
            set_comm(header, at, (size_t)(bracket - at));
            return read_length(bracket + after, header);
        }
    }
    return false;
}

/* Reads the line at text as a header. Returns where the bytes are, or NULL when it is none. */
static const char *read_header(const char *text, const char *end, struct header *header)
{
    static const char arrows[] = ">>> ", process[] = "process ";
    char line[512];
    size_t room = (size_t)(end - text) < sizeof(line) ? (size_t)(end - text) : sizeof(line);
    const char *newline = memchr(text, '\n', room), *at;
    bool timed;

    *header = (struct header){0};
    if (!newline)
        return NULL;
    memcpy(line, text, (size_t)(newline - text));
    line[newline - text] = '\0';
    at = line;
    timed = read_time(&at, &header->time);
    if (strncmp(at, arrows, strlen(arrows)) != 0)
        return NULL;
    at += strlen(arrows);
    if (timed && strncmp(at, process, strlen(process)) != 0)
        return NULL;
    at += timed ? strlen(process) : 0;
    return read_processes(at, timed, header) ? newline + 1 : NULL;
}

static int looks(const uint8_t *bytes, size_t size)
{
    struct header header;

    return read_header((const char *)bytes, (const char *)bytes + size, &header) ? 90 : 0;
}

/* The bytes. Each way returns where they end, or NULL when they are not printed in that way. */

/* \x68\x65 and so on, in a line. */
static const char *take_hexstring(struct sockdump *dump, const char *at, const char *end,
                                  size_t shown)
{
    size_t room = (size_t)(end - at);

    if (shown > room / 4)
        return NULL;
    for (size_t i = 0; i < shown; i++, at += 4) {
        char digits[] = {at[2], at[3], '\0'};

        if (at[0] != '\\' || at[1] != 'x' || !isxdigit((unsigned char)at[2]) ||
            !isxdigit((unsigned char)at[3]))
            return NULL;
        dump->data[dump->there++] = (uint8_t)strtoul(digits, NULL, 16);
    }
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
    for (size_t i = 0; i < count; i++) {
        const char *digit = at + (i < 8 ? FIRST + 3 * i : SECOND + 3 * (i - 8));
        char digits[] = {digit[0], digit[1], '\0'};

        if (!isxdigit((unsigned char)digit[0]) || !isxdigit((unsigned char)digit[1]))
            return NULL;
        dump->data[dump->there++] = (uint8_t)strtoul(digits, NULL, 16);
    }
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

/* Where the next header is, or the end; bytes are followed by either at once. */
static const char *find_header(const char *at, const char *end)
{
    struct header header;
    const char *found = at;

    for (; found < end; found++)
        if ((isdigit((unsigned char)*found) || *found == '>') && read_header(found, end, &header))
            return found;
    return end;
}

/*
 * As they are, but for those that are no ASCII, which are left out. Where some were, nobody can
 * tell where they belong.
 */
static const char *take_string(struct sockdump *dump, const char *at, const char *end, size_t shown)
{
    struct header header;
    bool whole =
        shown <= (size_t)(end - at) && (at + shown == end || read_header(at + shown, end, &header));

    if (!whole) {
        dump->garbled++;
        return find_header(at, end);
    }
    memcpy(dump->data, at, shown);
    dump->there = shown;
    return at + shown;
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
        after = find_header(at, end);
    }
    dump->place = (size_t)(after - dump->text);
    return 0;
}

/* Who talks to whom */

/* Whether the dialog can be the one that the message is of; *end is then which of its ends sent it.
 */
static bool is_of(const struct dialog *dialog, const struct header *header, int *end)
{
    const struct talk_end *ends = dialog->talk.ends;

    for (*end = 0; *end < 2; ++*end)
        if (ends[*end].pid == header->pid &&
            (!header->has_peer || ends[!*end].pid == header->peer || dialog->spoke[!*end]))
            return true;
    /* The one that answers need not be the one that listened, whom the client knows as its peer. */
    for (*end = 0; *end < 2; ++*end)
        if (!dialog->spoke[*end] && dialog->spoke[!*end] &&
            (!header->has_peer || ends[!*end].pid == header->peer))
            return true;
    return false;
}

static struct dialog *find_dialog(struct sockdump *dump, const struct header *header, int *end)
{
    for (struct dialog *each = dump->dialogs; each; each = each->next)
        if (is_of(each, header, end))
            return each;
    return NULL;
}

static int add_dialog(struct sockdump *dump, const struct header *header, struct dialog **out)
{
    struct dialog *dialog = calloc(1, sizeof(*dialog));
    struct talk *talk;
    int err;

    if (!dialog)
        return -ENOMEM;
    dialog->next = dump->dialogs;
    dump->dialogs = dialog;
    talk = &dialog->talk;
    talk->kind = dump->kind;
    talk->ends[0].pid = header->pid;
    memcpy(talk->ends[0].comm, header->comm, COMM_SIZE);
    talk->ends[1].pid = header->peer;
    if (!dump->reading->options->server)
        talk->kind.server = header->path;
    talk->ends[talk_client(talk, dump->reading, 0)].client = true;
    *out = dialog;
    err = talk_begin(talk, dump->reading, &dump->number);
    talk->kind.server = "";
    return err;
}

/* The old header tells no peer: that is known as long as there are no more than two. */
static int no_third(struct sockdump *dump, const struct header *header)
{
    if (header->has_peer || !dump->dialogs)
        return 0;
    return reading_fail(dump->reading, dump->reading->dumps, 0,
                        "with %s[%" PRIu32 "] there are more than two processes, and this version "
                        "of sockdump does not tell which of them talk to each other",
                        header->comm, header->pid);
}

static int take(struct sockdump *dump, const struct header *header, const char *at)
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
    }
    if (err)
        return err;
    dump->cut += header->shown < header->length;
    dialog->spoke[end] = true;
    dialog->talk.ends[end].pid = header->pid;
    memcpy(dialog->talk.ends[end].comm, header->comm, COMM_SIZE);
    dump->named = dump->named || talk_is_client(dump->reading, &dialog->talk.ends[end], "");
    return talk_said(&dialog->talk, dump->reading, end, header->time, dump->data, dump->there,
                     header->length);
}

static int read_messages(struct sockdump *dump)
{
    const char *end = dump->text + dump->size, *at = dump->text, *next;
    struct header header;
    int err = 0;

    while (!err && (at = find_header(at, end)) < end) {
        next = read_header(at, end, &header);
        err = take(dump, &header, next);
        at = dump->text + dump->place;
    }
    return err;
}

static int read(struct reading *reading)
{
    struct sockdump dump = {.reading = reading, .way = WAYS};
    int err = talk_kind_find(&dump.kind, reading, AF_UNIX);

    if (!err)
        err = reading_slurp(reading, reading->dumps, &dump.text, &dump.size);
    if (!err)
        err = reading->begin(reading->context, NULL, "sockdump");
    if (!err)
        err = read_messages(&dump);
    if (!err && reading->options->client && !dump.named)
        err = reading_fail(reading, reading->dumps, 0, "--client: nobody here is '%s'",
                           reading->options->client);
    if (!err && dump.cut)
        reading_lacks(reading, reading->dumps,
                      "of %zu messages sockdump shows a part (a larger --seg-size)", dump.cut);
    if (!err && dump.garbled)
        reading_lacks(reading, reading->dumps,
                      "%zu messages are not here as they were (--format string leaves out what is "
                      "no ASCII; hexstring and hex do not)",
                      dump.garbled);
    while (dump.dialogs) {
        struct dialog *dialog = dump.dialogs;

        dump.dialogs = dialog->next;
        free(dialog);
    }
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
