/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is written is read again, every field of it; and what is no recording, or not whole, is
 * told. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "capture/recording.h"
#include "capture/text.h"

enum { MESSAGES_MAX = 600 };

/* A recording as text, and messages as they were read from one. */

struct text {
    char *bytes;
    size_t size;
};

struct got {
    struct message messages[MESSAGES_MAX];
    struct end ends[MESSAGES_MAX][2];
    size_t count;
    struct losses losses;
    bool complete;
};

static struct end client = {.address = (char *)"", .inode = 123456, .pid = 4321, .comm = "client"};
static struct end server = {
    .address = (char *)"/run/server", .inode = 654321, .pid = 1, .comm = "server"};

static const struct losses nothing_lost = {0};

static struct message sample(const void *data, size_t length)
{
    return (struct message){
        .time = 1732397654000000001,
        .conversation = 1,
        .direction = REQUEST,
        .family = AF_UNIX,
        .type = SOCK_STREAM,
        .sent = true,
        .tid = 77,
        .self = &client,
        .peer = &server,
        .data = data,
        .length = length,
    };
}

static struct text write_recording(char *const *command, const struct message *messages,
                                   size_t count, const struct losses *losses)
{
    struct recording_writer *writer;
    struct text text;
    FILE *file = tmpfile();
    long size;

    assert_non_null(file);
    assert_int_equal(recording_begin(&writer, file, command, "syscall"), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(recording_add(writer, &messages[i]), 0);
    assert_int_equal(recording_end(writer, losses), 0);
    size = ftell(file); /* at its end, for whoever goes on writing */
    assert_true(size > 0);
    text.size = size;
    text.bytes = malloc(size + 1);
    assert_non_null(text.bytes);
    rewind(file);
    assert_int_equal(fread(text.bytes, 1, size + 1, file), size);
    text.bytes[size] = '\0';
    fclose(file);
    return text;
}

static int keep(void *context, const struct message *message)
{
    struct got *got = context;
    struct message *kept = &got->messages[got->count];
    uint8_t *data = malloc(message->length + 1);

    assert_true(got->count < MESSAGES_MAX);
    assert_non_null(data);
    if (message->length)
        memcpy(data, message->data, message->length);
    *kept = *message;
    kept->data = data;
    assert_int_equal(ancillary_copy((struct ancillary **)&kept->ancillary, message->ancillary), 0);
    for (int i = 0; i < 2; i++) {
        struct end *end = &got->ends[got->count][i];

        *end = i ? *message->peer : *message->self;
        end->address = strdup(end->address);
        assert_non_null(end->address);
    }
    kept->self = &got->ends[got->count][0];
    kept->peer = &got->ends[got->count][1];
    got->count++;
    return 0;
}

static void forget(struct got *got)
{
    for (size_t i = 0; i < got->count; i++) {
        free((void *)got->messages[i].data);
        free((void *)got->messages[i].ancillary);
        free(got->ends[i][0].address);
        free(got->ends[i][1].address);
    }
    got->count = 0;
}

/* Reads it all; *reader is for the caller to close where it is not NULL. */
static int read_text(const char *bytes, size_t size, struct got *got, struct recording_error *error,
                     struct recording_reader **reader)
{
    struct recording_reader *own = NULL;
    FILE *file = size ? fmemopen((void *)bytes, size, "r") : fopen("/dev/null", "re");
    int err;

    assert_non_null(file);
    memset(got, 0, sizeof(*got));
    memset(error, 0, sizeof(*error));
    err = recording_open(&own, file, error);
    if (!err) {
        err = recording_read(own, keep, got, error);
        recording_losses(own, &got->losses, &got->complete);
    }
    if (reader)
        *reader = own;
    else
        recording_close(own);
    fclose(file);
    return err;
}

static void assert_same_end(const struct end *a, const struct end *b)
{
    assert_string_equal(a->address, b->address);
    assert_int_equal(a->inode, b->inode);
    assert_int_equal(a->pid, b->pid);
    assert_string_equal(a->comm, b->comm);
}

static void assert_same(const struct message *a, const struct message *b)
{
    assert_true(a->time == b->time);
    assert_int_equal(a->conversation, b->conversation);
    assert_int_equal(a->direction, b->direction);
    assert_int_equal(a->family, b->family);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->sent, b->sent);
    assert_int_equal(a->tid, b->tid);
    assert_int_equal(a->length, b->length);
    if (b->length)
        assert_memory_equal(a->data, b->data, b->length);
    assert_true(a->missing == b->missing);
    assert_true(a->lost == b->lost);
    assert_int_equal(ancillary_size(a->ancillary), ancillary_size(b->ancillary));
    if (b->ancillary)
        assert_memory_equal(a->ancillary, b->ancillary, ancillary_size(b->ancillary));
    assert_same_end(a->self, b->self);
    assert_same_end(a->peer, b->peer);
}

