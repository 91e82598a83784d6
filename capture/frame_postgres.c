/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The frontend/backend protocol of PostgreSQL, version 3. Requests are answered in order, each to
 * the message that ends its answer; after an error the server passes over all up to Sync.
 */
#include "capture/frame.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture/big_endian.h"

enum {
    STARTUP_MIN = 8,
    STARTUP_MAX = 10000, /* what the server takes */
    MESSAGE_MAX = 0x3fffffff,
    TYPED_HEADER = 5,
    AUTHENTICATION_HEADER = 9,
};

/* What a message without a type asks for. */
enum {
    CANCEL_CODE = 80877102,
    SSL_CODE = 80877103,
    GSSENC_CODE = 80877104,
    VERSION_3 = 3,
};

/* Authentication messages that ask the client for nothing. */
enum { AUTHENTICATION_OK = 0, SASL_FINAL = 12 };

/* What a request waits for. */
enum kind {
    NOTHING,
    ENCRYPTION,
    SESSION,
    QUERY,
    PARSE,
    BIND,
    DESCRIBE,
    EXECUTE,
    CLOSE,
    SYNC,
    COPY,         /* data for a server that has not said yet that it wants any */
    QUERY_COPIES, /* a query that has asked for data */
    EXECUTE_COPIES,
    COPY_OF_QUERY, /* the data for it */
    COPY_OF_EXECUTE,
};

static const struct {
    const char *ends;   /* the types of message that end the answer */
    bool passed_over;   /* after an error, up to Sync */
    enum kind copies;   /* what becomes of it when the server asks for data */
    enum kind its_data; /* what that data then is */
} kinds[] = {
    [NOTHING] = {.ends = ""},
    [ENCRYPTION] = {.ends = "E"},
    [SESSION] = {.ends = "ZE"},
    [QUERY] = {.ends = "Z", .copies = QUERY_COPIES},
    [PARSE] = {.ends = "1E", .passed_over = true},
    [BIND] = {.ends = "2E", .passed_over = true},
    [DESCRIBE] = {.ends = "TnE", .passed_over = true},
    [EXECUTE] = {.ends = "CIsE", .passed_over = true, .copies = EXECUTE_COPIES},
    [CLOSE] = {.ends = "3E", .passed_over = true},
    [SYNC] = {.ends = "Z"},
    [COPY] = {.ends = "", .passed_over = true},
    [QUERY_COPIES] = {.ends = "Z", .copies = QUERY_COPIES, .its_data = COPY_OF_QUERY},
    [EXECUTE_COPIES] = {.ends = "CE", .passed_over = true, .its_data = COPY_OF_EXECUTE},
    [COPY_OF_QUERY] = {.ends = "Z", .copies = QUERY_COPIES},
    [COPY_OF_EXECUTE] = {.ends = "CE", .passed_over = true},
};

/* The messages that a client sends once the session has begun. */
static const struct {
    char type;
    enum kind kind;
} requests[] = {
    {'Q', QUERY}, {'P', PARSE}, {'B', BIND},    {'D', DESCRIBE}, {'E', EXECUTE},
    {'C', CLOSE}, {'S', SYNC},  {'F', QUERY},   {'p', SESSION},  {'d', COPY},
    {'c', COPY},  {'f', COPY},  {'H', NOTHING}, {'X', NOTHING},
};

/* And those that a server sends. */
static const char responses[] = "123ACDEGHIKNRSTVWZcdnstv";

struct postgres {
    struct pairing *pairing;
    bool typed;       /* requests have types now */
    bool negotiating; /* the answer to a request for encryption is to come */
    bool encrypted;
    bool failed; /* what the client asks for is passed over up to the next Sync */
    size_t copy; /* the exchange of the data that the client is sending; or FRAME_NO_EXCHANGE */
};

