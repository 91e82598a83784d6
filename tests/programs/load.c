/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loads for `make bench`: each goes on for a given time, and says in one line how much it did in
 * it, in how many seconds, and how much it did in all.
 *
 * talk: clients ask one server, all at once, each over its own connections in turn, and wait for
 * each answer. flood: they send, and nobody answers. What is said is that many messages were sent.
 * --apart has the server run on the second processor, wherever the others do.
 * read, getppid, compute: a program that has no sockets; rounds are said. hold: says when it has
 * begun, and waits for standard input to end.
 */
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "tests/programs/program.h"

enum { CLIENTS_MAX = 1000, CONNECTIONS_MAX = 100000, SIZE_MAX_BYTES = 64 << 20, EVENTS = 64 };

struct settings {
    int type;
    unsigned size;
    unsigned milliseconds;
    unsigned clients;
    unsigned connections; /* of each client */
    bool answers;
    bool apart; /* the server has a processor of its own */
};

/* What processes have in common. */
struct board {
    volatile bool begun, over;
    volatile unsigned ready;
    volatile unsigned long sent[CLIENTS_MAX + 1]; /* by the clients, and by the server */
};

struct connection {
    int client, server;
};

static double seconds_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void rest(unsigned milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

    nanosleep(&time, NULL);
}

static struct board *make_board(void)
{
    struct board *board =
        mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    must(board != MAP_FAILED, "mmap");
    return board;
}

/* Sockets */

/* Takes one message whole. False when there will be none any more. */
static bool take(int fd, uint8_t *message, size_t size)
{
    ssize_t got = recv(fd, message, size, MSG_WAITALL);

    must(got == 0 || got == (ssize_t)size || (got < 0 && errno == ECONNRESET), "recv");
    return got > 0;
}

static void serve(const struct settings *settings, struct board *board,
                  const struct connection *connections, unsigned count)
{
    volatile unsigned long *sent = &board->sent[CLIENTS_MAX];
    struct epoll_event events[EVENTS];
    uint8_t *message = allocate(settings->size);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    unsigned left = count;

    must(poll >= 0, "epoll_create1");
    for (unsigned i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = connections[i].server};

        must(!epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].server, &event), "epoll_ctl");
    }
    board->ready++;
    while (left > 0) {
        int some = epoll_wait(poll, events, EVENTS, -1);

        for (int i = 0; i < some; i++) {
            int fd = events[i].data.fd;

            if (!take(fd, message, settings->size)) {
                close(fd);
                left--;
            } else if (settings->answers) {
                must(send(fd, message, settings->size, 0) == (ssize_t)settings->size, "send");
                ++*sent;
            }
        }
    }
}

/* A single connection needs nothing to tell it from others: then the calls measured are the pure
 * ones. */
static void serve_one(const struct settings *settings, struct board *board,
                      const struct connection *connection)
{
    volatile unsigned long *sent = &board->sent[CLIENTS_MAX];
    uint8_t *message = allocate(settings->size);

    board->ready++;
    while (take(connection->server, message, settings->size)) {
        if (!settings->answers)
            continue;
        must(send(connection->server, message, settings->size, 0) == (ssize_t)settings->size,
             "send");
        ++*sent;
    }
}

static void ask(const struct settings *settings, struct board *board,
                const struct connection *connections, unsigned client)
{
    uint8_t *message = allocate(settings->size);

    fill(message, settings->size, client, 0);
    while (!board->begun)
        rest(1);
    for (unsigned turn = 0; !board->over; turn++) {
        int fd = connections[turn % settings->connections].client;

        must(send(fd, message, settings->size, 0) == (ssize_t)settings->size, "send");
        board->sent[client]++;
        if (settings->answers)
            must(take(fd, message, settings->size), "no answer");
    }
}

static void allow_descriptors(unsigned count)
{
    struct rlimit limit;

    must(!getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    if (limit.rlim_cur >= count)
        return;
    limit.rlim_cur = count;
    if (limit.rlim_max < count)
        limit.rlim_max = count;
    must(!setrlimit(RLIMIT_NOFILE, &limit), "not so many descriptors here");
}

/* Connections of datagram sockets are pairs, of which both ends are here at first. */
static void pair_all(int type, struct connection *connections, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        int ends[2];

        must(!socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), "socketpair");
        connections[i] = (struct connection){ends[0], ends[1]};
    }
}

/* A socket that listens at a name of the kernel's choice. */
static int listen_somewhere(int type, struct address *name)
{
    int listener;

    *name = (struct address){.any.sa_family = AF_UNIX, .length = sizeof(name->any.sa_family)};
    listener = bound_socket(name, type);
    must(!listen(listener, SOMAXCONN), "listen");
    return listener;
}

static void use_second_processor(void)
{
    cpu_set_t second;

    CPU_ZERO(&second);
    CPU_SET(1, &second);
    must(!sched_setaffinity(0, sizeof(second), &second), "there is no second processor");
}

static pid_t start_server(const struct settings *settings, struct board *board,
                          struct connection *connections, unsigned count, int listener)
{
    pid_t server = fork();

    must(server >= 0, "fork");
    if (server)
        return server;
    if (settings->apart)
        use_second_processor();
    for (unsigned i = 0; i < count; i++) {
        if (listener >= 0)
            connections[i].server = accepted_socket(listener);
        else
            close(connections[i].client);
    }
    if (count == 1)
        serve_one(settings, board, connections);
    else
        serve(settings, board, connections, count);
    exit(0);
}

