/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Holds a conversation over any type of socket with any of the calls that send and receive, and
 * logs what moved. */
#include <getopt.h>
#include <pthread.h>
#include <sys/uio.h>

#include "tests/programs/program.h"

enum { SEND_CALLS = 7, RECEIVE_CALLS = 7, CALLS = 8, MOST_MESSAGES = 2, MOST_PIECES = 3 };

enum family { UNIX, ABSTRACT, PAIR, INET, INET6 };
enum role { BOTH, CLIENT, SERVER };

static const char *const families[] = {"unix", "abstract", "pair", "inet", "inet6", NULL};
static const char *const types[] = {"stream", "dgram", "seqpacket", NULL};
static const char *const roles[] = {"both", "client", "server", NULL};

struct settings {
    enum family family;
    int type;
    enum role role;
    bool unconnected;
    bool threads;
    const char *path;
    const char *log;
    unsigned exchanges;
    size_t size;
    unsigned send[CALLS], sends;
    unsigned receive[CALLS], receives;
};

/* One end of the conversation. */
struct talker {
    const struct settings *settings;
    struct witness witness;
    int fd;
    struct address peer;
    bool name_peer;     /* each message is sent to `peer` by name */
    bool connect_later; /* when the first request has come; until then its sender must be asked for
                         */
};

/* What one call moved: the sendmmsg and recvmmsg calls move several messages. */
struct moved {
    int count;
    size_t lengths[MOST_MESSAGES];
};

/* Uneven pieces, one of them empty: what an iterator over them gets wrong. */
static void cut(struct iovec pieces[MOST_PIECES], void *data, size_t length)
{
    pieces[0] = (struct iovec){data, length / 3};
    pieces[1] = (struct iovec){(char *)data + length / 3, 0};
    pieces[2] = (struct iovec){(char *)data + length / 3, length - length / 3};
}

static struct moved moved_one(ssize_t result)
{
    struct moved moved = {.count = result < 0 ? -1 : 1, .lengths = {(size_t)result}};

    return moved;
}

static struct moved send_write(struct talker *talker, void *data, size_t length)
{
    return moved_one(write(talker->fd, data, length));
}

static struct moved send_writev(struct talker *talker, void *data, size_t length)
{
    struct iovec pieces[MOST_PIECES];

    cut(pieces, data, length);
    return moved_one(writev(talker->fd, pieces, MOST_PIECES));
}

static struct moved send_pwritev2(struct talker *talker, void *data, size_t length)
{
    struct iovec pieces[MOST_PIECES];

    cut(pieces, data, length);
    return moved_one(pwritev2(talker->fd, pieces, MOST_PIECES, -1, 0));
}

static struct moved send_send(struct talker *talker, void *data, size_t length)
{
    return moved_one(send(talker->fd, data, length, MSG_NOSIGNAL));
}

static struct moved send_sendto(struct talker *talker, void *data, size_t length)
{
    return moved_one(sendto(talker->fd, data, length, MSG_NOSIGNAL,
                            talker->name_peer ? &talker->peer.any : NULL,
                            talker->name_peer ? talker->peer.length : 0));
}

static struct msghdr header(struct talker *talker, struct iovec pieces[MOST_PIECES])
{
    struct msghdr header = {.msg_iov = pieces, .msg_iovlen = MOST_PIECES};

    if (talker->name_peer) {
        header.msg_name = &talker->peer.any;
        header.msg_namelen = talker->peer.length;
    }
    return header;
}

static struct moved send_sendmsg(struct talker *talker, void *data, size_t length)
{
    struct iovec pieces[MOST_PIECES];
    struct msghdr message = header(talker, pieces);

    cut(pieces, data, length);
    return moved_one(sendmsg(talker->fd, &message, MSG_NOSIGNAL));
}

static struct moved moved_many(int count, const struct mmsghdr messages[MOST_MESSAGES])
{
    struct moved moved = {.count = count};

    for (int i = 0; i < count; i++)
        moved.lengths[i] = messages[i].msg_len;
    return moved;
}

static struct moved send_sendmmsg(struct talker *talker, void *data, size_t length)
{
    struct iovec pieces[MOST_MESSAGES][MOST_PIECES];
    struct mmsghdr messages[MOST_MESSAGES] = {0};
    size_t first = length / MOST_MESSAGES;

    cut(pieces[0], data, first);
    cut(pieces[1], (uint8_t *)data + first, length - first);
    for (int i = 0; i < MOST_MESSAGES; i++)
        messages[i].msg_hdr = header(talker, pieces[i]);
    return moved_many(sendmmsg(talker->fd, messages, MOST_MESSAGES, MSG_NOSIGNAL), messages);
}

static struct moved receive_read(struct talker *talker, void *data, size_t length)
{
    return moved_one(read(talker->fd, data, length));
}

