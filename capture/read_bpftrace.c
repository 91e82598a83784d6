/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reads lines that a bpftrace program printed with %r for the bytes:
 *
 *     printf("%d %s fd=%d len=%d > %r\n", pid, comm, $fd, $len, buf($data, $len))
 *
 * > stands before what the traced process sent, < before what it received. len=, which may be left
 * out, is how many bytes there really were: bpftrace prints no more than 64, unless told to, and
 * does not say so. All else before that names the conversation: what differs is another one.
 */
#include <ctype.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "capture/strace_text.h"
#include "capture/talk.h"
#include "capture/text.h"
#include "capture/tree.h"

enum { USUAL_MAX = 64, PID_MAX = 4194304 };

static const struct {
    const char *word;
    bool sent;
} directions[] = {
    {">", true},    {"<", false},        {">>>", true},   {"<<<", false},
    {"->", true},   {"<-", false},       {"send", true},  {"recv", false},
    {"sent", true}, {"received", false}, {"write", true}, {"read", false},
};

struct parsed {
    bool sent;
    bool unclear;        /* what stands behind the direction may be the direction */
    bool keyed;          /* len= or fd= stands before the direction */
    bool displaced;      /* and before that a word that may be the direction */
    const char *name;    /* of the conversation */
    struct slice buffer; /* what was printed */
    char comm[COMM_SIZE];
    uint32_t pid;
    uint64_t time;
    size_t length; /* if it is told */
    bool told;
};

struct dialog {
    char *name;
    struct talk talk;
};

struct bpftrace {
    struct reading *reading;
    struct talk_kind kind;
    void *dialogs; /* a tree by name */
    struct bytes data;
    bool named; /* whom the user said is the client has been seen */
    uint64_t number;
    size_t line;
    size_t longest[2];   /* bytes that were printed of a message received, and of one sent */
    size_t cut;          /* messages that may have been longer */
    size_t unclear;      /* whose direction may be another */
    size_t displaced;    /* the same, if what is behind it is no key, but part of the bytes */
    bool keyed, keyless; /* messages are there whose direction has keys before it, and has none */
};

/* The line */

static bool find_direction(struct slice word, bool *sent)
{
    if (word.length && word.at[word.length - 1] == ':')
        word.length--;
    for (size_t i = 0; i < sizeof(directions) / sizeof(*directions); i++) {
        if (slice_is(word, directions[i].word)) {
            *sent = directions[i].sent;
            return true;
        }
    }
    return false;
}

/* The value of key=VALUE, when the word is that; else nothing. */
static struct slice value_of(struct slice word, const char *key)
{
    size_t length = strlen(key);

    return slice_begins(word, key) ? (struct slice){word.at + length, word.length - length}
                                   : (struct slice){word.at, 0};
}

/* 12:34:56, perhaps with a fraction; a number of nanoseconds, which is larger than any pid. */
static bool read_time(struct slice word, uint64_t *time)
{
    unsigned hours, minutes;
    double seconds;
    int64_t number;
    char text[32];

    snprintf(text, sizeof(text), "%.*s", word.length < 32 ? (int)word.length : 31, word.at);
    if (sscanf(text, "%2u:%2u:%lf", &hours, &minutes, &seconds) == 3 && seconds >= 0 &&
        seconds < 61) {
        *time = (hours * 60 + minutes) * UINT64_C(60000000000) + (uint64_t)(seconds * 1e9);
        return true;
    }
    if (!slice_number(word, &number) || number <= PID_MAX)
        return false;
    *time = (uint64_t)number;
    return true;
}

static void take_comm(struct parsed *parsed, struct slice word)
{
    if (parsed->comm[0] || memchr(word.at, '=', word.length))
        return;
    memcpy(parsed->comm, word.at, word.length < COMM_SIZE ? word.length : COMM_SIZE - 1);
}

