/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Plays what backends tell, from tests/unit/conversations and made up at random, and checks what
 * comes of it. */
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/conversation.h"
#include "capture/exchange.h"
#include "capture/pattern.h"
#include "capture/text.h"

#define CASES "tests/unit/conversations"

enum {
    CASES_MAX = 256,
    LABELS_MAX = 32,
    SHOWN_MAX = 200,         /* bytes of a message; of longer ones the length is shown */
    FIRST_PROCESS = 5000000, /* past the kernel's highest: no process of this machine is meant */
};

/* Cases as data: tests/unit/conversations/README says how they are written. */

struct label {
    char name[32];
    struct endpoint_facts facts;
};

struct play {
    const char *path;
    int line;
    struct label labels[LABELS_MAX];
    size_t count;
    uint64_t calls;
    size_t delivered;
    char server[ADDRESS_TEXT_SIZE];
    struct patterns *patterns;
    struct conversations *conversations;
    struct table *table;
    FILE *out;
};

struct constant {
    const char *name;
    int value;
};

static const struct constant constants[] = {
    {"unix", AF_UNIX},
    {"inet", AF_INET},
    {"inet6", AF_INET6},
    {"stream", SOCK_STREAM},
    {"dgram", SOCK_DGRAM},
    {"seqpacket", SOCK_SEQPACKET},
    {"connected", ROLE_CONNECTED},
    {"accepted", ROLE_ACCEPTED},
    {"unknown", ROLE_UNKNOWN},
    {"EPROTO", -EPROTO},
    {"ENOMEM", -ENOMEM},
};

static int constant(const struct play *play, const char *name)
{
    for (size_t i = 0; i < sizeof(constants) / sizeof(*constants); i++)
        if (strcmp(constants[i].name, name) == 0)
            return constants[i].value;
    fail_msg("%s:%d: what is \"%s\"?", play->path, play->line, name);
    return 0;
}

static void print_data(FILE *out, const uint8_t *data, size_t length, size_t missing)
{
    char text[4 * SHOWN_MAX + 1];

    if (length > SHOWN_MAX) {
        fprintf(out, "(%zu bytes)", length);
    } else {
        text_escape(text, sizeof(text), data, length);
        fprintf(out, "\"%s\"", text);
    }
    if (missing)
        fprintf(out, "+%zu", missing);
}

static void print_end(const struct play *play, const struct end *end)
{
    const char *name = "?";

    for (size_t i = 0; i < play->count; i++)
        if (end->inode && play->labels[i].facts.inode == end->inode)
            name = play->labels[i].name;
    fprintf(play->out, "%s[%s]", name, end->address);
}

static void print_ancillary(FILE *out, const struct ancillary *ancillary)
{
    for (size_t i = 0; ancillary && i < ancillary->count; i++) {
        fputs(" with ", out);
        control_print(out, &ancillary->controls[i], true);
    }
}

static int show_message(void *context, const struct message *message)
{
    struct play *play = context;

    play->delivered++;
    fprintf(play->out, "%u %-8s ", message->conversation,
            message->direction == REQUEST ? "request" : "response");
    print_end(play, message->self);
    fputs(message->sent ? " -> " : " <- ", play->out);
    print_end(play, message->peer);
    fputs(" ", play->out);
    print_data(play->out, message->data, message->length, message->missing);
    if (message->lost)
        fprintf(play->out, " lost=%zu", message->lost);
    print_ancillary(play->out, message->ancillary);
    fputs("\n", play->out);
    return table_add(play->table, message);
}

static void print_side(FILE *out, const struct side *side)
{
    if (side->lost)
        fprintf(out, " lost=%zu", side->lost);
    if (side->count == 0)
        fputs(" -", out);
    for (size_t i = 0; i < side->count; i++) {
        fputs(i ? ", " : " ", out);
        print_data(out, side->messages[i].data, side->messages[i].length,
                   side->messages[i].missing);
    }
}

static void print_table(const struct play *play)
{
    for (size_t i = 0; i < play->table->count; i++) {
        const struct conversation_table *conversation = &play->table->conversations[i];

        fprintf(play->out, "\n%zu: ", i + 1);
        print_end(play, &conversation->client);
        fputs(" to ", play->out);
        print_end(play, &conversation->server);
        fputs("\n", play->out);
        for (size_t j = 0; j < conversation->count; j++) {
            print_side(play->out, &conversation->exchanges[j].request);
            fputs(" =>", play->out);
            print_side(play->out, &conversation->exchanges[j].response);
            fputs("\n", play->out);
        }
    }
}

static struct label *label_of(struct play *play, const char *name, bool make)
{
    struct label *label = play->labels;

    while (label < play->labels + play->count && strcmp(label->name, name) != 0)
        label++;
    if (label < play->labels + play->count)
        return label;
    if (!make || play->count == LABELS_MAX)
        fail_msg("%s:%d: who is \"%s\"?", play->path, play->line, name);
    play->count++;
    snprintf(label->name, sizeof(label->name), "%s", name);
    return label;
}