/* Writes and reads, and finds the same; every line must be JSON for whoever else reads it. */
static void goes_round(char *const *command, const struct message *messages, size_t count)
{
    static struct got got;
    struct text text = write_recording(command, messages, count, &nothing_lost);
    struct recording_reader *reader;
    struct recording_error error;
    char *const *again;

    for (char *line = text.bytes, *end; (end = strchr(line, '\n')); line = end + 1) {
        json_t *json = json_loadb(line, end - line, JSON_REJECT_DUPLICATES, NULL);

        assert_true(json_is_object(json));
        json_decref(json);
    }
    assert_int_equal(text.bytes[text.size - 1], '\n');
    if (read_text(text.bytes, text.size, &got, &error, &reader) != 0)
        fail_msg("%zu:%zu: %s", error.line, error.column, error.text);
    again = recording_command(reader);
    for (; *command; command++, again++) {
        assert_non_null(*again);
        assert_string_equal(*again, *command);
    }
    assert_null(*again);
    assert_true(got.complete);
    assert_int_equal(got.count, count);
    for (size_t i = 0; i < count; i++)
        assert_same(&got.messages[i], &messages[i]);
    recording_close(reader);
    forget(&got);
    free(text.bytes);
}

static char *const plain_command[] = {(char *)"client", (char *)"ask", NULL};

static void every_field_goes_round(void **state)
{
    static const int families[] = {AF_UNIX, AF_INET, AF_INET6};
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    static struct end most = {.inode = INT64_MAX, .pid = UINT32_MAX, .comm = "fifteen letters"};
    static struct end least = {.address = (char *)""};
    struct message messages[36];
    size_t count = 0;

    (void)state;
    most.address = (char *)"udp:[2001:db8::1]:65535";
    for (int family = 0; family < 3; family++) {
        for (int type = 0; type < 3; type++) {
            for (int i = 0; i < 4; i++) {
                struct message *message = &messages[count];

                *message = sample("abcdef", count % 7);
                message->time += count * 123456789;
                message->conversation = count + 1;
                message->family = families[family];
                message->type = types[type];
                message->direction = i & 1 ? REQUEST : RESPONSE;
                message->sent = i & 2;
                message->tid = 1000000 + count;
                message->missing = count % 3;
                message->lost = count % 4;
                message->self = count % 5 ? &client : &most;
                message->peer = count % 2 ? &server : &least;
                count++;
            }
        }
    }
    messages[0].time = 0;
    messages[1].time = 999999999;
    messages[2].time = UINT64_MAX;
    messages[3].tid = UINT32_MAX;
    messages[5].missing = INT64_MAX - 6;
    messages[6].lost = INT64_MAX;
    goes_round(plain_command, messages, count);
    goes_round(plain_command, messages, 0);
}

static void every_byte_goes_round(void **state)
{
    static uint8_t bytes[70000];
    struct message messages[300];
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 37 + i / 256);
    for (; count < 256; count++) {
        bytes[count] = (uint8_t)count;
        messages[count] = sample(bytes + count, 1);
    }
    messages[count++] = sample(bytes, 256);
    messages[count++] = sample(bytes, 0);
    messages[count++] = sample(NULL, 0);
    /* Around the length up to which the text is shown. */
    for (size_t length = 1022; length < 1027; length++)
        messages[count++] = sample(bytes + length, length);
    messages[count++] = sample(bytes, sizeof(bytes));
    messages[count++] = sample(bytes, 3);
    goes_round(plain_command, messages, count);
}

/* The text that a recording shows of these bytes, for the caller to free. */
static json_t *shown_text(const void *data, size_t length)
{
    struct message message = sample(data, length);
    struct text text = write_recording(plain_command, &message, 1, &nothing_lost);
    json_t *line = json_loads(strchr(text.bytes, '\n'), JSON_DISABLE_EOF_CHECK, NULL);
    json_t *shown = json_incref(json_object_get(line, "text"));

    assert_true(json_is_string(shown));
    json_decref(line);
    free(text.bytes);
    return shown;
}

static void assert_shown(const void *data, size_t length)
{
    json_t *shown = shown_text(data, length);
    char expected[4 * 1024 + 1];

    text_escape(expected, sizeof(expected), data, length < 1024 ? length : 1024);
    assert_string_equal(json_string_value(shown), expected);
    json_decref(shown);
}

/* Characters of all lengths, cut short and whole, printable and not, at the edge of what is shown.
 */