/* Takes a word before the direction. Returns whether it names the conversation. */
static bool take_word(struct parsed *parsed, struct slice word)
{
    struct slice length = value_of(word, "len="), pid = value_of(word, "pid="),
                 comm = value_of(word, "comm=");
    int64_t number;

    if (length.length && slice_number(length, &number) && number >= 0 && number <= INT32_MAX) {
        parsed->length = (size_t)number;
        parsed->told = true;
        return false;
    }
    if (read_time(word, &parsed->time))
        return false;
    if (!parsed->pid && slice_number(pid.length ? pid : word, &number) && number > 0 &&
        number <= PID_MAX)
        parsed->pid = (uint32_t)number;
    else if (comm.length || isalpha((unsigned char)*word.at))
        take_comm(parsed, comm.length ? comm : word);
    return true;
}

/* The word at `at`, or behind the blanks there; empty at the line's end. */
static struct slice word_at(const char *at)
{
    at += strspn(at, " \t");
    return (struct slice){at, strcspn(at, " \t")};
}

static bool is_key(struct slice word)
{
    struct slice value = value_of(word, slice_begins(word, "fd=") ? "fd=" : "len=");
    int64_t number;

    return slice_number(value, &number);
}

static bool is_arrow(struct slice word)
{
    bool sent;

    return find_direction(word, &sent) && !isalpha((unsigned char)*word.at);
}

/*
 * Finds the word that is the direction; empty when none is. A process may be called send, too: one
 * that is spelled with letters is it only if there is no other behind fd= or len=.
 */
static struct slice direction_of(const char *line, struct parsed *parsed)
{
    struct slice found = {line, 0}, word;
    bool sent, keys = false;

    for (const char *at = line; (word = word_at(at)).length; at = word.at + word.length) {
        keys = keys || is_key(word);
        if (!find_direction(word, &sent) || (found.length && !keys))
            continue;
        parsed->displaced = found.length > 0;
        parsed->keyed = keys;
        found = word;
        parsed->sent = sent;
        if (keys || is_arrow(word))
            break;
    }
    parsed->unclear = found.length && !parsed->keyed && !is_arrow(found) &&
                      is_arrow(word_at(found.at + found.length));
    return found;
}

/* Takes the line apart, and keeps in name, which has room for it, what names the conversation. */
static bool parse(struct parsed *parsed, const char *line, size_t length, char *name)
{
    struct slice direction, word;
    char *to = name;

    *parsed = (struct parsed){0};
    direction = direction_of(line, parsed);
    if (!direction.length)
        return false;
    for (word = word_at(line); word.at < direction.at; word = word_at(word.at + word.length)) {
        if (take_word(parsed, word)) {
            to = mempcpy(to, word.at, word.length);
            *to++ = ' ';
        }
    }
    *to = '\0';
    parsed->name = name;
    parsed->buffer.at = direction.at + direction.length;
    parsed->buffer.at += *parsed->buffer.at != '\0';
    parsed->buffer.length = (size_t)(line + length - parsed->buffer.at);
    return true;
}

static int looks(const uint8_t *bytes, size_t size)
{
    static const char attaching[] = "Attaching ", probe[] = " probe";
    const uint8_t *found = memmem(bytes, size, attaching, strlen(attaching));
    const uint8_t *newline = found ? memchr(found, '\n', size - (size_t)(found - bytes)) : NULL;

    if (!newline || (found > bytes && found[-1] != '\n'))
        return 0;
    return memmem(found, (size_t)(newline - found), probe, strlen(probe)) ? 85 : 0;
}

/* The bytes */

static bool is_escape(const char *at, size_t left, uint8_t *byte)
{
    return left >= 4 && at[0] == '\\' && at[1] == 'x' && text_hex(at + 2, byte);
}

/*
 * Undoes %r and %rx. A backslash is not escaped, but neither is a byte that can be printed, unless
 * all are: so in \x41 beside other text the backslash is one.
 */
static void take_escaped(struct bytes *data, struct slice buffer)
{
    bool all = buffer.length % 4 == 0;
    uint8_t byte;
    size_t size;

    for (size_t i = 0; i < buffer.length && all; i += 4)
        all = is_escape(buffer.at + i, buffer.length - i, &byte);
    for (const char *at = buffer.at, *end = at + buffer.length; at < end; at += size) {
        bool escape = is_escape(at, (size_t)(end - at), &byte) && (all || !isprint(byte));

        size = escape ? 4 : 1;
        data->at[data->length++] = escape ? byte : (uint8_t)*at;
    }
}