static void set_fact(const struct play *play, struct endpoint_facts *facts, const char *key,
                     const char *value)
{
    uint64_t number = strtoull(value, NULL, 0);

    if (strcmp(key, "inode") == 0)
        facts->inode = number;
    else if (strcmp(key, "token") == 0)
        facts->token = number;
    else if (strcmp(key, "peer_token") == 0)
        facts->peer_token = number;
    else if (strcmp(key, "peer_inode") == 0)
        facts->peer_inode = number;
    else if (strcmp(key, "pid") == 0)
        facts->pid = number;
    else if (strcmp(key, "peer_pid") == 0)
        facts->peer_pid = number;
    else if (strcmp(key, "family") == 0)
        facts->family = constant(play, value);
    else if (strcmp(key, "type") == 0)
        facts->type = constant(play, value);
    else if (strcmp(key, "role") == 0)
        facts->role = constant(play, value);
    else if (strcmp(key, "address") == 0)
        snprintf(facts->address, sizeof(facts->address), "%s", value);
    else if (strcmp(key, "peer_address") == 0)
        snprintf(facts->peer_address, sizeof(facts->peer_address), "%s", value);
    else
        fail_msg("%s:%d: there is no fact \"%s\"", play->path, play->line, key);
}

/* Undoes the escapes of a quoted string in place; its end is put in *end. Returns its length. */
static size_t unquote(const struct play *play, char *text, char **end)
{
    char *from = text, *to = text;
    unsigned byte;

    for (; *from && *from != '"'; from++) {
        if (sscanf(from, "\\x%2x", &byte) == 1) {
            *to++ = (char)byte;
            from += 3;
        } else {
            *to++ = *from;
        }
    }
    if (!*from)
        fail_msg("%s:%d: no end of the string", play->path, play->line);
    *end = from + 1;
    return to - text;
}

/* The next word of key=value, split there; false when none is left. */
static bool next_word(char **rest, char **key, char **value)
{
    char *word = strtok_r(NULL, " \n", rest);

    if (!word)
        return false;
    *key = word;
    *value = strchr(word, '=');
    if (*value)
        *(*value)++ = '\0';
    return true;
}

static int play_endpoint(struct play *play, const struct sink *sink, char *rest, bool tell)
{
    char *name = strtok_r(NULL, " \n", &rest), *key, *value;
    struct label *label = label_of(play, name, true);

    while (next_word(&rest, &key, &value))
        set_fact(play, &label->facts, key, value);
    if (!label->facts.pid)
        label->facts.pid = FIRST_PROCESS + label->facts.inode;
    return tell ? sink->endpoint(sink->context, &label->facts) : 0;
}

static int play_begin(struct play *play, const struct sink *sink, char *rest)
{
    const struct label *label = label_of(play, strtok_r(NULL, " \n", &rest), false);
    char *key, *value, *address = NULL;
    uint64_t tid = label->facts.pid, call = 0;

    while (next_word(&rest, &key, &value)) {
        if (strcmp(key, "to") == 0)
            address = value;
        else if (strcmp(key, "tid") == 0)
            tid = strtoull(value, NULL, 0);
        else if (strcmp(key, "call") == 0)
            call = strtoull(value, NULL, 0);
        else
            fail_msg("%s:%d: begin has no \"%s\"", play->path, play->line, key);
    }
    return sink->begin(sink->context, label->facts.inode, tid, call, address);
}

static int play_end(struct play *play, const struct sink *sink, char *rest)
{
    const struct label *label = label_of(play, strtok_r(NULL, " \n", &rest), false);
    char *key, *value;
    uint64_t tid = label->facts.pid, call = 0;

    while (next_word(&rest, &key, &value)) {
        if (strcmp(key, "tid") == 0)
            tid = strtoull(value, NULL, 0);
        else if (strcmp(key, "call") == 0)
            call = strtoull(value, NULL, 0);
        else
            fail_msg("%s:%d: end has no \"%s\"", play->path, play->line, key);
    }
    return sink->end(sink->context, tid, call);
}

/* Descriptors of these kinds, which have commas between them; for the caller to free. */
static struct ancillary *descriptors(const struct play *play, char *kinds)
{
    struct ancillary *ancillary = NULL;
    struct control control = {.kind = CONTROL_DESCRIPTORS};
    char *kind;

    while ((kind = strsep(&kinds, ","))) {
        int number = descriptor_find(kind);

        if (number < 0)
            fail_msg("%s:%d: what is a \"%s\"?", play->path, play->line, kind);
        control.descriptors.kinds[control.descriptors.count++] = (uint8_t)number;
    }
    assert_int_equal(ancillary_add(&ancillary, &control), 0);
    return ancillary;
}

