/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Calls that a recorder takes for what they are not: failed, partial, peeked, empty, truncated,
 * without memory. */
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "tests/programs/scenario.h"

enum { LARGE = 2 << 20, MAPPED = 1 << 20, VECTORS = 1024, RECORDS = 100, FILE_SIZE = 100000 };

/* failed: every one of these calls moves nothing. */

static void failed_client(struct peer *peer)
{
    struct address nobody = address_unix(peer->other.un.sun_path, ".nobody");
    int lonely = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), pipes[2];
    char byte;

    must(lonely >= 0 && !pipe(pipes), "socket, pipe");
    must_refuse(send(lonely, "lonely", 6, MSG_NOSIGNAL), ENOTCONN, "send, not connected");
    must_refuse(connect(lonely, &nobody.any, nobody.length), ENOENT, "connect to no file");
    bound_socket(&nobody, SOCK_STREAM);
    must_refuse(connect(lonely, &nobody.any, nobody.length), ECONNREFUSED, "connect, no listen");
    must_refuse(recv(peer->fd, &byte, 1, MSG_DONTWAIT), EAGAIN, "recv of nothing");
    must_refuse(syscall(SYS_sendto, peer->fd, 1, 5, MSG_NOSIGNAL, NULL, 0), EFAULT,
                "send from nowhere");
    must_refuse(send(-1, "none", 4, MSG_NOSIGNAL), EBADF, "send to no descriptor");
    must_refuse(send(pipes[1], "pipe", 4, MSG_NOSIGNAL), ENOTSOCK, "send to a pipe");
    must(send(peer->fd, "", 0, MSG_NOSIGNAL) == 0, "send of nothing on a stream");
    ask(peer);
    hear_end(peer);
    must_refuse(send(peer->fd, "late", 4, MSG_NOSIGNAL), EPIPE, "send after the end");
}

static void failed_server(struct peer *peer)
{
    answer(peer);
    must(!close(peer->fd), "close");
}

/* refused: a datagram that is sent, but that nobody ever gets. */

static void refused_client(struct peer *peer)
{
    struct address nobody = address_loopback(AF_INET, 0), self = nobody;
    struct peer second = *peer;
    char byte;

    ask(peer);
    must(!close(bound_socket(&nobody, SOCK_DGRAM)), "close");
    second.conversation = 2;
    second.fd = bound_socket(&self, SOCK_DGRAM);
    must(!connect(second.fd, &nobody.any, nobody.length), "connect");
    say(&second, "is anybody there?");
    must_refuse(recv(second.fd, &byte, 1, 0), ECONNREFUSED, "recv from nobody");
}

/* partial: sends that take less than they are given, since the server reads only when it is told.
 */

static struct address full_mark(const struct peer *peer)
{
    return address_unix((peer->witness.server ? peer->self : peer->other).un.sun_path, ".full");
}

static void partial_client(struct peer *peer)
{
    uint8_t *data = allocate(LARGE);
    struct pollfd writable = {.fd = peer->fd, .events = POLLOUT};
    unsigned partial = 0, again = 0;
    size_t done = 0;

    fill(data, LARGE, 1, 0);
    while (done < LARGE) {
        int64_t before = now();
        ssize_t sent = send(peer->fd, data + done, LARGE - done, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0) {
            must(errno == EAGAIN, "send");
            if (!again++)
                must(!close(open(full_mark(peer).un.sun_path, O_CREAT | O_WRONLY, 0600)), "open");
            must(poll(&writable, 1, -1) == 1, "poll");
            continue;
        }
        witness_sent(&peer->witness, 1, "sendto", before, data + done, (size_t)sent);
        partial += (size_t)sent < LARGE - done;
        done += (size_t)sent;
    }
    must(partial > 0 && again > 0, "no send was partial");
    free(data);
    hear(peer, "all of it");
}

static void partial_server(struct peer *peer)
{
    uint8_t *data = allocate(LARGE);

    fill(data, LARGE, 1, 0);
    while (access(full_mark(peer).un.sun_path, F_OK))
        usleep(1000);
    hear_bytes(peer, data, LARGE);
    free(data);
    say(peer, "all of it");
}

/* peek: the same bytes are looked at in every way before they are taken. */

