/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Random conversations, said again and again, of which it is known what is volatile. */
#ifndef RANDOM_TALK_H
#define RANDOM_TALK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "capture/exchange.h"

enum {
    PARTS = 8,
    EXCHANGES = 12,
    RUNS = 5,
    MESSAGE_MAX = 1024,
};

static uint64_t state; /* of the random numbers; not 0 */

static inline uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1du;
}

static inline size_t below(size_t end)
{
    return (size_t)(next_random() >> 33) % end;
}

enum part_kind {
    CONSTANT, /* bytes */
    WORDS,    /* text */
    RANDOM,   /* another number each time */
    COUNTER,
    SECONDS,
    NANOSECONDS,
    DECIMAL, /* a number in text, of one to six digits */
    HEXADECIMAL,
    ECHO, /* of the request's first random part */
    PART_KINDS
};

struct part {
    enum part_kind kind;
    size_t size;
    bool little;
    uint64_t seed;
};

struct shape {
    struct part parts[2][PARTS]; /* of request and response */
    size_t counts[2];
    unsigned number;
};

/* A message, and for each byte whether it is volatile. */
struct built {
    uint8_t data[MESSAGE_MAX];
    bool truth[MESSAGE_MAX];
    size_t length;
};

static inline uint64_t run_time(size_t run)
{
    return 1732397654123456789u + run * 1234567891u;
}

static inline void put(struct built *built, const void *data, size_t length, bool is_volatile)
{
    memcpy(built->data + built->length, data, length);
    memset(built->truth + built->length, is_volatile, length);
    built->length += length;
}

/* A number; of the bytes that are the same in every run, none is volatile. */
static inline void put_number(struct built *built, const struct part *part, uint64_t number,
                              const uint64_t *in_runs, size_t runs)
{
    for (size_t i = 0; i < part->size; i++) {
        size_t shift = 8 * (part->little ? i : part->size - 1 - i);
        uint8_t byte = (uint8_t)(number >> shift);
        bool differs = in_runs == NULL;

        for (size_t run = 0; in_runs && run < runs; run++)
            differs = differs || (uint8_t)(in_runs[run] >> shift) != (uint8_t)(in_runs[0] >> shift);
        put(built, &byte, 1, differs);
    }
}

static inline void put_random(struct built *built, size_t size, const char *alphabet)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)next_random();

        if (alphabet)
            byte = (uint8_t)alphabet[byte % strlen(alphabet)];
        put(built, &byte, 1, true);
    }
}

static inline void put_fixed(struct built *built, const struct part *part, bool text)
{
    uint64_t seed = part->seed;

    for (size_t i = 0; i < part->size; i++) {
        uint8_t byte;

        seed = seed * 6364136223846793005u + 1442695040888963407u;
        byte = (uint8_t)(seed >> 56);
        /* Protocols are full of zeros. */
        byte = text ? (uint8_t)("etaoin shrdlu:=,\n"[byte % 17]) : byte & 1 ? 0 : byte;
        put(built, &byte, 1, false);
    }
}

static inline void put_part(struct built *built, const struct part *part, size_t run, size_t runs,
                            const struct built *request, const size_t *source)
{
    uint64_t counts[RUNS];
    char text[24];

    for (size_t i = 0; i < runs; i++)
        counts[i] = (part->seed & 0xffff) + i * (1 + part->seed % 3);
    switch (part->kind) {
    case CONSTANT:
    case WORDS:
        put_fixed(built, part, part->kind == WORDS);
        break;
    case RANDOM:
        put_random(built, part->size, NULL);
        break;
    case COUNTER:
        put_number(built, part, counts[run], counts, runs);
        break;
    case SECONDS:
        put_number(built, part, run_time(run) / 1000000000, NULL, 0);
        break;
    case NANOSECONDS:
        put_number(built, part, run_time(run), NULL, 0);
        break;
    case DECIMAL:
        put(built, "n=", 2, false);
        snprintf(text, sizeof(text), "%zu", below((size_t)1 << (1 + below(20))));
        put(built, text, strlen(text), true);
        put(built, "; ", 2, false);
        break;
    case HEXADECIMAL:
        put(built, "id:", 3, false);
        put_random(built, part->size * 2, "0123456789abcdef");
        put(built, "\n", 1, false);
        break;
    case ECHO:
        if (source[1])
            put(built, request->data + source[0], source[1], true);
        break;
    case PART_KINDS:
        break;
    }
}