static int play_message(struct play *play, const struct sink *sink, char *rest, bool sent)
{
    const struct label *label = label_of(play, strtok_r(NULL, " \n", &rest), false);
    struct message_facts facts = {
        .inode = label->facts.inode,
        .time = 1000000000 + play->line,
        .tid = label->facts.pid,
        .pid = label->facts.pid,
        .sent = sent,
        .ends_call = true,
        .call = ++play->calls << 32,
    };
    char *text = strchr(rest, '"'), *key, *value;
    struct ancillary *ancillary = NULL;
    uint8_t *data = NULL;
    size_t repeat = 1;
    int err;

    assert_non_null(text);
    facts.data = (uint8_t *)text + 1;
    facts.length = unquote(play, text + 1, &key);
    sscanf(key, " * %zu", &repeat);
    *text = '\0';
    while (next_word(&rest, &key, &value)) {
        if (strcmp(key, "to") == 0 || strcmp(key, "from") == 0)
            facts.name = value;
        else if (strcmp(key, "tid") == 0)
            facts.tid = strtoull(value, NULL, 0);
        else if (strcmp(key, "call") == 0)
            facts.call = strtoull(value, NULL, 0);
        else if (strcmp(key, "missing") == 0)
            facts.missing = strtoull(value, NULL, 0);
        else if (strcmp(key, "lost") == 0)
            facts.lost = strtoull(value, NULL, 0);
        else if (strcmp(key, "passes") == 0)
            ancillary = descriptors(play, value);
        else if (strcmp(key, "more") == 0)
            facts.ends_call = false;
        else
            fail_msg("%s:%d: a message has no \"%s\"", play->path, play->line, key);
    }
    /* A copy of just its size, so that a sanitizer sees who reads past it. */
    data = malloc(facts.length * repeat + 1);
    assert_non_null(data);
    for (size_t i = 0; i < repeat; i++)
        memcpy(data + i * facts.length, facts.data, facts.length);
    facts.length *= repeat;
    facts.data = data;
    facts.ancillary = ancillary;
    err = sink->message(sink->context, &facts);
    free(ancillary);
    free(data);
    return err;
}

static int play_line(struct play *play, const struct sink *sink, char *verb, char *rest)
{
    if (strcmp(verb, "endpoint") == 0 || strcmp(verb, "untold") == 0)
        return play_endpoint(play, sink, rest, verb[0] == 'e');
    if (strcmp(verb, "begin") == 0)
        return play_begin(play, sink, rest);
    if (strcmp(verb, "end") == 0)
        return play_end(play, sink, rest);
    if (strcmp(verb, "send") == 0 || strcmp(verb, "receive") == 0)
        return play_message(play, sink, rest, verb[0] == 's');
    if (strcmp(verb, "delivered") != 0)
        fail_msg("%s:%d: what is \"%s\"?", play->path, play->line, verb);
    if (play->delivered != strtoull(rest, NULL, 0))
        fail_msg("%s:%d: %zu are delivered", play->path, play->line, play->delivered);
    return 0;
}

static void play_open(struct play *play, const struct sink **sink)
{
    struct conversation_options options = {.message = show_message, .context = play};
    char reason[PATTERN_REASON_SIZE];

    assert_int_equal(patterns_new(&play->patterns), 0);
    if (play->server[0])
        assert_int_equal(patterns_add(play->patterns, play->server, false, reason), 0);
    options.patterns = play->patterns;
    assert_int_equal(conversations_new(&play->conversations, &options), 0);
    assert_int_equal(table_new(&play->table), 0);
    *sink = conversations_sink(play->conversations);
}

static void play_script(struct play *play, FILE *script)
{
    const struct sink *sink = NULL;
    char *line = NULL, *rest, *word;
    size_t size = 0;

    for (play->line = 1; getline(&line, &size, script) > 0; play->line++) {
        int expected = 0, result;

        word = strtok_r(line, " \n", &rest);
        if (!word || word[0] == '#')
            continue;
        if (strcmp(word, "server") == 0) {
            snprintf(play->server, sizeof(play->server), "%s", strtok_r(NULL, " \n", &rest));
            continue;
        }
        if (strcmp(word, "fails") == 0) {
            expected = constant(play, strtok_r(NULL, " \n", &rest));
            word = strtok_r(NULL, " \n", &rest);
        }
        if (!sink)
            play_open(play, &sink);
        result = play_line(play, sink, word, rest);
        if (result != expected)
            fail_msg("%s:%d: %s gave %d, not %d", play->path, play->line, word, result, expected);
    }
    assert_non_null(sink);
    assert_int_equal(conversations_finish(play->conversations), 0);
    free(line);
}

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "re"), *out;
    char *text = NULL;
    size_t size;
    int byte;

    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    out = open_memstream(&text, &size);
    assert_non_null(out);
    while ((byte = getc(file)) != EOF)
        putc(byte, out);
    fclose(out);
    fclose(file);
    return text;
}