static void peek(struct peer *peer, const char *expected)
{
    char data[64];
    size_t length = strlen(expected);
    struct iovec piece = {data, sizeof(data)};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};

    must(recv(peer->fd, data, length, MSG_PEEK) == (ssize_t)length, "recv, MSG_PEEK");
    must(recv(peer->fd, data, 3, MSG_PEEK) == 3, "recv of a part, MSG_PEEK");
    must(recvmsg(peer->fd, &message.msg_hdr, MSG_PEEK) == (ssize_t)length, "recvmsg, MSG_PEEK");
    must(recvmmsg(peer->fd, &message, 1, MSG_PEEK, NULL) == 1, "recvmmsg, MSG_PEEK");
    must(message.msg_len == length && !memcmp(data, expected, length), "what was peeked");
}

static void peek_client(struct peer *peer)
{
    for (int i = 0; i < 2; i++) {
        say(peer, "look at it first");
        peek(peer, "and at this");
        hear(peer, "and at this");
    }
}

static void peek_server(struct peer *peer)
{
    for (int i = 0; i < 2; i++) {
        peek(peer, "look at it first");
        hear(peer, "look at it first");
        say(peer, "and at this");
    }
}

static void peek_length_client(struct peer *peer)
{
    say(peer, "how long is your answer?");
    must(recv(peer->fd, NULL, 0, MSG_PEEK | MSG_TRUNC) == 5, "recv, MSG_PEEK | MSG_TRUNC");
    hear(peer, "short");
}

static void peek_length_server(struct peer *peer)
{
    hear(peer, "how long is your answer?");
    say(peer, "short");
}

/* truncate: a datagram that the receiver's buffer is too short for. */

static void truncate_client(struct peer *peer)
{
    char data[10];
    struct iovec piece = {data, sizeof(data)};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    int64_t before;

    say(peer, "first");
    before = now();
    must(recv(peer->fd, data, sizeof(data), 0) == sizeof(data), "recv");
    witness_received(&peer->witness, 1, "recvfrom", before, data, sizeof(data));

    say(peer, "second");
    before = now();
    must(recvmsg(peer->fd, &message, 0) == sizeof(data), "recvmsg");
    must(message.msg_flags & MSG_TRUNC, "MSG_TRUNC");
    witness_received(&peer->witness, 1, "recvmsg", before, data, sizeof(data));

    say(peer, "third");
    before = now();
    must(recv(peer->fd, data, 0, 0) == 0, "recv without room");
    witness_received(&peer->witness, 1, "recvfrom", before, data, 0);
    hear(peer, "the end");
}

static void truncate_server(struct peer *peer)
{
    hear(peer, "first");
    say(peer, "the first of two answers, and it is long");
    hear(peer, "second");
    say(peer, "the second of two answers, and it is longer");
    hear(peer, "third");
    say(peer, "nobody has room for this");
    say(peer, "the end");
}

/* truncate-flag: the same, but the call returns the datagram's whole length. */

static void truncate_flag_client(struct peer *peer)
{
    char data[10];
    int64_t before;

    say(peer, "first");
    before = now();
    must(recv(peer->fd, data, sizeof(data), MSG_TRUNC) == 40, "recv, MSG_TRUNC");
    witness_line(&peer->witness, 1, false, false, "recvfrom", before, 40 - sizeof(data), data,
                 sizeof(data));
}

static void truncate_flag_server(struct peer *peer)
{
    hear(peer, "first");
    say(peer, "the first of two answers, and it is long");
}

/* empty: datagrams of no bytes are messages; reads and vectors of no bytes are not. */

static void empty_client(struct peer *peer)
{
    char byte;
    struct iovec nothing = {&byte, 0};
    int64_t before;

    say(peer, "");
    hear(peer, "");
    before = now();
    must(write(peer->fd, "", 0) == 0, "write");
    witness_sent(&peer->witness, 1, "write", before, "", 0);
    must(writev(peer->fd, &nothing, 1) == 0, "writev");
    must(read(peer->fd, &byte, 0) == 0, "read of nothing");
    must(readv(peer->fd, &nothing, 1) == 0, "readv of nothing");
    hear(peer, "the end");
}