static void text_is_shown_as_everywhere(void **state)
{
    static const char *const parts[] = {
        "\xc3\xa4",
        "\xe2\x82\xac",
        "\xf0\x9f\x98\x80",
        "\xc2\x85",
        "\xe2\x80\xae",
        "\xef\xbb\xbf",
        "\xc3",
        "\xe2\x82",
        "\xf0\x9f\x98",
        "\xed\xa0\x80",
        "\xc0\xaf",
        "\xf5\x80",
        "\xff",
        "\\",
        "\"",
        "\\x41",
        "a",
        "\x7f",
        "\x1b[2J",
    };
    const size_t count = sizeof(parts) / sizeof(*parts);
    uint8_t bytes[1400];
    char pair[16];

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int length = snprintf(pair, sizeof(pair), "%s%s", parts[i], parts[j]);

            assert_shown(pair, (size_t)length);
        }
        for (size_t at = 1020; at <= 1024; at++) {
            memset(bytes, 0x01, sizeof(bytes));
            memcpy(bytes + at, parts[i], strlen(parts[i]));
            assert_shown(bytes, sizeof(bytes));
        }
    }
}

static const char *const hostile[] = {
    "a\"b",     "\\",       "\\x41",        "\\\\x41",  "\n",           "\r\n\t",       "\x1b[2J",
    "\xff\xfe", "\xc3\xa4", "\xed\xa0\x80", "\xc2\x9b", "\xe2\x80\xae", "\xf0\x9f\x98", "{\"a\":1}",
    "\x7f\x01", "\\u0041",  "*/ // #",      "%s%n",     "\x80",         "\\\n",
};

static void hostile_names_go_round(void **state)
{
    enum { COUNT = sizeof(hostile) / sizeof(*hostile) };
    static struct end ends[COUNT];
    struct message messages[COUNT];
    char *command[COUNT + 2] = {(char *)""};

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        ends[i] = server;
        snprintf(ends[i].comm, COMM_SIZE, "%s", hostile[i]);
        messages[i] = sample(hostile[i], strlen(hostile[i]));
        messages[i].self = messages[i].peer = &ends[i];
        command[i + 1] = (char *)hostile[i];
    }
    goes_round(command, messages, COUNT);
}

/* 15 bytes, each of which takes four characters; and one that has lost its NUL. */
static void the_longest_names_go_round(void **state)
{
    static struct end long_name = {.address = (char *)"@",
                                   .comm = "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"};
    char address[600];
    struct message message = sample("", 0);

    (void)state;
    memset(address, 'a', sizeof(address) - 1);
    address[sizeof(address) - 1] = '\0';
    long_name.address = address;
    message.self = &long_name;
    goes_round(plain_command, &message, 1);
}

/* Addresses are printable already, but must not break the line if they are not. */
static void addresses_cannot_break_lines(void **state)
{
    static struct end odd = {.address = (char *)"/a\"b\\x0a\\\\\n\x1b\x01"};
    struct message message = sample("", 0);

    (void)state;
    message.peer = &odd;
    goes_round(plain_command, &message, 1);
}

static void ancillary_data_go_round(void **state)
{
    struct message messages[5];
    struct ancillary *all = NULL, *cut = NULL, *nothing_left = NULL;
    struct control control;

    (void)state;
    assert_true(control_init(&control, SOL_SOCKET, SCM_RIGHTS, DESCRIPTORS_MAX * sizeof(int)));
    for (size_t i = 0; i < DESCRIPTORS_MAX; i++)
        control.descriptors.kinds[i] = (uint8_t)(i % KIND_COUNT);
    assert_int_equal(ancillary_add(&all, &control), 0);
    assert_true(control_init(&control, SOL_SOCKET, SCM_CREDENTIALS, 12));
    control.credentials.pid = UINT32_MAX;
    control.credentials.uid = 65534;
    assert_int_equal(ancillary_add(&all, &control), 0);
    assert_true(control_init(&control, INT32_MIN, INT32_MAX, UINT32_MAX));
    assert_int_equal(ancillary_add(&all, &control), 0);
    assert_true(control_init(&control, SOL_SOCKET, SCM_RIGHTS, 4));
    assert_int_equal(ancillary_add(&cut, &control), 0);
    assert_int_equal(ancillary_cut(&cut), 0);
    assert_int_equal(ancillary_cut(&nothing_left), 0);
    for (size_t i = 0; i < 5; i++)
        messages[i] = sample("abc", i % 4);
    messages[0].ancillary = all;
    messages[2].ancillary = cut;
    messages[3].ancillary = nothing_left;
    goes_round(plain_command, messages, 5);
    free(all);
    free(cut);
    free(nothing_left);
}