static void plays_as_expected(void **state)
{
    char script_path[256], expected_path[256], *actual = NULL, *expected;
    struct play play = {.path = script_path};
    bool same;
    FILE *script;
    size_t size;

    snprintf(script_path, sizeof(script_path), CASES "/%s/script", (const char *)*state);
    snprintf(expected_path, sizeof(expected_path), CASES "/%s/expected", (const char *)*state);
    script = fopen(script_path, "re");
    if (!script)
        fail_msg("%s: %s", script_path, strerror(errno));
    play.out = open_memstream(&actual, &size);
    assert_non_null(play.out);
    play_script(&play, script);
    fclose(script);
    print_table(&play);
    fclose(play.out);
    conversations_free(play.conversations);
    patterns_free(play.patterns);
    table_free(play.table);
    expected = read_whole(expected_path);
    same = strcmp(actual, expected) == 0;
    if (!same)
        fprintf(stderr, "%s: expected\n%s\nbut it came to\n%s\n", (const char *)*state, expected,
                actual);
    free(actual);
    free(expected);
    assert_true(same);
}

/*
 * Conversations made up at random. Clients say some, then wait for the answers; the server hears
 * all of what a client said at once before it answers. So the order inside a conversation is
 * certain, and all else is not: which thread goes on, how long a message is moved but not yet
 * recorded, when the other end is told of.
 */

enum { CLIENTS_MAX = 12, ROUNDS_MAX = 4, WORKERS_MAX = 3, SAID_MAX = 64, TEXT_SIZE = 32 };

enum way { BY_TOKEN, BY_INODE, BY_BOTH_ADDRESSES, NAMED_DATAGRAMS, UDP_WILDCARD, WAYS };
enum seen { BOTH_ENDS, CLIENT_ENDS, SERVER_END, VIEWS };
enum step { IDLE, BEGUN, MOVED };

struct said_once {
    char text[TEXT_SIZE];
    int client;
    bool answer; /* the server said it */
    int wanted;  /* answers that the client waits for once it has said this */
};

struct queue {
    struct said_once items[CLIENTS_MAX * SAID_MAX];
    size_t first, count;
};

struct thread {
    uint32_t tid;
    enum step step;
    bool sending;
    struct said_once item; /* what it is moving */
    int client;            /* whom it is answering; -1 for nobody */
    int to_send;
};

struct talker {
    struct endpoint_facts own, far;
    bool own_told, far_told;
    bool by_name; /* a datagram socket that is not connected */
    int rounds, round;
    int says[ROUNDS_MAX], answers[ROUNDS_MAX];
    int greetings;
    int sent, received; /* in this round */
    int number;         /* of what was said last, by either */
    struct thread threads[2], serving;
    int receiving; /* which of the threads receives */
    struct queue inbox, serving_inbox;
    struct said_once log[SAID_MAX], got[SAID_MAX];
    size_t logged, gotten;
    uint32_t conversation;
};

struct world {
    unsigned seed;
    uint64_t random;
    enum way way;
    enum seen seen;
    bool late; /* a client's socket gets its address by sending */
    int clients;
    struct talker talkers[CLIENTS_MAX];
    struct endpoint_facts server;
    bool server_told;
    struct thread workers[WORKERS_MAX];
    int worker_count;
    struct queue inbox;
    uint64_t calls[64]; /* by tid */
    const struct sink *sink;
    struct table *table;
    uint32_t conversations;
    int next_client; /* to be looked at */
};