static void empty_server(struct peer *peer)
{
    hear(peer, "");
    say(peer, "");
    hear(peer, "");
    say(peer, "the end");
}

/* eof: half-closed streams. */

static void eof_client(struct peer *peer)
{
    ask(peer);
    say(peer, "my last words");
    must(!shutdown(peer->fd, SHUT_WR), "shutdown");
    must_refuse(send(peer->fd, "more", 4, MSG_NOSIGNAL), EPIPE, "send after shutdown");
    hear(peer, "noted");
    hear_end(peer);
}

static void eof_server(struct peer *peer)
{
    answer(peer);
    hear(peer, "my last words");
    hear_end(peer);
    say(peer, "noted");
    must(!close(peer->fd), "close");
}

/* files: reads and writes that are no part of any conversation. */

static void touch_files(struct peer *peer)
{
    char data[64];
    int file = memfd_create("file", MFD_CLOEXEC), events = eventfd(0, EFD_CLOEXEC),
        zero = open("/dev/zero", O_RDONLY);
    int pipes[2];
    uint64_t count = 1;

    must(file >= 0 && events >= 0 && zero >= 0 && !pipe(pipes), "open");
    must(write(file, "NOT-A-MESSAGE in a file", 23) == 23, "write to a file");
    must(pwrite(file, "NOT-A-MESSAGE", 13, 40) == 13, "pwrite to a file");
    must(lseek(file, 0, SEEK_SET) == 0 && read(file, data, 23) == 23, "read from a file");
    must(write(pipes[1], "NOT-A-MESSAGE in a pipe", 23) == 23, "write to a pipe");
    must(read(pipes[0], data, 23) == 23, "read from a pipe");
    must(write(events, &count, 8) == 8 && read(events, &count, 8) == 8, "eventfd");
    must(read(zero, data, 64) == 64, "read from a device");
    (void)peer;
}

static void files_client(struct peer *peer)
{
    touch_files(peer);
    ask(peer);
    touch_files(peer);
}

static void files_server(struct peer *peer)
{
    touch_files(peer);
    answer(peer);
}

/* greeting, push, unanswered, pipelined: who speaks when. */

static void greeting_client(struct peer *peer)
{
    hear(peer, "220 welcome");
    ask(peer);
}

static void greeting_server(struct peer *peer)
{
    say(peer, "220 welcome");
    answer(peer);
}

static void push_client(struct peer *peer)
{
    ask(peer);
    hear(peer, "news");
    hear(peer, "more news");
    ask(peer);
}

static void push_server(struct peer *peer)
{
    answer(peer);
    say(peer, "news");
    say(peer, "more news");
    answer(peer);
}

static void unanswered_client(struct peer *peer)
{
    ask(peer);
    say(peer, "nobody answers this");
    say(peer, "nor this");
}

static void unanswered_server(struct peer *peer)
{
    answer(peer);
    hear(peer, "nobody answers this");
    hear(peer, "nor this");
}

static void pipelined_client(struct peer *peer)
{
    say(peer, "one");
    say(peer, "two");
    say(peer, "three");
    hear(peer, "1");
    hear(peer, "2");
    hear(peer, "3");
}

static void pipelined_server(struct peer *peer)
{
    hear(peer, "one");
    hear(peer, "two");
    hear(peer, "three");
    say(peer, "1");
    say(peer, "2");
    say(peer, "3");
}

/* vectors, records: as many pieces and messages in a call as one can have, or many. */

static size_t cut_small(struct iovec pieces[VECTORS], uint8_t *data)
{
    size_t length = 0;

    for (size_t i = 0; i < VECTORS; i++) {
        pieces[i] = (struct iovec){data + length, i % 5};
        length += i % 5;
    }
    return length;
}

static void vectors_client(struct peer *peer)
{
    static struct iovec pieces[VECTORS];
    static uint8_t data[VECTORS * 5];
    size_t length = cut_small(pieces, data);
    int64_t before = now();

    fill(data, length, 1, 0);
    must(writev(peer->fd, pieces, VECTORS) == (ssize_t)length, "writev");
    witness_sent(&peer->witness, 1, "writev", before, data, length);
    hear(peer, "thanks");
}

