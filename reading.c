/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "reading.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/address.h"
#include "capture/conversation.h"
#include "capture/dumps.h"
#include "capture/losses.h"
#include "capture/reader.h"
#include "capture/text.h"
#include "capture/words.h"
#include "emit/nearest.h"
#include "say.h"

static enum status say_unknown_reader(const char *name)
{
    enum { NAMES_MAX = 16 }; /* to come near to */
    const char *names[NAMES_MAX];
    char all[256] = "", hint[NEAREST_HINT_SIZE];
    size_t count = 0, used = 0;

    for (; count < NAMES_MAX && used < sizeof(all) && readers[count]; count++) {
        names[count] = readers[count]->name;
        used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", count ? ", " : "",
                                 names[count]);
    }
    nearest_hint(hint, name, names, count);
    say("--from: there is no '%s'%s; there are %s", name, hint, all);
    return STATUS_USAGE;
}

/* Says why nothing reads a file that begins like that. */
static enum status say_unread(const char *path, const uint8_t *head, size_t size)
{
    static const struct {
        const char *program, *magic;
    } compressed[] = {
        {"gzip", "\037\213"},
        {"xz", "\3757zXZ"},
        {"zstd", "(\265/\375"},
        {"bzip2", "BZh"},
    };

    for (size_t i = 0; i < sizeof(compressed) / sizeof(*compressed); i++) {
        const char *magic = compressed[i].magic, *program = compressed[i].program;

        if (size >= strlen(magic) && memcmp(head, magic, strlen(magic)) == 0) {
            say("%s: compressed by %s (%s -dc FILE | sockfixture -r - reads it)", path, program,
                program);
            return STATUS_USAGE;
        }
    }
    say("%s: neither a recording nor a dump that is known by its looks (--from says what it is)",
        path);
    return STATUS_USAGE;
}

static enum status choose_reader(const struct options *options, const struct dumps *dumps,
                                 const struct reader **reader)
{
    *reader =
        options->from ? reader_find(options->from) : reader_look(dumps->head, dumps->head_size);
    if (!*reader && options->from)
        return say_unknown_reader(options->from);
    if (!options->from && !dumps->head_size) {
        say("%s: is empty", options->read);
        return STATUS_USAGE;
    }
    if (!*reader)
        return say_unread(options->read, dumps->head, dumps->head_size);
    if (dumps->count > 1 && !(*reader)->several) {
        say("%s: %s is read from one file at a time", dumps->at[1].path, (*reader)->name);
        return STATUS_USAGE;
    }
    return STATUS_DONE;
}

/* What is said of a dump that says it itself would be passed over. */
static enum status check_needs(const struct options *options, const struct reader *reader)
{
    const struct {
        unsigned need;
        bool given;
        const char *option;
    } said[] = {
        {READER_SERVER, options->server, "--server"},
        {READER_CLIENT, options->client, "--client"},
        {READER_TYPE, options->type, "--type"},
        {READER_TEXT, options->text, "--text"},
    };

    for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
        if (said[i].given && !(reader->needs & said[i].need)) {
            say("%s: not for what %s wrote (is it that? --from says what it is)", said[i].option,
                reader->name);
            return STATUS_USAGE;
        }
    }
    return STATUS_DONE;
}

/* An internet address says of what type its sockets are. */
static enum status check_type(const struct options *options)
{
    const char *server = options->server;

    if (!server || !options->type || !address_is_inet(server) ||
        options->type == (server[0] == 't' ? SOCK_STREAM : SOCK_DGRAM))
        return STATUS_DONE;
    say("--type: --server says another (tcp is stream, udp is dgram)");
    return STATUS_USAGE;
}

static enum status split_command(struct run *run)
{
    const char *command = run->options->dump_command;
    int err = command ? words_split(&run->read_command, command) : 0;

    if (err != -EINVAL)
        return err ? say_error(err, "--command") : STATUS_DONE;
    say("--command: '%s' has no word, or a quote that does not end", command);
    return STATUS_USAGE;
}

/* What is told of a dump that nobody knows the command of: how it was read. */
static int set_command(struct run *run, char *const *command)
{
    char *const reading[] = {(char *)"sockfixture", (char *)"-r", (char *)run->options->read, NULL};

    if (run->read_command)
        return 0;
    return words_copy(&run->read_command, command ? command : reading);
}

static int begin_reading(void *context, char *const *command, const char *backend)
{
    struct run *run = context;
    int err = set_command(run, command);

    if (err)
        return err;
    run->command = run->read_command;
    run->begun = run_begin(run, backend);
    return run->begun ? -ECANCELED : 0;
}

static int take_read(void *context, const struct message *message)
{
    return intake_take(((struct run *)context)->intake, message);
}

