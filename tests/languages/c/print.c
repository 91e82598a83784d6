/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Prints the exchanges of fixture.c as tests/rows.py does; MANY says that a side is a list. */
#include "fixture.c"

#include <stdio.h>

static void print_bytes(const unsigned char *bytes, size_t length)
{
    if (length == 0)
        putchar('-');
    for (size_t i = 0; i < length; i++)
        printf("%02x", bytes[i]);
}

#ifdef MANY
static void print_side(const struct table_message *messages, size_t count, char end)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            putchar(',');
        print_bytes(messages[i].bytes, messages[i].length);
    }
    printf("%s%c", count > 0 ? "" : "none", end);
}

static void print_row(const struct table_exchange *row)
{
    print_side(row->requests, row->request_count, ' ');
    print_side(row->responses, row->response_count, '\n');
}
#else
static void print_side(const struct table_message *message, char end)
{
    if (message->bytes)
        print_bytes(message->bytes, message->length);
    else
        fputs("none", stdout);
    putchar(end);
}

static void print_row(const struct table_exchange *row)
{
    print_side(&row->request, ' ');
    print_side(&row->response, '\n');
}
#endif

#define PRINT(table)                                                                               \
    for (size_t i = 0; i < sizeof(table) / sizeof(*(table)) && (table)[i].name; i++)               \
        print_row(&(table)[i]);

int main(void)
{
    TABLES
    return 0;
}