static void start_clients(const struct settings *settings, struct board *board,
                          const struct connection *connections)
{
    for (unsigned i = 0; i < settings->clients; i++) {
        pid_t client = fork();

        must(client >= 0, "fork");
        if (client)
            continue;
        ask(settings, board, connections + (size_t)i * settings->connections, i);
        exit(0);
    }
}

/* A datagram socket is not told that its peer is gone. */
static void end_server(const struct settings *settings, pid_t server)
{
    if (settings->type != SOCK_DGRAM) {
        must_succeed(server);
        return;
    }
    kill(server, SIGKILL);
    must(waitpid(server, NULL, 0) == server, "waitpid");
}

static unsigned long total(const struct board *board)
{
    unsigned long sent = 0;

    for (unsigned i = 0; i <= CLIENTS_MAX; i++)
        sent += board->sent[i];
    return sent;
}

static void talk(const struct settings *settings)
{
    unsigned count = settings->clients * settings->connections;
    struct board *board = make_board();
    struct connection *connections = allocate(count * sizeof(*connections));
    bool pairs = settings->type == SOCK_DGRAM;
    struct address name;
    int listener = pairs ? -1 : listen_somewhere(settings->type, &name);
    pid_t server;
    double begun;

    allow_descriptors((pairs ? 2 : 1) * count + 64);
    if (pairs)
        pair_all(settings->type, connections, count);
    server = start_server(settings, board, connections, count, listener);
    for (unsigned i = 0; i < count; i++) {
        if (pairs)
            close(connections[i].server);
        else
            connections[i].client = connected_socket(&name, settings->type);
    }
    while (!board->ready)
        rest(1);
    start_clients(settings, board, connections);
    begun = seconds_now();
    board->begun = true;
    rest(settings->milliseconds);
    board->over = true;
    begun = seconds_now() - begun;
    printf("%lu %.9f", total(board), begun);
    for (unsigned i = 0; i < settings->clients; i++) /* the server goes on until all have ended */
        must_succeed(-1);
    for (unsigned i = 0; i < count; i++)
        close(connections[i].client);
    end_server(settings, server);
    printf(" %lu\n", total(board));
}

/* Without sockets */

static unsigned long round_of_reads(int file)
{
    char bytes[4096];

    for (int i = 0; i < 100; i++)
        must(pread(file, bytes, sizeof(bytes), 0) >= 0, "pread");
    return 100;
}

static unsigned long round_of_getppid(int file)
{
    (void)file;
    for (int i = 0; i < 100; i++)
        syscall(SYS_getppid);
    return 100;
}

static unsigned long round_of_computing(int file)
{
    static volatile uint64_t result;
    uint64_t state = 0x9e3779b97f4a7c15u;

    (void)file;
    for (int i = 0; i < 20000; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    result = state;
    return result ? 1 : 0;
}

static void go_on(const struct settings *settings, unsigned long (*round)(int file))
{
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    double begun = seconds_now(), elapsed;
    unsigned long rounds = 0;

    must(file >= 0, "open");
    do {
        rounds += round(file);
        elapsed = seconds_now() - begun;
    } while (elapsed * 1000 < settings->milliseconds);
    printf("%lu %.9f %lu\n", rounds, elapsed, rounds);
}

static void hold(void)
{
    char byte;

    printf("%.9f\n", seconds_now());
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
}

static void run(const struct settings *settings, const char *what)
{
    static const char *const names[] = {"talk",    "flood", "read", "getppid",
                                        "compute", "hold",  NULL};
    struct settings flood = *settings;

    switch (choice(names, what)) {
    case 0:
        talk(settings);
        break;
    case 1:
        flood.answers = false;
        talk(&flood);
        break;
    case 2:
        go_on(settings, round_of_reads);
        break;
    case 3:
        go_on(settings, round_of_getppid);
        break;
    case 4:
        go_on(settings, round_of_computing);
        break;
    case 5:
        hold();
        break;
    }
}

static void parse(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
        {"type", required_argument, NULL, 't'},
        {"size", required_argument, NULL, 's'},
        {"milliseconds", required_argument, NULL, 'm'},
        {"clients", required_argument, NULL, 'c'},
        {"connections", required_argument, NULL, 'n'},
        {"apart", no_argument, NULL, 'a'},
        {NULL, 0, NULL, 0},
    };
    static const char *const types[] = {"stream", "dgram", "seqpacket", NULL};
    static const int numbers[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    int option;

    *settings = (struct settings){SOCK_STREAM, 64, 300, 1, 1, true, false};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 't':
            settings->type = numbers[choice(types, optarg)];
            break;
        case 's':
            settings->size = (unsigned)number(optarg, SIZE_MAX_BYTES);
            break;
        case 'm':
            settings->milliseconds = (unsigned)number(optarg, 600000);
            break;
        case 'c':
            settings->clients = (unsigned)number(optarg, CLIENTS_MAX);
            break;
        case 'n':
            settings->connections = (unsigned)number(optarg, CONNECTIONS_MAX);
            break;
        case 'a':
            settings->apart = true;
            break;
        default:
            exit(2);
        }
    }
    must(optind == argc - 1 && settings->size && settings->clients && settings->connections,
         "load [OPTIONS] talk|flood|read|getppid|compute|hold");
}

int main(int argc, char **argv)
{
    struct settings settings;

    parse(&settings, argc, argv);
    alarm(settings.milliseconds / 1000 + PATIENCE_SECONDS);
    run(&settings, argv[optind]);
    return 0;
}
