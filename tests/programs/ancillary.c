/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What messages carry beside their bytes: descriptors, credentials, and what the kernel adds. */
#include <fcntl.h>
#include <netinet/ip.h>
#include <poll.h>
#include <signal.h>
#include <stdalign.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include "tests/programs/scenario.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76 /* Linux 6.5 */
#endif

enum { MOST = 253, LONG = 200000, ROOM = 4096 };

/* Descriptors by what they are, as a recording calls it. */

static int open_kind(const char *kind)
{
    static const char *const kinds[] = {"file",     "directory", "pipe",  "device", "socket",
                                        "eventfd",  "epoll",     "memfd", "pidfd",  "timerfd",
                                        "signalfd", "inotify",   "other", NULL};
    int pair[2];
    sigset_t signals;

    sigemptyset(&signals);
    switch (choice(kinds, kind)) {
    case 0:
        return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    case 1:
        return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    case 2:
        must(!pipe2(pair, O_CLOEXEC), "pipe");
        return pair[1];
    case 3:
        return open("/dev/null", O_RDWR | O_CLOEXEC);
    case 4:
        return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    case 5:
        return eventfd(0, EFD_CLOEXEC);
    case 6:
        return epoll_create1(EPOLL_CLOEXEC);
    case 7:
        return memfd_create("some memory", MFD_CLOEXEC);
    case 8:
        return (int)syscall(SYS_pidfd_open, getpid(), 0);
    case 9:
        return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    case 10:
        return signalfd(-1, &signals, SFD_CLOEXEC);
    case 11:
        return inotify_init1(IN_CLOEXEC);
    default: /* a symbolic link itself */
        return open("/proc/self", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }
}

/* Opens what the words name that have commas between them; returns how many there are. */
static size_t open_kinds(int fds[MOST], const char *kinds)
{
    char *copy = strdup(kinds), *rest = copy, *kind;
    size_t count = 0;

    must(copy != NULL, "strdup");
    while ((kind = strsep(&rest, ","))) {
        must(count < MOST, "too many");
        fds[count] = open_kind(kind);
        must(fds[count++] >= 0, kind);
    }
    free(copy);
    return count;
}

/* Control messages. */

struct controls {
    alignas(struct cmsghdr) char room[ROOM];
    size_t length;
    char spelt[ROOM]; /* for the witness */
};

static void add_control(struct controls *controls, int level, int type, const void *data,
                        size_t length)
{
    struct cmsghdr *header = (struct cmsghdr *)(controls->room + controls->length);

    must(controls->length + CMSG_SPACE(length) <= ROOM, "room for control messages");
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(length);
    memcpy(CMSG_DATA(header), data, length);
    controls->length += CMSG_SPACE(length);
}

static void __attribute__((format(printf, 2, 3)))
spell(struct controls *controls, const char *format, ...)
{
    size_t used = strlen(controls->spelt);
    va_list arguments;

    if (used)
        controls->spelt[used++] = '+';
    va_start(arguments, format);
    vsnprintf(controls->spelt + used, sizeof(controls->spelt) - used, format, arguments);
    va_end(arguments);
}

static void add_descriptors(struct controls *controls, const char *kinds)
{
    int fds[MOST];
    size_t count = open_kinds(fds, kinds);

    add_control(controls, SOL_SOCKET, SCM_RIGHTS, fds, count * sizeof(*fds));
    spell(controls, "descriptors:%s", kinds);
}

static void spell_credentials(struct controls *controls, const struct ucred *credentials)
{
    spell(controls, "credentials:%d/%u/%u", (int)credentials->pid, credentials->uid,
          credentials->gid);
}

static void add_credentials(struct controls *controls)
{
    struct ucred credentials = {getpid(), getuid(), getgid()};

    add_control(controls, SOL_SOCKET, SCM_CREDENTIALS, &credentials, sizeof(credentials));
    spell_credentials(controls, &credentials);
}

/* What came, where the descriptors are of these kinds; they are closed. */
static void spell_received(struct controls *controls, struct msghdr *header, const char *kinds)
{
    for (struct cmsghdr *i = CMSG_FIRSTHDR(header); i; i = CMSG_NXTHDR(header, i)) {
        size_t length = i->cmsg_len - CMSG_LEN(0);
        struct ucred credentials;

        if (i->cmsg_level == SOL_SOCKET && i->cmsg_type == SCM_RIGHTS) {
            spell(controls, "descriptors:%s", kinds);
        } else if (i->cmsg_level == SOL_SOCKET && i->cmsg_type == SCM_CREDENTIALS) {
            if (length < sizeof(credentials)) /* they are cut */
                continue;
            memcpy(&credentials, CMSG_DATA(i), sizeof(credentials));
            spell_credentials(controls, &credentials);
        } else {
            spell(controls, "other:%d/%d/%zu", i->cmsg_level, i->cmsg_type, length);
        }
    }
    if (header->msg_flags & MSG_CTRUNC &&
        ((struct sockaddr *)header->msg_name)->sa_family == AF_UNIX)
        spell(controls, "cut");
}

/* Sends the bytes with the control messages, whose contents are gone then. */
static void pass_bytes(struct peer *peer, const void *data, size_t length,
                       struct controls *controls)
{
    struct iovec piece = {(void *)data, length};
    struct msghdr header = {.msg_iov = &piece,
                            .msg_iovlen = 1,
                            .msg_control = controls->room,
                            .msg_controllen = controls->length};
    int64_t before = now();

    must(sendmsg(peer->fd, &header, MSG_NOSIGNAL) == (ssize_t)length, "sendmsg");
    peer->witness.ancillary = controls->spelt;
    witness_sent(&peer->witness, peer->conversation, "sendmsg", before, data, length);
    memset(controls, 0, sizeof(*controls));
}

static void pass(struct peer *peer, const char *text, struct controls *controls)
{
    pass_bytes(peer, text, strlen(text), controls);
}

/* Receives just this, with so much room for control messages; descriptors are of these kinds. */
static void take(struct peer *peer, const char *text, size_t room, const char *kinds)
{
    struct controls controls = {.length = room};
    char data[64];
    struct iovec piece = {data, sizeof(data)};
    struct address from;
    struct msghdr header = {.msg_name = &from.any,
                            .msg_namelen = sizeof(from.storage),
                            .msg_iov = &piece,
                            .msg_iovlen = 1,
                            .msg_control = room ? controls.room : NULL,
                            .msg_controllen = room};
    int64_t before = now();

    from.any.sa_family = peer->self.any.sa_family; /* a stream does not say */
    must(recvmsg(peer->fd, &header, 0) == (ssize_t)strlen(text), "recvmsg");
    must(!memcmp(data, text, strlen(text)), "what was received");
    spell_received(&controls, &header, kinds);
    peer->witness.ancillary = controls.spelt;
    witness_received(&peer->witness, peer->conversation, "recvmsg", before, data, strlen(text));
}

static void set(int fd, int level, int option)
{
    int yes = 1;

    must(!setsockopt(fd, level, option, &yes, sizeof(yes)), "setsockopt");
}

/* kinds: a descriptor of each kind. */

#define ALL_KINDS                                                                                  \
    "file,directory,pipe,device,socket,eventfd,epoll,memfd,pidfd,timerfd,signalfd,inotify,other"

static void kinds_client(struct peer *peer)
{
    struct controls controls = {0};

    add_descriptors(&controls, ALL_KINDS);
    pass(peer, "one of each", &controls);
    hear(peer, "thanks");
}

static void kinds_server(struct peer *peer)
{
    char data[64], room[ROOM];
    struct iovec piece = {data, sizeof(data)};
    struct msghdr header = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};

    must(recvmsg(peer->fd, &header, MSG_PEEK) == 11, "recvmsg, MSG_PEEK");
    must(header.msg_controllen >= CMSG_LEN(13 * sizeof(int)), "what was peeked at");
    take(peer, "one of each", ROOM, ALL_KINDS);
    say(peer, "thanks");
}