/* SplitMix64: the same on every machine. */
static uint64_t next_random(struct world *world)
{
    uint64_t z = world->random += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static int below(struct world *world, int most)
{
    return (int)(next_random(world) % (unsigned)most);
}

static bool is_datagram(const struct world *world)
{
    return world->way >= NAMED_DATAGRAMS;
}

static bool sees(const struct world *world, bool server)
{
    return world->seen == BOTH_ENDS || (world->seen == SERVER_END) == server;
}

static const char *server_name(const struct world *world)
{
    return world->way == UDP_WILDCARD ? "udp:127.0.0.1:323" : "@test-server";
}

static void client_name(const struct world *world, int client, char name[64])
{
    if (world->way == NAMED_DATAGRAMS)
        snprintf(name, 64, "@test-client-%d", client);
    else
        snprintf(name, 64, "%s:127.0.0.1:%d", world->way == UDP_WILDCARD ? "udp" : "tcp",
                 40000 + client);
}

static void make_facts(struct world *world, int client)
{
    struct talker *talker = &world->talkers[client];
    struct endpoint_facts *own = &talker->own, *far = &talker->far;
    bool unix_family = world->way != BY_BOTH_ADDRESSES && world->way != UDP_WILDCARD;

    own->inode = 1000 + client;
    own->pid = FIRST_PROCESS + client;
    own->family = unix_family ? AF_UNIX : AF_INET;
    own->type = is_datagram(world) ? SOCK_DGRAM : below(world, 2) ? SOCK_STREAM : SOCK_SEQPACKET;
    if (own->family == AF_INET && own->type == SOCK_SEQPACKET)
        own->type = SOCK_STREAM;
    *far = *own;
    far->inode = 2000 + client;
    far->pid = FIRST_PROCESS + CLIENTS_MAX;
    own->role = ROLE_CONNECTED;
    far->role = ROLE_ACCEPTED;
    if (world->way != BY_INODE && unix_family) {
        own->token = 0xffff0000 + client;
        far->token = 0xfffff000 + client;
    }
    if (world->way == BY_TOKEN || world->way == BY_INODE) {
        own->peer_token = far->token;
        far->peer_token = own->token;
        /* What is connected but not accepted has no inode yet. */
        own->peer_inode = world->way == BY_INODE || below(world, 2) ? far->inode : 0;
        far->peer_inode = own->inode;
        strcpy(own->peer_address, "@test-server");
        strcpy(far->address, "@test-server");
    } else if (world->way == BY_BOTH_ADDRESSES) {
        client_name(world, client, own->address);
        strcpy(own->peer_address, "tcp:127.0.0.1:80");
        strcpy(far->address, own->peer_address);
        strcpy(far->peer_address, own->address);
    } else {
        client_name(world, client, own->address);
        talker->by_name = below(world, 2);
        if (world->late)
            own->address[0] = '\0';
        if (talker->by_name) {
            own->role = ROLE_UNKNOWN;
        } else {
            own->peer_token = world->server.token;
            own->peer_inode = own->peer_token ? world->server.inode : 0;
            strcpy(own->peer_address, server_name(world));
        }
    }
}

static void make_talker(struct world *world, int client)
{
    struct talker *talker = &world->talkers[client];

    memset(talker, 0, sizeof(*talker));
    make_facts(world, client);
    talker->rounds = 1 + below(world, ROUNDS_MAX);
    for (int i = 0; i < talker->rounds; i++) {
        talker->says[i] = 1 + below(world, 3);
        talker->answers[i] = below(world, 4);
    }
    talker->greetings = is_datagram(world) ? 0 : below(world, 2);
    talker->threads[0] = (struct thread){.tid = 1 + client, .client = -1};
    talker->threads[1] = (struct thread){.tid = 21 + client, .client = -1};
    talker->serving = (struct thread){.tid = 41 + client, .client = -1};
    talker->receiving = below(world, 2);
    if (talker->greetings) {
        talker->serving.client = client;
        talker->serving.to_send = talker->greetings;
    }
}

static void make_world(struct world *world, unsigned seed, enum way way, enum seen seen, bool late)
{
    memset(world, 0, sizeof(*world));
    world->seed = seed;
    world->random = seed * 1000003ull + way * 17 + seen;
    world->way = way;
    world->seen = seen;
    world->late = late;
    world->clients = 1 + below(world, CLIENTS_MAX);
    world->server = (struct endpoint_facts){
        .inode = 3000,
        .token = way == NAMED_DATAGRAMS ? 0xfffe0000 : 0,
        .pid = FIRST_PROCESS + CLIENTS_MAX,
        .family = way == NAMED_DATAGRAMS ? AF_UNIX : AF_INET,
        .type = SOCK_DGRAM,
    };
    strcpy(world->server.address, way == NAMED_DATAGRAMS ? "@test-server" : "udp:0.0.0.0:323");
    /* Nothing tells which of two threads received first, where the sender is not observed. */
    world->worker_count = seen == SERVER_END ? 1 : 1 + below(world, WORKERS_MAX);
    for (int i = 0; i < world->worker_count; i++)
        world->workers[i] = (struct thread){.tid = 61 + i, .client = -1};
    for (int i = 0; i < world->clients; i++)
        make_talker(world, i);
}

static void put(struct queue *queue, const struct said_once *item)
{
    queue->items[queue->first + queue->count++] = *item;
}

static struct said_once take(struct queue *queue)
{
    queue->count--;
    return queue->items[queue->first++];
}

/* Tells of the endpoint before its first record. */
static void tell(struct world *world, int client, bool server)
{
    struct talker *talker = &world->talkers[client];
    bool *told = !server              ? &talker->own_told
                 : is_datagram(world) ? &world->server_told
                                      : &talker->far_told;
    const struct endpoint_facts *facts = !server              ? &talker->own
                                         : is_datagram(world) ? &world->server
                                                              : &talker->far;

    if (!*told)
        assert_int_equal(world->sink->endpoint(world->sink->context, facts), 0);
    *told = true;
}

static uint64_t endpoint_inode(const struct world *world, int client, bool server)
{
    if (!server)
        return world->talkers[client].own.inode;
    return is_datagram(world) ? world->server.inode : world->talkers[client].far.inode;
}

/* The address that a call names or is given. */
static const char *call_name(const struct world *world, int client, bool server, char room[64])
{
    if (!is_datagram(world) || (!server && !world->talkers[client].by_name))
        return NULL;
    if (!server)
        return server_name(world);
    client_name(world, client, room);
    return room;
}

static void thread_begin(struct world *world, struct thread *thread, int client, bool server)
{
    char room[64];
    uint64_t call = ++world->calls[thread->tid % 64] << 32 | thread->tid;

    thread->step = BEGUN;
    thread->sending = true;
    if (!sees(world, server))
        return;
    tell(world, client, server);
    assert_int_equal(world->sink->begin(world->sink->context, endpoint_inode(world, client, server),
                                        thread->tid, call, call_name(world, client, server, room)),
                     0);
}

/* A call that moved nothing. */
static void thread_void(struct world *world, struct thread *thread, bool server)
{
    uint64_t call = world->calls[thread->tid % 64] << 32 | thread->tid;

    thread->step = IDLE;
    if (sees(world, server))
        assert_int_equal(world->sink->end(world->sink->context, thread->tid, call), 0);
}

static void thread_return(struct world *world, struct thread *thread, bool server)
{
    struct said_once *item = &thread->item;
    struct talker *talker = &world->talkers[item->client];
    uint8_t *copy;
    char room[64];
    struct message_facts facts = {
        .inode = endpoint_inode(world, item->client, server),
        .time = 1,
        .tid = thread->tid,
        .pid = FIRST_PROCESS,
        .sent = thread->sending,
        .ends_call = true,
        .length = strlen(item->text),
        .name = call_name(world, item->client, server, room),
    };

    thread->step = IDLE;
    if (!sees(world, server))
        return;
    tell(world, item->client, server);
    if (!server && world->late && !talker->own.address[0]) {
        client_name(world, item->client, talker->own.address);
        assert_int_equal(world->sink->endpoint(world->sink->context, &talker->own), 0);
    }
    if (!thread->sending)
        world->calls[thread->tid % 64]++;
    facts.call = world->calls[thread->tid % 64] << 32 | thread->tid;
    copy = malloc(facts.length);
    assert_non_null(copy);
    memcpy(copy, item->text, facts.length);
    facts.data = copy;
    assert_int_equal(world->sink->message(world->sink->context, &facts), 0);
    free(copy);
}

/* The bytes are the other end's from here on, whenever that is recorded. */
static void thread_move(struct world *world, struct thread *thread, int client, bool server)
{
    struct talker *talker = &world->talkers[client];
    struct said_once *item = &thread->item;

    *item = (struct said_once){.client = client, .answer = server};
    snprintf(item->text, sizeof(item->text), "%d %d%s", client, talker->number++,
             server ? " answer" : "");
    if (!server && ++talker->sent == talker->says[talker->round])
        item->wanted = talker->answers[talker->round];
    assert_true(talker->logged < SAID_MAX);
    talker->log[talker->logged++] = *item;
    put(server               ? &talker->inbox
        : is_datagram(world) ? &world->inbox
                             : &talker->serving_inbox,
        item);
    thread->step = MOVED;
}

/* Goes on with a call that is on its way. Returns false when there is none. */
static bool thread_go_on(struct world *world, struct thread *thread, int client, bool server)
{
    if (thread->step == IDLE)
        return false;
    if (thread->step == MOVED)
        thread_return(world, thread, server);
    else if (below(world, 10) == 0)
        thread_void(world, thread, server);
    else
        thread_move(world, thread, client, server);
    return true;
}

static void thread_receive(struct thread *thread, struct queue *queue)
{
    thread->item = take(queue);
    thread->sending = false;
    thread->step = MOVED;
}

static bool step_client(struct world *world, int client, int which)
{
    struct talker *talker = &world->talkers[client];
    struct thread *thread = &talker->threads[which];
    bool receives = which == talker->receiving;
    bool returning = thread->step == MOVED && !thread->sending;

    if (thread_go_on(world, thread, client, false)) {
        talker->received += returning;
        return true;
    }
    if (receives && talker->inbox.count) {
        thread_receive(thread, &talker->inbox);
        return true;
    }
    if (which != 0 || talker->round == talker->rounds || talker->received < talker->greetings)
        return false;
    if (talker->sent < talker->says[talker->round]) {
        thread_begin(world, thread, client, false);
        return true;
    }
    if (talker->received < talker->greetings + talker->answers[talker->round])
        return false;
    talker->received = talker->greetings;
    talker->sent = 0;
    talker->round++;
    return true;
}

static bool step_server(struct world *world, struct thread *thread, struct queue *queue)
{
    bool moved = thread->step == MOVED;

    if (thread_go_on(world, thread, thread->client, true)) {
        thread->to_send -= moved && thread->sending;
        if (moved && !thread->sending && thread->item.wanted) {
            thread->client = thread->item.client;
            thread->to_send = thread->item.wanted;
        }
        return true;
    }
    if (thread->to_send) {
        thread_begin(world, thread, thread->client, true);
        return true;
    }
    if (!queue->count)
        return false;
    thread_receive(thread, queue);
    return true;
}

/* One step of one of the actors: two threads a client, and the server's. */
static bool step_actor(struct world *world, int actor)
{
    int client = actor / 3;

    if (client >= world->clients)
        return step_server(world, &world->workers[actor - 3 * world->clients], &world->inbox);
    if (actor % 3 < 2)
        return step_client(world, client, actor % 3);
    return !is_datagram(world) && step_server(world, &world->talkers[client].serving,
                                              &world->talkers[client].serving_inbox);
}

static void run_world(struct world *world)
{
    int actors = 3 * world->clients + (is_datagram(world) ? world->worker_count : 0);
    int idle = 0;

    while (idle < actors) {
        int actor = below(world, actors);

        for (idle = 0; idle < actors && !step_actor(world, (actor + idle) % actors); idle++)
            ;
    }
    for (int i = 0; i < world->clients; i++)
        assert_int_equal(world->talkers[i].round, world->talkers[i].rounds);
}

static int keep_message(void *context, const struct message *message)
{
    struct world *world = context;
    struct talker *talker;
    struct said_once *got;
    int client;

    assert_true(message->length < TEXT_SIZE);
    client = atoi((const char *)message->data);
    assert_true(client >= 0 && client < world->clients);
    talker = &world->talkers[client];
    assert_true(talker->gotten < SAID_MAX);
    got = &talker->got[talker->gotten++];
    memcpy(got->text, message->data, message->length);
    got->answer = message->direction == RESPONSE;
    if (message->conversation > world->conversations)
        assert_int_equal(message->conversation, ++world->conversations);
    if (!talker->conversation)
        talker->conversation = message->conversation;
    got->client = (int)message->conversation;
    return table_add(world->table, message);
}

static const char *const way_names[] = {"tokens", "inodes", "both addresses", "named datagrams",
                                        "UDP to a wildcard address"};
static const char *const view_names[] = {"both ends", "the clients", "the server"};

static void print_talk(const char *title, const struct said_once *said, size_t count)
{
    print_error("%s:", title);
    for (size_t i = 0; i < count; i++)
        print_error(" [%s]%s", said[i].text, said[i].answer ? "<" : ">");
    print_error("\n");
}

/* True when the client's conversation is what was said, all of it, once, in order, and no other's.
 */
static bool is_right(const struct world *world, int client)
{
    const struct talker *talker = &world->talkers[client];
    bool right = talker->gotten == talker->logged;

    for (size_t i = 0; right && i < talker->logged; i++)
        right = strcmp(talker->got[i].text, talker->log[i].text) == 0 &&
                talker->got[i].answer == talker->log[i].answer &&
                talker->got[i].client == (int)talker->conversation;
    for (int i = 0; right && i < client; i++)
        right = world->talkers[i].conversation != talker->conversation;
    if (right)
        return true;
    print_error("seed %u, %s, %s observed: client %d of %d, conversation %u\n", world->seed,
                way_names[world->way], view_names[world->seen], client, world->clients,
                talker->conversation);
    print_talk("said", talker->log, talker->logged);
    print_talk("got", talker->got, talker->gotten);
    return false;
}

/* Exchanges, counted from what was said: one opens where a request comes first or after an answer.
 */
static size_t count_exchanges(const struct talker *talker)
{
    size_t count = 0;

    for (size_t i = 0; i < talker->logged; i++)
        if (i == 0 || (!talker->log[i].answer && talker->log[i - 1].answer))
            count++;
    return count;
}

/* The conversations that a world came to are those that it had. */
static bool came_right(const struct world *world)
{
    for (int i = 0; i < world->clients; i++)
        if (!is_right(world, i))
            return false;
    for (int i = 0; i < world->clients; i++)
        if (world->table->conversations[world->talkers[i].conversation - 1].count !=
            count_exchanges(&world->talkers[i]))
            return false;
    return world->conversations == (uint32_t)world->clients;
}

static bool check_world(struct world *world)
{
    struct conversation_options options = {.message = keep_message, .context = world};
    struct conversations *conversations;
    bool right;

    assert_int_equal(conversations_new(&conversations, &options), 0);
    assert_int_equal(table_new(&world->table), 0);
    world->sink = conversations_sink(conversations);
    run_world(world);
    assert_int_equal(conversations_finish(conversations), 0);
    right = came_right(world);
    table_free(world->table);
    conversations_free(conversations);
    return right;
}

enum { SEEDS = 60 };

static void check_worlds(bool late)
{
    static struct world world;

    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        for (int way = late ? NAMED_DATAGRAMS : BY_TOKEN; way < WAYS; way++) {
            for (int seen = BOTH_ENDS; seen < VIEWS; seen++) {
                make_world(&world, seed, way, seen, late);
                assert_true(check_world(&world));
            }
        }
    }
}