static int postgres_begin(void **state, const struct framing *framing, struct pairing *pairing)
{
    struct postgres *postgres = calloc(1, sizeof(*postgres));

    (void)framing;
    if (!postgres)
        return -ENOMEM;
    postgres->pairing = pairing;
    postgres->copy = FRAME_NO_EXCHANGE;
    *state = postgres;
    return 0;
}

/* Requests */

static int ask(struct postgres *postgres, enum kind kind, struct frame_step *step)
{
    if (kind == SYNC)
        postgres->failed = false;
    if (kind != NOTHING && !postgres->failed)
        return pairing_ask(postgres->pairing, (int)kind, 0, &step->exchange);
    step->exchange = pairing_open(postgres->pairing);
    return FRAME_STEP;
}

/* The first message has no type; after one that asks for encryption comes another first one. */
static int read_startup(struct postgres *postgres, const uint8_t *data, size_t length,
                        struct frame_step *step)
{
    uint32_t size, code;

    if (length < STARTUP_MIN)
        return FRAME_MORE;
    size = big_u32(data);
    code = big_u32(data + 4);
    if (size < STARTUP_MIN || size > STARTUP_MAX)
        return frame_wrong(step,
                           "the first message says that it has %" PRIu32
                           " bytes, and from %d to %d are possible",
                           size, STARTUP_MIN, STARTUP_MAX);
    step->take = STARTUP_MIN;
    step->skip = size - STARTUP_MIN;
    step->ends = true;
    if (code == SSL_CODE || code == GSSENC_CODE) {
        postgres->negotiating = true;
        return ask(postgres, ENCRYPTION, step);
    }
    if (code == CANCEL_CODE)
        return ask(postgres, NOTHING, step);
    if (code >> 16 != VERSION_3)
        return frame_wrong(step, "version %" PRIu32 ".%" PRIu32 " of the protocol: not known",
                           code >> 16, code & 0xffff);
    postgres->typed = true;
    return ask(postgres, SESSION, step);
}

/* All data of one copy is in one exchange, with what the server says at its end. */
static int pair_copy(struct postgres *postgres, char type, struct frame_step *step)
{
    int err = 0;

    if (postgres->copy == FRAME_NO_EXCHANGE)
        err = pairing_ask(postgres->pairing, COPY, 0, &postgres->copy);
    step->exchange = postgres->copy;
    if (type != 'd')
        postgres->copy = FRAME_NO_EXCHANGE;
    return err;
}

static int pair_request(struct postgres *postgres, char type, struct frame_step *step)
{
    enum kind kind = NOTHING;

    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
        if (requests[i].type == type)
            kind = requests[i].kind;
    return kind == COPY ? pair_copy(postgres, type, step) : ask(postgres, kind, step);
}

/* Responses */

/* The request that the server answers now; NULL when there is none. */
static struct waiting *answered(struct postgres *postgres)
{
    struct waiting *waiting = pairing_waiting(postgres->pairing, 0);
    const struct waiting *next = pairing_waiting(postgres->pairing, 1);

    if (waiting && next && next->kind == COPY && kinds[waiting->kind].its_data) {
        enum kind kind = kinds[waiting->kind].its_data;

        pairing_answered(postgres->pairing);
        waiting = pairing_waiting(postgres->pairing, 0);
        waiting->kind = (int)kind;
    }
    while (waiting && waiting->kind == COPY) { /* for a server that never wanted it */
        pairing_answered(postgres->pairing);
        waiting = pairing_waiting(postgres->pairing, 0);
    }
    return waiting;
}

/* True when the client has to say more before it is let in. */
static bool asks_for_proof(char type, const uint8_t *data)
{
    uint32_t code;

    if (type != 'R')
        return false;
    code = big_u32(data + TYPED_HEADER);
    return code != AUTHENTICATION_OK && code != SASL_FINAL;
}