/* most: as many descriptors as a message can pass. */

static void spell_most(char kinds[ROOM])
{
    char *end = stpcpy(kinds, "pipe");

    for (int i = 1; i < MOST; i++)
        end = stpcpy(end, ",file");
}

static void most_client(struct peer *peer)
{
    struct controls controls = {0};
    char kinds[ROOM];

    spell_most(kinds);
    add_descriptors(&controls, kinds);
    pass(peer, "all I have", &controls);
    hear(peer, "thanks");
}

static void most_server(struct peer *peer)
{
    char kinds[ROOM];

    spell_most(kinds);
    take(peer, "all I have", ROOM, kinds);
    say(peer, "thanks");
}

/* several: one after the other on a stream, with a message between that has none. */

static void several_client(struct peer *peer)
{
    struct controls controls = {0};

    pass(peer, "plain", &controls);
    add_descriptors(&controls, "pipe");
    pass(peer, "one", &controls);
    hear(peer, "next");
    add_descriptors(&controls, "file,socket");
    pass(peer, "two", &controls);
    add_descriptors(&controls, "socket,eventfd,file");
    pass(peer, "three", &controls);
    hear(peer, "thanks");
}

static void several_server(struct peer *peer)
{
    hear(peer, "plain");
    take(peer, "one", ROOM, "pipe");
    say(peer, "next");
    take(peer, "two", ROOM, "file,socket");
    take(peer, "three", ROOM, "socket,eventfd,file");
    say(peer, "thanks");
}