static struct moved receive_readv(struct talker *talker, void *data, size_t length)
{
    struct iovec pieces[MOST_PIECES];

    cut(pieces, data, length);
    return moved_one(readv(talker->fd, pieces, MOST_PIECES));
}

static struct moved receive_preadv2(struct talker *talker, void *data, size_t length)
{
    struct iovec pieces[MOST_PIECES];

    cut(pieces, data, length);
    return moved_one(preadv2(talker->fd, pieces, MOST_PIECES, -1, 0));
}

static struct moved receive_recv(struct talker *talker, void *data, size_t length)
{
    return moved_one(recv(talker->fd, data, length, 0));
}

static struct moved receive_recvfrom(struct talker *talker, void *data, size_t length)
{
    struct address from = {.length = sizeof(from.storage)};

    return moved_one(recvfrom(talker->fd, data, length, 0, &from.any, &from.length));
}

static struct moved receive_recvmsg(struct talker *talker, void *data, size_t length)
{
    struct iovec pieces[MOST_PIECES];
    struct address from;
    struct msghdr message = {.msg_name = &from.any,
                             .msg_namelen = sizeof(from.storage),
                             .msg_iov = pieces,
                             .msg_iovlen = MOST_PIECES};

    cut(pieces, data, length);
    return moved_one(recvmsg(talker->fd, &message, 0));
}

/* Each message has room for everything; what came is then put together in `data`. */
static struct moved receive_recvmmsg(struct talker *talker, void *data, size_t length)
{
    struct iovec pieces[MOST_MESSAGES][MOST_PIECES];
    struct mmsghdr messages[MOST_MESSAGES] = {0};
    struct address from[MOST_MESSAGES];
    uint8_t *second = allocate(length);
    struct moved moved;

    cut(pieces[0], data, length);
    cut(pieces[1], second, length);
    for (int i = 0; i < MOST_MESSAGES; i++)
        messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i].any,
                                              .msg_namelen = sizeof(from[i].storage),
                                              .msg_iov = pieces[i],
                                              .msg_iovlen = MOST_PIECES};
    moved =
        moved_many(recvmmsg(talker->fd, messages, MOST_MESSAGES, MSG_WAITFORONE, NULL), messages);
    if (moved.count > 1 && moved.lengths[moved.count - 1] == 0 &&
        talker->settings->type != SOCK_DGRAM)
        moved.count--; /* the other end has closed: that is not a message */
    if (moved.count == MOST_MESSAGES) {
        must(moved.lengths[0] + moved.lengths[1] <= length, "more came than was asked for");
        memcpy((uint8_t *)data + moved.lengths[0], second, moved.lengths[1]);
    }
    free(second);
    return moved;
}

static const struct call {
    const char *name;
    struct moved (*move)(struct talker *talker, void *data, size_t length);
    bool names_peer;
} send_calls[] =
    {
        {"write", send_write, false},       {"writev", send_writev, false},
        {"send", send_send, false},         {"sendto", send_sendto, true},
        {"sendmsg", send_sendmsg, true},    {"sendmmsg", send_sendmmsg, true},
        {"pwritev2", send_pwritev2, false}, {NULL, NULL, false},
},
  receive_calls[] = {
      {"read", receive_read, false},        {"readv", receive_readv, false},
      {"preadv2", receive_preadv2, false},  {"recv", receive_recv, false},
      {"recvfrom", receive_recvfrom, true}, {"recvmsg", receive_recvmsg, true},
      {"recvmmsg", receive_recvmmsg, true}, {NULL, NULL, false},
};

/* The exchange's number chooses the calls, so that many exchanges try every pair of them. */
static const struct call *send_call(const struct settings *settings, unsigned exchange)
{
    return &send_calls[settings->send[exchange % settings->sends]];
}

/* Like any server, ours has to ask for the sender's name where it cannot know it otherwise. */
static const struct call *receive_call(const struct talker *talker, unsigned exchange)
{
    const struct settings *settings = talker->settings;
    const struct call *call =
        &receive_calls[settings->receive[exchange / settings->sends % settings->receives]];
    bool ask = talker->connect_later || (talker->name_peer && talker->witness.server);

    for (; ask && !call->names_peer; call++)
        ;
    return call;
}

static void say(struct talker *talker, unsigned exchange, uint8_t *data, size_t length)
{
    const struct call *call = send_call(talker->settings, exchange);
    size_t done = 0;

    while (done < length) {
        int64_t before = now();
        struct moved moved = call->move(talker, data + done, length - done);

        if (moved.count <= 0)
            fail("%s", call->name);
        for (int i = 0; i < moved.count; i++) {
            witness_sent(&talker->witness, 1, call->name, before, data + done, moved.lengths[i]);
            done += moved.lengths[i];
        }
    }
}