static void losses_go_round(void **state)
{
    static const struct losses losses = {.messages = 1,
                                         .bytes = 2,
                                         .cut = 3,
                                         .unfollowed = 4,
                                         .foreign = 5,
                                         .bypassed = 6,
                                         .shortened = 7,
                                         .left_out = 8};
    static const struct losses most = {.messages = INT64_MAX,
                                       .bytes = INT64_MAX,
                                       .cut = INT64_MAX,
                                       .unfollowed = INT64_MAX,
                                       .foreign = INT64_MAX,
                                       .bypassed = INT64_MAX,
                                       .shortened = INT64_MAX,
                                       .left_out = INT64_MAX};
    static struct got got;
    struct message message = sample("a", 1);
    struct recording_error error;

    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct losses *lost = i ? &most : &losses;
        struct text text = write_recording(plain_command, &message, 1, lost);
        json_t *header = json_loads(text.bytes, JSON_DISABLE_EOF_CHECK, NULL);

        /* They stand in the first line, too, for whoever reads no further. */
        assert_non_null(header);
        assert_true(json_integer_value(json_object_get(json_object_get(header, "lost"), "bytes")) ==
                    (json_int_t)lost->bytes);
        json_decref(header);
        assert_int_equal(read_text(text.bytes, text.size, &got, &error, NULL), 0);
        assert_memory_equal(&got.losses, lost, sizeof(*lost));
        assert_true(got.complete);
        forget(&got);
        free(text.bytes);
    }
}

/* Into a pipe the first line cannot be written again; it says that it does not know. */
static void pipes_get_a_whole_recording(void **state)
{
    static const struct losses losses = {.messages = 7, .bytes = 70};
    static struct got got;
    struct message message = sample("abc", 3);
    struct recording_writer *writer;
    struct recording_error error;
    char text[4096];
    ssize_t size;
    int ends[2];
    FILE *file;

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    file = fdopen(ends[1], "w");
    assert_non_null(file);
    assert_int_equal(recording_begin(&writer, file, plain_command, "syscall"), 0);
    assert_int_equal(recording_add(writer, &message), 0);
    assert_int_equal(recording_end(writer, &losses), 0);
    fclose(file);
    size = read(ends[0], text, sizeof(text));
    close(ends[0]);
    assert_true(size > 0);
    assert_int_equal(read_text(text, size, &got, &error, NULL), 0);
    assert_true(got.complete);
    assert_int_equal(got.count, 1);
    assert_same(&got.messages[0], &message);
    assert_memory_equal(&got.losses, &losses, sizeof(losses));
    forget(&got);
}

/* A recording may stand behind something else in the file it is appended to. */
static void what_stands_before_stays(void **state)
{
    struct recording_writer *writer;
    char text[16] = "";
    FILE *file = tmpfile();

    (void)state;
    assert_non_null(file);
    fputs("before\n", file);
    assert_int_equal(recording_begin(&writer, file, plain_command, "syscall"), 0);
    assert_int_equal(recording_end(writer, &nothing_lost), 0);
    rewind(file);
    assert_int_equal(fread(text, 1, 8, file), 8);
    assert_string_equal(text, "before\n{");
    fclose(file);
}

static void a_full_disk_is_told(void **state)
{
    struct message message = sample("abc", 3);
    struct recording_writer *writer;
    FILE *file = fopen("/dev/full", "we");
    int err;

    (void)state;
    assert_non_null(file);
    setvbuf(file, NULL, _IONBF, 0);
    err = recording_begin(&writer, file, plain_command, "syscall");
    if (!err) {
        err = recording_add(writer, &message);
        recording_end(writer, NULL);
    }
    assert_int_equal(err, -ENOSPC);
    fclose(file);
}