static void vectors_server(struct peer *peer)
{
    static struct iovec pieces[VECTORS];
    static uint8_t data[VECTORS * 5];
    size_t length = cut_small(pieces, data);
    int64_t before = now();

    must(readv(peer->fd, pieces, VECTORS) == (ssize_t)length, "readv");
    witness_received(&peer->witness, 1, "readv", before, data, length);
    say(peer, "thanks");
}

static void records_client(struct peer *peer)
{
    static uint8_t data[RECORDS][RECORDS];
    struct iovec pieces[RECORDS];
    struct mmsghdr messages[RECORDS] = {0};
    unsigned done = 0;

    for (unsigned i = 0; i < RECORDS; i++) {
        fill(data[i], i + 1, 1, i);
        pieces[i] = (struct iovec){data[i], i + 1};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i], .msg_iovlen = 1};
    }
    while (done < RECORDS) {
        int64_t before = now();
        int sent = sendmmsg(peer->fd, messages + done, RECORDS - done, MSG_NOSIGNAL);

        must(sent > 0, "sendmmsg");
        for (unsigned last = done + (unsigned)sent; done < last; done++)
            witness_sent(&peer->witness, 1, "sendmmsg", before, data[done], done + 1);
    }
    hear(peer, "thanks");
}

static void records_server(struct peer *peer)
{
    static uint8_t data[RECORDS][RECORDS];
    uint8_t expected[RECORDS];
    struct iovec pieces[RECORDS];
    struct mmsghdr messages[RECORDS] = {0};
    unsigned done = 0;

    for (unsigned i = 0; i < RECORDS; i++) {
        pieces[i] = (struct iovec){data[i], RECORDS};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &pieces[i], .msg_iovlen = 1};
    }
    while (done < RECORDS) {
        int64_t before = now();
        int got = recvmmsg(peer->fd, messages + done, RECORDS - done, MSG_WAITFORONE, NULL);

        must(got > 0, "recvmmsg");
        for (unsigned last = done + (unsigned)got; done < last; done++) {
            fill(expected, done + 1, 1, done);
            must(messages[done].msg_len == done + 1 && !memcmp(data[done], expected, done + 1),
                 "a record is not what was sent");
            witness_received(&peer->witness, 1, "recvmmsg", before, data[done], done + 1);
        }
    }
    say(peer, "thanks");
}

/* mapped: memory that no page stands behind before the call touches it. */

static int known_file(size_t size)
{
    uint8_t *data = allocate(size);
    int file = memfd_create("file", MFD_CLOEXEC);

    fill(data, size, 1, 0);
    must(file >= 0 && write(file, data, size) == (ssize_t)size, "known file");
    free(data);
    return file;
}

static void mapped_client(struct peer *peer)
{
    int file = known_file(MAPPED);
    uint8_t *data = mmap(NULL, MAPPED, PROT_READ, MAP_PRIVATE, file, 0);

    must(data != MAP_FAILED, "mmap");
    say_bytes(peer, data, MAPPED);
    hear(peer, "thanks");
}

static void mapped_server(struct peer *peer)
{
    uint8_t *expected = allocate(MAPPED);
    uint8_t *data = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t done = 0;

    must(data != MAP_FAILED, "mmap");
    fill(expected, MAPPED, 1, 0);
    while (done < MAPPED) {
        int64_t before = now();
        ssize_t got = read(peer->fd, data + done, MAPPED - done);

        must(got > 0, "read");
        witness_received(&peer->witness, 1, "read", before, data + done, (size_t)got);
        done += (size_t)got;
    }
    must(!memcmp(data, expected, MAPPED), "what was read");
    free(expected);
    say(peer, "thanks");
}

/* ancillary: credentials, and a socket that is handed over and then used at the other side. */

static void ancillary_client(struct peer *peer)
{
    struct peer second = *peer;
    char text[] = "take this";
    struct iovec piece = {text, 9};
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    int ends[2];
    int64_t before;
    char data[32];

    must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &ends[0], sizeof(int));
    before = now();
    must(sendmsg(peer->fd, &message, MSG_NOSIGNAL) == 9, "sendmsg, SCM_RIGHTS");
    peer->witness.ancillary = "descriptors:socket";
    witness_sent(&peer->witness, 1, "sendmsg", before, "take this", 9);
    must(!close(ends[0]), "close");

    second.fd = ends[1];
    before = now();
    must(recv(second.fd, data, sizeof(data), 0) == 7, "recv on the pair");
    witness_line(&peer->witness, 2, true, false, "recvfrom", before, 0, data, 7);
    hear(peer, "done");
}