/* Undoes %rh: 68 65 6c. Returns false when it is not that, or not so many. */
static bool take_plain_hex(struct bytes *data, struct slice buffer, size_t length)
{
    size_t start = data->length;

    for (const char *at = buffer.at, *end = at + buffer.length; end - at >= 2; at += 3) {
        if (!text_hex(at, &data->at[data->length]) || (end - at > 2 && at[2] != ' '))
            break;
        data->length++;
    }
    if (data->length - start == length && buffer.length + 1 >= 3 * length)
        return true;
    data->length = start;
    return false;
}

/*
 * Where as many characters are printed as there were bytes, none of them is an escape; unless that
 * is by chance, and all that bpftrace prints of a message, which is no less than it printed before.
 */
static bool is_literal(const struct bpftrace *dump, const struct parsed *parsed)
{
    return parsed->told && parsed->length == parsed->buffer.length &&
           dump->data.length < dump->longest[parsed->sent];
}

static void take_literally(struct bytes *data, struct slice buffer)
{
    memcpy(data->at, buffer.at, buffer.length);
    data->length = buffer.length;
}

static int take_buffer(struct bpftrace *dump, const struct parsed *parsed)
{
    size_t need = parsed->buffer.length + 1;
    uint8_t *room = need > dump->data.room ? realloc(dump->data.at, need) : dump->data.at;

    if (!room)
        return -ENOMEM;
    dump->data.at = room;
    dump->data.room = need > dump->data.room ? need : dump->data.room;
    dump->data.length = 0;
    if (parsed->told && take_plain_hex(&dump->data, parsed->buffer, parsed->length))
        return 0;
    take_escaped(&dump->data, parsed->buffer);
    if (is_literal(dump, parsed))
        take_literally(&dump->data, parsed->buffer);
    if (parsed->told && dump->data.length > parsed->length)
        return reading_fail(
            dump->reading, dump->reading->dumps, dump->line, "%s %zu %s, and len=%zu says fewer",
            text_counted(dump->data.length, "there is", "there are"), dump->data.length,
            text_counted(dump->data.length, "byte", "bytes"), parsed->length);
    return 0;
}

/* The conversations */

static int compare_name(const void *a, const void *b)
{
    return strcmp(((const struct dialog *)a)->name, ((const struct dialog *)b)->name);
}

static void dialog_free(void *node)
{
    free(((struct dialog *)node)->name);
    free(node);
}

static struct dialog *find_dialog(struct bpftrace *dump, const char *name)
{
    const struct dialog key = {.name = (char *)name};

    return tree_find(&dump->dialogs, &key, compare_name);
}

static int add_dialog(struct bpftrace *dump, const struct parsed *parsed, struct dialog **out)
{
    struct dialog new = {.name = strdup(parsed->name), .talk.kind = dump->kind};
    struct dialog *dialog =
        new.name ? tree_get(&dump->dialogs, &new, sizeof(new), compare_name, NULL) : NULL;

    if (!dialog) {
        free(new.name);
        return -ENOMEM;
    }
    dialog->talk.ends[0].pid = parsed->pid;
    memcpy(dialog->talk.ends[0].comm, parsed->comm, COMM_SIZE);
    if (dump->reading->options->client)
        dialog->talk.ends[talk_client(&dialog->talk, dump->reading, 0)].client = true;
    else
        dialog->talk.ends[!parsed->sent].client = true;
    *out = dialog;
    return talk_begin(&dialog->talk, dump->reading, &dump->number);
}

/* A len= that is part of the bytes does not fit what is behind it, which shows. */
static void note_direction(struct bpftrace *dump, const struct parsed *parsed)
{
    dump->unclear += parsed->unclear;
    dump->displaced += parsed->displaced;
    dump->keyed = dump->keyed || (parsed->keyed && (!parsed->displaced || parsed->told));
    dump->keyless = dump->keyless || !parsed->keyed;
}

