/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* NETLINK_SOCK_DIAG: sock_diag(7). */
#include "capture/sockdiag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum { RECEIVE_SHUTDOWN = 1 }; /* the kernel's RCV_SHUTDOWN */

int sockdiag_open(void)
{
    int diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    return diag < 0 ? -errno : diag;
}

static void unix_name(struct sockaddr_storage *address, socklen_t *length, const void *name,
                      size_t size)
{
    const size_t head = offsetof(struct sockaddr_un, sun_path);

    if (size > sizeof(*address) - head) /* the longest has a NUL that un has no room for */
        return;
    address->ss_family = AF_UNIX;
    memcpy((char *)address + head, name, size);
    *length = (socklen_t)(head + size);
}

static void read_unix(const struct nlmsghdr *head, struct sockdiag_answer *answer)
{
    const struct unix_diag_msg *message = NLMSG_DATA(head);
    const struct rtattr *attribute = (const struct rtattr *)(message + 1);
    int left = (int)NLMSG_PAYLOAD(head, sizeof(*message));
    struct unix_diag_vfs file;
    uint32_t peer;

    answer->family = message->udiag_family;
    answer->type = message->udiag_type;
    answer->inode = message->udiag_ino;
    answer->listens = message->udiag_state == TCP_LISTEN;
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        const void *data = RTA_DATA(attribute);
        size_t size = RTA_PAYLOAD(attribute);

        switch (attribute->rta_type) {
        case UNIX_DIAG_NAME:
            unix_name(&answer->address, &answer->address_length, data, size);
            break;
        case UNIX_DIAG_VFS:
            memcpy(&file, data, sizeof(file));
            answer->file = file.udiag_vfs_ino;
            answer->device = file.udiag_vfs_dev;
            break;
        case UNIX_DIAG_PEER:
            memcpy(&peer, data, sizeof(peer));
            answer->peer_inode = peer;
            break;
        case UNIX_DIAG_SHUTDOWN:
            answer->ended = *(const uint8_t *)data & RECEIVE_SHUTDOWN;
            break;
        }
    }
}

int sockdiag_unix(int diag, uint64_t inode, struct sockdiag_answer *answer)
{
    struct {
        struct nlmsghdr head;
        struct unix_diag_req body;
    } question = {
        .head = {.nlmsg_len = sizeof(question),
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = AF_UNIX,
                 .udiag_states = UINT32_MAX,
                 .udiag_ino = (uint32_t)inode,
                 .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER,
                 .udiag_cookie = {UINT32_MAX, UINT32_MAX}},
    };
    union {
        struct nlmsghdr head;
        char room[4096];
    } reply;
    ssize_t length;

    memset(answer, 0, sizeof(*answer));
    if (send(diag, &question, sizeof(question), 0) < 0)
        return -errno;
    length = recv(diag, &reply, sizeof(reply), 0);
    if (length < 0)
        return -errno;
    if (!NLMSG_OK(&reply.head, (size_t)length))
        return -EPROTO;
    if (reply.head.nlmsg_type == NLMSG_ERROR)
        return ((struct nlmsgerr *)NLMSG_DATA(&reply.head))->error;
    read_unix(&reply.head, answer);
    return 0;
}

/* Gets each socket of an answer, a struct of its family. */
typedef void message_visitor(void *context, const struct nlmsghdr *head);

/* Returns 1 when the last part of the answer has come, 0 when not, or -errno. */
static int read_part(const struct nlmsghdr *head, size_t length, message_visitor *visit,
                     void *context)
{
    for (; NLMSG_OK(head, length); head = NLMSG_NEXT(head, length)) {
        if (head->nlmsg_type == NLMSG_DONE)
            return 1;
        if (head->nlmsg_type == NLMSG_ERROR)
            return ((const struct nlmsgerr *)NLMSG_DATA(head))->error;
        visit(context, head);
    }
    return 0;
}

/* Asks for all there is, and shows it to the visitor. */
static int ask_all(int diag, const struct nlmsghdr *question, message_visitor *visit, void *context)
{
    union {
        struct nlmsghdr head;
        char room[32768];
    } reply;
    int done = 0;

    if (send(diag, question, question->nlmsg_len, 0) < 0)
        return -errno;
    while (!done) {
        ssize_t length = recv(diag, &reply, sizeof(reply), 0);

        if (length < 0)
            return -errno;
        done = read_part(&reply.head, (size_t)length, visit, context);
    }
    return done < 0 ? done : 0;
}