static void ancillary_server(struct peer *peer)
{
    char data[64];
    struct iovec piece = {data, sizeof(data)};
    union {
        char room[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
    } control = {0};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    char ancillary[64] = "";
    struct ucred credentials;
    int yes = 1, handed = -1;
    int64_t before;

    must(!setsockopt(peer->fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)), "SO_PASSCRED");
    before = now();
    must(recvmsg(peer->fd, &message, 0) == 9, "recvmsg");
    for (struct cmsghdr *i = CMSG_FIRSTHDR(&message); i; i = CMSG_NXTHDR(&message, i)) {
        if (i->cmsg_type == SCM_CREDENTIALS) {
            memcpy(&credentials, CMSG_DATA(i), sizeof(credentials));
            snprintf(ancillary, sizeof(ancillary), "credentials:%d/%u/%u+", (int)credentials.pid,
                     credentials.uid, credentials.gid);
        } else if (i->cmsg_type == SCM_RIGHTS) {
            memcpy(&handed, CMSG_DATA(i), sizeof(handed));
        }
    }
    must(*ancillary && handed >= 0, "credentials and a socket");
    peer->witness.ancillary = strcat(ancillary, "descriptors:socket");
    witness_received(&peer->witness, 1, "recvmsg", before, data, 9);
    before = now();
    must(send(handed, "from it", 7, MSG_NOSIGNAL) == 7, "send on the handed socket");
    witness_line(&peer->witness, 2, true, true, "sendto", before, 0, "from it", 7);
    say(peer, "done");
}

/* sendfile, splice-out, splice-in: bytes that are never in the process's memory. */

static void sendfile_client(struct peer *peer)
{
    uint8_t *data = allocate(FILE_SIZE);
    int file = known_file(FILE_SIZE);
    off_t offset = 0;

    fill(data, FILE_SIZE, 1, 0);
    ask(peer);
    while (offset < FILE_SIZE) {
        off_t from = offset;
        int64_t before = now();

        must(sendfile(peer->fd, file, &offset, FILE_SIZE - (size_t)offset) > 0, "sendfile");
        witness_sent(&peer->witness, 1, "sendfile", before, data + from, (size_t)(offset - from));
    }
    free(data);
    hear(peer, "thanks");
}

static void file_server(struct peer *peer)
{
    uint8_t *data = allocate(FILE_SIZE);

    fill(data, FILE_SIZE, 1, 0);
    answer(peer);
    hear_bytes(peer, data, FILE_SIZE);
    free(data);
    say(peer, "thanks");
}

static void splice_out_client(struct peer *peer)
{
    uint8_t *data = allocate(FILE_SIZE);
    int pipes[2];
    size_t done = 0;

    must(!pipe(pipes), "pipe");
    fill(data, FILE_SIZE, 1, 0);
    ask(peer);
    while (done < FILE_SIZE) {
        size_t part = FILE_SIZE - done < 10000 ? FILE_SIZE - done : 10000;
        int64_t before;

        must(write(pipes[1], data + done, part) == (ssize_t)part, "write to the pipe");
        before = now();
        must(splice(pipes[0], NULL, peer->fd, NULL, part, 0) == (ssize_t)part, "splice");
        witness_sent(&peer->witness, 1, "splice", before, data + done, part);
        done += part;
    }
    free(data);
    hear(peer, "thanks");
}

static void splice_in_client(struct peer *peer)
{
    char data[16];
    int pipes[2];
    int64_t before;

    must(!pipe(pipes), "pipe");
    say(peer, "a plain question");
    before = now();
    must(splice(peer->fd, NULL, pipes[1], NULL, 14, 0) == 14, "splice");
    must(read(pipes[0], data, 14) == 14, "read from the pipe");
    witness_received(&peer->witness, 1, "splice", before, data, 14);
    ask(peer);
}

static void splice_in_server(struct peer *peer)
{
    answer(peer);
    answer(peer);
}

