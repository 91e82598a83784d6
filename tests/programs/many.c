/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* One server and many clients at once, each exchange unlike every other: whatever mixes or loses
 * one is found out. */
#include <getopt.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "tests/programs/program.h"

enum { MESSAGE_SIZE = 128, EVENTS = 256 };
enum role { BOTH, SERVER, CLIENTS };

struct settings {
    int type;
    enum role role;
    const char *path;
    const char *log;
    const char *begin; /* the clients start when this file is there */
    const char *done;  /* and this one is there when they have ended */
    unsigned clients;
    unsigned exchanges;
};

/* What one side moved, as its log tells it. */
struct tally {
    unsigned long messages;
    unsigned long bytes;
};

/* tests/check_many.py works out the same text. */
static size_t ask(char text[MESSAGE_SIZE], unsigned client, unsigned exchange)
{
    return (size_t)snprintf(text, MESSAGE_SIZE, "ask %u %u %.*s", client, exchange,
                            (int)((client * 7 + exchange) % 32),
                            "................................");
}

static size_t answer(char text[MESSAGE_SIZE], const char *request, size_t length)
{
    must(length > 4 && length < MESSAGE_SIZE - 3 && !memcmp(request, "ask ", 4),
         "the server got no request");
    memcpy(text, "answer ", 7);
    memcpy(text + 7, request + 4, length - 4);
    return length + 3;
}

static void write_tally(const struct settings *settings, const char *side, struct tally tally)
{
    char path[4096];
    FILE *file;

    if (!settings->log)
        return;
    must((size_t)snprintf(path, sizeof(path), "%s.%s", settings->log, side) < sizeof(path),
         "name of the log too long");
    file = fopen(path, "we");
    must(file != NULL, path);
    fprintf(file, "%lu messages %lu bytes\n", tally.messages, tally.bytes);
    must(!fclose(file), path);
}

static void touch(const char *path)
{
    FILE *file = fopen(path, "we");

    must(file && !fclose(file), path);
}