/* nothing: descriptors with no byte of a stream are passed to nobody. */

static void nothing_client(struct peer *peer)
{
    struct controls controls = {0};
    struct msghdr header = {.msg_control = controls.room};

    add_descriptors(&controls, "pipe");
    header.msg_controllen = controls.length;
    must(sendmsg(peer->fd, &header, MSG_NOSIGNAL) == 0, "sendmsg of nothing");
    ask(peer);
}

/* together: more than one control message, and more than one of a kind. */

static void together_client(struct peer *peer)
{
    struct controls controls = {0};

    add_descriptors(&controls, "pipe");
    add_credentials(&controls);
    add_descriptors(&controls, "eventfd,file");
    pass(peer, "together", &controls);
    hear(peer, "thanks");
}

static void together_server(struct peer *peer)
{
    set(peer->fd, SOL_SOCKET, SO_PASSCRED);
    take(peer, "together", ROOM, "pipe,eventfd,file");
    say(peer, "thanks");
}

/* cut: the receiver has room for one of three, and then for none; or for a part of credentials. */

static void cut_client(struct peer *peer)
{
    struct controls controls = {0};

    add_descriptors(&controls, "pipe,socket,file");
    pass(peer, "three", &controls);
    hear(peer, "next");
    add_descriptors(&controls, "pipe");
    pass(peer, "one", &controls);
    hear(peer, "thanks");
}

static void cut_server(struct peer *peer)
{
    take(peer, "three", CMSG_LEN(sizeof(int)), "pipe");
    say(peer, "next");
    take(peer, "one", 0, NULL);
    say(peer, "thanks");
}

static void cut_credentials_client(struct peer *peer)
{
    struct controls controls = {0};

    add_credentials(&controls);
    pass(peer, "it is me", &controls);
    hear(peer, "thanks");
}

static void cut_credentials_server(struct peer *peer)
{
    set(peer->fd, SOL_SOCKET, SO_PASSCRED);
    take(peer, "it is me", CMSG_LEN(sizeof(pid_t)), NULL);
    say(peer, "thanks");
}

/* alone, alone-record: no byte, but descriptors; a record also after the sender has gone. */

static void alone_client(struct peer *peer)
{
    struct controls controls = {0};

    add_descriptors(&controls, "socket,pipe");
    pass(peer, "", &controls);
    hear(peer, "thanks");
}