/* However much of it waited to be written when the disk was full. */
static void no_part_of_a_line_is_left(void **state)
{
    enum { LIMIT = 100001 };
    const struct rlimit little = {LIMIT, RLIM_INFINITY}, much = {RLIM_INFINITY, RLIM_INFINITY};
    struct message message = sample("abc", 3);
    struct recording_writer *writer;
    FILE *file = tmpfile();
    char buffer[1 << 16], last[1];
    long size;
    int err = 0;

    (void)state;
    assert_non_null(file);
    signal(SIGXFSZ, SIG_IGN);
    setvbuf(file, buffer, _IOFBF, sizeof(buffer));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    assert_int_equal(recording_begin(&writer, file, plain_command, "syscall"), 0);
    while (!err)
        err = recording_add(writer, &message);
    assert_int_equal(recording_end(writer, NULL), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &much), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(err, -EFBIG);
    clearerr(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    assert_true(size > LIMIT - 1000 && size < LIMIT);
    assert_int_equal(pread(fileno(file), last, 1, size - 1), 1);
    assert_int_equal(last[0], '\n');
    fclose(file);
}

/* Cut anywhere: what is read is what was written, and that something lacks is told. */
static void cut_anywhere_is_told(void **state)
{
    static struct got got;
    struct message messages[3] = {sample("one", 3), sample("", 0), sample("\0\xff", 2)};
    struct recording_error error;
    struct text text;

    (void)state;
    messages[1].missing = 4;
    text = write_recording(plain_command, messages, 3, &nothing_lost);
    for (size_t size = 0; size < text.size; size++) {
        char *copy = malloc(size + !size);
        size_t lines = 1;
        int err;

        assert_non_null(copy);
        memcpy(copy, text.bytes, size);
        for (size_t i = 0; i < size; i++)
            lines += copy[i] == '\n';
        err = read_text(copy, size, &got, &error, NULL);
        if (err) {
            assert_int_equal(err, -EINVAL);
            assert_int_equal(lines, 1); /* of what it is a recording must be known */
            assert_int_equal(error.line, 1);
            assert_true(error.column >= 1);
            assert_true(error.text[0] && !strchr(error.text, '\n'));
        } else {
            /* But for its newline, the last line may be there. */
            assert_int_equal(got.complete, size + 1 == text.size);
        }
        assert_true(got.count <= 3);
        for (size_t i = 0; i < got.count; i++)
            assert_same(&got.messages[i], &messages[i]);
        forget(&got);
        free(copy);
    }
    free(text.bytes);
}

/* Any byte another one: no crash, and never a message with numbers out of their range. */
static void changed_anywhere_does_no_harm(void **state)
{
    static const char changes[] = "\0\"\\{}[]:,-9x \n\xff";
    static struct got got;
    struct message messages[2] = {sample("one", 3), sample("two", 3)};
    struct text text = write_recording(plain_command, messages, 2, &nothing_lost);
    struct recording_error error;

    (void)state;
    for (size_t i = 0; i < text.size; i++) {
        char old = text.bytes[i];

        for (size_t j = 0; j < sizeof(changes) - 1; j++) {
            text.bytes[i] = changes[j];
            if (read_text(text.bytes, text.size, &got, &error, NULL)) {
                assert_true(error.line >= 1 && error.column >= 1 && error.text[0]);
            } else if (got.complete) {
                assert_int_equal(got.count, 2);
            }
            forget(&got);
        }
        text.bytes[i] = old;
    }
    free(text.bytes);
}

/* Lines with one thing wrong */

#define HEADER                                                                                     \
    "{\"format\":\"sockfixture-recording\",\"version\":1,\"command\":[\"c\"],"                     \
    "\"backend\":\"syscall\",\"lost\":null}\n"
#define MESSAGE                                                                                    \
    "{\"time\":\"1.000000002\",\"conversation\":1,\"direction\":\"request\",\"family\":\"unix\","  \
    "\"type\":\"stream\",\"call\":\"send\",\"tid\":3,\"pid\":4,\"comm\":\"a\",\"inode\":5,"        \
    "\"address\":\"\",\"peer\":{\"pid\":6,\"comm\":\"b\",\"inode\":7,\"address\":\"@s\"},"         \
    "\"length\":3,\"data\":\"YWJj\",\"text\":\"abc\"}\n"
#define END                                                                                        \
    "{\"end\":{\"messages\":1,\"lost\":{\"messages\":0,\"bytes\":0,\"cut\":0,\"unfollowed\":0,"    \
    "\"foreign\":0}}}\n"

/* Reads the text; fails unless it is refused at that line, with the words in what is said. */
static void assert_refused(const char *text, size_t line, const char *words)
{
    static struct got got;
    struct recording_error error;
    int err = read_text(text, strlen(text), &got, &error, NULL);

    forget(&got);
    if (!err)
        fail_msg("taken for a recording: %s", text);
    if (err != -EINVAL || error.line != line || error.column < 1 || !strstr(error.text, words))
        fail_msg("%d, %zu:%zu: \"%s\" lacks \"%s\": %s", err, error.line, error.column, error.text,
                 words, text);
}

static void assert_taken(const char *text)
{
    static struct got got;
    struct recording_error error;

    if (read_text(text, strlen(text), &got, &error, NULL))
        fail_msg("%zu:%zu: %s: %s", error.line, error.column, error.text, text);
    forget(&got);
}

static void plain_lines_are_taken(void **state)
{
    (void)state;
    assert_taken(HEADER MESSAGE END);
    assert_taken(HEADER MESSAGE);
    assert_taken(HEADER);
    /* What later versions add is passed over. */
    assert_taken(HEADER "{\"more\":[1]," /* and goes on as */
                        "\"time\":\"1.000000002\",\"conversation\":1,\"direction\":\"request\","
                        "\"family\":\"unix\",\"type\":\"stream\",\"call\":\"send\",\"tid\":3,"
                        "\"pid\":4,\"comm\":\"a\",\"inode\":5,\"address\":\"\",\"peer\":{\"pid\":6,"
                        "\"comm\":\"b\",\"inode\":7,\"address\":\"@s\"},\"length\":0,"
                        "\"data\":\"\"}\n");
}

/* The message with the value of a key (of its peer's, after a dot) replaced; NULL takes it away. */
static char *with_value(const char *key, const char *value)
{
    json_t *message = json_loads(MESSAGE, 0, NULL), *object = message;
    char *line, *text = NULL;

    assert_non_null(message);
    if (strncmp(key, "peer.", 5) == 0) {
        object = json_object_get(message, "peer");
        key += 5;
    }
    if (value)
        assert_int_equal(
            json_object_set_new(object, key,
                                json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)),
            0);
    else
        assert_int_equal(json_object_del(object, key), 0);
    line = json_dumps(message, JSON_COMPACT);
    assert_true(line && asprintf(&text, HEADER "%s\n" END, line) > 0);
    free(line);
    json_decref(message);
    return text;
}