static void answer(struct postgres *postgres, struct waiting *waiting, char type,
                   const uint8_t *data)
{
    bool passed_over = kinds[waiting->kind].passed_over;

    if ((type == 'G' || type == 'W') && kinds[waiting->kind].copies) {
        waiting->kind = (int)kinds[waiting->kind].copies;
        return;
    }
    if (!strchr(kinds[waiting->kind].ends, type) &&
        !(waiting->kind == SESSION && asks_for_proof(type, data)))
        return;
    if (waiting->kind == ENCRYPTION)
        postgres->negotiating = false;
    do {
        pairing_answered(postgres->pairing);
        waiting = pairing_waiting(postgres->pairing, 0);
    } while (type == 'E' && passed_over && waiting && kinds[waiting->kind].passed_over);
    postgres->failed = type == 'E' && passed_over && !waiting;
}

static int pair_response(struct postgres *postgres, const uint8_t *data, struct frame_step *step)
{
    char type = (char)data[0];
    /* A notification is for whoever listens, and no answer. */
    struct waiting *waiting = type == 'A' ? NULL : answered(postgres);

    step->exchange = waiting ? waiting->exchange : pairing_unasked(postgres->pairing);
    if (waiting)
        answer(postgres, waiting, type, data);
    return FRAME_STEP;
}

/* Whether what follows is encrypted is said in a single byte. */
static bool is_consent(const struct postgres *postgres, uint8_t byte)
{
    return postgres->negotiating && pairing_waiting(postgres->pairing, 0) &&
           (byte == 'N' || byte == 'S' || byte == 'G');
}

static int read_consent(struct postgres *postgres, uint8_t byte, struct frame_step *step)
{
    step->take = 1;
    step->ends = true;
    step->exchange = pairing_waiting(postgres->pairing, 0)->exchange;
    pairing_answered(postgres->pairing);
    postgres->negotiating = false;
    postgres->encrypted = byte != 'N';
    return FRAME_STEP;
}

/* Reading */

static bool is_type(enum direction direction, char type)
{
    if (direction == RESPONSE)
        return memchr(responses, type, strlen(responses));
    for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++)
        if (requests[i].type == type)
            return true;
    return false;
}

static int read_typed(struct postgres *postgres, enum direction direction, const uint8_t *data,
                      size_t length, struct frame_step *step)
{
    size_t header = direction == RESPONSE && data[0] == 'R' ? AUTHENTICATION_HEADER : TYPED_HEADER;
    uint32_t size;

    if (!is_type(direction, (char)data[0]))
        return frame_wrong(step, "no %s has the type 0x%02x", direction_name(direction), data[0]);
    if (length < TYPED_HEADER)
        return FRAME_MORE;
    size = big_u32(data + 1);
    if (size < header - 1 || size > MESSAGE_MAX)
        return frame_wrong(step,
                           "a message of the type %c says that it has %" PRIu32
                           " bytes, and from %zu to %d are possible",
                           data[0], size, header - 1, MESSAGE_MAX);
    if (length < header)
        return FRAME_MORE;
    step->take = header;
    step->skip = size - (header - 1);
    step->ends = true;
    return direction == REQUEST ? pair_request(postgres, (char)data[0], step)
                                : pair_response(postgres, data, step);
}

static int postgres_read(void *state, enum direction direction, const uint8_t *data, size_t length,
                         struct frame_step *step)
{
    struct postgres *postgres = state;

    if (postgres->encrypted)
        return FRAME_RAW;
    if (postgres->negotiating && direction == REQUEST)
        return FRAME_WAIT;
    if (direction == RESPONSE && is_consent(postgres, data[0]))
        return read_consent(postgres, data[0], step);
    /* What has a type at once is a session that had begun before it was recorded. */
    if (direction == REQUEST && !postgres->typed && data[0] == '\0')
        return read_startup(postgres, data, length, step);
    if (direction == REQUEST)
        postgres->typed = true;
    return read_typed(postgres, direction, data, length, step);
}

const struct framer framer_postgres = {
    .name = "postgres",
    .begin = postgres_begin,
    .read = postgres_read,
};