static void watch(int poll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    must(!epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

/* Answers one request; false when the client is gone. */
static bool serve_one(int fd, struct tally *tally)
{
    char request[MESSAGE_SIZE], response[MESSAGE_SIZE];
    struct address client = {.length = sizeof(client.storage)};
    ssize_t got = recvfrom(fd, request, sizeof(request), 0, &client.any, &client.length);
    size_t length;

    must(got >= 0, "recvfrom");
    if (!got)
        return false;
    length = answer(response, request, (size_t)got);
    must(sendto(fd, response, length, MSG_NOSIGNAL, client.length ? &client.any : NULL,
                client.length) == (ssize_t)length,
         "sendto");
    tally->messages += 2;
    tally->bytes += (size_t)got + length;
    return true;
}

static void serve_connections(const struct settings *settings, int listener, struct tally *tally)
{
    struct epoll_event events[EVENTS];
    int poll = epoll_create1(EPOLL_CLOEXEC);
    unsigned gone = 0;

    must(poll >= 0, "epoll_create1");
    watch(poll, listener);
    while (gone < settings->clients) {
        int count = epoll_wait(poll, events, EVENTS, -1);

        must(count > 0, "epoll_wait");
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;

            if (fd == listener) {
                fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
                must(fd >= 0, "accept");
                watch(poll, fd);
            } else if (!serve_one(fd, tally)) {
                must(!close(fd), "close");
                gone++;
            }
        }
    }
}

static void serve(const struct settings *settings, int fd)
{
    struct tally tally = {0};

    if (settings->type == SOCK_DGRAM)
        for (unsigned long i = 0; i < (unsigned long)settings->clients * settings->exchanges; i++)
            must(serve_one(fd, &tally), "an empty datagram");
    else
        serve_connections(settings, fd, &tally);
    write_tally(settings, "server", tally);
}

static int open_server(const struct settings *settings)
{
    struct address name = address_unix(settings->path, "");
    int fd = bound_socket(&name, settings->type);

    if (settings->type != SOCK_DGRAM)
        must(!listen(fd, SOMAXCONN), "listen");
    return fd;
}

static int open_client(const struct settings *settings, unsigned client)
{
    struct address server = address_unix(settings->path, ""), name;
    char suffix[16];
    int fd;

    if (settings->type == SOCK_DGRAM) {
        snprintf(suffix, sizeof(suffix), ".%u", client);
        name = address_unix(settings->path, suffix);
        fd = bound_socket(&name, SOCK_DGRAM);
    } else {
        fd = socket(AF_UNIX, settings->type | SOCK_CLOEXEC, 0);
        must(fd >= 0, "socket");
    }
    must(!connect(fd, &server.any, server.length), "connect");
    return fd;
}

static void run_client(const struct settings *settings, unsigned client, int ready, int start)
{
    char request[MESSAGE_SIZE], expected[MESSAGE_SIZE], response[MESSAGE_SIZE];
    int fd = open_client(settings, client);

    must(write(ready, "", 1) == 1, "write");
    must(read(start, request, 1) == 0, "read");
    for (unsigned exchange = 0; exchange < settings->exchanges; exchange++) {
        size_t length = ask(request, client, exchange);
        size_t expect = answer(expected, request, length);

        must(send(fd, request, length, MSG_NOSIGNAL) == (ssize_t)length, "send");
        if (recv(fd, response, sizeof(response), 0) != (ssize_t)expect ||
            memcmp(response, expected, expect))
            fail("client %u, exchange %u: not its answer", client, exchange);
    }
    must(!close(fd), "close");
}

/* Says that all is ready by a file beside it, `ready`. */
static void wait_to_begin(const char *begin)
{
    char ready[4096];
    const char *slash = strrchr(begin, '/');
    int length = slash ? (int)(slash - begin) + 1 : 0;

    must((size_t)snprintf(ready, sizeof(ready), "%.*sready", length, begin) < sizeof(ready), begin);
    touch(ready);
    while (access(begin, F_OK))
        usleep(1000);
}

/* Every client is connected before the first of them says anything. */
static void run_clients(const struct settings *settings)
{
    struct tally tally = {0};
    int ready[2], start[2];
    char text[MESSAGE_SIZE];

    must(!pipe(ready) && !pipe(start), "pipe");
    for (unsigned client = 0; client < settings->clients; client++) {
        pid_t child = fork();

        must(child >= 0, "fork");
        if (!child) {
            close(start[1]);
            run_client(settings, client, ready[1], start[0]);
            exit(0);
        }
    }
    close(ready[1]);
    for (unsigned client = 0; client < settings->clients; client++)
        must(read(ready[0], text, 1) == 1, "a client did not connect");
    if (settings->begin)
        wait_to_begin(settings->begin);
    close(start[1]);
    for (unsigned client = 0; client < settings->clients; client++)
        must_succeed(-1);

    for (unsigned client = 0; client < settings->clients; client++)
        for (unsigned exchange = 0; exchange < settings->exchanges; exchange++) {
            tally.messages += 2;
            tally.bytes += 2 * ask(text, client, exchange) + 3;
        }
    write_tally(settings, "clients", tally);
}

static void run_both(const struct settings *settings)
{
    int fd = open_server(settings);
    pid_t group = fork();

    must(group >= 0, "fork");
    if (!group) {
        close(fd);
        run_clients(settings);
        exit(0);
    }
    serve(settings, fd);
    must_succeed(group);
}

static void parse(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
        {"clients", required_argument, NULL, 'c'},
        {"exchanges", required_argument, NULL, 'n'},
        {"type", required_argument, NULL, 't'},
        {"role", required_argument, NULL, 'o'},
        {"path", required_argument, NULL, 'p'},
        {"log", required_argument, NULL, 'l'},
        {"done", required_argument, NULL, 'd'},
        {"begin", required_argument, NULL, 'b'},
        {NULL, 0, NULL, 0},
    };
    static const char *const types[] = {"stream", "dgram", "seqpacket", NULL};
    static const int socket_types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    static const char *const roles[] = {"both", "server", "clients", NULL};
    int option;

    *settings = (struct settings){.type = SOCK_STREAM, .clients = 10, .exchanges = 10};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            settings->clients = (unsigned)number(optarg, 100000);
            break;
        case 'n':
            settings->exchanges = (unsigned)number(optarg, 100000000);
            break;
        case 't':
            settings->type = socket_types[choice(types, optarg)];
            break;
        case 'o':
            settings->role = (enum role)choice(roles, optarg);
            break;
        case 'p':
            settings->path = optarg;
            break;
        case 'l':
            settings->log = optarg;
            break;
        case 'b':
            settings->begin = optarg;
            break;
        case 'd':
            settings->done = optarg;
            break;
        default:
            exit(2);
        }
    }
    must(optind == argc && settings->path, "many --path PATH [OPTIONS]");
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct rlimit files;

    parse(&settings, argc, argv);
    alarm(PATIENCE_SECONDS);
    must(!getrlimit(RLIMIT_NOFILE, &files), "getrlimit");
    files.rlim_cur = files.rlim_max;
    must(!setrlimit(RLIMIT_NOFILE, &files), "setrlimit");

    if (settings.role == BOTH)
        run_both(&settings);
    else if (settings.role == CLIENTS)
        run_clients(&settings);
    else
        serve(&settings, open_server(&settings));

    /* Whoever stopped our parent can still see that we are at the end. */
    if (settings.done)
        touch(settings.done);
    return 0;
}