static void random_conversations_do_not_mix(void **state)
{
    (void)state;
    check_worlds(false);
}

static void random_conversations_of_unbound_sockets_do_not_mix(void **state)
{
    (void)state;
    check_worlds(true);
}

/* What show_message, or a full disk, says comes back to the backend. */

static int refuse(void *context, const struct message *message)
{
    (void)message;
    return *(int *)context;
}

static int count_message(void *context, const struct message *message)
{
    unsigned *count = context;

    assert_int_equal(message->conversation, *count / 2 + 1);
    assert_int_equal(message->direction, *count % 2 ? RESPONSE : REQUEST);
    ++*count;
    return 0;
}

static void tell_of(const struct sink *sink, uint64_t inode, uint64_t peer_inode, uint64_t token)
{
    const bool is_client = token == 1;
    const struct endpoint_facts facts = {
        .inode = inode,
        .token = token,
        .peer_inode = peer_inode,
        .peer_token = is_client ? 2 : 1,
        .pid = FIRST_PROCESS,
        .family = AF_UNIX,
        .type = SOCK_STREAM,
        .role = is_client ? ROLE_CONNECTED : ROLE_ACCEPTED,
    };

    assert_int_equal(sink->endpoint(sink->context, &facts), 0);
}

static void say_ping(const struct sink *sink, uint64_t inode, uint64_t call)
{
    const struct message_facts facts = {.inode = inode,
                                        .tid = FIRST_PROCESS,
                                        .call = call,
                                        .sent = true,
                                        .ends_call = true,
                                        .data = (const uint8_t *)"ping",
                                        .length = 4};

    assert_int_equal(sink->begin(sink->context, inode, FIRST_PROCESS, call, NULL), 0);
    assert_int_equal(sink->message(sink->context, &facts), 0);
}