static int take(struct bpftrace *dump, const struct parsed *parsed)
{
    struct dialog *dialog = find_dialog(dump, parsed->name);
    int err = dialog ? 0 : add_dialog(dump, parsed, &dialog);

    if (!err)
        err = take_buffer(dump, parsed);
    if (err)
        return err;
    if (dump->data.length > dump->longest[parsed->sent])
        dump->longest[parsed->sent] = dump->data.length;
    dump->named = dump->named || talk_is_client(dump->reading, &dialog->talk.ends[0], "left") ||
                  talk_is_client(dump->reading, &dialog->talk.ends[1], "right");
    note_direction(dump, parsed);
    dump->cut += !parsed->told && dump->data.length == USUAL_MAX;
    return talk_said(&dialog->talk, dump->reading, !parsed->sent, parsed->time, dump->data.at,
                     dump->data.length, parsed->told ? parsed->length : dump->data.length);
}

/* What bpftrace says when its own buffer was full. */
static void take_lost(struct bpftrace *dump, const char *line)
{
    unsigned long long count;
    int after = 0;

    if (sscanf(line, "Lost %llu events%n", &count, &after) == 1 && after) {
        dump->reading->losses.messages += count;
        reading_lacks(dump->reading, dump->reading->dumps, "bpftrace lost %llu events", count);
    }
}

static int read_lines(struct bpftrace *dump)
{
    char *line = NULL, *name = NULL;
    size_t room = 0;
    struct parsed parsed;
    ssize_t length;
    int err = 0;

    while (!err && (errno = 0, length = getline(&line, &room, dump->reading->dumps->file)) >= 0) {
        dump->line++;
        if (line[length - 1] == '\n')
            length--;
        else
            reading_lacks(dump->reading, dump->reading->dumps, "it ends within a line");
        length -= length && line[length - 1] == '\r'; /* a terminal's; in buffers it is escaped */
        line[length] = '\0';
        free(name);
        name = malloc((size_t)length + 2);
        if (!name)
            err = -ENOMEM;
        else if (strlen(line) == (size_t)length && parse(&parsed, line, (size_t)length, name))
            err = take(dump, &parsed);
        else
            take_lost(dump, line);
    }
    if (!err && errno) {
        err = -errno;
        reading_fail(dump->reading, dump->reading->dumps, dump->line + 1, "%s", strerror(-err));
    }
    free(name);
    free(line);
    return err;
}

static void say_lacks(const struct bpftrace *dump)
{
    struct reading *reading = dump->reading;

    if (dump->cut)
        reading_lacks(
            reading, reading->dumps,
            "%zu %s of %d bytes may have been longer (print their length, as len=%%d; and "
            "let BPFTRACE_STRLEN be as long)",
            dump->cut, text_counted(dump->cut, "message", "messages"), USUAL_MAX);
    if (dump->unclear)
        reading_lacks(reading, reading->dumps,
                      "of %zu %s two words in a row may be the direction, and the first is taken "
                      "for it (print len=%%d or fd=%%d before that)",
                      dump->unclear, text_counted(dump->unclear, "message", "messages"));
    if (dump->displaced && (dump->keyless || !dump->keyed))
        reading_lacks(reading, reading->dumps,
                      "of %zu %s two words may be the direction, and the one behind len= or fd= is "
                      "taken for it (print len=%%d or fd=%%d before that, of each message)",
                      dump->displaced, text_counted(dump->displaced, "message", "messages"));
}

static int read(struct reading *reading)
{
    struct bpftrace dump = {.reading = reading};
    int err = talk_kind_find(&dump.kind, reading, 0);

    if (!err)
        err = reading->begin(reading->context, NULL, "bpftrace");
    if (!err)
        err = read_lines(&dump);
    if (!err && reading->options->client && !dump.named)
        err = reading_fail(reading, reading->dumps, 0, "--client: nobody here is '%s'",
                           reading->options->client);
    if (!err && ferror(reading->dumps->file))
        err = reading_fail(reading, reading->dumps, dump.line + 1, "cannot be read");
    if (!err)
        say_lacks(&dump);
    tdestroy(dump.dialogs, dialog_free);
    free(dump.data.at);
    return err;
}

const struct reader reader_bpftrace = {
    .name = "bpftrace",
    .summary = "lines that bpftrace printed with %r",
    .needs = READER_SERVER | READER_TYPE | READER_CLIENT,
    .looks = looks,
    .read = read,
};