struct unix_visit {
    sockdiag_visitor *visit;
    void *context;
};

static void show_unix(void *context, const struct nlmsghdr *head)
{
    const struct unix_visit *visit = context;
    struct sockdiag_answer answer = {0};

    read_unix(head, &answer);
    visit->visit(visit->context, &answer);
}

int sockdiag_unix_all(sockdiag_visitor *visit, void *context)
{
    const struct {
        struct nlmsghdr head;
        struct unix_diag_req body;
    } question = {
        .head = {.nlmsg_len = sizeof(question),
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.sdiag_family = AF_UNIX,
                 .udiag_states = UINT32_MAX,
                 .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS},
    };
    struct unix_visit all = {visit, context};
    int diag = sockdiag_open(), err;

    if (diag < 0)
        return diag;
    err = ask_all(diag, &question.head, show_unix, &all);
    close(diag);
    return err;
}

static socklen_t inet_name(struct sockaddr_storage *address, int family, const uint32_t words[4],
                           uint16_t port)
{
    struct sockaddr_in *in = (struct sockaddr_in *)address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

    if (!port)
        return 0;
    address->ss_family = (sa_family_t)family;
    if (family == AF_INET) {
        in->sin_port = port;
        memcpy(&in->sin_addr, words, sizeof(in->sin_addr));
        return sizeof(*in);
    }
    in6->sin6_port = port;
    memcpy(&in6->sin6_addr, words, sizeof(in6->sin6_addr));
    return sizeof(*in6);
}

/* Shows the sockets in those states to the visitor. */
static int ask_inet(int diag, int family, int protocol, uint32_t states, message_visitor *visit,
                    void *context)
{
    const struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } question = {
        .head = {.nlmsg_len = sizeof(question),
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.sdiag_family = (uint8_t)family,
                 .sdiag_protocol = (uint8_t)protocol,
                 .idiag_states = states},
    };

    return ask_all(diag, &question.head, visit, context);
}

struct inet_search {
    uint64_t inode;
    struct sockdiag_answer *answer;
};

static void take_inode(void *context, const struct nlmsghdr *head)
{
    const struct inet_diag_msg *message = NLMSG_DATA(head);
    const struct inet_search *search = context;
    struct sockdiag_answer *answer = search->answer;

    if (message->idiag_inode != search->inode)
        return;
    answer->family = message->idiag_family;
    answer->address_length = inet_name(&answer->address, message->idiag_family,
                                       message->id.idiag_src, message->id.idiag_sport);
    answer->peer_address_length = inet_name(&answer->peer_address, message->idiag_family,
                                            message->id.idiag_dst, message->id.idiag_dport);
}

int sockdiag_inet(int diag, uint64_t inode, struct sockdiag_answer *answer)
{
    static const int families[] = {AF_INET, AF_INET6};
    static const struct {
        int protocol, type;
    } protocols[] = {{IPPROTO_TCP, SOCK_STREAM}, {IPPROTO_UDP, SOCK_DGRAM}};

    struct inet_search search = {inode, answer};

    memset(answer, 0, sizeof(*answer));
    for (int i = 0; i < 4; i++) {
        if (ask_inet(diag, families[i % 2], protocols[i / 2].protocol, UINT32_MAX, take_inode,
                     &search) == 0 &&
            answer->family) {
            answer->type = protocols[i / 2].type;
            return 0;
        }
    }
    return -ENOENT;
}

struct port_search {
    uint16_t port;
    bool found;
};

static void take_port(void *context, const struct nlmsghdr *head)
{
    const struct inet_diag_msg *message = NLMSG_DATA(head);
    struct port_search *search = context;

    if (ntohs(message->id.idiag_sport) == search->port)
        search->found = true;
}

bool sockdiag_listens(int diag, uint16_t port)
{
    static const int families[] = {AF_INET, AF_INET6};
    struct port_search search = {.port = port};

    for (int i = 0; i < 2 && !search.found; i++)
        ask_inet(diag, families[i], IPPROTO_TCP, 1U << TCP_LISTEN, take_port, &search);
    return search.found;
}