static void each_field_must_be_there_and_right(void **state)
{
    static const struct {
        const char *key;
        const char *wrong[16];
    } fields[] = {
        {"time",
         {"1", "\"1\"", "\"1.5\"", "\"-1.000000000\"", "\"1.0000000000\"", "\"1.000000000 \"",
          "\" 1.000000000\"", "\"+1.000000000\"", "\"1.-00000001\"", "\"1. 00000001\"",
          "\"1,000000000\"", "\"18446744074.000000000\"", "\"99999999999.999999999\"", "\"\""}},
        {"conversation", {"\"1\"", "-1", "4294967296", "1.0", "true", "null", "2", "0"}},
        {"direction", {"\"Request\"", "\"\"", "1", "\"requests\""}},
        {"family", {"\"netlink\"", "1", "null"}},
        {"type", {"\"raw\"", "1"}},
        {"call", {"\"peek\"", "true"}},
        {"tid", {"\"3\"", "-1", "4294967296", "3.5"}},
        {"pid", {"\"4\"", "-1", "4294967296", "null"}},
        {"comm", {"1", "null", "[]"}},
        {"inode", {"\"5\"", "-5", "5.0"}},
        {"address", {"1", "null"}},
        {"peer", {"1", "null", "[]", "\"@s\"", "{}"}},
        {"peer.pid", {"\"6\"", "-1", "4294967296"}},
        {"peer.comm", {"1"}},
        {"peer.inode", {"-7", "\"7\""}},
        {"peer.address", {"null", "1"}},
        {"length", {"2", "4", "-3", "\"3\"", "3.0"}},
        {"data",
         {"1", "null", "\"YWJ\"", "\"YW Jj\"", "\"YWJj\\n\"", "\"YWJ-\"", "\"YWI=\"",
          "\"YWJjYQ==\"", "\"YWJj\\u0000\\u0000\\u0000\\u0000\""}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        const char *const *wrong = fields[i].wrong;
        char *text = with_value(fields[i].key, NULL);
        char words[32];

        snprintf(words, sizeof(words), "\"%s", strcmp(fields[i].key, "data") ? fields[i].key : "");
        assert_refused(text, 2, words);
        free(text);
        for (; *wrong; wrong++) {
            text = with_value(fields[i].key, *wrong);
            /* A wrong number of bytes shows in "length". */
            assert_refused(text, 2, strstr(*wrong, "u0000") ? "" : words);
            free(text);
        }
    }
}

/* They need not be there, but if they are, they must be right. */
static void fields_that_may_be_absent(void **state)
{
    static const char *const wrong[] = {"-1", "\"1\"", "null", "1.5"};

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        char *missing = with_value("missing", wrong[i]), *lost = with_value("lost", wrong[i]);

        assert_refused(missing, 2, "\"missing\"");
        assert_refused(lost, 2, "\"lost\"");
        free(missing);
        free(lost);
    }
}