/* error-queue: the kernel hands a sent datagram back, with its time stamp. */

static void error_queue_client(struct peer *peer)
{
    int stamps = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    struct pollfd error = {.fd = peer->fd};
    char data[512], control[512];
    struct iovec piece = {data, sizeof(data)};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};

    must(!setsockopt(peer->fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof(stamps)),
         "SO_TIMESTAMPING");
    say(peer, "a plain question");
    must(poll(&error, 1, -1) == 1 && error.revents & POLLERR, "poll");
    must(recvmsg(peer->fd, &message, MSG_ERRQUEUE) >= 16, "recvmsg, MSG_ERRQUEUE");
    hear(peer, "a plain answer");
}

/* zerocopy: the kernel says later, and with no bytes, that it is done with the memory. */

static void zerocopy_client(struct peer *peer)
{
    uint8_t *data = allocate(FILE_SIZE);
    struct pollfd error = {.fd = peer->fd};
    char control[512];
    int yes = 1;
    size_t done = 0;

    must(!setsockopt(peer->fd, SOL_SOCKET, SO_ZEROCOPY, &yes, sizeof(yes)), "SO_ZEROCOPY");
    fill(data, FILE_SIZE, 1, 0);
    ask(peer);
    while (done < FILE_SIZE) {
        struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};
        int64_t before = now();
        ssize_t sent = send(peer->fd, data + done, FILE_SIZE - done, MSG_ZEROCOPY | MSG_NOSIGNAL);

        must(sent > 0, "send, MSG_ZEROCOPY");
        witness_sent(&peer->witness, 1, "sendto", before, data + done, (size_t)sent);
        done += (size_t)sent;
        must(poll(&error, 1, -1) == 1 && error.revents & POLLERR, "poll");
        must(recvmsg(peer->fd, &message, MSG_ERRQUEUE) == 0, "recvmsg, MSG_ERRQUEUE");
    }
    free(data);
    hear(peer, "thanks");
}

/* urgent: a byte that overtakes the stream. */

static void urgent_client(struct peer *peer)
{
    int64_t before = now();

    must(send(peer->fd, "hurry!", 6, MSG_OOB | MSG_NOSIGNAL) == 6, "send, MSG_OOB");
    witness_sent(&peer->witness, 1, "sendto", before, "hurry!", 6);
    hear(peer, "yes");
}

static void urgent_server(struct peer *peer)
{
    struct pollfd urgent = {.fd = peer->fd, .events = POLLPRI};
    int64_t before;
    char byte;

    must(poll(&urgent, 1, -1) == 1, "poll");
    before = now();
    must(recv(peer->fd, &byte, 1, MSG_OOB) == 1 && byte == '!', "recv, MSG_OOB");
    witness_received(&peer->witness, 1, "recvfrom", before, &byte, 1);
    hear(peer, "hurry");
    say(peer, "yes");
}

/* two-servers, redirect: one endpoint that has two conversations. */

static struct peer second_server(struct peer *peer)
{
    struct address name = address_unix(
        peer->witness.server ? peer->self.un.sun_path : peer->other.un.sun_path, ".second");
    struct peer second = *peer;

    second.conversation = 2;
    if (peer->witness.server)
        second.fd = bound_socket(&name, SOCK_DGRAM);
    else
        second.other = name;
    return second;
}

static void two_servers_client(struct peer *peer)
{
    struct address nobody = {.any.sa_family = AF_UNSPEC, .length = sizeof(sa_family_t)};
    struct peer second = second_server(peer);

    must(!connect(peer->fd, &nobody.any, nobody.length), "connect to nobody");
    peer->name_other = second.name_other = true;
    ask(peer);
    say(&second, "to the second");
    say(peer, "to the first");
    hear(&second, "from the second");
    hear(peer, "from the first");
    ask(&second);
}

static void two_servers_server(struct peer *peer)
{
    struct peer second = second_server(peer);

    answer(peer);
    hear(&second, "to the second");
    hear(peer, "to the first");
    say(&second, "from the second");
    say(peer, "from the first");
    answer(&second);
}