static void hear(struct talker *talker, unsigned exchange, const uint8_t *expected, size_t length)
{
    const struct call *call = receive_call(talker, exchange);
    uint8_t *data = allocate(length);
    size_t done = 0;

    while (done < length) {
        int64_t before = now();
        struct moved moved = call->move(talker, data + done, length - done);

        if (moved.count <= 0 || moved.lengths[0] == 0)
            fail("%s: %d messages after %zu of %zu bytes", call->name, moved.count, done, length);
        for (int i = 0; i < moved.count; i++) {
            witness_received(&talker->witness, 1, call->name, before, data + done,
                             moved.lengths[i]);
            done += moved.lengths[i];
        }
    }
    if (memcmp(data, expected, length))
        fail("exchange %u: other bytes than expected", exchange);
    free(data);
}

static void exchange_one(struct talker *talker, unsigned exchange)
{
    size_t length = talker->settings->size + exchange;
    uint8_t *request = allocate(length);
    uint8_t *answer = allocate(length + 1);

    fill(request, length, 1, exchange);
    fill_answer(answer, request, length);
    if (talker->witness.server) {
        hear(talker, exchange, request, length);
        if (talker->connect_later)
            must(!connect(talker->fd, &talker->peer.any, talker->peer.length), "connect");
        talker->connect_later = false;
        say(talker, exchange, answer, length + 1);
    } else {
        say(talker, exchange, request, length);
        hear(talker, exchange, answer, length + 1);
    }
    free(request);
    free(answer);
}

/* A message of a datagram or seqpacket socket has to fit in its send buffer. */
static void make_room(int fd, size_t size)
{
    int room = (int)(2 * size + (64 << 10));

    if (size < (32 << 10))
        return;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
        must(!setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), "SO_SNDBUF");
}

static void *converse(void *argument)
{
    struct talker *talker = argument;
    const struct settings *settings = talker->settings;

    if (settings->type != SOCK_STREAM)
        make_room(talker->fd, settings->size + settings->exchanges);
    for (unsigned i = 0; i < settings->exchanges; i++)
        exchange_one(talker, i);
    must(!close(talker->fd), "close");
    return NULL;
}

/* Where the server is, or the client when it needs a name of its own to be answered. */
static struct address name_of(const struct settings *settings, bool server)
{
    const char *suffix = server ? "" : ".client";
    unsigned port;
    char name[108];

    if (settings->family == UNIX)
        return address_unix(settings->path, suffix);
    if (settings->family == ABSTRACT) {
        int length = snprintf(name, sizeof(name), "%s%s", settings->path, suffix);

        must(length > 0 && (size_t)length < sizeof(name), "abstract name too long");
        return address_abstract(name, (size_t)length);
    }
    port = settings->path ? (unsigned)number(settings->path, UINT16_MAX - 1) : 0;
    return address_loopback(settings->family == INET ? AF_INET : AF_INET6,
                            port && !server ? port + 1 : port);
}

/* The two ends know each other's names. The server connects, if it does, when it has been asked. */
static void open_datagram(struct talker *client, struct talker *server,
                          const struct settings *settings)
{
    client->peer = name_of(settings, true);
    server->peer = name_of(settings, false);
    client->name_peer = server->name_peer = settings->unconnected;
    server->connect_later = !settings->unconnected;
    if (settings->role != CLIENT)
        server->fd = bound_socket(&client->peer, SOCK_DGRAM);
    if (settings->role != SERVER)
        client->fd = bound_socket(&server->peer, SOCK_DGRAM);
    if (settings->role != SERVER && !settings->unconnected)
        must(!connect(client->fd, &client->peer.any, client->peer.length), "connect");
}

static int open_listener(struct address *name, const struct settings *settings)
{
    int fd = bound_socket(name, settings->type);

    must(!listen(fd, 1), "listen");
    return fd;
}

static void run_alone(struct talker *talker, const struct settings *settings)
{
    struct address name = name_of(settings, true);
    bool server = settings->role == SERVER;

    if (settings->type == SOCK_DGRAM) {
        struct talker unused = {.settings = settings};

        open_datagram(server ? &unused : talker, server ? talker : &unused, settings);
    } else if (server) {
        int listener = open_listener(&name, settings);

        witness_open(&talker->witness, settings->log, true);
        talker->fd = accepted_socket(listener);
    } else {
        talker->fd = connected_socket(&name, settings->type);
    }
    if (!talker->witness.file)
        witness_open(&talker->witness, settings->log, server);
    converse(talker);
}

/* The server's half of run_both(), in its own process or thread. */
struct half {
    struct talker talker;
    int listener;
};

static void *serve(void *argument)
{
    struct half *half = argument;

    if (half->listener >= 0)
        half->talker.fd = accepted_socket(half->listener);
    return converse(&half->talker);
}