static void ancillary_data_must_be_right(void **state)
{
    static const char *const wrong[] = {
        "1",
        "null",
        "{}",
        "[1]",
        "[{}]",
        "[{\"descriptors\":[]}]",
        "[{\"descriptors\":1}]",
        "[{\"descriptors\":[\"sockets\"]}]",
        "[{\"descriptors\":[1]}]",
        "[{\"descriptors\":[\"file\"]},{\"rights\":[\"file\"]}]",
        "[{\"credentials\":{\"pid\":1,\"uid\":0}}]",
        "[{\"credentials\":{\"pid\":1,\"uid\":0,\"gid\":-1}}]",
        "[{\"credentials\":{\"pid\":1,\"uid\":4294967296,\"gid\":0}}]",
        "[{\"other\":{\"level\":1,\"type\":2147483648,\"length\":0}}]",
        "[{\"other\":{\"level\":1,\"type\":1,\"length\":-1}}]",
        "[{\"other\":[1,2,3]}]",
    };
    static char many[16 * DESCRIPTORS_MAX] = "[{\"descriptors\":[\"file\"";
    char *text;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        text = with_value("ancillary", wrong[i]);
        assert_refused(text, 2, "\"ancillary\"");
        free(text);
    }
    for (int i = 0; i < DESCRIPTORS_MAX; i++)
        strcat(many, ",\"file\"");
    text = with_value("ancillary", strcat(many, "]}]"));
    assert_refused(text, 2, "\"ancillary\"");
    free(text);
    text = with_value("ancillary_cut", "1");
    assert_refused(text, 2, "\"ancillary_cut\"");
    free(text);
    text = with_value("ancillary", "[{\"descriptors\":[\"file\"],\"more\":1}]");
    assert_taken(text);
    free(text);
}

/* A name that is longer than any can be is another name: it must not be cut to one. */
static void names_too_long_are_refused(void **state)
{
    char *sixteen = with_value("comm", "\"0123456789abcdef\"");
    char *fifteen = with_value("comm", "\"0123456789abcde\"");

    (void)state;
    assert_taken(fifteen);
    assert_refused(sixteen, 2, "\"comm\"");
    free(fifteen);
    free(sixteen);
}

static void lines_that_are_none(void **state)
{
    static const char *const wrong[] = {
        "",
        " ",
        "null",
        "1",
        "\"a\"",
        "[]",
        "[1,2",
        "{",
        "}",
        "{}",
        "{\"a\"}",
        "not JSON",
        "{\"time\":\"1.000000002\",\"time\":\"1.000000002\"}",
        "{} {}",
        "\xff\xfe",
        "{\"tid\":99999999999999999999999999}",
        "{\"tid\":1e999}",
        "{'a':1}",
    };
    char text[1024];

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        snprintf(text, sizeof(text), HEADER "%s\n" END, wrong[i]);
        assert_refused(text, 2, "");
        snprintf(text, sizeof(text), "%s\n" HEADER, wrong[i]);
        assert_refused(text, 1, "");
    }
    assert_refused("", 1, "");
    /* Twice the same key means two things. */
    assert_refused(HEADER "{\"tid\":3," /* and again in */
                          "\"time\":\"1.000000002\",\"conversation\":1,\"direction\":\"request\","
                          "\"family\":\"unix\",\"type\":\"stream\",\"call\":\"send\",\"tid\":3,"
                          "\"pid\":4,\"comm\":\"a\",\"inode\":5,\"address\":\"\",\"peer\":"
                          "{\"pid\":6,\"comm\":\"b\",\"inode\":7,\"address\":\"@s\"},\"length\":0,"
                          "\"data\":\"\"}\n",
                   2, "duplicate");
}

static void deep_nesting_is_refused(void **state)
{
    enum { DEPTH = 100000 };
    size_t head = strlen(HEADER);
    char *text = malloc(head + DEPTH + 2);

    (void)state;
    assert_non_null(text);
    memcpy(text, HEADER, head);
    memset(text + head, '[', DEPTH);
    strcpy(text + head + DEPTH, "\n");
    assert_refused(text, 2, "");
    for (size_t i = 0; i + 5 <= DEPTH; i += 5)
        memcpy(text + head + i, "{\"a\":", 5);
    assert_refused(text, 2, "");
    free(text);
}