/* A message whose conversation was found here: what it lacks nobody has counted yet. */
static int take_dumped(void *context, const struct message *original)
{
    struct run *run = context;
    struct message message = *original;
    struct end self = *original->self, peer = *original->peer;

    self.inode = self.inode < READER_INODE ? self.inode : 0;
    peer.inode = peer.inode < READER_INODE ? peer.inode : 0;
    message.self = &self;
    message.peer = &peer;
    losses_count(&run->losses, message.length + message.missing, message.length, 0);
    run->losses.messages += message.lost;
    run->dumped = true;
    return intake_take(run->intake, &message);
}

static enum status say_wrong_dump(const struct reading_error *error)
{
    if (error->line)
        say("%s:%zu:%zu: %s", error->path, error->line, error->column, error->text);
    else
        say("%s: %s", error->path, error->text);
    return STATUS_USAGE;
}

/* The address as recordings spell it, whatever bytes somebody's shell made of it; NULL: none. */
static enum status clean_server(const char **out, char text[ADDRESS_TEXT_SIZE], const char *server)
{
    *out = server ? text : NULL;
    if (!server || text_clean(text, ADDRESS_TEXT_SIZE, server) == strlen(server))
        return STATUS_DONE;
    say("--server: longer than an address can be");
    return STATUS_USAGE;
}

/* What --from says is read whatever it looks like; but then there should be something in it. */
static bool is_something_else(const struct run *run, const struct reader *reader,
                              const struct dumps *dumps)
{
    return run->options->from && !run->dumped && dumps->head_size &&
           !reader->looks(dumps->head, dumps->head_size);
}

static void say_unsent(struct reading *reading, uint64_t count, const char *what)
{
    if (count)
        reading_lacks(reading, reading->dumps,
                      "%" PRIu64 " %s received that no call in it sent "
                      "(strace -f -e trace=network,desc,process has them)",
                      count, what);
}

/* What was received from a socket that is in the dump was told where that sent it, or is lost. */
static void count_unsent(struct reading *reading, const struct conversations *conversations)
{
    uint64_t unsent = conversations_unsent(conversations);
    uint64_t bytes = conversations_unsent_bytes(conversations);

    reading->losses.messages += unsent;
    reading->losses.bytes += bytes;
    say_unsent(reading, unsent, text_counted(unsent, "datagram was", "datagrams were"));
    say_unsent(reading, bytes, text_counted(bytes, "byte was", "bytes were"));
}

static enum status read_with(struct run *run, const struct reader *reader,
                             const struct dumps *dumps, struct conversations *conversations)
{
    char server[ADDRESS_TEXT_SIZE];
    struct reader_options reader_options = {
        .client = run->options->client,
        .type = run->options->type,
        .text = run->options->text,
    };
    struct reading reading = {
        .dumps = dumps->at,
        .count = dumps->count,
        .options = &reader_options,
        .begin = begin_reading,
        .message = take_read,
        .say = run_say_note,
        .context = run,
        .sink = conversations_sink(conversations),
    };
    enum status status = clean_server(&reader_options.server, server, run->options->server);
    int err;

    if (status)
        return status;
    err = reader->read(&reading);
    if (run->begun)
        return run->begun;
    if (err && reading.error.text[0])
        return say_wrong_dump(&reading.error);
    if (!err)
        err = conversations_finish(conversations);
    if (err)
        return run_say_broken_off(run, err, run->options->read);
    if (is_something_else(run, reader, dumps)) {
        say("%s: no message is in it, and it does not begin as what %s writes (--from)",
            run->options->read, reader->name);
        return STATUS_USAGE;
    }
    count_unsent(&reading, conversations);
    losses_add(&run->losses, &reading.losses);
    run->incomplete = reading.incomplete;
    run->cut_short = reading.cut_short;
    return run_end(run);
}

enum status reading_make(struct run *run)
{
    const struct conversation_options conversation_options = {
        .past = true,
        .patterns = run->scope.patterns,
        .message = take_dumped,
        .context = run,
    };
    const struct option_words *paths = &run->options->reads;
    struct conversations *conversations = NULL;
    const struct reader *reader = NULL;
    const char *wrong = NULL;
    enum status status = split_command(run);
    struct dumps dumps;
    int err;

    if (status)
        return status;
    err = dumps_open(&dumps, paths->at, paths->count, &wrong);
    if (!err)
        err = conversations_new(&conversations, &conversation_options);
    if (err)
        status = wrong ? say_file_error(err, wrong) : say_error(err, "recording");
    else
        status = choose_reader(run->options, &dumps, &reader);
    if (!status)
        status = check_needs(run->options, reader);
    if (!status)
        status = check_type(run->options);
    if (!status)
        status = read_with(run, reader, &dumps, conversations);
    conversations_free(conversations);
    dumps_close(&dumps);
    return status;
}
