/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The client of `talk`, whose bytes move without any system call that names a socket: through
 * io_uring. */
#include <getopt.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "tests/programs/program.h"

enum { ENTRIES = 4, PIECES = 2 };

/* The two rings, as the kernel laid them out; raw calls spare the tests a library. */
struct ring {
    int fd;
    struct io_uring_params params;
    uint8_t *submit;
    uint8_t *complete;
    struct io_uring_sqe *entries;
};

static unsigned *word(uint8_t *ring, uint32_t offset)
{
    return (unsigned *)(void *)(ring + offset);
}

static void *map_ring(const struct ring *ring, size_t size, off_t offset)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, offset);

    must(memory != MAP_FAILED, "mmap");
    return memory;
}

static void ring_open(struct ring *ring)
{
    struct io_uring_params *params = &ring->params;

    *ring = (struct ring){0};
    ring->fd = (int)syscall(SYS_io_uring_setup, ENTRIES, params);
    must(ring->fd >= 0, "io_uring_setup");
    ring->submit = map_ring(ring, params->sq_off.array + params->sq_entries * sizeof(unsigned),
                            IORING_OFF_SQ_RING);
    ring->complete =
        map_ring(ring, params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe),
                 IORING_OFF_CQ_RING);
    ring->entries =
        map_ring(ring, params->sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
}

/* Submits one entry and waits for its result: a length, or -1 with errno. */
static ssize_t ring_do(struct ring *ring, const struct io_uring_sqe *entry)
{
    const struct io_sqring_offsets *out = &ring->params.sq_off;
    const struct io_cqring_offsets *in = &ring->params.cq_off;
    unsigned tail = *word(ring->submit, out->tail), head = *word(ring->complete, in->head);
    unsigned place = tail & *word(ring->submit, out->ring_mask);
    struct io_uring_cqe *result;
    int value;

    ring->entries[place] = *entry;
    word(ring->submit, out->array)[place] = place;
    __atomic_store_n(word(ring->submit, out->tail), tail + 1, __ATOMIC_RELEASE);
    must(syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1,
         "io_uring_enter");
    must(__atomic_load_n(word(ring->complete, in->tail), __ATOMIC_ACQUIRE) == head + 1,
         "no result");
    result = (struct io_uring_cqe *)(void *)(ring->complete + in->cqes);
    value = result[head & *word(ring->complete, in->ring_mask)].res;
    __atomic_store_n(word(ring->complete, in->head), head + 1, __ATOMIC_RELEASE);
    if (value >= 0)
        return value;
    errno = -value;
    return -1;
}

/* Each exchange takes the next of these: the plain operations, those with vectors, and files'. */
static const struct operation {
    uint8_t send, receive;
    const char *send_name, *receive_name;
} operations[] = {
    {IORING_OP_SEND, IORING_OP_RECV, "io_uring_send", "io_uring_recv"},
    {IORING_OP_SENDMSG, IORING_OP_RECVMSG, "io_uring_sendmsg", "io_uring_recvmsg"},
    {IORING_OP_WRITE, IORING_OP_READ, "io_uring_write", "io_uring_read"},
    {IORING_OP_WRITEV, IORING_OP_READV, "io_uring_writev", "io_uring_readv"},
};

static ssize_t move(struct ring *ring, uint8_t operation, int fd, uint8_t *data, size_t length)
{
    struct iovec pieces[PIECES] = {{data, length / 2}, {data + length / 2, length - length / 2}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = PIECES};
    struct io_uring_sqe entry = {.opcode = operation, .fd = fd};

    if (operation == IORING_OP_SENDMSG || operation == IORING_OP_RECVMSG) {
        entry.addr = (uintptr_t)&message;
        entry.len = 1;
    } else if (operation == IORING_OP_WRITEV || operation == IORING_OP_READV) {
        entry.addr = (uintptr_t)pieces;
        entry.len = PIECES;
    } else {
        entry.addr = (uintptr_t)data;
        entry.len = (uint32_t)length;
    }
    return ring_do(ring, &entry);
}

static void exchange_one(struct ring *ring, struct witness *witness, int fd, size_t length,
                         unsigned exchange)
{
    const struct operation *operation =
        &operations[exchange % (sizeof(operations) / sizeof(*operations))];
    uint8_t *request = allocate(length), *expected = allocate(length + 1);
    uint8_t *answer = allocate(length + 1);
    int64_t before;

    fill(request, length, 1, exchange);
    fill_answer(expected, request, length);
    for (size_t done = 0; done < length;) {
        before = now();
        ssize_t sent = move(ring, operation->send, fd, request + done, length - done);

        must(sent > 0, operation->send_name);
        witness_sent(witness, 1, operation->send_name, before, request + done, (size_t)sent);
        done += (size_t)sent;
    }
    for (size_t done = 0; done < length + 1;) {
        before = now();
        ssize_t got = move(ring, operation->receive, fd, answer + done, length + 1 - done);

        must(got > 0, operation->receive_name);
        witness_received(witness, 1, operation->receive_name, before, answer + done, (size_t)got);
        done += (size_t)got;
    }
    must(!memcmp(answer, expected, length + 1), "other bytes than expected");
    free(request);
    free(expected);
    free(answer);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"path", required_argument, NULL, 'p'},
        {"log", required_argument, NULL, 'l'},
        {"exchanges", required_argument, NULL, 'n'},
        {"size", required_argument, NULL, 'b'},
        {NULL, 0, NULL, 0},
    };
    const char *path = NULL, *log = NULL;
    unsigned long exchanges = 4, size = 40;
    struct address server;
    struct witness witness;
    struct ring ring;
    int option, fd;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            path = optarg;
            break;
        case 'l':
            log = optarg;
            break;
        case 'n':
            exchanges = number(optarg, 1000000);
            break;
        case 'b':
            size = number(optarg, 1 << 30);
            break;
        default:
            exit(2);
        }
    }
    must(path && optind == argc, "io_uring_client --path PATH [OPTIONS]");
    alarm(PATIENCE_SECONDS);
    witness_open(&witness, log, false);
    server = address_unix(path, "");
    fd = connected_socket(&server, SOCK_STREAM);
    ring_open(&ring);
    for (unsigned i = 0; i < exchanges; i++)
        exchange_one(&ring, &witness, fd, size + i, i);
    return 0;
}