/* One connection after another, in each of which both ends say something. */
static void connect_again_and_again(const struct sink *sink, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        uint64_t client = 2 * i + 1, server = 2 * i + 2;

        tell_of(sink, client, server, 1);
        tell_of(sink, server, client, 2);
        say_ping(sink, client, client);
        say_ping(sink, server, server);
    }
}

/* Allocators that count nothing, as a sanitizer's, say 0 both times. */
static void what_is_gone_takes_no_memory(void **state)
{
    unsigned count = 0;
    struct conversation_options options = {.message = count_message, .context = &count};
    struct conversations *conversations;
    const struct sink *sink;
    size_t before;

    (void)state;
    assert_int_equal(conversations_new(&conversations, &options), 0);
    sink = conversations_sink(conversations);
    connect_again_and_again(sink, 0, 10);
    before = mallinfo2().uordblks;
    connect_again_and_again(sink, 10, 1000);
    assert_int_equal(mallinfo2().uordblks, before);
    assert_int_equal(conversations_finish(conversations), 0);
    assert_int_equal(count, 2000);
    conversations_free(conversations);
}

static void errors_come_back(void **state)
{
    int error = -ENOSPC;
    struct conversation_options options = {.message = refuse, .context = &error};
    struct endpoint_facts facts = {
        .inode = 1, .pid = FIRST_PROCESS, .family = AF_UNIX, .type = SOCK_STREAM};
    struct message_facts message = {.inode = 1,
                                    .tid = 7,
                                    .call = 1,
                                    .sent = true,
                                    .ends_call = true,
                                    .data = (const uint8_t *)"abc",
                                    .length = 3};
    struct conversations *conversations;
    const struct sink *sink;

    (void)state;
    assert_int_equal(conversations_new(&conversations, &options), 0);
    sink = conversations_sink(conversations);
    assert_int_equal(sink->endpoint(sink->context, &facts), 0);
    assert_int_equal(sink->message(sink->context, &message), -ENOSPC);
    /* Of a message held back, the error comes when it is let go. */
    assert_int_equal(sink->begin(sink->context, 1, 8, 2, NULL), 0);
    assert_int_equal(sink->message(sink->context, &message), 0);
    assert_int_equal(sink->end(sink->context, 8, 2), -ENOSPC);
    assert_int_equal(sink->begin(sink->context, 1, 9, 3, NULL), 0);
    assert_int_equal(sink->message(sink->context, &message), 0);
    error = -EIO;
    assert_int_equal(conversations_finish(conversations), -EIO);
    conversations_free(conversations);
    conversations_free(NULL);
}