static void alone_server(struct peer *peer)
{
    take(peer, "", ROOM, "socket,pipe");
    say(peer, "thanks");
}

static void alone_last_client(struct peer *peer)
{
    struct controls controls = {0};

    ask(peer);
    add_descriptors(&controls, "memfd");
    pass(peer, "", &controls);
    must(!shutdown(peer->fd, SHUT_WR), "shutdown");
    hear(peer, "thanks");
}

static void alone_last_server(struct peer *peer)
{
    struct pollfd ended = {.fd = peer->fd, .events = POLLRDHUP};

    answer(peer);
    must(poll(&ended, 1, -1) == 1, "poll");
    take(peer, "", ROOM, "memfd");
    hear_end(peer);
    say(peer, "thanks");
}

/* batch: messages in one call, each with something else. */

static void batch_client(struct peer *peer)
{
    static const char *const kinds[] = {"pipe", "", "socket,eventfd"};
    struct controls controls[3] = {0};
    struct iovec pieces[3];
    struct mmsghdr messages[3] = {0};
    int64_t before;

    for (int i = 0; i < 3; i++) {
        if (*kinds[i])
            add_descriptors(&controls[i], kinds[i]);
        pieces[i] = (struct iovec){(void *)kinds[i], strlen(kinds[i])};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i],
                                              .msg_iovlen = 1,
                                              .msg_control = controls[i].room,
                                              .msg_controllen = controls[i].length};
    }
    before = now();
    must(sendmmsg(peer->fd, messages, 3, MSG_NOSIGNAL) == 3, "sendmmsg");
    for (int i = 0; i < 3; i++) {
        peer->witness.ancillary = controls[i].spelt;
        witness_sent(&peer->witness, 1, "sendmmsg", before, kinds[i], strlen(kinds[i]));
    }
    hear(peer, "thanks");
}

static void batch_server(struct peer *peer)
{
    struct controls controls[3] = {0};
    char data[3][64];
    struct iovec pieces[3];
    struct mmsghdr messages[3] = {0};
    struct address from[3];
    int64_t before;

    for (int i = 0; i < 3; i++) {
        pieces[i] = (struct iovec){data[i], sizeof(data[i])};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &from[i].any,
                                              .msg_namelen = sizeof(from[i].storage),
                                              .msg_iov = &pieces[i],
                                              .msg_iovlen = 1,
                                              .msg_control = controls[i].room,
                                              .msg_controllen = ROOM};
    }
    before = now();
    must(recvmmsg(peer->fd, messages, 3, 0, NULL) == 3, "recvmmsg");
    for (int i = 0; i < 3; i++) {
        data[i][messages[i].msg_len] = '\0';
        spell_received(&controls[i], &messages[i].msg_hdr, data[i]);
        peer->witness.ancillary = controls[i].spelt;
        witness_received(&peer->witness, 1, "recvmmsg", before, data[i], messages[i].msg_len);
    }
    say(peer, "thanks");
}

/* credentials: passed by the sender, and added for the receiver. */

static void credentials_client(struct peer *peer)
{
    struct controls controls = {0};

    add_credentials(&controls);
    pass(peer, "it is me", &controls);
    hear(peer, "next");
    say(peer, "it is still me");
    hear(peer, "thanks");
}

static void credentials_server(struct peer *peer)
{
    set(peer->fd, SOL_SOCKET, SO_PASSCRED);
    take(peer, "it is me", ROOM, NULL);
    say(peer, "next");
    take(peer, "it is still me", ROOM, NULL);
    say(peer, "thanks");
}

/* sender: what else the kernel tells the receiver of who has sent it, where it knows how to. */

static void sender_client(struct peer *peer)
{
    ask(peer);
    say(peer, "who am I?");
    hear(peer, "thanks");
}