static inline void build(const struct shape *shape, enum direction direction, size_t run,
                         size_t runs, const struct built *request, size_t source[2],
                         struct built *out)
{
    out->length = 0;
    for (size_t i = 0; i < shape->counts[direction]; i++) {
        const struct part *part = &shape->parts[direction][i];
        size_t from = out->length;

        put_part(out, part, run, runs, request, source);
        if (direction == REQUEST && part->kind == RANDOM && !source[1]) {
            source[0] = from;
            source[1] = part->size;
        }
    }
}

static inline void make_shape(struct shape *shape, unsigned number)
{
    static const size_t sizes[] = {1, 2, 4, 8};

    shape->number = number;
    for (int direction = 0; direction < 2; direction++) {
        shape->counts[direction] = 2 + below(PARTS - 1);
        for (size_t i = 0; i < shape->counts[direction]; i++) {
            struct part *part = &shape->parts[direction][i];

            part->kind = below(direction == REQUEST ? ECHO : PART_KINDS);
            if (i % 2 == 0) /* two numbers side by side are one, for who does not know */
                part->kind = below(2) ? CONSTANT : WORDS;
            part->seed = next_random();
            part->little = part->seed >> 63;
            part->size = part->kind <= WORDS ? 4 * (1 + below(12)) : sizes[below(4)];
            if (part->kind == RANDOM)
                part->size = part->size < 4 ? 4 : part->size;
            if (part->kind == SECONDS)
                part->size = 4;
            if (part->kind == NANOSECONDS)
                part->size = 8;
        }
        shape->parts[direction][0].size += 4;
    }
}

struct conversation {
    struct shape shapes[EXCHANGES + 1];
    size_t count;
    size_t vanishes; /* from the runs after the first; EXCHANGES when none does */
    size_t added;    /* in front of that one, in the runs after the first; the same */
};

static struct end client = {.address = (char *)"", .inode = 1, .pid = 10, .comm = "client"};
static struct end server = {.address = (char *)"/s", .inode = 2, .pid = 20, .comm = "server"};

static inline void say(struct table *table, enum direction direction, const struct built *built)
{
    struct message message = {
        .conversation = 1,
        .direction = direction,
        .family = AF_UNIX,
        .type = SOCK_DGRAM,
        .sent = direction == REQUEST,
        .self = &client,
        .peer = &server,
        .data = built->data,
        .length = built->length,
    };

    assert_int_equal(table_add(table, &message), 0);
}

/* Adds an exchange; the truth is that of the first run's messages. */
static inline void add_exchange(struct table *table, const struct shape *shape, size_t run,
                                size_t runs, struct built truth[2])
{
    size_t source[2] = {0};

    build(shape, REQUEST, run, runs, NULL, source, &truth[0]);
    build(shape, RESPONSE, run, runs, &truth[0], source, &truth[1]);
    say(table, REQUEST, &truth[0]);
    say(table, RESPONSE, &truth[1]);
}

static inline void make_conversation(struct conversation *conversation)
{
    conversation->count = 1 + below(EXCHANGES);
    conversation->vanishes = below(3) ? EXCHANGES : below(conversation->count);
    conversation->added = below(3) ? EXCHANGES : below(conversation->count);
    for (unsigned i = 0; i <= conversation->count; i++)
        make_shape(&conversation->shapes[i], i);
}

#endif