static int is_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, "README") != 0;
}

static void no_cases(void **state)
{
    (void)state;
    fail_msg("%s: no cases (tests run in the root of the repository)", CASES);
}

int main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(what_is_gone_takes_no_memory),
        cmocka_unit_test(errors_come_back),
        cmocka_unit_test(random_conversations_do_not_mix),
        cmocka_unit_test(random_conversations_of_unbound_sockets_do_not_mix),
    };
    struct CMUnitTest tests[CASES_MAX] = {0};
    struct dirent **entries = NULL;
    int found = scandir(CASES, &entries, is_case, alphasort);
    size_t count = 0;
    int failed;

    for (; count < sizeof(others) / sizeof(*others); count++)
        tests[count] = others[count];
    for (int i = 0; i < found && count < CASES_MAX; i++)
        tests[count++] = (struct CMUnitTest){.name = entries[i]->d_name,
                                             .test_func = plays_as_expected,
                                             .initial_state = entries[i]->d_name};
    if (found <= 0)
        tests[count++] = (struct CMUnitTest){.name = CASES, .test_func = no_cases};
    failed = _cmocka_run_group_tests("conversation", tests, count, NULL, NULL);
    for (int i = 0; i < found; i++)
        free(entries[i]);
    free(entries);
    return failed;
}