static void run_both(const struct settings *settings)
{
    struct talker client = {.settings = settings, .fd = -1};
    struct half server = {.talker = {.settings = settings, .fd = -1}, .listener = -1};
    struct address name = {0};
    pthread_t thread;
    pid_t child = -1;

    if (settings->family == PAIR) {
        int ends[2];

        must(!socketpair(AF_UNIX, settings->type | SOCK_CLOEXEC, 0, ends), "socketpair");
        client.fd = ends[0];
        server.talker.fd = ends[1];
    } else if (settings->type == SOCK_DGRAM) {
        open_datagram(&client, &server.talker, settings);
    } else {
        name = name_of(settings, true);
        server.listener = open_listener(&name, settings);
    }
    witness_open(&client.witness, settings->log, false);
    witness_open(&server.talker.witness, settings->log, true);

    if (settings->threads) {
        must(!pthread_create(&thread, NULL, serve, &server), "pthread_create");
    } else {
        child = fork();
        must(child >= 0, "fork");
        if (!child) {
            if (client.fd >= 0)
                close(client.fd);
            serve(&server);
            exit(0);
        }
        close(server.listener >= 0 ? server.listener : server.talker.fd);
    }
    if (server.listener >= 0)
        client.fd = connected_socket(&name, settings->type);
    converse(&client);
    if (settings->threads)
        must(!pthread_join(thread, NULL), "pthread_join");
    else
        must_succeed(child);
}

/* "all", or one call, or several with commas between them. */
static unsigned choose_calls(unsigned chosen[CALLS], const struct call *calls, char *names,
                             bool unconnected)
{
    unsigned count = 0;

    if (!strcmp(names, "all")) {
        for (unsigned i = 0; calls[i].name; i++)
            if (!unconnected || calls[i].names_peer)
                chosen[count++] = i;
        return count;
    }
    for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
        unsigned i = 0;

        while (calls[i].name && strcmp(calls[i].name, name))
            i++;
        if (!calls[i].name || (unconnected && !calls[i].names_peer) || count == CALLS)
            fail("not a call that can be used here: %s", name);
        chosen[count++] = i;
    }
    must(count > 0, "no call chosen");
    return count;
}

static void parse(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
        {"type", required_argument, NULL, 't'},
        {"family", required_argument, NULL, 'f'},
        {"send", required_argument, NULL, 's'},
        {"recv", required_argument, NULL, 'r'},
        {"role", required_argument, NULL, 'o'},
        {"exchanges", required_argument, NULL, 'n'},
        {"size", required_argument, NULL, 'b'},
        {"log", required_argument, NULL, 'l'},
        {"path", required_argument, NULL, 'p'},
        {"threads", no_argument, NULL, 'T'},
        {"connected", no_argument, NULL, 'c'},
        {"unconnected", no_argument, NULL, 'u'},
        {NULL, 0, NULL, 0},
    };
    static const int socket_types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    char all[] = "all", *sends = NULL, *receives = NULL;
    int option;

    *settings = (struct settings){.type = SOCK_STREAM, .size = 40};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 't':
            settings->type = socket_types[choice(types, optarg)];
            break;
        case 'f':
            settings->family = (enum family)choice(families, optarg);
            break;
        case 's':
            sends = optarg;
            break;
        case 'r':
            receives = optarg;
            break;
        case 'o':
            settings->role = (enum role)choice(roles, optarg);
            break;
        case 'n':
            settings->exchanges = (unsigned)number(optarg, 1000000);
            break;
        case 'b':
            settings->size = number(optarg, 1 << 30);
            break;
        case 'l':
            settings->log = optarg;
            break;
        case 'p':
            settings->path = optarg;
            break;
        case 'T':
            settings->threads = true;
            break;
        case 'c':
            settings->unconnected = false;
            break;
        case 'u':
            settings->unconnected = true;
            break;
        default:
            exit(2);
        }
    }
    must(optind == argc, "arguments that are no options");
    must(settings->size >= MOST_MESSAGES, "--size 2 is the least");
    must(!settings->unconnected || settings->type == SOCK_DGRAM,
         "only --type dgram can be unconnected");
    must(!settings->unconnected || settings->family != PAIR, "a pair is always connected");
    must(settings->path || settings->family > ABSTRACT, "no --path");
    settings->sends =
        choose_calls(settings->send, send_calls, sends ? sends : all, settings->unconnected);
    settings->receives =
        choose_calls(settings->receive, receive_calls, receives ? receives : all, false);
    if (!settings->exchanges)
        settings->exchanges = settings->sends * settings->receives;
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct talker talker = {.settings = &settings};

    parse(&settings, argc, argv);
    alarm(PATIENCE_SECONDS);
    if (settings.role == BOTH)
        run_both(&settings);
    else
        run_alone(&talker, &settings);
    return 0;
}