static void sender_server(struct peer *peer)
{
    int yes = 1;

    must(!setsockopt(peer->fd, SOL_SOCKET, SO_PASSPIDFD, &yes, sizeof(yes)) || errno == ENOPROTOOPT,
         "SO_PASSPIDFD");
    must(!setsockopt(peer->fd, SOL_SOCKET, SO_PASSSEC, &yes, sizeof(yes)), "SO_PASSSEC");
    answer(peer);
    take(peer, "who am I?", ROOM, NULL);
    say(peer, "thanks");
}

/* long: a message that takes many records. */

static void long_client(struct peer *peer)
{
    struct controls controls = {0};
    uint8_t *data = allocate(LONG);

    fill(data, LONG, 1, 0);
    add_descriptors(&controls, "memfd");
    pass_bytes(peer, data, LONG, &controls);
    hear(peer, "thanks");
    free(data);
}

static void long_server(struct peer *peer)
{
    struct controls controls = {0};
    uint8_t *data = allocate(LONG), *expected = allocate(LONG);
    struct iovec piece = {data, LONG};
    struct msghdr header = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = controls.room, .msg_controllen = ROOM};
    int64_t before = now();
    ssize_t got;

    fill(expected, LONG, 1, 0);
    got = recvmsg(peer->fd, &header, MSG_WAITALL);
    must(got > 0 && !memcmp(data, expected, (size_t)got), "recvmsg");
    peer->witness.ancillary = "descriptors:memfd";
    witness_received(&peer->witness, 1, "recvmsg", before, data, (size_t)got);
    if (got < LONG) /* the kernel ends a call at the piece that the descriptors came with */
        hear_bytes(peer, expected + got, (size_t)(LONG - got));
    say(peer, "thanks");
    free(data);
    free(expected);
}

/* inet: what a program and its own kernel say to each other. */

static void inet_client(struct peer *peer)
{
    struct controls controls = {0};
    int lifetime = 7;

    add_control(&controls, IPPROTO_IP, IP_TTL, &lifetime, sizeof(lifetime));
    spell(&controls, "other:%d/%d/%zu", IPPROTO_IP, IP_TTL, sizeof(lifetime));
    pass(peer, "from afar", &controls);
    hear(peer, "next");
    say(peer, "again");
    hear(peer, "thanks");
}

static void inet_server(struct peer *peer)
{
    set(peer->fd, IPPROTO_IP, IP_PKTINFO);
    set(peer->fd, IPPROTO_IP, IP_RECVTTL);
    take(peer, "from afar", ROOM, NULL);
    say(peer, "next");
    take(peer, "again", 0, NULL); /* MSG_CTRUNC, but no peer has passed anything */
    say(peer, "thanks");
}

static const struct scenario scenarios[] = {
    {"kinds", AF_UNIX, SOCK_STREAM, kinds_client, kinds_server},
    {"most", AF_UNIX, SOCK_STREAM, most_client, most_server},
    {"several", AF_UNIX, SOCK_STREAM, several_client, several_server},
    {"nothing", AF_UNIX, SOCK_STREAM, nothing_client, answer},
    {"together", AF_UNIX, SOCK_SEQPACKET, together_client, together_server},
    {"cut", AF_UNIX, SOCK_DGRAM, cut_client, cut_server},
    {"cut-credentials", AF_UNIX, SOCK_DGRAM, cut_credentials_client, cut_credentials_server},
    {"alone", AF_UNIX, SOCK_DGRAM, alone_client, alone_server},
    {"alone-record", AF_UNIX, SOCK_SEQPACKET, alone_client, alone_server},
    {"alone-last", AF_UNIX, SOCK_SEQPACKET, alone_last_client, alone_last_server},
    {"batch", AF_UNIX, SOCK_DGRAM, batch_client, batch_server},
    {"credentials", AF_UNIX, SOCK_DGRAM, credentials_client, credentials_server},
    {"sender", AF_UNIX, SOCK_DGRAM, sender_client, sender_server},
    {"long", AF_UNIX, SOCK_STREAM, long_client, long_server},
    {"inet", AF_INET, SOCK_DGRAM, inet_client, inet_server},
    {NULL, 0, 0, NULL, NULL},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, scenarios);
}