static void redirect_client(struct peer *peer)
{
    struct peer second = second_server(peer);

    ask(peer);
    must(!connect(second.fd, &second.other.any, second.other.length), "connect to the second");
    ask(&second);
    must(!connect(peer->fd, &peer->other.any, peer->other.length), "connect to the first");
    ask(peer);
}

static void redirect_server(struct peer *peer)
{
    struct peer second = second_server(peer);

    answer(peer);
    answer(&second);
    answer(peer);
}

/* reconnect: another conversation on the same number, to the same address. */

static void reconnect_client(struct peer *peer)
{
    struct peer second = *peer;

    ask(peer);
    must(!close(peer->fd), "close");
    second.conversation = 2;
    second.fd = connected_socket(&peer->other, SOCK_STREAM);
    must(dup2(second.fd, peer->fd) == peer->fd, "dup2");
    if (second.fd != peer->fd)
        must(!close(second.fd), "close");
    second.fd = peer->fd;
    ask(&second);
}

static void reconnect_server(struct peer *peer)
{
    struct peer second = *peer;

    answer(peer);
    must(!close(peer->fd), "close");
    second.conversation = 2;
    second.fd = accepted_socket(peer->listener);
    answer(&second);
}

static const struct scenario scenarios[] = {
    {"failed", AF_UNIX, SOCK_STREAM, failed_client, failed_server},
    {"refused", AF_INET, SOCK_DGRAM, refused_client, answer},
    {"partial", AF_UNIX, SOCK_STREAM, partial_client, partial_server},
    {"peek-stream", AF_UNIX, SOCK_STREAM, peek_client, peek_server},
    {"peek-dgram", AF_UNIX, SOCK_DGRAM, peek_client, peek_server},
    {"peek-length", AF_UNIX, SOCK_DGRAM, peek_length_client, peek_length_server},
    {"truncate", AF_UNIX, SOCK_DGRAM, truncate_client, truncate_server},
    {"truncate-flag", AF_UNIX, SOCK_DGRAM, truncate_flag_client, truncate_flag_server},
    {"empty", AF_UNIX, SOCK_DGRAM, empty_client, empty_server},
    {"eof", AF_UNIX, SOCK_STREAM, eof_client, eof_server},
    {"files", AF_UNIX, SOCK_STREAM, files_client, files_server},
    {"greeting", AF_UNIX, SOCK_STREAM, greeting_client, greeting_server},
    {"push", AF_UNIX, SOCK_STREAM, push_client, push_server},
    {"push-dgram", AF_UNIX, SOCK_DGRAM, push_client, push_server},
    {"unanswered", AF_UNIX, SOCK_DGRAM, unanswered_client, unanswered_server},
    {"pipelined", AF_UNIX, SOCK_STREAM, pipelined_client, pipelined_server},
    {"pipelined-dgram", AF_UNIX, SOCK_DGRAM, pipelined_client, pipelined_server},
    {"vectors", AF_UNIX, SOCK_STREAM, vectors_client, vectors_server},
    {"records", AF_UNIX, SOCK_SEQPACKET, records_client, records_server},
    {"mapped", AF_UNIX, SOCK_STREAM, mapped_client, mapped_server},
    {"ancillary", AF_UNIX, SOCK_STREAM, ancillary_client, ancillary_server},
    {"sendfile", AF_UNIX, SOCK_STREAM, sendfile_client, file_server},
    {"splice-out", AF_UNIX, SOCK_STREAM, splice_out_client, file_server},
    {"splice-in", AF_UNIX, SOCK_STREAM, splice_in_client, splice_in_server},
    {"error-queue", AF_INET, SOCK_DGRAM, error_queue_client, answer},
    {"zerocopy", AF_INET, SOCK_STREAM, zerocopy_client, file_server},
    {"urgent", AF_INET, SOCK_STREAM, urgent_client, urgent_server},
    {"two-servers", AF_UNIX, SOCK_DGRAM, two_servers_client, two_servers_server},
    {"redirect", AF_UNIX, SOCK_DGRAM, redirect_client, redirect_server},
    {"reconnect", AF_UNIX, SOCK_STREAM, reconnect_client, reconnect_server},
    {"odd-names", AF_UNIX, SOCK_STREAM, ask, answer},
    {NULL, 0, 0, NULL, NULL},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, scenarios);
}