static void first_lines_that_are_wrong(void **state)
{
    static const struct {
        const char *line;
        const char *words;
    } cases[] = {
        {"{\"format\":\"pcap\",\"version\":1,\"command\":[]}", "not a recording"},
        {"{\"format\":1,\"version\":1,\"command\":[]}", "not a recording"},
        {"{\"version\":1,\"command\":[]}", "not a recording"},
        {MESSAGE, "not a recording"},
        {"{\"format\":\"sockfixture-recording\",\"version\":2,\"command\":[]}", "version"},
        {"{\"format\":\"sockfixture-recording\",\"version\":\"1\",\"command\":[]}", "version"},
        {"{\"format\":\"sockfixture-recording\",\"command\":[]}", "version"},
        {"{\"format\":\"sockfixture-recording\",\"version\":1}", "\"command\""},
        {"{\"format\":\"sockfixture-recording\",\"version\":1,\"command\":\"c\"}", "\"command\""},
        {"{\"format\":\"sockfixture-recording\",\"version\":1,\"command\":[\"c\",1]}",
         "\"command\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_refused(cases[i].line, 1, cases[i].words);
}

static void last_lines_that_are_wrong(void **state)
{
    static const char *const wrong[] = {
        "{\"end\":null}",
        "{\"end\":{}}",
        "{\"end\":1}",
        "{\"end\":{\"messages\":0,\"lost\":{\"messages\":0,\"bytes\":0,\"cut\":0}}}",
        "{\"end\":{\"messages\":2,\"lost\":{\"messages\":0,\"bytes\":0,\"cut\":0}}}",
        "{\"end\":{\"messages\":-1,\"lost\":{\"messages\":0,\"bytes\":0,\"cut\":0}}}",
        "{\"end\":{\"messages\":\"1\",\"lost\":{\"messages\":0,\"bytes\":0,\"cut\":0}}}",
        "{\"end\":{\"messages\":1}}",
        "{\"end\":{\"messages\":1,\"lost\":null}}",
        "{\"end\":{\"messages\":1,\"lost\":{\"messages\":-1,\"bytes\":0,\"cut\":0}}}",
        "{\"end\":{\"messages\":1,\"lost\":{\"messages\":0,\"bytes\":\"0\",\"cut\":0}}}",
        "{\"end\":{\"messages\":1,\"lost\":{\"messages\":0,\"bytes\":0}}}",
    };
    char text[2048];

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        snprintf(text, sizeof(text), HEADER MESSAGE "%s\n", wrong[i]);
        assert_refused(text, 3, "last line");
    }
    assert_refused(HEADER MESSAGE HEADER MESSAGE END, 3, "another recording begins here");
    assert_refused(HEADER MESSAGE END MESSAGE, 4, "more lines");
    assert_refused(HEADER MESSAGE END END, 4, "more lines");
    assert_refused(HEADER END, 2, "last line");
    assert_taken(HEADER MESSAGE "{\"end\":{\"messages\":1,\"lost\":{\"messages\":0,\"bytes\":0,"
                                "\"cut\":0}}}\n");
}

static int refuse(void *context, const struct message *message)
{
    (void)message;
    return *(int *)context;
}

/* What add says comes back. */
static void errors_of_the_caller_come_back(void **state)
{
    static const int errors[] = {-ENOMEM, -ENOSPC, -EINVAL};
    const char *text = HEADER MESSAGE END;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        FILE *file = fmemopen((void *)text, strlen(text), "r");
        struct recording_error error = {.text = "untouched"};
        struct recording_reader *reader;
        int wanted = errors[i];

        assert_non_null(file);
        assert_int_equal(recording_open(&reader, file, &error), 0);
        assert_int_equal(recording_read(reader, refuse, &wanted, &error), wanted);
        assert_string_equal(error.text, "");
        recording_close(reader);
        fclose(file);
    }
}

static void a_directory_is_no_recording(void **state)
{
    FILE *file = fopen("/", "re");
    struct recording_error error = {0};
    struct recording_reader *reader;

    (void)state;
    assert_non_null(file);
    assert_int_equal(recording_open(&reader, file, &error), -EISDIR);
    assert_int_equal(error.line, 1);
    assert_true(error.text[0]);
    fclose(file);
    recording_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_goes_round),
        cmocka_unit_test(every_byte_goes_round),
        cmocka_unit_test(text_is_shown_as_everywhere),
        cmocka_unit_test(hostile_names_go_round),
        cmocka_unit_test(the_longest_names_go_round),
        cmocka_unit_test(addresses_cannot_break_lines),
        cmocka_unit_test(ancillary_data_go_round),
        cmocka_unit_test(ancillary_data_must_be_right),
        cmocka_unit_test(losses_go_round),
        cmocka_unit_test(pipes_get_a_whole_recording),
        cmocka_unit_test(what_stands_before_stays),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(no_part_of_a_line_is_left),
        cmocka_unit_test(cut_anywhere_is_told),
        cmocka_unit_test(changed_anywhere_does_no_harm),
        cmocka_unit_test(plain_lines_are_taken),
        cmocka_unit_test(each_field_must_be_there_and_right),
        cmocka_unit_test(fields_that_may_be_absent),
        cmocka_unit_test(names_too_long_are_refused),
        cmocka_unit_test(lines_that_are_none),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(first_lines_that_are_wrong),
        cmocka_unit_test(last_lines_that_are_wrong),
        cmocka_unit_test(errors_of_the_caller_come_back),
        cmocka_unit_test(a_directory_is_no_recording),
    };

    return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
